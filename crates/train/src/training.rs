//! The training loop.

use std::time::Instant;

use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, Real, Training, check};
use pdmap_spec::{Rows, TrainConfig};

use crate::ascent::ascend;
use crate::average::Average;
use crate::batches::{Batches, Position};
use crate::checkpoint::{Identity, Snapshot};
use crate::checks::{TRAINING, VALIDATION, check_rows};
use crate::clock::Clock;
use crate::easing::Easing;
use crate::error::TrainError;
use crate::hooks::Hooks;
use crate::memory::peak_memory;
use crate::observer::{Nobody, Observer};
use crate::outcome::{Cost, Event, Outcome, Progress, Rollback, Trained, factor};
use crate::plateau;
use crate::record::{EvaluationRows, Record};
use crate::time::Time;
use crate::validation::ValidationRows;

/// Trains `flow` by maximum likelihood and leaves it with the weights of the best validation. For a
/// density `p(x | c)`, each row is followed by its condition: see [`Flow::given`].
///
/// # Errors
/// Fewer rows than a batch, no validation rows, rows that do not fit the flow, options outside
/// their ranges, a likelihood that is not finite before the first step. A run that diverges later
/// is not an error: see [`Outcome`].
pub fn train<'a, 'v, F: Real>(
    flow: &mut Flow<F>,
    rows: impl Into<Rows<'a, F>>,
    validation: impl Into<ValidationRows<'v, F>>,
    config: &TrainConfig,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Trained, TrainError> {
    let mut watch = |event| {
        if let Event::Progress(progress) = event {
            watch(progress);
        }
    };
    train_with(flow, rows, validation, config, Hooks::new(&mut watch))
}

/// Like [`train`], with [`Hooks`]. Under a step budget, a run that is stopped at any moment and
/// resumed from its checkpoint ends with the same bits as an uninterrupted one.
///
/// # Errors
/// As [`train`]; a checkpoint of another run, or a damaged one. A checkpoint that cannot be written
/// is reported to `watch`.
pub fn train_with<'a, 'v, F: Real>(
    flow: &mut Flow<F>,
    rows: impl Into<Rows<'a, F>>,
    validation: impl Into<ValidationRows<'v, F>>,
    config: &TrainConfig,
    hooks: Hooks<'_>,
) -> Result<Trained, TrainError> {
    train_observed(flow, rows, validation, config, hooks, &mut Nobody)
}

/// Like [`train_with`], with an [`Observer`] that is called before and after steps.
///
/// # Errors
/// As [`train_with`].
pub fn train_observed<'a, 'v, F: Real>(
    flow: &mut Flow<F>,
    rows: impl Into<Rows<'a, F>>,
    validation: impl Into<ValidationRows<'v, F>>,
    config: &TrainConfig,
    mut hooks: Hooks<'_>,
    observer: &mut dyn Observer<F>,
) -> Result<Trained, TrainError> {
    let (rows, validation) = (rows.into(), validation.into());
    let run = Run::start(flow, (rows, validation.reborrow()), config, &mut hooks, Time::system())?;
    run_to_the_end(run, config, &mut hooks, observer)
}

fn run_to_the_end<F: Real>(
    mut run: Run<'_, '_, F>,
    config: &TrainConfig,
    hooks: &mut Hooks<'_>,
    observer: &mut dyn Observer<F>,
) -> Result<Trained, TrainError> {
    let mut outcome = run.over()?;
    while outcome.is_none() && run.clock.goes_on(run.step) {
        outcome = run.advance(config, observer)?;
        run.ease(config, hooks);
        if outcome.is_none() && run.clock.evaluates(run.step) {
            outcome = run.evaluate(hooks)?;
            run.plateau = plateau::factor(run.record.curve(), config.plateau);
        }
        if run.recover(&outcome, config, hooks)? {
            outcome = None;
        }
        hooks.tell(Event::Progress(run.progress()));
        if outcome.is_none() && hooks.stops() {
            outcome = Some(Outcome::Interrupted { step: run.step });
        }
        if outcome.is_none() {
            run.save(hooks, Save::WhenDue);
        }
    }
    if outcome.is_none() && run.record.last_step() != run.step {
        outcome = run.evaluate(hooks)?;
    }
    let outcome = outcome.unwrap_or(Outcome::Finished);
    if !matches!(outcome, Outcome::Diverged { .. }) {
        run.save(hooks, Save::Last);
    }
    if let Outcome::Interrupted { .. } | Outcome::Failed { .. } = outcome {
        // For the weights that the caller gets. The checkpoint is written already: it must not
        // contain a validation that an uninterrupted run does not make.
        run.evaluate(hooks)?;
    }
    run.finish(outcome)
}

/// When a checkpoint is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Save {
    WhenDue,
    Last,
}

