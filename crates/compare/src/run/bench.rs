//! The data and store that all runs share, and the execution of runs.

use pdmap_core::{Real, RowWeights};
use pdmap_data::Splits;
use pdmap_train::{Budget, InMemory, Progress, Rows, TrainConfig, TrainError};
use serde_json::{Value, json};

use super::event::Event;
use super::jobs::{Update, perform};
use super::one_run::{build, evaluate, train_arm};
use super::store::Store;
use super::truth::Truth;
use crate::arm::Arm;
use crate::diagnostics::MOMENTS;
use crate::error::CompareError;
use crate::held_out::HeldOutWeights;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::records::{Failure, RunResult};

/// The purpose of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Tuning,
    /// A final run, with the number of its pair.
    Final {
        seed: u64,
    },
}

/// A run to execute.
#[derive(Debug, Clone)]
pub(crate) struct Run<'a> {
    pub(crate) arm: &'a Arm,
    pub(crate) config: TrainConfig,
    pub(crate) role: Role,
}

/// What all runs share.
#[derive(Debug)]
pub(crate) struct Bench<'a, F> {
    pub(crate) data: &'a Splits<F>,
    /// The rows that runs train on: those of `data`, or without their noise, which is then drawn anew
    /// in each epoch.
    training: InMemory<'a, F>,
    held_out: HeldOutWeights<'a>,
    pub(crate) plan: &'a Plan,
    store: &'a Store,
    /// Hashes of the rows.
    rows: Value,
    /// The known process behind the rows.
    pub(super) truth: Option<Truth>,
}

/// Results of the final runs.
pub(super) struct Ran {
    pub(super) runs: Vec<RunResult>,
    pub(super) failures: Vec<Failure>,
    /// For each arm, the log-likelihood of each test row averaged over seeds.
    pub(super) row_sums: Vec<Vec<f64>>,
}

