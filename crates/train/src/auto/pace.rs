//! How the budget is divided.

use std::time::{Duration, Instant};

use pdmap_spec::Budget;

/// Share of a time budget that the fits of Gaussian mixtures may take.
const MIXTURES: f64 = 0.35;

/// Floating-point operations of EM in a second, about, on two cores; elsewhere mixtures take more or
/// less of the budget.
const OPERATIONS: f64 = 2e10;

/// Operations of all fits of mixtures under a budget of steps, which must not depend on the machine.
const UNDER_STEPS: f64 = 4e11;

/// The budget of all members together.
#[derive(Debug)]
pub(super) struct Pace {
    budget: Budget,
    start: Instant,
    /// Steps taken so far.
    steps: u64,
    /// What was used when the present round began.
    before_round: Used,
    /// Time given to members so far, if a member's share of the time is to be independent of what
    /// others used: so that it is the same when a run is resumed.
    given: Option<Duration>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    time: Duration,
    steps: u64,
}

impl Pace {
    pub(super) fn new(budget: Budget, fixed: bool) -> Self {
        let given = fixed.then_some(Duration::ZERO);
        Self { budget, start: Instant::now(), steps: 0, before_round: Used::default(), given }
    }

    /// Operations for each of so many fits of mixtures.
    pub(super) fn operations(&self, fits: usize) -> f64 {
        let all = match self.budget {
            Budget::Time(time) => MIXTURES * time.as_secs_f64() * OPERATIONS,
            Budget::Steps(_) => UNDER_STEPS,
        };
        all / fits as f64
    }

    fn used(&self) -> Used {
        Used { time: self.start.elapsed(), steps: self.steps }
    }

    pub(super) fn begin_round(&mut self) {
        self.before_round = self.used();
    }

    /// Whether as much is left as the last round took.
    pub(super) fn allows_another_round(&self) -> bool {
        let (used, before) = (self.used(), self.before_round);
        match self.budget {
            Budget::Steps(all) => all - used.steps.min(all) >= (used.steps - before.steps).max(1),
            Budget::Time(all) => self.given.is_none() && all.saturating_sub(used.time) >= used.time - before.time,
        }
    }

    /// Adds the steps of a member.
    pub(super) fn took(&mut self, steps: u64) {
        self.steps += steps;
    }

    /// The budget of the next of `left` members. Nothing if no step or no time is left.
    pub(super) fn next(&mut self, left: usize) -> Option<Budget> {
        match self.budget {
            Budget::Steps(steps) => {
                let own = steps.saturating_sub(self.steps).div_ceil(left as u64);
                (own > 0).then_some(Budget::Steps(own))
            }
            Budget::Time(time) => {
                let rest = match self.given {
                    Some(given) => time.mul_f64(1.0 - MIXTURES).saturating_sub(given),
                    None => time.saturating_sub(self.start.elapsed()),
                };
                let own = rest.div_f64(left as f64);
                self.given = self.given.map(|given| given + own);
                (!own.is_zero()).then_some(Budget::Time(own))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_take_all_steps_and_no_more() {
        for (steps, expected) in [(10, vec![2, 2, 2, 2, 2]), (7, vec![2, 2, 1, 1, 1]), (2, vec![1, 1])] {
            let mut pace = Pace::new(Budget::Steps(steps), false);
            pace.begin_round();
            let mut taken = Vec::new();
            for left in (1..=5).rev() {
                let Some(Budget::Steps(own)) = pace.next(left) else { break };
                pace.took(own);
                taken.push(own);
            }
            assert_eq!(taken, expected);
            assert!(!pace.allows_another_round());
        }
        // What one leaves, the others may use; a round that left as much as it took is repeated.
        let mut pace = Pace::new(Budget::Steps(100), false);
        pace.took(4);
        assert_eq!(pace.next(4), Some(Budget::Steps(24)));
        assert!(pace.allows_another_round());
        pace.begin_round();
        pace.took(50);
        assert!(!pace.allows_another_round());
    }

    #[test]
    fn shares_that_are_fixed_do_not_depend_on_the_time_used_and_fill_the_budget() {
        let budget = Budget::Time(Duration::from_secs(100));
        let mut pace = Pace::new(budget, true);
        // More members go on than were expected.
        let shares: Vec<f64> = [7, 6, 5, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
            .into_iter()
            .map(|left| match pace.next(left) {
                Some(Budget::Time(own)) => own.as_secs_f64(),
                _ => 0.0,
            })
            .collect();
        assert!((shares[0] - 65.0 / 7.0).abs() < 1e-6 && (shares[0] - shares[2]).abs() < 1e-6, "{shares:?}");
        assert!((shares.iter().sum::<f64>() - 65.0).abs() < 1e-6 && (shares[3] - shares[14]).abs() < 1e-6);
        assert!(!pace.allows_another_round());
        let own = Pace::new(budget, false).next(4);
        assert!(
            matches!(own, Some(Budget::Time(own)) if own <= Duration::from_secs(25) && own > Duration::from_secs(20)),
            "{own:?}"
        );
    }
}
