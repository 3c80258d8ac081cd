//! `pdmap train`.

use std::time::Duration;

use anyhow::Result;
use pdmap_core::Real;
use pdmap_train::{Budget, Model, Outcome, Preset, TrainConfig, Trained, TrainingRecord, train};

use super::likelihood::Likelihood;
use super::{architecture, config, with_data};
use crate::args::{Dtype, Train};
use crate::data::Source;
use crate::exit::{Diverged, one_line};
use crate::output;
use crate::progress::Bar;

/// Budget where nothing else is said.
const BUDGET: Duration = Duration::from_secs(60);

pub(crate) fn run(args: &Train) -> Result<()> {
    let preset: Preset = args.model.parse()?;
    let source = Source::plan(&args.data, false)?;
    let rate = args.rate.unwrap_or(preset.rate());
    let config = TrainConfig {
        patience: args.patience,
        ..config(&args.training, Budget::Time(BUDGET), rate, args.seed)?
    };
    output::writable(&args.out)?;
    match args.training.dtype {
        Dtype::F32 => fit::<f32>(args, preset, &source, config),
        Dtype::F64 => fit::<f64>(args, preset, &source, config),
    }
}

fn fit<F: Real>(args: &Train, preset: Preset, source: &Source, config: TrainConfig) -> Result<()> {
    let bar = Bar::new(args.training.quiet);
    bar.stage("reading data".into());
    let data = source.splits::<F>(config.batch)?;
    let preprocess = args.training.preprocess.unwrap_or(source.preprocess());
    let mut flow = preset
        .build(data.train.view(), preprocess, architecture(&args.training)?, args.seed)
        .map_err(|error| with_data(error, source))?;
    bar.stage(preset.to_string());
    let watch = &mut |progress| bar.at(progress);
    let trained = train(&mut flow, data.train.view(), data.validation.view(), &config, watch);
    bar.finish();
    let trained = trained.map_err(|error| with_data(error, source))?;

    let mut model =
        Model::new(flow, data.facts.space.clone(), pdmap_train::Preprocess::layers(&[preprocess]));
    model.header.training = Some(TrainingRecord {
        data: args.data.data.clone(),
        seed: args.seed,
        config,
        steps: trained.steps,
        horizon: trained.horizon,
        best_step: trained.best.step,
        best_validation: trained.best.validation,
    });
    model.save(&args.out)?;
    // The model is saved: test rows without a likelihood are reported, and fail nothing.
    let test = (data.test.nrows() > 0).then(|| {
        let measured = Likelihood::of(&model, &data.test, data.test_groups.as_deref(), &source.test_name());
        measured.map(|(_, likelihood)| likelihood).map_err(|error| one_line(&error))
    });
    let said = say(args, &trained, test);
    match trained.outcome {
        // Whatever became of stdout, this is what the status tells.
        Outcome::Diverged { step, reason } => Err(Diverged { step, reason, kept: trained.best.step }.into()),
        Outcome::Finished | Outcome::StoppedEarly | Outcome::Interrupted { .. } => said,
    }
}

/// What training did, and the likelihood of the test rows or why they have none.
fn say(args: &Train, trained: &Trained, test: Option<Result<Likelihood, String>>) -> Result<()> {
    let (test, failure) = match test {
        None => (None, None),
        Some(Ok(likelihood)) => (Some(likelihood), None),
        Some(Err(reason)) => (None, Some(reason)),
    };
    if args.json {
        let all = serde_json::json!({ "trained": trained, "test": test, "test_failure": failure });
        return output::json(&all);
    }
    output::line(&summary(trained))?;
    test.map_or(Ok(()), |test| output::line(&format!("test, {test}")))?;
    failure.map_or(Ok(()), |reason| output::line(&format!("test: none, {reason}")))
}

fn summary(trained: &Trained) -> String {
    format!(
        "{} of {} steps in {:.1} s; best validation {:.3} nats at step {}; {} halved steps",
        trained.steps,
        trained.horizon,
        trained.seconds,
        trained.best.validation,
        trained.best.step,
        trained.halvings
    )
}