impl<'a, F: Real> Bench<'a, F> {
    pub(super) fn new(
        data: &'a Splits<F>,
        (training, held_out): (InMemory<'a, F>, HeldOutWeights<'a>),
        plan: &'a Plan,
        store: &'a Store,
    ) -> Result<Self, CompareError> {
        let hash = |rows: ndarray::ArrayView2<'_, F>, weights: Option<&[f64]>, what| {
            let rows = InMemory::from(rows).weighing(weights)?;
            Rows::Memory(rows).fingerprint(what).map_err(TrainError::from)
        };
        let own = training.weights();
        let [validation, test] = [held_out.validation, held_out.test].map(|weights| weights.map(RowWeights::each));
        let hashes = [
            hash(data.train.view(), own.as_deref(), "training rows")?,
            hash(data.validation.view(), validation, "validation rows")?,
            hash(data.test.view(), test, "test rows")?,
        ];
        let mut rows = json!({ "hashes": hashes.map(|hash| format!("{hash:016x}")), "facts": data.facts });
        if training.noise().is_some() {
            rows["noise"] = json!("each epoch");
        }
        Ok(Self { data, training, held_out, plan, store, rows, truth: Truth::of(&data.facts) })
    }

    /// Arms whose flow cannot be built for these rows.
    pub(super) fn unfit(&self) -> Result<Vec<Failure>, CompareError> {
        let (mut unfit, mut first) = (Vec::new(), None);
        // A search says during the run what cannot be built.
        for arm in self.plan.arms.iter().filter(|arm| !arm.searched) {
            if let Err(error) = build(arm, (self.data, self.training), self.plan, 1 + arm.seed_offset) {
                unfit.push(Failure { arm: arm.name.clone(), seed: None, reason: error.to_string() });
                first.get_or_insert(CompareError::Arm { arm: arm.name.clone(), source: Box::new(error.into()) });
            }
        }
        match first {
            Some(error) if unfit.len() == self.plan.arms.len() => Err(error),
            _ => Ok(unfit),
        }
    }

    /// The identity of a run or of other work on these rows.
    fn identity(&self, of: &Value) -> Value {
        json!({ "version": env!("CARGO_PKG_VERSION"), "precision": F::DTYPE, "rows": self.rows, "of": of })
    }

    /// Loads the result from the store, or computes and stores it.
    pub(super) fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(
        &self,
        of: &Value,
        make: impl FnOnce() -> T,
    ) -> Result<T, CompareError> {
        let identity = self.identity(of);
        if let Some((known, _)) = self.store.load(&identity, 0) {
            return Ok(known);
        }
        let made = make();
        self.store.save(&identity, &made, &[])?;
        Ok(made)
    }

    fn run_identity(&self, run: &Run<'_>) -> Value {
        let role = match run.role {
            Role::Tuning => "tuning",
            Role::Final { .. } => "final",
        };
        let mut of = json!({
            "role": role,
            "model": run.arm.model,
            "preprocess": self.plan.steps(run.arm),
            "config": run.config,
        });
        if run.arm.searched {
            of["searched"] = json!({ "training": run.arm.training });
        }
        // Under a time budget the number of steps depends on the machine.
        if let Budget::Time(_) = run.config.budget {
            let Machine { processor, threads, .. } = Machine::this();
            of["machine"] = json!({ "processor": processor, "threads": threads });
        }
        self.identity(&of)
    }

    /// The best validation of each run; none if it failed or diverged.
    pub(crate) fn tuning_runs(
        &self,
        runs: &[Run<'_>],
        watch: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<Vec<Option<f64>>, CompareError> {
        let work = |job: usize, progress: &mut (dyn FnMut(Progress) + Send)| {
            let run = &runs[job];
            let identity = self.run_identity(run);
            if let Some((known, _)) = self.store.load(&identity, 0) {
                return Ok(known);
            }
            let trained =
                train_arm(run.arm, (self.data, self.training, self.held_out), self.plan, &run.config, 0, progress);
            let validation = trained.ok().filter(|(_, trained, _)| !trained.diverged());
            let validation = validation.map(|(_, trained, _)| trained.best.validation);
            self.store.save(&identity, &validation, &[])?;
            Ok(validation)
        };
        perform(runs.len(), self.plan.parallel, work, |job, update: Update<'_, Option<f64>>| {
            if let Update::Progress(progress) = update {
                let run = &runs[job];
                watch(Event::Tuning { arm: &run.arm.name, rate: run.config.rate, progress });
            }
        })
    }

    /// Executes the final runs.
    pub(super) fn final_runs(
        &self,
        runs: &[Run<'_>],
        watch: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<Ran, CompareError> {
        let rows = self.data.test.nrows();
        let pair = |run: &Run<'_>| match run.role {
            Role::Final { seed } => seed,
            Role::Tuning => run.config.seed,
        };
        let work = |job: usize, progress: &mut (dyn FnMut(Progress) + Send)| {
            let run = &runs[job];
            let identity = self.run_identity(run);
            if let Some((known, rows)) = self.store.load::<RunResult>(&identity, rows) {
                // Another plan may use another name for the same run.
                let known = RunResult { arm: run.arm.name.clone(), seed: pair(run), ..known };
                return Ok(Ok((known, rows)));
            }
            let trained = train_arm(
                run.arm,
                (self.data, self.training, self.held_out),
                self.plan,
                &run.config,
                MOMENTS,
                progress,
            );
            let (flow, trained, moments) = match trained {
                Ok(made) => made,
                Err(error) => return Ok(Err(error)),
            };
            let of = (run.arm, pair(run), run.config.rate);
            let (result, rows) = evaluate(&flow, (self.data, self.held_out), self.truth.as_ref(), of, trained, moments);
            if !rows.is_empty() {
                self.store.save(&identity, &result, &rows)?;
            }
            Ok(Ok((result, rows)))
        };
        let made = perform(runs.len(), self.plan.parallel, work, |job, update| {
            let (arm, seed) = (runs[job].arm.name.as_str(), pair(&runs[job]));
            watch(match update {
                Update::Progress(progress) => Event::Run { arm, seed, progress },
                Update::Done(Ok((result, _))) => Event::Finished { arm, seed, test: result.test.unwrap_or(f64::NAN) },
                Update::Done(Err(error)) => {
                    return watch(Event::Failed { arm, seed: Some(seed), reason: &error.to_string() });
                }
            });
        })?;
        let arms = &self.plan.arms;
        let mut all = Ran { runs: vec![], failures: vec![], row_sums: vec![vec![]; arms.len()] };
        let mut first_error = None;
        for (run, made) in runs.iter().zip(made) {
            let (arm, seed) = (run.arm.name.clone(), pair(run));
            match made {
                Ok((result, rows)) => {
                    let at = arms.iter().position(|other| other.name == arm).unwrap_or(0);
                    let sums = &mut all.row_sums[at];
                    sums.resize(rows.len().max(sums.len()), 0.0);
                    sums.iter_mut().zip(&rows).for_each(|(sum, row)| *sum += row / self.plan.seeds as f64);
                    all.runs.push(result);
                }
                Err(error) => {
                    all.failures.push(Failure { arm: arm.clone(), seed: Some(seed), reason: error.to_string() });
                    first_error.get_or_insert(CompareError::Arm { arm, source: Box::new(error) });
                }
            }
        }
        match first_error {
            Some(error) if all.runs.is_empty() => Err(error),
            _ => Ok(all),
        }
    }
}
