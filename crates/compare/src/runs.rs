//! The runs of a comparison.

use std::collections::BTreeSet;
use std::time::SystemTime;

use pdmap_core::Real;
use pdmap_data::Splits;
use pdmap_train::{Budget, Progress, Rows, TrainConfig, TrainError, peak_memory};
use serde_json::{Value, json};

use crate::baseline::baselines;
use crate::diagnostics::MOMENTS;
use crate::generated::Generated;
use crate::jobs::{Told, perform};
use crate::one_run::{build, evaluate, train_arm};
use crate::readings::targets;
use crate::results::{ArmSummary, Failure, Results, RunResult};
use crate::statistics::grouped_mean;
use crate::summary::summarize;
use crate::tuning::tune;
use crate::verdict::{contrasts, verdict};
use crate::{Arm, CompareError, Machine, Plan, Store};

/// Version of the schema of `results.json`.
const FORMAT: u32 = 3;

/// What is told while a comparison goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// Baselines are being fitted.
    Baselines,
    /// A tuning run.
    Tuning {
        /// Its arm.
        arm: &'a str,
        /// Its rate.
        rate: f64,
        /// How far it is.
        progress: Progress,
    },
    /// A final run.
    Run {
        /// Its arm.
        arm: &'a str,
        /// Its seed.
        seed: u64,
        /// How far it is.
        progress: Progress,
    },
    /// A final run is over, now or before.
    Finished {
        /// Its arm.
        arm: &'a str,
        /// Its seed.
        seed: u64,
        /// Its mean test log-likelihood, nats (NaN where it is not finite).
        test: f64,
    },
    /// A final run could not be made.
    Failed {
        /// Its arm.
        arm: &'a str,
        /// Its seed; none where the arm's flow cannot be made at all.
        seed: Option<u64>,
        /// Why.
        reason: &'a str,
    },
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Tuning,
    /// With the number of the pair that it belongs to.
    Final {
        seed: u64,
    },
}

/// A run that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct Run<'a> {
    pub(crate) arm: &'a Arm,
    pub(crate) config: TrainConfig,
    pub(crate) role: Role,
}

/// Everything that runs have in common.
#[derive(Debug)]
pub(crate) struct Bench<'a, F> {
    pub(crate) data: &'a Splits<F>,
    pub(crate) plan: &'a Plan,
    store: &'a Store,
    /// Hashes of the rows.
    rows: Value,
    /// What is known of where they come from.
    generated: Option<Generated>,
}

