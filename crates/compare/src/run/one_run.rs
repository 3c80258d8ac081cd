//! One run of an arm: build, train, evaluate.

use ndarray::{Axis, Slice};
use pdmap_core::{Flow, ParametricExt, Real};
use pdmap_data::Splits;
use pdmap_train::{
    AutoConfig, AutoFitted, Event, Hooks, InMemory, Progress, SpecError, TrainConfig, TrainError, Trained,
    ValidationRows, registry, train_auto, train_observed,
};

use super::truth::Truth;
use crate::arm::Arm;
use crate::diagnostics::{Moment, Watcher};
use crate::held_out::HeldOutWeights;
use crate::plan::Plan;
use crate::records::{RunResult, bits_per_dim};
use crate::statistics::Uncertainty;

/// Test rows on which the round trip is measured.
const ROUND_TRIP_ROWS: usize = 256;

/// Builds the flow of an arm.
pub(crate) fn build<F: Real>(
    arm: &Arm,
    (data, training): (&Splits<F>, InMemory<'_, F>),
    plan: &Plan,
    seed: u64,
) -> Result<Flow<F>, SpecError> {
    let weights = training.weights();
    let rows = InMemory::from(data.train.view()).weighing(weights.as_deref())?;
    arm.model.shaped(data.facts.shape()).build_on(rows, plan.steps(arm), seed, &registry())
}

/// Builds an arm and trains it on `rows`, with `moments` snapshots.
pub(crate) fn train_arm<'a, F: Real>(
    arm: &Arm,
    (data, rows, held_out): (&'a Splits<F>, InMemory<'a, F>, HeldOutWeights<'a>),
    plan: &Plan,
    config: &TrainConfig,
    moments: u64,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Flow<F>, Trained, Vec<Moment>), TrainError> {
    let mut watch = |event| {
        if let Event::Progress(progress) = event {
            watch(progress);
        }
    };
    let hooks = Hooks::new(&mut watch);
    let validation = ValidationRows::new(data.validation.view(), held_out.validation).map_err(SpecError::from)?;
    if arm.searched {
        let (training, preprocess) = (arm.training.clone(), arm.model.preprocess.clone());
        let auto = AutoConfig { seed: config.seed, training, preprocess, ..AutoConfig::new(config.budget) };
        let AutoFitted { flow, trained, .. } = train_auto(rows.into(), validation, &auto, hooks)?;
        return Ok((flow, trained, vec![]));
    }
    let mut flow = build(arm, (data, rows), plan, config.seed)?;
    let mut watcher = Watcher::new(moments);
    let trained = train_observed(&mut flow, rows, validation, config, hooks, &mut watcher)?;
    Ok((flow, trained, watcher.moments()))
}

/// The figures of a final run and the log-likelihood of each test row.
pub(crate) fn evaluate<F: Real>(
    flow: &Flow<F>,
    (data, held_out): (&Splits<F>, HeldOutWeights<'_>),
    truth: Option<&Truth>,
    run: (&Arm, u64, f64),
    trained: Trained,
    moments: Vec<Moment>,
) -> (RunResult, Vec<f64>) {
    let (arm, seed, rate) = run;
    let rows = flow.log_prob(&data.test).unwrap_or_default();
    let (mean, Uncertainty { error, .. }) = held_out.mean_of_test(&rows, data.test_groups.as_deref());
    let test = mean.is_finite().then_some(mean);
    let result = RunResult {
        arm: arm.name.clone(),
        seed,
        rate,
        layers: flow.chain().layers().len(),
        parameters: flow.parameter_count(),
        trained,
        test,
        test_error: test.map(|_| error),
        bits_per_dim: test.map(|test| bits_per_dim(test, data)),
        // An ensemble has no codes.
        round_trip: if arm.searched { None } else { round_trip(flow, data) },
        amari: truth.filter(|_| !arm.searched).and_then(|truth| truth.amari(flow, data)),
        coding_gain: truth.filter(|_| !arm.searched).and_then(|truth| truth.coding_gain(flow)),
        moments,
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
