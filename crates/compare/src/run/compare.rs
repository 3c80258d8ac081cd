//! The comparison from plan to results.

use std::collections::BTreeSet;
use std::time::SystemTime;

use pdmap_core::Real;
use pdmap_data::Splits;
use pdmap_train::{InMemory, TrainConfig, peak_memory};
use serde_json::json;

use super::bench::{Bench, Ran, Role, Run};
use super::event::Event;
use super::store::Store;
use super::tune::tune;
use crate::arm::Arm;
use crate::baseline::baselines;
use crate::error::CompareError;
use crate::held_out::HeldOutWeights;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::readings::targets;
use crate::records::{ArmSummary, Failure, summarize};
use crate::results::Results;
use crate::verdict::{best, best_sentence, contrasts, verdict};

/// Version of the schema of `results.json`.
const FORMAT: u32 = 3;

/// Executes a plan: baselines, then the tuning of all arms, then the final runs.
///
/// Final runs are ordered by seed and then by arm, so that a machine that slows down does not
/// favour one arm. Runs found in `store` are not repeated.
///
/// # Errors
/// An empty or inconsistent plan; no test rows; a store that cannot be written; data for which no
/// arm can be built. If only some arms fail, or a run diverges, the results report it instead.
pub fn compare<F: Real>(
    data: &Splits<F>,
    plan: &Plan,
    store: &Store,
    watch: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Results, CompareError> {
    compare_on(data, (data.train.view().into(), HeldOutWeights::default()), plan, store, watch)
}

/// [`compare`], with runs that train on `training` and everything else on the training rows of `data`.
/// For discrete features, `training` is without noise, which a run adds anew in each epoch
/// ([`InMemory::dequantized`]), and `data` has that of the draw [`Dequantizer::FIXED`]. Rows count as
/// often as the weights of `training` and the held-out ones say.
///
/// [`Dequantizer::FIXED`]: pdmap_train::Dequantizer::FIXED
///
/// # Errors
/// As [`compare`].
pub fn compare_on<'a, F: Real>(
    data: &'a Splits<F>,
    (training, held_out): (InMemory<'a, F>, HeldOutWeights<'a>),
    plan: &'a Plan,
    store: &'a Store,
    watch: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Results, CompareError> {
    if plan.arms.is_empty() || plan.seeds == 0 {
        return Err(CompareError::Empty { actual: plan.arms.len(), seeds: plan.seeds });
    }
    plan.check().map_err(CompareError::Plan)?;
    if data.test.nrows() == 0 {
        return Err(CompareError::NoTest);
    }
    let bench = Bench::new(data, (training, held_out), plan, store)?;
    let unfit = bench.unfit()?;
    for Failure { arm, reason, .. } in &unfit {
        watch(Event::Failed { arm, seed: None, reason });
    }
    let fit = |arm: &Arm| unfit.iter().all(|failure| failure.arm != arm.name);
    watch(Event::Baselines);
    let baselines = bench.stored(&json!("baselines"), || baselines(data, training.weights().as_deref(), held_out))?;
    let ica = bench.stored(&json!("ica"), || bench.truth.as_ref().and_then(|truth| truth.fast_ica(data)))?;
    let (rates, tuning) = tune(&bench, &fit, watch)?;
    let all = (1..=plan.seeds).flat_map(|seed| plan.arms.iter().zip(&rates).map(move |(arm, &rate)| (seed, arm, rate)));
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
        held_out.mean_of_test(&a.zip(b).map(|(a, b)| a - b).collect::<Vec<_>>(), groups).1
    };
    let contrasts = contrasts(plan, &arms, &runs, row_uncertainty);
    let best = best(plan, &arms, &runs, &contrasts, row_uncertainty);
    let names: Vec<&str> = plan.arms.iter().map(|arm| arm.name.as_str()).collect();
    Ok(Results {
        format: FORMAT,
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        machine: Machine::this(),
        data: data.facts.clone(),
        rows: [data.train.nrows(), data.validation.nrows(), data.test.nrows()],
        test_images: groups.map(|groups| groups.iter().collect::<BTreeSet<_>>().len()),
        plan: plan.clone(),
        verdict: verdict(&contrasts, &arms).into_iter().chain(best_sentence(&best)).collect(),
        contrasts,
        best,
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