/// Runs the plan: baselines, then the tuning of all arms, then all arms with the first seed, all arms with the second, and so on, so that a
/// machine that slows down does not favour an arm. Runs that `store` has already are taken from there.
///
/// # Errors
/// An empty plan, or one that contradicts itself; no test rows; a store that cannot be written; data that no arm can be built for. An arm that fails beside others
/// that do not, and a run that diverges, are reported in the results instead.
pub fn compare<F: Real>(
    data: &Splits<F>,
    plan: &Plan,
    store: &Store,
    watch: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Results, CompareError> {
    if plan.arms.is_empty() || plan.seeds == 0 {
        return Err(CompareError::Empty { actual: plan.arms.len(), seeds: plan.seeds });
    }
    plan.check().map_err(CompareError::Plan)?;
    if data.test.nrows() == 0 {
        return Err(CompareError::NoTest);
    }
    let bench = Bench::new(data, plan, store)?;
    let unfit = bench.unfit()?;
    for Failure { arm, reason, .. } in &unfit {
        watch(Event::Failed { arm, seed: None, reason });
    }
    let fit = |arm: &Arm| unfit.iter().all(|failure| failure.arm != arm.name);
    watch(Event::Baselines);
    let baselines = bench.kept(&json!("baselines"), || baselines(data))?;
    let ica = bench.kept(&json!("ica"), || bench.generated.as_ref().and_then(|it| it.fast_ica(data)))?;
    let (rates, tuning) = tune(&bench, &fit, watch)?;
    let all = (1..=plan.seeds)
        .flat_map(|seed| plan.arms.iter().zip(&rates).map(move |(arm, &rate)| (seed, arm, rate)));
    let all: Vec<Run<'_>> = all
        .filter(|(_, arm, _)| fit(arm))
        .map(|(seed, arm, rate)| {
            let config = TrainConfig { rate, seed: seed + arm.seed_offset, ..plan.config(arm) };
            Run { arm, config, role: Role::Final { seed } }
        })
        .collect();
    let Ran { runs, failures, row_sums } = bench.final_runs(&all, watch)?;
    let failures = unfit.iter().cloned().chain(failures).collect();
    let arms: Vec<ArmSummary> = plan.arms.iter().map(|arm| summarize(&arm.name, &runs)).collect();
    let groups = data.test_groups.as_deref();
    let sums = |name: &str| plan.arms.iter().position(|arm| arm.name == name).and_then(|at| row_sums.get(at));
    let row_uncertainty = |a: &str, b: &str| {
        let (a, b) = (sums(a).into_iter().flatten(), sums(b).into_iter().flatten());
        grouped_mean(&a.zip(b).map(|(a, b)| a - b).collect::<Vec<_>>(), groups).1
    };
    let contrasts = contrasts(plan, &arms, &runs, row_uncertainty);
    let names: Vec<&str> = plan.arms.iter().map(|arm| arm.name.as_str()).collect();
    Ok(Results {
        format: FORMAT,
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        machine: Machine::this(),
        data: data.facts.clone(),
        rows: [data.train.nrows(), data.validation.nrows(), data.test.nrows()],
        test_images: groups.map(|groups| groups.iter().collect::<BTreeSet<_>>().len()),
        plan: plan.clone(),
        verdict: verdict(&contrasts, &arms),
        contrasts,
        baselines,
        ica,
        arms,
        targets: targets(&runs, &names),
        runs,
        failures,
        tuning,
        peak_memory: peak_memory(),
    })
}

/// What came of the final runs.
struct Ran {
    runs: Vec<RunResult>,
    failures: Vec<Failure>,
    /// For each arm the mean over seeds of each test row's log-likelihood.
    row_sums: Vec<Vec<f64>>,
}

impl<'a, F: Real> Bench<'a, F> {
    fn new(data: &'a Splits<F>, plan: &'a Plan, store: &'a Store) -> Result<Self, CompareError> {
        let hash = |rows: ndarray::ArrayView2<'_, F>, what| {
            Rows::from(rows).fingerprint(what).map_err(TrainError::from)
        };
        let hashes = [
            hash(data.train.view(), "training rows")?,
            hash(data.validation.view(), "validation rows")?,
            hash(data.test.view(), "test rows")?,
        ];
        let rows = json!({ "hashes": hashes.map(|hash| format!("{hash:016x}")), "facts": data.facts });
        Ok(Self { data, plan, store, rows, generated: Generated::of(&data.facts) })
    }

    /// Arms whose flow cannot be made from these rows.
    fn unfit(&self) -> Result<Vec<Failure>, CompareError> {
        let (mut unfit, mut first) = (Vec::new(), None);
        for arm in &self.plan.arms {
            if let Err(error) = build(arm, self.data, self.plan, 1 + arm.seed_offset) {
                unfit.push(Failure { arm: arm.name.clone(), seed: None, reason: error.to_string() });
                first.get_or_insert(CompareError::Arm {
                    arm: arm.name.clone(),
                    source: Box::new(error.into()),
                });
            }
        }
        match first {
            Some(error) if unfit.len() == self.plan.arms.len() => Err(error),
            _ => Ok(unfit),
        }
    }

    /// What makes a run, or any other work on these rows, that work.
    fn identity(&self, of: &Value) -> Value {
        json!({ "version": env!("CARGO_PKG_VERSION"), "precision": F::DTYPE, "rows": self.rows, "of": of })
    }

    /// What the store has, or else what `make` gives.
    fn kept<T: serde::Serialize + serde::de::DeserializeOwned>(
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
        // What a budget of time buys depends on the machine.
        if let Budget::Time(_) = run.config.budget {
            let Machine { processor, threads, .. } = Machine::this();
            of["machine"] = json!({ "processor": processor, "threads": threads });
        }
        self.identity(&of)
    }

    /// Best validation of each run; none where it could not be made or diverged for good.
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
            let trained = train_arm(run.arm, self.data, self.plan, &run.config, 0, progress);
            let validation = trained.ok().filter(|(_, trained, _)| !trained.diverged());
            let validation = validation.map(|(_, trained, _)| trained.best.validation);
            self.store.save(&identity, &validation, &[])?;
            Ok(validation)
        };
        perform(runs.len(), self.plan.parallel, work, |job, told: Told<'_, Option<f64>>| {
            if let Told::Progress(progress) = told {
                let run = &runs[job];
                watch(Event::Tuning { arm: &run.arm.name, rate: run.config.rate, progress });
            }
        })
    }

    fn final_runs(
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
                // The same run may go by another name in another plan.
                let known = RunResult { arm: run.arm.name.clone(), seed: pair(run), ..known };
                return Ok(Ok((known, rows)));
            }
            let trained = train_arm(run.arm, self.data, self.plan, &run.config, MOMENTS, progress);
            let (flow, trained, moments) = match trained {
                Ok(made) => made,
                Err(error) => return Ok(Err(error)),
            };
            let of = (run.arm, pair(run), run.config.rate);
            let (result, rows) = evaluate(&flow, self.data, self.generated.as_ref(), of, trained, moments);
            if !rows.is_empty() {
                self.store.save(&identity, &result, &rows)?;
            }
            Ok(Ok((result, rows)))
        };
        let made = perform(runs.len(), self.plan.parallel, work, |job, told| {
            let (arm, seed) = (runs[job].arm.name.as_str(), pair(&runs[job]));
            watch(match told {
                Told::Progress(progress) => Event::Run { arm, seed, progress },
                Told::Done(Ok((result, _))) => {
                    Event::Finished { arm, seed, test: result.test.unwrap_or(f64::NAN) }
                }
                Told::Done(Err(error)) => {
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
                    all.failures.push(Failure {
                        arm: arm.clone(),
                        seed: Some(seed),
                        reason: error.to_string(),
                    });
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
