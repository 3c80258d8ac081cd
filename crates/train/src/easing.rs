//! A lower rate where steps are halved again and again.

use serde::{Deserialize, Serialize};

/// What the rate is multiplied by.
const CUT: f64 = 0.5;

/// Steps over which halvings are counted: more than a run takes to leave its start.
const WINDOW: u64 = 500;

/// Cuts at most, so that a flow that lies near singular matrices still learns.
const MOST_CUTS: u32 = 6;

/// How often the rate was cut, and what was counted when that was last decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Easing {
    cuts: u32,
    step: u64,
    halvings: u64,
}

impl Easing {
    /// Factor of the rate.
    pub(crate) fn factor(self) -> f64 {
        CUT.powi(self.cuts as i32)
    }

    /// After so many steps, of which so many were halved: cuts the rate if there were more than `most`
    /// halvings a step since the last decision. Whether it did.
    pub(crate) fn decide(&mut self, most: Option<f64>, step: u64, halvings: u64) -> bool {
        let (Some(most), steps) = (most, step.saturating_sub(self.step)) else { return false };
        if steps < WINDOW {
            return false;
        }
        let many = halvings.saturating_sub(self.halvings) as f64 > most * steps as f64;
        let cut = many && self.cuts < MOST_CUTS;
        *self = Self { cuts: self.cuts + u32::from(cut), step, halvings };
        cut
    }

    /// Whether these are numbers that a run of so many steps can have left.
    pub(crate) fn is_sound(&self, step: u64, halvings: u64) -> bool {
        self.cuts <= MOST_CUTS && self.step <= step && self.halvings <= halvings
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_cut_while_many_steps_are_halved() {
        let mut easing = Easing::default();
        // Not yet decided; a tenth of the steps is allowed; more is not.
        assert!(!easing.decide(Some(0.1), 499, 499) && !easing.decide(Some(0.1), 1000, 100));
        assert!(easing.decide(Some(0.1), 2000, 201) && easing.factor() == 0.5);
        assert!(easing.decide(Some(0.1), 3000, 9201) && easing.factor() == 0.25);
        assert!(!easing.decide(Some(0.1), 4000, 9201) && easing.factor() == 0.25);
        assert!(!easing.decide(None, 5000, 99_999) && !easing.decide(Some(0.1), 4499, 99_999));
        assert!(easing.is_sound(4000, 9201) && !easing.is_sound(3999, 9201) && !easing.is_sound(4000, 9200));
        let mut last = Easing { cuts: MOST_CUTS, ..Easing::default() };
        assert!(!last.decide(Some(0.1), 1000, 1000) && last.is_sound(1000, 1000));
    }
}
