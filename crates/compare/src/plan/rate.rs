//! Which arms are tuned, and the learning rate of the others.

use super::data::Plan;
use crate::arm::Arm;

impl Plan {
    /// Whether the learning rate of an arm is tuned: it is not fixed, and there are several to
    /// choose from.
    pub(crate) fn tunes(&self, arm: &Arm) -> bool {
        !arm.searched && arm.rate.is_none() && self.rates.len() > 1
    }

    /// The learning rate of an arm that is not tuned; 0 for a model that is searched for.
    pub(crate) fn untuned_rate(&self, arm: &Arm) -> f64 {
        if arm.searched {
            return 0.0;
        }
        match (arm.rate, &self.rates[..]) {
            (None, [only]) => *only,
            _ => self.config(arm).rate,
        }
    }
}
