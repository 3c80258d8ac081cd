//! The plan to run, from the flags and a plan file.

use std::time::Duration;

use anyhow::Result;
use pdmap_compare::{Arm, CompareError, Parallel, Plan, PlanFile};
use pdmap_train::{Architecture, Budget, Preset, TrainConfig};

use crate::args::{Compare, DataArgs};
use crate::rows::data::Source;
use crate::terminal::exit::BadInput;

/// Default budget of a run. The default comparison then takes about two minutes.
const BUDGET: Duration = Duration::from_secs(2);

/// The plan of the file, or the default one, overridden by the flags.
pub(super) fn settle(args: &Compare, file: Option<&PlanFile>, source: &Source) -> Result<Plan> {
    let usual = Plan::new(Budget::Time(BUDGET));
    let training = TrainConfig { rate: Preset::DenseRelative.rate(), ..usual.training.clone() };
    let base = Plan { arms: presets(args)?, preprocess: vec![source.preprocess()], training, ..usual };
    let mut plan = match file {
        Some(file) => file.onto(base),
        None => base,
    };
    if !args.arms.is_empty() && args.plan.is_some() {
        plan.keep(&args.arms)?;
    }
    no_effect(args, &plan)?;
    if let Some(parallel) = &args.parallel {
        let &[runs, threads] = &parallel[..] else {
            let message = format!("--parallel takes two numbers (runs,threads); got {}", parallel.len());
            return Err(BadInput(message).into());
        };
        plan.parallel = Some(Parallel { runs, threads });
    }
    plan.seeds = args.seeds.unwrap_or(plan.seeds);
    plan.training.batch = args.batch.unwrap_or(plan.training.batch);
    if let Some(steps) = &args.preprocess {
        plan.preprocess.clone_from(steps);
    }
    if let Some(budget) = args.steps.map(Budget::Steps).or(args.budget.map(Budget::Time)) {
        plan.training.budget = budget;
    }
    if let Some(rate) = args.rate {
        plan.training.rate = rate;
        plan.rates.clear();
        for arm in &mut plan.arms {
            arm.rate = Some(rate);
            arm.training.rate = None;
        }
    }
    if plan.seeds == 0 {
        return Err(CompareError::Empty { actual: plan.arms.len(), seeds: 0 }.into());
    }
    plan.check().map_err(CompareError::Plan)?;
    Ok(plan)
}

/// The data flags, completed by the plan.
pub(super) fn data(args: &Compare, file: Option<&PlanFile>) -> DataArgs {
    let mut data = args.data.clone();
    if let (None, Some(named)) = (&data.data, file.and_then(PlanFile::data)) {
        data.data = Some(named.to_owned());
        if data.rows.is_none() {
            data.rows = file.and_then(PlanFile::rows).map(|rows| rows.to_vec());
        }
    }
    data
}

/// The named presets, or the dense ones.
fn presets(args: &Compare) -> Result<Vec<Arm>> {
    let usual = Architecture::default();
    let architecture =
        Architecture { depth: args.depth.unwrap_or(usual.depth), alpha: args.alpha.unwrap_or(usual.alpha) };
    if architecture.depth == 0 {
        return Err(BadInput("--depth 0: a flow needs at least one linear layer".into()).into());
    }
    let presets = if args.plan.is_some() || args.arms.is_empty() {
        Preset::DENSE.to_vec()
    } else {
        args.arms.iter().map(|name| name.parse()).collect::<Result<_, _>>()?
    };
    let given = [args.depth.map(|n| format!("--depth {n}")), args.alpha.map(|a| format!("--alpha {a}"))];
    let own = presets.iter().all(|preset: &Preset| preset.recipe().is_some());
    if let (true, Some(flag)) = (own, given.into_iter().flatten().next()) {
        let message = format!("{flag} has no effect: every arm sets its own depth");
        return Err(BadInput(message).into());
    }
    Ok(presets.into_iter().map(|preset| Arm::preset(preset, architecture)).collect())
}

/// Refuses flags that are invalid or would have no effect.
fn no_effect(args: &Compare, plan: &Plan) -> Result<()> {
    if args.batch == Some(0) {
        return Err(BadInput("--batch 0: a batch has at least one row".into()).into());
    }
    let own_batch = |arm: &Arm| arm.model.training.overridden_by(&arm.training).batch.is_some();
    let refused = match (args.batch, &args.preprocess) {
        (Some(batch), _) if plan.arms.iter().all(own_batch) => format!("--batch {batch}"),
        (_, Some(steps)) if plan.arms.iter().all(|arm| arm.model.preprocess.is_some()) => {
            format!("--preprocess {}", steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
        _ => return Ok(()),
    };
    Err(BadInput(format!("{refused} has no effect: every arm of the plan sets its own")).into())
}
