//! A warning about steps that the guard of det W had to shorten.

use pdmap_train::Trained;

/// Halvings a step, on average, from which on a run is warned about.
const MANY: f64 = 0.1;

/// Says that a run was shortened all along: it hits `det W = 0`, and learns less than its steps could.
pub(super) fn warning(trained: &Trained) -> Option<String> {
    many(trained.halvings, trained.steps).then(|| {
        format!(
            "steps were halved {} times in {} steps, because they would have made a determinant change its sign; a \
             lower --rate, --preprocess whiten or --model dense-relative-algebra avoids it",
            trained.halvings, trained.steps
        )
    })
}

fn many(halvings: u64, steps: u64) -> bool {
    halvings as f64 >= MANY * steps.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_steps_is_many() {
        assert!(!many(0, 0) && !many(0, 100) && !many(9, 100) && many(10, 100) && many(5_900_000, 250_000));
    }
}
