//! When a run ends, and when it validates.

use std::time::{Duration, Instant};

use pdmap_spec::Budget;
use serde::{Deserialize, Serialize};

/// Share of a time budget after which the measured speed is trusted.
const PROBE: f64 = 0.03;
/// Training steps of the measurement at least, where the budget allows.
const PROBE_STEPS: u64 = 10;
/// Share of the remaining time that the horizon is planned for, so that it is reached within the
/// budget.
const MARGIN: f64 = 0.98;

/// Share of a time budget that validations may take; if they are expensive, fewer are made.
const EVALUATION_SHARE: f64 = 0.1;

/// The time and the horizon of a run.
#[derive(Debug)]
pub(crate) struct Clock {
    budget: Budget,
    start: Instant,
    /// Time used before a resumption.
    before: Duration,
    /// Time spent in observers, which does not count.
    paused: Duration,
    horizon: Option<u64>,
    evaluations: u64,
    /// Whether validations are spread evenly. Runs from before that was so go on as they began.
    even: bool,
    evaluation_time: Duration,
    last_evaluation: Duration,
}

/// The part of a clock that a checkpoint stores.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ClockState {
    elapsed: Duration,
    horizon: Option<u64>,
    evaluations: u64,
    #[serde(default)]
    even: bool,
    evaluation_time: Duration,
    last_evaluation: Duration,
}

/// A century: longer than any run.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

impl ClockState {
    pub(crate) fn horizon(&self) -> Option<u64> {
        self.horizon
    }

    /// Whether a run with this budget of steps (none: a time budget) can have left this state.
    pub(crate) fn is_sound(&self, steps: Option<u64>, evaluations: u64) -> bool {
        let times = [self.elapsed, self.evaluation_time, self.last_evaluation];
        (steps.is_none() || steps == self.horizon)
            && (1..=evaluations).contains(&self.evaluations)
            && times.into_iter().all(|time| time <= LONGEST)
    }
}