/// A run between two steps.
struct Run<'a, 'f, F: Real> {
    flow: &'f mut Flow<F>,
    rows: Rows<'a, F>,
    validation: ValidationRows<'f, F>,
    training: Training<F>,
    optimizer: Optimizer,
    batches: Batches<'a, F>,
    clock: Clock,
    record: Record<F>,
    /// None without checkpoints.
    identity: Option<Identity>,
    step: u64,
    halvings: u64,
    rollbacks: Vec<Rollback>,
    /// Factor of the rate after the plateaus so far.
    plateau: f64,
    /// What halved steps have done to the rate.
    easing: Easing,
    /// What is validated in place of the flow, if an average is.
    average: Option<Average<F>>,
    cost: Cost,
    /// Step of the last checkpoint.
    checkpoint: Option<u64>,
}

impl<'a, 'f, F: Real> Run<'a, 'f, F> {
    /// Checks everything, and starts the run or resumes it from a checkpoint.
    fn start(
        flow: &'f mut Flow<F>,
        (rows, validation): (Rows<'a, F>, ValidationRows<'f, F>),
        config: &TrainConfig,
        hooks: &mut Hooks<'_>,
        time: Time,
    ) -> Result<Self, TrainError> {
        check_rows(rows, validation.rows, config)?;
        config.validate()?;
        let optimizer = Optimizer::new(config.optimizer, config.rate)?.clipped(config.clip)?.decaying(config.decay)?;
        let (mut training, mut average) = (flow.training(), Average::of(flow, config.average)?);
        let (mut identity, mut restored) = (None, None);
        // Either way every number is read once: it must be finite, and it identifies the run.
        match &hooks.checkpoints {
            None => {
                rows.finite(TRAINING, |_| ())?;
                check::finite(VALIDATION, validation.rows)?;
            }
            Some(checkpoints) => {
                let hashes = [rows.fingerprint(TRAINING)?, validation.fingerprint(VALIDATION)?];
                let own = Identity::of(flow, config, rows, validation.rows.nrows(), hashes);
                restored = checkpoints.restore(&own, flow, &mut training, average.as_mut())?;
                identity = Some(own);
            }
        }
        let (clock, record, position, step, halvings, rollbacks, easing) = match restored {
            Some(from) => {
                hooks.tell(Event::Resumed { step: from.step, version: from.version });
                let record = Record::resume(from.record, from.best, config, flow.features());
                let clock = Clock::resume(config, rows.count(), time, from.clock);
                (clock, record, from.position, from.step, from.halvings, from.rollbacks, from.easing)
            }
            None => {
                let mut clock = Clock::start(config, rows.count(), time);
                let record = Record::start(flow, validation, config, &mut clock)?;
                record.curve().iter().for_each(|&point| hooks.tell(Event::Validated(point)));
                (clock, record, Position::default(), 0, 0, Vec::new(), Easing::default())
            }
        };
        let (checkpoint, plateau) = (None, plateau::factor(record.curve(), config.plateau));
        Ok(Self {
            flow,
            rows,
            validation,
            training,
            optimizer,
            batches: Batches::new(rows, config.batch, config.seed, position),
            clock,
            record,
            identity,
            step,
            halvings,
            rollbacks,
            plateau,
            easing,
            average,
            cost: Cost::default(),
            checkpoint,
        })
    }

    /// The outcome of a run that was over when its checkpoint was written.
    fn over(&mut self) -> Result<Option<Outcome>, TrainError> {
        if self.step == 0 || self.record.last_step() != self.step {
            return Ok(None);
        }
        let flow = Average::or(&mut self.average, self.flow)?;
        self.record.verdict(flow, self.rows, &mut self.clock)
    }

    /// One step; gives the outcome if it was the last.
    fn advance(&mut self, config: &TrainConfig, observer: &mut dyn Observer<F>) -> Result<Option<Outcome>, TrainError> {
        let horizon = self.clock.horizon();
        let rate = config.rate * factor(&self.rollbacks) * self.plateau * self.easing.factor();
        self.optimizer.set_rate(rate * config.schedule.factor(self.step, horizon.unwrap_or(u64::MAX)))?;
        let start = Instant::now();
        let batch = match self.batches.draw() {
            Ok(batch) => batch,
            Err(error) => return Ok(Some(Outcome::Failed { step: self.step, reason: error.to_string() })),
        };
        self.cost.batches += start.elapsed().as_secs_f64();
        let observed = observer.wants(self.step, self.clock.known_horizon(self.step));
        if observed {
            self.clock.paused(|| observer.before(self.step, self.flow, batch.reborrow()));
        }
        match ascend(self.flow, batch, &mut self.optimizer, &mut self.training, &mut self.cost) {
            Ok(report) => self.halvings += report.halvings,
            Err(error) => return Ok(Some(Outcome::of_error(self.step, error)?)),
        }
        self.step += 1;
        self.average.as_mut().map_or(Ok(()), |average| average.follow(self.flow))?;
        if observed {
            self.clock.paused(|| observer.after(self.flow));
        }
        Ok(None)
    }

    /// Lowers the rate where many steps were halved, instead of losing them.
    fn ease(&mut self, config: &TrainConfig, hooks: &mut Hooks<'_>) {
        if self.easing.decide(config.most_halvings, self.step, self.halvings) {
            hooks.tell(Event::Eased { step: self.step, halvings: self.halvings, factor: self.easing.factor() });
        }
    }

