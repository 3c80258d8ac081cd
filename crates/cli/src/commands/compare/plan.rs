//! The plan to run, from the flags and a plan file.

use std::time::Duration;

use anyhow::Result;
use pdmap_compare::{AUTO, Arm, CompareError, Parallel, Plan, PlanFile};
use pdmap_train::{Budget, Preset, TrainConfig, TrainingSpec};

use crate::args::{Compare, DataArgs, TrainingArgs};
use crate::rows::data::Source;
use crate::terminal::exit::BadInput;

/// Default budget of a run. The default comparison then takes about two minutes.
const BUDGET: Duration = Duration::from_secs(2);

/// The plan of the file, or the default one, overridden by the flags.
pub(super) fn settle(args: &Compare, file: Option<&PlanFile>, source: &Source) -> Result<Plan> {
    let usual = Plan::new(Budget::Time(BUDGET));
    let training = TrainConfig { rate: Preset::DENSE_RELATIVE.rate(), ..usual.training.clone() };
    let base = Plan { arms: presets(args)?, preprocess: vec![source.preprocess()], training, ..usual };
    let options = &args.training.options;
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
    plan.training = options.onto(plan.training);
    if let Some(steps) = &args.training.preprocess {
        plan.preprocess.clone_from(steps);
    }
    if let Some(rate) = options.rate {
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
    let architecture = args.training.architecture.architecture()?;
    // None stands for a model that is searched for.
    let presets: Vec<Option<Preset>> = if args.plan.is_some() || args.arms.is_empty() {
        Preset::DENSE.map(Some).to_vec()
    } else {
        let named = |name: &String| if name == AUTO { Ok(None) } else { name.parse().map(Some) };
        args.arms.iter().map(named).collect::<Result<_, _>>()?
    };
    let fixed = presets.iter().flatten().all(|preset| !preset.is_template());
    if let (true, Some(flag)) = (fixed, args.training.architecture.given()) {
        let message = format!("{flag} has no effect: the depth of every arm is fixed");
        return Err(BadInput(message).into());
    }
    let arm = |preset: Option<Preset>| preset.map_or_else(Arm::auto, |preset| Arm::preset(preset, architecture));
    Ok(presets.into_iter().map(arm).collect())
}

/// Refuses flags that are invalid or would have no effect.
fn no_effect(args: &Compare, plan: &Plan) -> Result<()> {
    let TrainingArgs { options, preprocess, .. } = &args.training;
    if options.batch == Some(0) {
        return Err(BadInput("--batch 0: a batch has at least one row".into()).into());
    }
    // The budget is the plan's alone, and a rate from the flags replaces those of the arms.
    let plans = TrainingSpec { steps: None, budget: None, rate: None, ..options.clone() };
    let own = |arm: &Arm, key: &str| arm.model.training.overridden_by(&arm.training).given().contains_key(key);
    let mut refused = plans
        .given()
        .into_iter()
        .find(|(key, _)| plan.arms.iter().all(|arm| own(arm, key)))
        .map(|(key, value)| format!("--{key} {value}"));
    if let (None, Some(steps)) = (&refused, preprocess)
        && plan.arms.iter().all(|arm| arm.model.preprocess.is_some())
    {
        let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
        refused = Some(format!("--preprocess {}", steps.join(",")));
    }
    match refused {
        None => Ok(()),
        Some(flag) => Err(BadInput(format!("{flag} has no effect: every arm of the plan sets its own")).into()),
    }
}
