//! The nearest known word to a misspelled one.

/// The known word nearest to `word` by optimal string alignment distance; the first of equally near
/// ones, and `None` if nothing is known.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().min_by_key(|known| strsim::osa_distance(&word.to_lowercase(), known))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_of_the_finger_are_understood() {
        let known = ["batch", "budget", "rate", "schedule"];
        for (slip, meant) in [("bacth", "batch"), ("Rate", "rate"), ("shedule", "schedule"), ("budgets", "budget")] {
            assert_eq!(nearest(slip, known), Some(meant));
        }
        assert_eq!(nearest("batch", []), None);
    }
}