    /// After a divergence, and if a retry is left: returns to the best weights with an empty memory
    /// and a lower rate. Whether it did.
    fn recover(
        &mut self,
        outcome: &Option<Outcome>,
        config: &TrainConfig,
        hooks: &mut Hooks<'_>,
    ) -> Result<bool, TrainError> {
        let Some(Outcome::Diverged { step, reason }) = outcome else { return Ok(false) };
        if self.rollbacks.len() as u64 >= config.retries {
            return Ok(false);
        }
        let to = self.record.back(self.flow)?;
        self.training = self.flow.training();
        self.average.as_mut().map_or(Ok(()), |average| average.restart(self.flow))?;
        let rollback = Rollback::after(&self.rollbacks, *step, reason.clone(), to);
        self.rollbacks.push(rollback.clone());
        hooks.tell(Event::RolledBack(rollback));
        Ok(true)
    }

    fn evaluate(&mut self, hooks: &mut Hooks<'_>) -> Result<Option<Outcome>, TrainError> {
        let before = self.record.curve().len();
        let rows = EvaluationRows { validation: self.validation, training: self.rows };
        let flow = match Average::or(&mut self.average, self.flow) {
            Ok(flow) => flow,
            Err(error) => return Ok(Some(Outcome::of_error(self.step, error)?)),
        };
        let outcome = self.record.evaluate(flow, rows, self.step, &mut self.clock)?;
        // A loss that is not finite adds no point to the curve.
        self.record.curve().iter().skip(before).for_each(|&point| hooks.tell(Event::Validated(point)));
        Ok(outcome)
    }

    fn progress(&self) -> Progress {
        let (horizon, share) = (self.clock.horizon(), self.clock.share(self.step));
        Progress { step: self.step, horizon, share, validation: self.record.latest() }
    }

    fn save(&mut self, hooks: &mut Hooks<'_>, when: Save) {
        let (Some(checkpoints), Some(identity)) = (&mut hooks.checkpoints, &self.identity) else { return };
        if when == Save::WhenDue && !checkpoints.due() {
            return;
        }
        let step = self.step;
        let snapshot = Snapshot {
            identity,
            flow: self.flow,
            training: &self.training,
            record: &self.record,
            clock: self.clock.state(),
            position: self.batches.position(),
            step,
            halvings: self.halvings,
            rollbacks: &self.rollbacks,
            easing: self.easing,
            average: self.average.as_ref(),
        };
        let event = match checkpoints.save(&snapshot) {
            Ok(()) => {
                self.checkpoint = Some(step);
                Event::Saved { step }
            }
            Err(error) => Event::SaveFailed { last: when == Save::Last, step, error },
        };
        hooks.tell(event);
    }

    /// Leaves the flow with its best weights.
    fn finish(self, outcome: Outcome) -> Result<Trained, TrainError> {
        let Self { flow, clock, record, step, halvings, rollbacks, checkpoint, .. } = self;
        let cost = Cost { validations: clock.validations().as_secs_f64(), ..self.cost };
        let (seconds, horizon) = (clock.elapsed().as_secs_f64(), clock.horizon().unwrap_or(step));
        let (curve, best) = record.finish(flow)?;
        let peak_memory = peak_memory();
        Ok(Trained {
            outcome,
            steps: step,
            horizon,
            seconds,
            curve,
            best,
            checkpoint,
            halvings,
            rollbacks,
            cost,
            peak_memory,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use pdmap_layers::diagonal::Shift;
    use pdmap_spec::Budget;

    use super::*;

    /// A budget of a hundred steps, one of which takes as long as many.
    #[test]
    fn a_time_budget_ends_a_run_in_time() {
        let rows = ndarray::Array2::from_shape_fn((200, 2), |(i, j)| ((7 * i + 3 * j) as f64).sin());
        for (slow, seconds, expected) in [(0, 1, 100..=100), (10, 50, 49..=51), (90, 10, 90..=91)] {
            let mut flow = Flow::builder(2).layer(Shift::zero(2).unwrap()).build().unwrap();
            let config = TrainConfig::new(Budget::Time(Duration::from_secs(100)));
            let time = Time::still();
            let mut watch = |event| {
                if let Event::Progress(progress) = event {
                    time.pass(Duration::from_secs(if progress.step == slow { seconds } else { 1 }));
                }
            };
            let mut hooks = Hooks::new(&mut watch);
            let run =
                Run::start(&mut flow, ((&rows).into(), (&rows).into()), &config, &mut hooks, time.clone()).unwrap();
            let trained = run_to_the_end(run, &config, &mut hooks, &mut Nobody).unwrap();
            assert!(expected.contains(&trained.steps), "{} steps", trained.steps);
            assert!((98.9..=100.0).contains(&trained.seconds), "{} s", trained.seconds);
            assert_eq!((trained.outcome, trained.horizon), (Outcome::Finished, trained.steps));
            assert_eq!(trained.curve.last().unwrap().step, trained.steps);
        }
    }
}
