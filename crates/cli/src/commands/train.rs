//! `pdmap train`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use pdmap_core::Real;
use pdmap_data::DataFacts;
use pdmap_train::{
    Budget, Checkpoints, Condition, Event, Hooks, Model, Outcome, Preprocess, Rollback, TrainConfig, Trained,
    TrainingRecord, registry, train_with,
};

use super::likelihood::Likelihood;
use crate::args::{Dtype, Train};
use crate::data::Source;
use crate::exit::{BadInput, Diverged, Failed, Interrupted, one_line};
use crate::model_choice::ModelChoice;
use crate::progress::Bar;
use crate::stored::Stored;
use crate::{output, signals};

/// Budget where nothing else is said.
const BUDGET: Duration = Duration::from_secs(60);

/// Time between checkpoints where nothing else is said.
const EVERY: Duration = Duration::from_secs(60);

/// Checkpoints may not come closer than this.
const LEAST_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &Train) -> Result<()> {
    match args.training.dtype {
        Dtype::F32 => fit::<f32>(args),
        Dtype::F64 => fit::<f64>(args),
    }
}

fn fit<F: Real>(args: &Train) -> Result<()> {
    let choice = ModelChoice::of::<F>(&args.model, &args.training)?;
    let source = Source::plan(&args.data, false)?;
    let config = settle(args, &choice)?;
    not_an_input(args)?;
    output::writable(&args.out)?;
    let mut checkpoints = checkpoints(args)?;

    let bar = Bar::new(args.training.quiet);
    bar.stage("reading data".into());
    let mut data = Stored::<F>::open(&source, config.batch, args.memory)?;
    let condition = data.condition(&source, args)?;
    let given = args.training.preprocess.clone().or_else(|| choice.spec().preprocess.clone());
    let steps = given.unwrap_or_else(|| vec![source.preprocess()]);
    let blame = |error| choice.blame(error, &source);
    let mut spec = choice.spec().shaped(data.facts.shape());
    spec.conditions = condition.map_or(0, Condition::width);
    let mut flow = spec.build_on(data.rows(), &steps, args.seed, &registry()).map_err(blame)?;
    bar.stage(choice.name());
    // Until here a signal ends the program as it ends any other: there is nothing to save.
    signals::listen()?;
    let mut watch = |event| tell(&bar, event);
    let hooks = Hooks { watch: &mut watch, stop: &signals::stop, checkpoints: checkpoints.as_mut() };
    let trained = train_with(&mut flow, data.rows(), data.validation.view(), &config, hooks);
    bar.finish();
    let trained = trained.map_err(blame)?;

    let mut model = Model::new(flow, data.facts.space.clone(), Preprocess::layers(&steps));
    if model.flow.conditions() > 0 {
        model.header.condition = condition;
    }
    model.header.training = Some(TrainingRecord {
        data: args.data.data().to_owned(),
        seed: args.seed,
        config,
        steps: trained.steps,
        horizon: trained.horizon,
        best_step: trained.best.step,
        best_validation: trained.best.validation,
    });
    let saved = save(&model, args);
    // The model is saved: test rows without a likelihood are reported, and fail nothing.
    let test = (data.test.nrows() > 0).then(|| {
        let measured = Likelihood::of(&model, &data.test, data.test_groups.as_deref(), &source.test_name());
        measured.map(|(_, likelihood)| likelihood).map_err(|error| one_line(&error))
    });
    let said = say(args, &trained, test, &data.facts, &model.weights_hash());
    let (kept, checkpoint) = (trained.best.step, trained.checkpoint);
    // Whatever became of stdout, this is what the status tells.
    let ended = match trained.outcome {
        Outcome::Diverged { step, reason } => Err(Diverged { step, reason, kept }.into()),
        Outcome::Interrupted { step } => Err(Interrupted { step, kept, checkpoint }.into()),
        Outcome::Failed { step, reason } => Err(Failed { step, reason, kept, checkpoint }.into()),
        _ => said,
    };
    match (saved, ended) {
        (Ok(()), ended) => ended,
        (Err(unsaved), Ok(())) => Err(unsaved),
        // The status is that of how training ended; what became of the model stands in front.
        (Err(unsaved), Err(end)) => Err(end.context(one_line(&unsaved))),
    }
}

/// The model must not be written over what it is made of.
fn not_an_input(args: &Train) -> Result<()> {
    let checkpoint = args.checkpoint.as_ref().map(|folder| folder.join("checkpoint.safetensors"));
    let inputs = [
        Some(Path::new(args.data.data())),
        args.data.val.as_deref(),
        args.data.test.as_deref(),
        args.condition.as_deref(),
        args.val_condition.as_deref(),
        args.test_condition.as_deref(),
    ];
    let others = [Some(Path::new(&args.model)), checkpoint.as_deref()];
    if inputs.into_iter().chain(others).flatten().any(|path| output::same_place(path, &args.out)) {
        let message = format!("--out {} is what the model would be made of", args.out.display());
        return Err(BadInput(message).into());
    }
    Ok(())
}

