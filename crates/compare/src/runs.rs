//! The runs of a comparison, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Instant, SystemTime};

use ndarray::{Axis, Slice};
use pdmap_core::{Flow, LayerError, Real};
use pdmap_data::Splits;
use pdmap_train::{Outcome, Progress, TrainConfig, TrainError, Trained, peak_memory, registry, train};

use crate::baseline::{Marginals, gaussian};
use crate::results::{ArmSummary, BaselineResult, Results, RunResult};
use crate::statistics::{Uncertainty, grouped_mean, mean_and_error};
use crate::tuning::tune;
use crate::verdict::{contrasts, verdict};
use crate::{Arm, CompareError, Machine, Plan};

/// Version of the schema of `results.json`.
const FORMAT: u32 = 2;

/// Test rows that the round trip is measured on.
const ROUND_TRIP_ROWS: usize = 256;

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
    /// A final run is over.
    Finished {
        /// Its arm.
        arm: &'a str,
        /// Its seed.
        seed: u64,
        /// Its mean test log-likelihood, nats (NaN where it is not finite).
        test: f64,
    },
}

/// Runs the plan: baselines, then for each arm its tuning, then all arms with the first seed, all arms with the second, and so on, so
/// that a machine that slows down does not favour an arm.
///
/// # Errors
/// An empty plan, or one that contradicts itself; data that the arms cannot be built for. A run that diverges is reported in the results instead.
pub fn compare<F: Real>(
    data: &Splits<F>,
    plan: &Plan,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Results, CompareError> {
    if plan.arms.is_empty() || plan.seeds == 0 {
        return Err(CompareError::Empty { actual: plan.arms.len(), seeds: plan.seeds });
    }
    plan.check().map_err(CompareError::Plan)?;
    if data.test.nrows() == 0 {
        return Err(CompareError::NoTest);
    }
    watch(Event::Baselines);
    let baselines = baselines(data);
    let (mut rates, mut tuning) = (BTreeMap::new(), Vec::new());
    for arm in &plan.arms {
        let (rate, tried) = tune(arm, data, plan, watch)?;
        rates.insert(arm.name.as_str(), rate);
        tuning.extend(tried);
    }
    let mut runs = Vec::new();
    let mut parameters = BTreeMap::new();
    // Sums over seeds of each test row's log-likelihood, for the row part of a contrast's uncertainty.
    let mut row_sums: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for seed in 1..=plan.seeds {
        for arm in &plan.arms {
            let name = arm.name.as_str();
            let config = plan.config(arm);
            let rate = rates.get(name).copied().unwrap_or(config.rate);
            let config = TrainConfig { rate, seed, ..config };
            let mut progress = |progress| watch(Event::Run { arm: name, seed, progress });
            let (flow, trained) = run(arm, data, plan, &config, seed, &mut progress)?;
            parameters.insert(name, flow.parameters());
            let (result, rows) = evaluate(&flow, data, name, seed, rate, trained);
            watch(Event::Finished { arm: name, seed, test: result.test.unwrap_or(f64::NAN) });
            let sums = row_sums.entry(name).or_insert_with(|| vec![0.0; rows.len()]);
            sums.iter_mut().zip(&rows).for_each(|(sum, row)| *sum += row / plan.seeds as f64);
            runs.push(result);
        }
    }
    let arms: Vec<ArmSummary> = plan
        .arms
        .iter()
        .map(|arm| summarize(&arm.name, &runs, parameters.get(arm.name.as_str()).copied().unwrap_or(0)))
        .collect();
    let groups = data.test_groups.as_deref();
    let row_uncertainty = |a: &str, b: &str| {
        let (a, b) = (row_sums.get(a).into_iter().flatten(), row_sums.get(b).into_iter().flatten());
        grouped_mean(&a.zip(b).map(|(a, b)| a - b).collect::<Vec<_>>(), groups).1
    };
    let contrasts = contrasts(&plan.contrasts, &arms, &runs, row_uncertainty);
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
        arms,
        runs,
        tuning,
        peak_memory: peak_memory(),
    })
}

/// One training run of an arm, from a fresh flow.
pub(crate) fn run<F: Real>(
    arm: &Arm,
    data: &Splits<F>,
    plan: &Plan,
    config: &TrainConfig,
    seed: u64,
    watch: &mut dyn FnMut(Progress),
) -> Result<(Flow<F>, Trained), CompareError> {
    let mut made = || -> Result<_, TrainError> {
        let model = arm.model.shaped(data.facts.shape());
        let mut flow = model.build_on(data.train.view(), plan.steps(arm), seed, &registry())?;
        let trained = train(&mut flow, data.train.view(), data.validation.view(), config, watch)?;
        Ok((flow, trained))
    };
    made().map_err(|source| CompareError::Arm { arm: arm.name.clone(), source: Box::new(source) })
}

fn evaluate<F: Real>(
    flow: &Flow<F>,
    data: &Splits<F>,
    arm: &str,
    seed: u64,
    rate: f64,
    trained: Trained,
) -> (RunResult, Vec<f64>) {
    let rows = flow.log_prob(&data.test).unwrap_or_default();
    let (mean, Uncertainty { error, .. }) = grouped_mean(&rows, data.test_groups.as_deref());
    let test = mean.is_finite().then_some(mean);
    let result = RunResult {
        arm: arm.to_owned(),
        seed,
        rate,
        trained,
        test,
        test_error: test.map(|_| error),
        bits_per_dim: test.map(|test| bits_per_dim(test, data)),
        round_trip: round_trip(flow, data),
    };
    (result, rows)
}