impl Clock {
    /// Starts now; `evaluations` validations are planned over the run.
    pub(crate) fn start(budget: Budget, evaluations: u64) -> Self {
        let horizon = match budget {
            Budget::Steps(steps) => Some(steps),
            Budget::Time(_) => None,
        };
        let zero = Duration::ZERO;
        Self {
            budget,
            start: Instant::now(),
            before: zero,
            paused: zero,
            horizon,
            evaluations: evaluations.max(1),
            even: true,
            evaluation_time: zero,
            last_evaluation: zero,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        (self.before + self.start.elapsed()).saturating_sub(self.paused)
    }

    /// Resumes from a checkpoint.
    pub(crate) fn resume(budget: Budget, state: ClockState) -> Self {
        let ClockState { elapsed, horizon, evaluations, even, evaluation_time, last_evaluation } = state;
        let start = Instant::now();
        let paused = Duration::ZERO;
        Self { budget, start, before: elapsed, paused, horizon, evaluations, even, evaluation_time, last_evaluation }
    }

    /// Runs `aside` with the clock paused.
    pub(crate) fn paused<T>(&mut self, aside: impl FnOnce() -> T) -> T {
        let before = Instant::now();
        let result = aside();
        self.paused += before.elapsed();
        result
    }

    /// Time of all validations, before and after resumptions.
    pub(crate) fn validations(&self) -> Duration {
        self.evaluation_time
    }

    pub(crate) fn state(&self) -> ClockState {
        ClockState {
            elapsed: self.elapsed(),
            horizon: self.horizon,
            evaluations: self.evaluations,
            even: self.even,
            evaluation_time: self.evaluation_time,
            last_evaluation: self.last_evaluation,
        }
    }

    /// Training steps of the whole run, where known.
    pub(crate) fn horizon(&self) -> Option<u64> {
        self.horizon
    }

    /// Runs a validation and records its time.
    pub(crate) fn evaluation<T>(&mut self, evaluate: impl FnOnce() -> T) -> T {
        let before = Instant::now();
        let result = evaluate();
        self.last_evaluation = before.elapsed();
        self.evaluation_time += self.last_evaluation;
        result
    }

    /// Whether another step follows after `done` steps. Sets the horizon of a time budget once the
    /// speed is known.
    pub(crate) fn goes_on(&mut self, done: u64) -> bool {
        if let Budget::Time(total) = self.budget {
            let elapsed = self.elapsed();
            if elapsed >= total {
                self.horizon.get_or_insert(done);
                return false;
            }
            let known = done >= PROBE_STEPS && elapsed.as_secs_f64() >= PROBE * total.as_secs_f64();
            if self.horizon.is_none() && known {
                let stepping = (elapsed.saturating_sub(self.evaluation_time)).as_secs_f64() / done as f64;
                let affordable = EVALUATION_SHARE * total.as_secs_f64() / self.last_evaluation.as_secs_f64().max(1e-9);
                self.evaluations = self.evaluations.min(affordable as u64).max(1);
                let evaluations = self.last_evaluation.as_secs_f64() * self.evaluations as f64;
                let left = (total - elapsed).as_secs_f64() * MARGIN - evaluations;
                self.horizon = Some(done + (left.max(0.0) / stepping.max(1e-9)) as u64);
            }
        }
        self.horizon.is_none_or(|horizon| done < horizon)
    }

    /// Whether a validation is due after `done` steps: as many as planned over the horizon, evenly
    /// spaced, the last at its end.
    pub(crate) fn evaluates(&self, done: u64) -> bool {
        let Some(horizon) = self.horizon else { return false };
        if !self.even {
            return done == horizon || done.is_multiple_of((horizon / self.evaluations).max(1));
        }
        let planned = u128::from(self.evaluations.min(horizon));
        let due = |done: u64| u128::from(done) * planned / u128::from(horizon.max(1));
        done > 0 && due(done) > due(done - 1)
    }

    /// Share of the budget that is used, from 0 to 1.
    pub(crate) fn share(&self, done: u64) -> f64 {
        match self.budget {
            Budget::Steps(steps) => done as f64 / steps.max(1) as f64,
            Budget::Time(total) => (self.elapsed().as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE)).min(1.0),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_step_budget_is_exact() {
        let mut clock = Clock::start(Budget::Steps(10), 5);
        assert_eq!(clock.horizon(), Some(10));
        assert_eq!((0..).take_while(|&done| clock.goes_on(done)).count(), 10);
        assert_eq!((1..=10).filter(|&done| clock.evaluates(done)).collect::<Vec<_>>(), [2, 4, 6, 8, 10]);
    }

    #[test]
    fn a_spent_time_budget_ends_at_once_and_records_its_horizon() {
        let mut clock = Clock::start(Budget::Time(Duration::ZERO), 5);
        assert!(!clock.goes_on(3));
        assert_eq!(clock.horizon(), Some(3));
    }

    /// A million seconds, of which `spent` are over: what the machine takes beside them does not
    /// show.
    fn long(spent: u64, evaluations: u64, each: u64, made: u32) -> Clock {
        let each = Duration::from_secs(each);
        let mut clock = Clock::start(Budget::Time(Duration::from_secs(1_000_000)), evaluations);
        (clock.before, clock.last_evaluation, clock.evaluation_time) = (Duration::from_secs(spent), each, each * made);
        clock
    }

    fn near(actual: f64, expected: f64) -> bool {
        (actual / expected - 1.0).abs() < 1e-3
    }

    #[test]
    fn a_horizon_is_what_the_time_allows_for_at_the_speed_seen() {
        // 40,000 s for 100,000 steps, and 20 validations of 2000 s.
        let mut clock = long(50_000, 20, 2000, 5);
        assert!(clock.goes_on(100_000));
        let left = (1e6 - 5e4) * 0.98 - 20.0 * 2000.0;
        let horizon = clock.horizon().unwrap();
        assert!(near(horizon as f64, 1e5 + left / 0.4), "{horizon}");
        // It stays, whatever comes.
        clock.before = Duration::from_secs(100_000);
        assert!(clock.goes_on(100_001) && clock.horizon() == Some(horizon));
        assert!(clock.goes_on(horizon - 1) && !clock.goes_on(horizon));
        // Where validations are dear there are as many as a tenth of the time holds: two.
        let mut clock = long(50_000, 20, 40_000, 1);
        assert!(clock.goes_on(100_000));
        let left = (1e6 - 5e4) * 0.98 - 2.0 * 40_000.0;
        assert!(near(clock.horizon().unwrap() as f64, 1e5 + left / 0.1), "{:?}", clock.horizon());
        assert_eq!(clock.evaluations, 2);
    }

    #[test]
    fn a_horizon_is_open_until_enough_is_seen() {
        for (spent, done, known) in
            [(20_000, 100_000, false), (50_000, 9, false), (50_000, 10, true), (31_000, 100, true)]
        {
            let mut clock = long(spent, 20, 1, 1);
            assert!(clock.goes_on(done));
            assert_eq!(clock.horizon().is_some(), known, "{done} steps in {spent} s");
            assert_eq!(clock.horizon().is_some(), clock.state().horizon().is_some());
            assert!(known || !clock.evaluates(done));
        }
    }

    fn due(clock: &Clock, steps: u64) -> Vec<u64> {
        (1..=steps).filter(|&done| clock.evaluates(done)).collect()
    }

    #[test]
    fn validations_are_as_many_as_planned_and_evenly_spaced() {
        for (steps, planned) in [(79, 40), (103, 10), (2000, 10), (80, 40), (3, 10), (1, 1), (10, 10), (11, 10)] {
            let due = due(&Clock::start(Budget::Steps(steps), planned), steps);
            assert_eq!(due.len() as u64, planned.min(steps), "{steps} steps, {planned} planned: {due:?}");
            assert_eq!(due.last(), Some(&steps));
            let gaps: Vec<u64> = std::iter::once(0).chain(due.iter().copied()).zip(&due).map(|(a, b)| b - a).collect();
            let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
            assert!(most - least <= 1, "{steps} steps, {planned} planned: {due:?}");
        }
        let divided = Clock::start(Budget::Steps(100), 5);
        assert_eq!(due(&divided, 100), [20, 40, 60, 80, 100]);
    }

    #[test]
    fn a_run_that_began_with_other_validations_goes_on_with_them() {
        let state = Clock::start(Budget::Steps(103), 10).state();
        let mut json = serde_json::to_value(state).unwrap();
        json.as_object_mut().unwrap().remove("even");
        let old: ClockState = serde_json::from_value(json).unwrap();
        let due = due(&Clock::resume(Budget::Steps(103), old), 103);
        assert_eq!(due, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 103]);
        assert!(Clock::resume(Budget::Steps(103), state).even);
    }

    #[test]
    fn time_of_others_is_not_the_runs() {
        let mut clock = long(100_000, 20, 1, 1);
        let before = clock.paused;
        assert_eq!(clock.paused(|| (0..1000).map(std::hint::black_box).sum::<u64>()), 499_500);
        assert!(clock.paused > before);
        clock.paused = Duration::from_secs(30_000);
        assert!(near(clock.elapsed().as_secs_f64(), 7e4), "{:?}", clock.elapsed());
        assert!(near(clock.share(0), 0.07), "{}", clock.share(0));
        let validated = clock.validations();
        clock.evaluation(|| (0..1000).map(std::hint::black_box).sum::<u64>());
        assert!(clock.last_evaluation > Duration::ZERO && clock.last_evaluation < Duration::from_secs(500));
        assert_eq!(clock.validations(), validated + clock.last_evaluation);
        // A checkpoint keeps what was used, and no pause twice.
        let again = Clock::resume(clock.budget, clock.state());
        assert!(near(again.elapsed().as_secs_f64(), 7e4) && again.paused.is_zero());
        assert_eq!((again.validations(), again.evaluations), (clock.validations(), 20));
        assert!(near(Clock::start(Budget::Steps(8), 1).share(2), 0.25));
        assert!(near(long(3_000_000, 1, 1, 1).share(2), 1.0));
    }

    #[test]
    fn a_state_that_no_run_leaves_is_known() {
        let sound = Clock::start(Budget::Steps(10), 5).state();
        assert!(sound.is_sound(Some(10), 5) && sound.is_sound(None, 5) && sound.is_sound(None, 6));
        assert!(!sound.is_sound(Some(11), 5) && !sound.is_sound(Some(10), 4));
        assert!(!ClockState { evaluations: 0, ..sound }.is_sound(Some(10), 5));
        let long = LONGEST + Duration::from_secs(1);
        for wrong in [
            ClockState { elapsed: long, ..sound },
            ClockState { evaluation_time: long, ..sound },
            ClockState { last_evaluation: long, ..sound },
        ] {
            assert!(!wrong.is_sound(Some(10), 5), "{wrong:?}");
        }
        assert!(ClockState { elapsed: LONGEST, ..sound }.is_sound(Some(10), 5));
    }
}