/// Flags before the model's own section, that before the defaults.
fn settle(args: &Train, choice: &ModelChoice) -> Result<TrainConfig> {
    let flags = &args.training;
    if flags.batch == Some(0) {
        return Err(BadInput("--batch 0: a batch has at least one row".into()).into());
    }
    let described = choice.spec().training.onto(TrainConfig::new(Budget::Time(BUDGET)));
    let budget = flags.steps.map(Budget::Steps).or(flags.budget.map(Budget::Time));
    Ok(TrainConfig {
        batch: flags.batch.unwrap_or(described.batch),
        budget: budget.unwrap_or(described.budget),
        rate: args.rate.unwrap_or(described.rate),
        patience: args.patience.or(described.patience),
        seed: args.seed,
        ..described
    })
}

fn checkpoints(args: &Train) -> Result<Option<Checkpoints>> {
    let every = args.every.unwrap_or(EVERY);
    if every < LEAST_EVERY {
        let message = format!("--every {}: at least 1s", humantime::format_duration(every));
        return Err(BadInput(message).into());
    }
    let open = |folder| Checkpoints::open(folder, every, args.resume);
    Ok(args.checkpoint.as_deref().map(open).transpose()?)
}

/// What happens while a run goes on: progress on the bar, trouble on stderr.
fn tell(bar: &Bar, event: Event) {
    match event {
        Event::Progress(progress) => bar.at(progress),
        Event::Resumed { step, version } => {
            bar.say(&format!("going on from step {step}"));
            if let Some(version) = version {
                let own = env!("CARGO_PKG_VERSION");
                bar.warn(&format!(
                    "warning: the checkpoint is of version {version}, this is {own}: bits may differ"
                ));
            }
        }
        Event::RolledBack(Rollback { step, reason, to, factor }) => bar.warn(&format!(
            "warning: step {step}: {reason}; going on from the weights of step {to} at {factor} of the rate"
        )),
        Event::SaveFailed { last: true, step, error } => {
            bar.warn(&format!("warning: no checkpoint of step {step}, the last one: {error}"));
        }
        Event::SaveFailed { step, error, .. } => {
            bar.warn(&format!(
                "warning: no checkpoint of step {step}: {error}; training goes on and tries again"
            ));
        }
        _ => {}
    }
}

/// Saves the model; where its place is no longer to be had, in the folder for temporary files, so that hours of training are not lost.
fn save<F: Real>(model: &Model<F>, args: &Train) -> Result<()> {
    let Err(error) = model.save(&args.out) else { return Ok(()) };
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let rescue = std::env::temp_dir().join(format!("pdmap-{}-{name}", std::process::id()));
    let rescued = match model.save(&rescue) {
        Ok(()) => format!("the model was saved as {} instead", rescue.display()),
        Err(second) => format!("nor could it be saved elsewhere: {second}"),
    };
    Err(error).context(rescued)
}

/// What training did, and the likelihood of the test rows or why they have none.
fn say(
    args: &Train,
    trained: &Trained,
    test: Option<Result<Likelihood, String>>,
    facts: &DataFacts,
    weights: &str,
) -> Result<()> {
    let (test, failure) = match test {
        None => (None, None),
        Some(Ok(likelihood)) => (Some(likelihood), None),
        Some(Err(reason)) => (None, Some(reason)),
    };
    // −(log p + log|d row/d pixel|)/(D log 2), pixels in units of one of 256 grey levels.
    let bits = test
        .as_ref()
        .zip(facts.pixel_log_det)
        .map(|(test, pixel)| -(test.mean() + pixel) / (facts.features as f64 * std::f64::consts::LN_2));
    if args.json {
        let truth = serde_json::json!({ "expected": facts.true_log_likelihood, "test": facts.test_truth });
        let all = serde_json::json!({
            "trained": trained, "test": test, "bits_per_dim": bits, "test_failure": failure, "truth": truth, "weights": weights,
        });
        return output::json(&all);
    }
    output::line(&summary(trained))?;
    test.map_or(Ok(()), |test| output::line(&format!("test, {test}")))?;
    bits.map_or(Ok(()), |bits| output::line(&format!("bits/dim: {bits:.4}")))?;
    failure.map_or(Ok(()), |reason| output::line(&format!("test: none, {reason}")))?;
    let truth = facts.test_truth.map(|value| format!("truth: {value:.4} nats on the same test rows"));
    let truth = truth.or(facts.true_log_likelihood.map(|value| format!("truth: {value:.4} nats expected")));
    truth.map_or(Ok(()), |line| output::line(&line))?;
    output::line(&format!("weights {weights}"))
}

fn summary(trained: &Trained) -> String {
    let vain = if trained.steps > 0 && trained.best.step == 0 {
        "; no validation was better than the start"
    } else {
        ""
    };
    let memory =
        trained.peak_memory.map_or(String::new(), |bytes| format!("; peak memory {}", output::bytes(bytes)));
    format!(
        "{} of {} steps in {:.1} s; best validation {:.3} nats at step {}; {} halved steps{memory}{vain}",
        trained.steps,
        trained.horizon,
        trained.seconds,
        trained.best.validation,
        trained.best.step,
        trained.halvings
    )
}