fn round_trip<F: Real>(flow: &Flow<F>, data: &Splits<F>) -> Option<f64> {
    let x = data.test.slice_axis(Axis(0), Slice::from(..data.test.nrows().min(ROUND_TRIP_ROWS)));
    let back = flow.decode(&flow.encode(x.reborrow()).ok()?).ok()?;
    let worst = x.iter().zip(&back).fold(0.0_f64, |worst, (a, b)| worst.max((a.f64() - b.f64()).abs()));
    let scale = x.iter().fold(f64::MIN_POSITIVE, |scale, a| scale.max(a.f64().abs()));
    Some(worst / scale)
}

/// `−(log p + log|d row/d pixel|) / (D log 2)`; without pixels, of the density as it stands.
fn bits_per_dim<F: Real>(test: f64, data: &Splits<F>) -> f64 {
    let pixel = data.facts.pixel_log_det.unwrap_or(0.0);
    -(test + pixel) / (data.test.ncols() as f64 * std::f64::consts::LN_2)
}

fn baselines<F: Real>(data: &Splits<F>) -> Vec<BaselineResult> {
    let features = data.train.ncols();
    let result = |name: &str, started: Instant, rows: Vec<f64>, parameters: usize, note: String| {
        let (mean, Uncertainty { error, .. }) = grouped_mean(&rows, data.test_groups.as_deref());
        let test = mean.is_finite().then_some(mean);
        BaselineResult {
            name: name.to_owned(),
            test,
            test_error: test.map(|_| error),
            bits_per_dim: test.map(|test| bits_per_dim(test, data)),
            parameters,
            seconds: started.elapsed().as_secs_f64(),
            note,
        }
    };
    let started = Instant::now();
    let size = features + features * (features + 1) / 2;
    let gaussian = match gaussian(data.train.view()).and_then(|flow| flow.log_prob(&data.test)) {
        Ok(rows) => result("Gaussian, full covariance", started, rows, size, String::new()),
        Err(error) => result("Gaussian, full covariance", started, vec![], size, error.to_string()),
    };
    let started = Instant::now();
    let pixels = data.facts.pixel_log_det.is_some() && data.facts.name.starts_with("mnist");
    let fitted = Marginals::fit(data.train.view(), data.validation.view(), pixels);
    let (size_of_bins, bins) = match &fitted {
        Ok(Marginals { bins, levels: true, .. }) => (features * bins, format!("{bins} grey levels")),
        Ok(Marginals { bins, .. }) => (features * bins, format!("{bins} bins of equal mass a feature")),
        Err(_) => (0, String::new()),
    };
    let note = format!("{bins}, chosen by validation");
    let of = |flow: Result<Flow<F>, LayerError>| flow.and_then(|flow| flow.log_prob(&data.test));
    let independent = |marginals: &Marginals<F>| of(marginals.independent(features));
    let histograms = match fitted.as_ref().map_err(Clone::clone).and_then(independent) {
        Ok(rows) => result("Independent histograms", started, rows, size_of_bins, note.clone()),
        Err(error) => result("Independent histograms", started, vec![], 0, error.to_string()),
    };
    let copula = |marginals: &Marginals<F>| of(marginals.copula(data.train.view()));
    let all = size + size_of_bins;
    let copula = match fitted.as_ref().map_err(Clone::clone).and_then(copula) {
        Ok(rows) => result("Gaussian copula", started, rows, all, format!("{note}, then a full covariance")),
        Err(error) => result("Gaussian copula", started, vec![], all, error.to_string()),
    };
    vec![gaussian, histograms, copula]
}

fn summarize(arm: &str, runs: &[RunResult], parameters: usize) -> ArmSummary {
    let runs: Vec<_> = runs.iter().filter(|run| run.arm == arm).collect();
    let mean = |value: &dyn Fn(&RunResult) -> f64| {
        mean_and_error(&runs.iter().map(|run| value(run)).collect::<Vec<_>>())
    };
    let (test, seed_error) = mean(&|run| run.test.unwrap_or(f64::NAN));
    ArmSummary {
        arm: arm.to_owned(),
        rate: runs.first().map_or(f64::NAN, |run| run.rate),
        parameters,
        steps: mean(&|run| run.trained.steps as f64).0,
        steps_per_second: mean(&|run| run.trained.steps as f64 / run.trained.seconds).0,
        validation: mean(&|run| run.trained.best.validation).0,
        test,
        seed_error: seed_error.is_finite().then_some(seed_error),
        test_error: runs.first().and_then(|run| run.test_error).unwrap_or(f64::NAN),
        bits_per_dim: mean(&|run| run.bits_per_dim.unwrap_or(f64::NAN)).0,
        halvings: runs.iter().map(|run| run.trained.halvings).sum(),
        diverged: runs.iter().filter(|run| matches!(run.trained.outcome, Outcome::Diverged { .. })).count(),
    }
}
