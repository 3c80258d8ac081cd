//! The rungs of successive halving.

/// Learning rates that each arm tries in addition to those of the list.
pub(crate) const EXTRA: usize = 2;

/// For each rung, the fraction of the tuning budget of a run and the fraction of rates that reach
/// it.
pub(crate) const RUNGS: [(f64, f64); 3] = [(0.25, 1.0), (0.5, 0.5), (1.0, 0.25)];

/// Number of rates on a rung if there are `all` on the first.
pub(crate) fn on_rung(rung: usize, all: usize) -> usize {
    let (_, share) = RUNGS[rung];
    ((all as f64 * share).ceil() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_halves_the_number_of_rates() {
        assert_eq!([0, 1, 2].map(|rung| on_rung(rung, 7)), [7, 4, 2]);
        assert_eq!([0, 1, 2].map(|rung| on_rung(rung, 4)), [4, 2, 1]);
        assert_eq!([0, 1, 2].map(|rung| on_rung(rung, 1)), [1, 1, 1]);
    }
}
