//! When a run ends, and how long it is expected to be.

use std::time::Duration;

use pdmap_spec::{Budget, TrainConfig};

use crate::clock_state::{ClockState, MOST_STEPS};
use crate::pace::Pace;
use crate::time::Time;
use crate::validation_plan::ValidationPlan;

/// Share of a time budget, and steps, after which the estimated number of steps is reported.
const PROBE: f64 = 0.03;
const PROBE_STEPS: u64 = 10;

/// Share of a time budget that validations may take; if they are expensive, fewer are made.
const EVALUATION_SHARE: f64 = 0.1;

/// The time and the horizon of a run.
///
/// A step budget is the horizon. Under a time budget the horizon is estimated before each step, as
/// the steps taken over the share of the time that is used, so that the learning-rate schedule
/// follows the time. A step is taken only if it and the last validation are expected to fit.
#[derive(Debug)]
pub(crate) struct Clock {
    budget: Budget,
    time: Time,
    start: Duration,
    /// Time used before a resumption.
    before: Duration,
    /// Time spent in observers, which does not count.
    paused: Duration,
    horizon: Option<u64>,
    plan: ValidationPlan,
    pace: Pace,
    evaluation_time: Duration,
    last_evaluation: Duration,
}

impl Clock {
    /// Starts now, for a run on `rows` training rows.
    pub(crate) fn start(config: &TrainConfig, rows: u64, time: Time) -> Self {
        let horizon = match config.budget {
            Budget::Steps(steps) => Some(steps),
            Budget::Time(_) => None,
        };
        let zero = Duration::ZERO;
        Self {
            budget: config.budget,
            start: time.now(),
            time,
            before: zero,
            paused: zero,
            horizon,
            plan: ValidationPlan::new(config, rows),
            pace: Pace::default(),
            evaluation_time: zero,
            last_evaluation: zero,
        }
    }

    /// Resumes from a checkpoint.
    pub(crate) fn resume(config: &TrainConfig, rows: u64, time: Time, state: ClockState) -> Self {
        let ClockState { elapsed, horizon, evaluations, even, next, marks, evaluation_time, last_evaluation } = state;
        let fresh = Self::start(config, rows, time);
        let plan = fresh.plan.resumed(evaluations, even, next, marks);
        Self { before: elapsed, horizon, plan, evaluation_time, last_evaluation, ..fresh }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        (self.before + self.time.now().saturating_sub(self.start)).saturating_sub(self.paused)
    }

