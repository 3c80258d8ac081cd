//! The part of a clock that a checkpoint stores.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A century: longer than any run.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// More steps than any run takes, with room to count further.
pub(crate) const MOST_STEPS: u64 = 1 << 62;

/// The part of a clock that a checkpoint stores.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ClockState {
    pub(crate) elapsed: Duration,
    pub(crate) horizon: Option<u64>,
    /// Even validations of the whole run.
    pub(crate) evaluations: u64,
    /// Whether they are exact: those of runs from before that was so are not.
    #[serde(default)]
    pub(crate) even: bool,
    /// Step of the next geometric validation.
    #[serde(default)]
    pub(crate) next: u64,
    /// Even validations that the time used was enough for.
    #[serde(default)]
    pub(crate) marks: u64,
    pub(crate) evaluation_time: Duration,
    pub(crate) last_evaluation: Duration,
}

impl ClockState {
    /// Whether a run with this budget of steps (none: a time budget) can have left this state.
    pub(crate) fn is_sound(&self, steps: Option<u64>, evaluations: u64) -> bool {
        let times = [self.elapsed, self.evaluation_time, self.last_evaluation];
        (steps.is_none() || steps == self.horizon)
            && (1..=evaluations).contains(&self.evaluations)
            && self.next <= MOST_STEPS
            && self.marks <= self.evaluations
            && times.into_iter().all(|time| time <= LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_no_run_leaves_is_known() {
        let zero = Duration::ZERO;
        let sound = ClockState {
            elapsed: zero,
            horizon: Some(10),
            evaluations: 20,
            even: true,
            next: 7,
            marks: 0,
            evaluation_time: zero,
            last_evaluation: zero,
        };
        assert!(sound.is_sound(Some(10), 20) && sound.is_sound(None, 20) && sound.is_sound(None, 21));
        assert!(!sound.is_sound(Some(11), 20) && !sound.is_sound(Some(10), 19));
        let long = LONGEST + Duration::from_secs(1);
        for wrong in [
            ClockState { evaluations: 0, ..sound },
            ClockState { elapsed: long, ..sound },
            ClockState { evaluation_time: long, ..sound },
            ClockState { last_evaluation: long, ..sound },
            ClockState { next: u64::MAX, ..sound },
            ClockState { marks: 21, ..sound },
        ] {
            assert!(!wrong.is_sound(Some(10), 20), "{wrong:?}");
        }
        assert!(ClockState { elapsed: LONGEST, ..sound }.is_sound(Some(10), 20));
    }
}