    /// Runs `aside` with the clock paused.
    pub(crate) fn paused<T>(&mut self, aside: impl FnOnce() -> T) -> T {
        let before = self.time.now();
        let result = aside();
        self.paused += self.time.now().saturating_sub(before);
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
            evaluations: self.plan.evaluations,
            even: self.plan.exact,
            next: self.plan.next,
            marks: self.plan.marks,
            evaluation_time: self.evaluation_time,
            last_evaluation: self.last_evaluation,
        }
    }

    /// Training steps of the whole run: the budget, or the present estimate, if there is one.
    pub(crate) fn horizon(&self) -> Option<u64> {
        self.horizon
    }

    /// The horizon, once enough of a time budget is used for a good estimate.
    pub(crate) fn known_horizon(&self, done: u64) -> Option<u64> {
        let known = match self.budget {
            Budget::Steps(_) => true,
            Budget::Time(_) => done >= PROBE_STEPS && self.share(done) >= PROBE,
        };
        self.horizon.filter(|_| known)
    }

    /// Runs a validation and records its time.
    pub(crate) fn evaluation<T>(&mut self, evaluate: impl FnOnce() -> T) -> T {
        let before = self.evaluation_time;
        let result = self.beside(evaluate);
        self.last_evaluation = self.evaluation_time.saturating_sub(before);
        result
    }

    /// Runs a part of a validation that is not needed each time.
    pub(crate) fn beside<T>(&mut self, evaluate: impl FnOnce() -> T) -> T {
        let before = self.time.now();
        let result = evaluate();
        self.evaluation_time += self.time.now().saturating_sub(before);
        result
    }

    /// Whether another step follows after `done` steps. Under a time budget, that is the case if it
    /// and a validation fit; the first step is taken in any case.
    pub(crate) fn goes_on(&mut self, done: u64) -> bool {
        let Budget::Time(total) = self.budget else { return self.horizon.is_none_or(|horizon| done < horizon) };
        let elapsed = self.elapsed();
        self.pace.measure(done, elapsed.saturating_sub(self.evaluation_time));
        let (elapsed, total) = (elapsed.as_secs_f64(), total.as_secs_f64());
        let validation = self.last_evaluation.as_secs_f64();
        let needed = if done == 0 { 0.0 } else { self.pace.step() + validation };
        let goes_on = elapsed < total && elapsed + needed <= total;
        // The share of the time for steps that is used.
        let used = (elapsed / (total - validation).max(f64::MIN_POSITIVE)).clamp(f64::MIN_POSITIVE, 1.0);
        self.horizon = match done {
            _ if !goes_on => Some(done),
            0 => None,
            _ => Some(((done as f64 / used).round() as u64).clamp(done + 1, MOST_STEPS.max(done + 1))),
        };
        goes_on
    }

    /// Whether a validation is due after `done` steps. Under a time budget, only those are made that
    /// leave time for the last one.
    pub(crate) fn evaluates(&self, done: u64) -> bool {
        match self.budget {
            Budget::Steps(steps) => self.plan.due_at_step(done, steps),
            Budget::Time(total) => {
                let due = self.plan.due_in_time(done, self.share(done), self.affordable());
                due && self.elapsed() + 2 * self.last_evaluation <= total
            }
        }
    }

    /// Records a validation after `done` steps.
    pub(crate) fn validated(&mut self, done: u64) {
        let gap = match self.budget {
            Budget::Steps(_) => 1,
            Budget::Time(_) => {
                let steps = self.last_evaluation.as_secs_f64() / (EVALUATION_SHARE * self.pace.step().max(1e-9));
                if self.pace.step() > 0.0 { steps as u64 } else { 1 }
            }
        };
        self.plan.made(done, gap, self.share(done), self.affordable());
    }

    /// Validations that a time budget affords.
    fn affordable(&self) -> u64 {
        match self.budget {
            Budget::Steps(_) => u64::MAX,
            Budget::Time(total) => {
                let each = self.last_evaluation.as_secs_f64().max(1e-9);
                (EVALUATION_SHARE * total.as_secs_f64() / each) as u64
            }
        }
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
    use pdmap_spec::Spacing;

    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn config(budget: Budget) -> TrainConfig {
        TrainConfig { evaluations: 20, spacing: Spacing::Geometric, batch: 100, ..TrainConfig::new(budget) }
    }

    /// A run in set time: `step(done)` and `validation` seconds each. Gives the clock after the last
    /// validation, the steps, and the largest difference between the shares of steps and of time.
    fn run(config: &TrainConfig, step: impl Fn(u64) -> f64, validation: f64) -> (Clock, u64, f64) {
        let time = Time::still();
        let mut clock = Clock::start(config, 1000, time.clone());
        let validate = |clock: &mut Clock, done| {
            clock.evaluation(|| time.pass(seconds(validation)));
            clock.validated(done);
        };
        validate(&mut clock, 0);
        let (mut done, mut last, mut most) = (0, 0, 0.0_f64);
        while clock.goes_on(done) {
            if let Some(horizon) = clock.horizon() {
                most = most.max((done as f64 / horizon as f64 - clock.share(done)).abs());
            }
            time.pass(seconds(step(done)));
            done += 1;
            if clock.evaluates(done) {
                validate(&mut clock, done);
                last = done;
            }
        }
        if last != done {
            validate(&mut clock, done);
        }
        (clock, done, most)
    }

    #[test]
    fn a_step_budget_is_exact() {
        let mut clock = Clock::start(&config(Budget::Steps(10)), 100, Time::still());
        assert_eq!(clock.horizon(), Some(10));
        assert_eq!((0..).take_while(|&done| clock.goes_on(done)).count(), 10);
        assert_eq!((clock.horizon(), clock.known_horizon(0)), (Some(10), Some(10)));
        assert!((clock.share(2) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_spent_time_budget_ends_at_once_and_records_its_horizon() {
        let mut clock = Clock::start(&config(Budget::Time(Duration::ZERO)), 100, Time::still());
        assert!(!clock.goes_on(3));
        assert_eq!(clock.horizon(), Some(3));
    }

    #[test]
    fn a_time_budget_is_used_and_kept_at_any_speed() {
        let ten = config(Budget::Time(seconds(10.0)));
        let even = TrainConfig { spacing: Spacing::Even, ..ten.clone() };
        for config in [&ten, &even] {
            // A steady machine; a slow first step; one that becomes four times slower or faster.
            let speeds: [(&str, &dyn Fn(u64) -> f64); 4] = [
                ("steady", &|_| 1e-3),
                ("slow first step", &|done| if done == 0 { 0.5 } else { 1e-3 }),
                ("slower", &|done| if done < 2000 { 1e-3 } else { 4e-3 }),
                ("faster", &|done| if done < 500 { 4e-3 } else { 1e-3 }),
            ];
            for (name, step) in speeds {
                for validation in [1e-5, 1e-3, 0.05] {
                    let (clock, steps, off) = run(config, step, validation);
                    let used = clock.elapsed().as_secs_f64();
                    assert!((9.5..=10.0 + 1e-6).contains(&used), "{name}, {validation}: {used}");
                    assert_eq!(clock.horizon(), Some(steps), "{name}");
                    assert!(off < 0.02, "{name}: the schedule is off the time by {off}");
                    let validating = clock.validations().as_secs_f64();
                    assert!(validating <= 1.5 + 3.0 * validation, "{name}: {validating} of {validation} each");
                }
            }
        }
    }

    /// 2000 features: a step takes a tenth of the budget, and so does a validation.
    #[test]
    fn a_budget_of_few_steps_is_exceeded_by_no_more_than_one_step_and_validation() {
        let config = config(Budget::Time(seconds(8.0)));
        for (step, validation) in [(0.8, 0.8), (2.0, 2.5), (3.0, 0.01), (0.1, 3.9), (20.0, 5.0), (1.0, 9.0)] {
            let (clock, steps, _) = run(&config, |_| step, validation);
            let used = clock.elapsed().as_secs_f64();
            assert!(used <= 8.0_f64.max(validation) + step + validation, "{step}, {validation}: {used}");
            assert!(used >= 8.0 - step - validation, "{step}, {validation}: {used}");
            assert!(steps >= u64::from(validation < 8.0), "{step}, {validation}: {steps} steps");
        }
    }

    #[test]
    fn a_horizon_is_told_once_enough_is_seen() {
        let time = Time::still();
        let mut clock = Clock::start(&config(Budget::Time(seconds(100.0))), 1000, time.clone());
        assert!(clock.goes_on(0) && clock.horizon().is_none() && clock.known_horizon(0).is_none());
        time.pass(seconds(2.0));
        assert!(clock.goes_on(20) && clock.known_horizon(20).is_none());
        assert_eq!(clock.horizon(), Some(1000));
        time.pass(seconds(2.0));
        assert!(clock.goes_on(30));
        assert_eq!((clock.known_horizon(30), clock.horizon()), (Some(750), Some(750)));
    }

    #[test]
    fn a_resumed_run_has_the_rest_of_its_time() {
        let (config, time) = (config(Budget::Time(seconds(10.0))), Time::still());
        let mut clock = Clock::start(&config, 1000, time.clone());
        clock.evaluation(|| time.pass(seconds(1.0)));
        assert!(clock.goes_on(0));
        time.pass(seconds(4.0));
        // What others do meanwhile does not count.
        assert_eq!(
            clock.paused(|| {
                time.pass(seconds(70.0));
                7
            }),
            7
        );
        assert!(clock.goes_on(40));
        clock.validated(40);
        let state = clock.state();
        let time = Time::still();
        let mut again = Clock::resume(&config, 1000, time.clone(), state);
        assert_eq!((again.elapsed(), again.validations(), again.plan), (seconds(5.0), seconds(1.0), clock.plan));
        assert!(again.goes_on(40));
        assert_eq!(again.horizon(), Some(72));
        time.pass(seconds(3.8));
        assert!(again.goes_on(78));
        time.pass(seconds(0.15));
        assert!(!again.goes_on(79), "a step of 0.1 s and a validation of 1 s do not fit in 1.05 s");
        assert!((again.share(79) - 0.895).abs() < 1e-9);
    }

    #[test]
    fn a_run_that_began_with_other_validations_goes_on_with_them() {
        let config = TrainConfig { spacing: Spacing::Even, evaluations: 10, ..config(Budget::Steps(103)) };
        let state = Clock::start(&config, 1000, Time::still()).state();
        let mut json = serde_json::to_value(state).unwrap();
        json.as_object_mut().unwrap().retain(|key, _| !["even", "next", "marks"].contains(&key.as_str()));
        let old: ClockState = serde_json::from_value(json).unwrap();
        let clock = Clock::resume(&config, 1000, Time::still(), old);
        let due: Vec<u64> = (1..=103).filter(|&done| clock.evaluates(done)).collect();
        assert_eq!(due, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 103]);
        assert!(Clock::resume(&config, 1000, Time::still(), state).plan.exact);
    }
}
