//! `pdmap train`.

mod baseline;
mod categories;
mod halved;
mod imputed;
mod missing;
mod summary;
mod tried;
mod watch;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use pdmap_core::{Flow, Real};
use pdmap_train::{
    Adaptive, AutoConfig, Budget, Checkpoints, Condition, Hooks, Model, ModelSpec, Outcome, Preprocess, TrainConfig,
    TrainingRecord, TrainingSpec, registry, train_auto, train_with,
};

use self::summary::{Measured, print};
use self::watch::{DataSummary, Watch};
use crate::args::{Dtype, Missing, Train, Unseen};
use crate::condition;
use crate::model_choice::{AUTO, ModelChoice};
use crate::model_page::{Subject, page, thinned};
use crate::rows::data::Source;
use crate::scores::gaussian::Fit;
use crate::scores::likelihood::{Counted, Likelihood};
use crate::stored::Stored;
use crate::terminal::exit::{BadInput, Diverged, Failed, Interrupted, one_line};
use crate::terminal::log::Log;
use crate::terminal::progress::Bar;
use crate::terminal::{output, signals};

/// Default budget.
const BUDGET: Duration = Duration::from_secs(60);

/// Default time between checkpoints.
const EVERY: Duration = Duration::from_secs(60);

/// Minimum time between checkpoints.
const LEAST_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &Train) -> Result<()> {
    match args.training.dtype {
        Dtype::F32 => fit::<f32>(args),
        Dtype::F64 => fit::<f64>(args),
    }
}

fn fit<F: Real>(args: &Train) -> Result<()> {
    let source = Source::plan(&args.data, false)?.weighted(&args.weights)?;
    let usual = if source.is_table() && args.training.architecture.given().is_none() { AUTO } else { "dense-relative" };
    let missing = args.missing == Missing::Marginalize;
    let source = if missing { source.allowing_missing() } else { source };
    if missing {
        missing::check(args, &source)?;
    }
    categories::check(args, &source)?;
    let choice = ModelChoice::of::<F>(args.model.as_deref().unwrap_or(usual), &args.training)?;
    let source = source.bounded(choice.spec().columns.overridden_by(&args.domains.domains()))?;
    let (config, adaptive) = settle(args, &choice)?;
    not_an_input(args)?;
    let outputs = [Some(&args.out), args.report.as_ref(), args.log.as_ref()];
    outputs.into_iter().flatten().try_for_each(|path| output::writable(path))?;
    let mut checkpoints = checkpoints(args)?;

    let bar = Bar::new(args.training.quiet);
    bar.stage("reading data".into());
    let text = args.data.text.options()?;
    let condition = args.condition.as_deref().map(|path| condition::of_training(path, &text, args.classes));
    let condition = condition.transpose()?;
    let source = source.stratified(condition.as_ref().and_then(condition::strata));
    let (source, found) = categories::read(args, source)?;
    let mut data = Stored::<F>::open(&source, adaptive.least_rows(config.batch), args.memory)?;
    if missing {
        return missing::fit(args, &config, &source, &data);
    }
    let choice = choice.for_features(data.facts.features);
    let (config, adaptive) = settle(args, &choice)?;
    let config = adaptive.settle(config, data.rows()?.count(), data.facts.features);
    let condition = data.condition(&source, args, condition)?;
    let labelled = categories::fit(args, &source, &mut data, found)?;
    let given = args.training.preprocess.clone().or_else(|| choice.spec().preprocess.clone());
    let steps = given.unwrap_or_else(|| vec![source.preprocess()]);
    let mut spec = choice.spec().shaped(data.facts.shape());
    spec.conditions = condition.as_ref().map_or(0, Condition::width);
    spec.conditions += labelled.as_ref().map_or(0, |labelled| labelled.categories.width());
    spec.domains = data.columns.map.feature_domains();
    let by_auto = choice.is_searched();
    let flow = if by_auto { None } else { Some(built(&spec, &choice, &data, &source, (&steps, args.seed))?) };
    if spec.conditions > 0 && flow.as_ref().is_some_and(|flow| flow.conditions() == 0) {
        let message = format!(
            "{}: no layer of this model reads a condition; use one with couplings, such as --model gaussianization-orthonormal",
            choice.name()
        );
        return Err(BadInput(message).into());
    }
    let name = if by_auto { AUTO.to_owned() } else { choice.name() };
    bar.stage(name.clone());
    // Until here there is nothing to save, so a signal ends the program.
    signals::listen()?;
    let summary = data_summary(&data, &steps)?;
    let mut watch = Watch { bar, log: Log::open(args.log.as_deref(), args.resume)?, data: summary };
    watch.started(args, &name, &config, data.facts.features, flow.as_ref());
    let mut on_event = |event| watch.event(event);
    let hooks = Hooks { watch: Some(&mut on_event), stop: Some(&signals::stop), checkpoints: checkpoints.as_mut() };
    let (rows, validation) = (data.rows()?, data.judges()?);
    let run = match flow {
        None => train_auto(rows, validation, &auto(args, &config, &spec), hooks)
            .map(|fitted| (fitted.flow, fitted.trained, fitted.tried)),
        Some(mut flow) => {
            train_with(&mut flow, rows, validation, &config, hooks).map(|trained| (flow, trained, vec![]))
        }
    };
    let (flow, trained, tried) = watch.ended(run).map_err(|error| choice.blame(error, &source))?;
    let fixed = if by_auto { 0 } else { spec.preprocessing(&steps) };

    let mut model = Model::new(flow, data.facts.space.clone(), fixed);
    if model.flow.conditions() > 0 {
        model.header.condition = condition;
    }
    if let Some(labelled) = &labelled {
        model = labelled.join(model);
    }
    model.header.columns = data.columns.map.clone();
    model.header.training = Some(TrainingRecord {
        columns: data.columns.names.clone(),
        left_out: data.columns.left_out.clone(),
        shape: data.facts.picture(),
        tried: tried.clone(),
        ..trained.record(args.data.data(), config.clone())
    });
    let saved = save(&model, args);
    let gaussian = baseline::fitted(data.rows()?, &model, &trained.outcome);
    let reported = args
        .report
        .as_deref()
        .map_or(Ok(()), |path| report(&model, (&data, args.categories.unseen), &source, &gaussian, path));
    // The model is saved already, so test rows without a log-likelihood are reported but are no
    // error.
    let test = (data.test.nrows() > 0).then(|| {
        let of = Counted { groups: data.test_groups.as_deref(), weights: data.test_weights() };
        let other = args.categories.unseen == Unseen::Other;
        let measured = Likelihood::of(&model, &data.test, (of, other), &source.test_name());
        measured.map_err(|error| one_line(&error))
    });
    let scores = test.as_ref().and_then(|test| test.as_ref().ok()).map(|(scores, _)| scores.as_slice());
    let beside = baseline::beside(&model, &data, &gaussian, scores);
    let warnings = beside.warning().into_iter().chain(halved::warning(&trained));
    warnings.for_each(|warning| eprintln!("warning: {warning}"));
    let test = test.map(|test| test.map(|(_, likelihood)| likelihood));
    let read = data.columns.read.as_ref();
    let labelled = labelled.as_ref().map(|labelled| &labelled.facts);
    let measured = Measured { test, baseline: &beside, facts: &data.facts, labelled, read, tried: &tried };
    let printed = print(args, &trained, &config, measured, &model.weights_hash());
    let (kept, checkpoint) = (trained.best.step, trained.checkpoint);
    // The exit status states how training ended, whatever happens to stdout.
    let ended = match trained.outcome {
        Outcome::Diverged { step, reason } => Err(Diverged { step, reason, kept }.into()),
        Outcome::Interrupted { step } => Err(Interrupted { step, kept, checkpoint }.into()),
        Outcome::Failed { step, reason } => Err(Failed { step, reason, kept, checkpoint }.into()),
        _ => printed,
    };
    if let (Err(error), Err(_)) = (&reported, &ended) {
        eprintln!("warning: {}", one_line(error));
    }
    match (saved, ended) {
        (Ok(()), Ok(())) => reported,
        (Ok(()), ended) => ended,
        (Err(unsaved), Ok(())) => Err(unsaved),
        // The status states how training ended; the message starts with the error of saving.
        (Err(unsaved), Err(end)) => Err(end.context(one_line(&unsaved))),
    }
}

/// What `auto` takes from the flags.
fn auto(args: &Train, config: &TrainConfig, spec: &ModelSpec) -> AutoConfig {
    let (training, preprocess) = (args.training.options.clone(), args.training.preprocess.clone());
    let (conditions, domains) = (spec.conditions, spec.domains.clone());
    AutoConfig { seed: args.seed, training, preprocess, conditions, domains, ..AutoConfig::new(config.budget) }
}

/// The flow of a model for the training rows.
fn built<F: Real>(
    spec: &ModelSpec,
    choice: &ModelChoice,
    data: &Stored<F>,
    source: &Source,
    (steps, seed): (&[Preprocess], u64),
) -> Result<Flow<F>> {
    spec.build_on(data.rows()?, steps, seed, &registry()).map_err(|error| choice.blame(error, source))
}

/// What was read from a table and how it is preprocessed.
fn data_summary<F: Real>(data: &Stored<F>, steps: &[Preprocess]) -> Result<Option<DataSummary>> {
    let Some(read) = data.columns.read.as_ref() else { return Ok(None) };
    let parts = [data.rows()?.count() as usize, data.validation.nrows(), data.test.nrows()];
    let mut preprocessing: Vec<String> = steps.iter().map(Preprocess::to_string).collect();
    preprocessing.splice(0..0, data.columns.steps());
    let mut lines = read.lines(parts, &preprocessing.join(", "));
    lines.extend(data.columns.weights.as_ref().map(|weights| format!("weights: {}", weights.note)));
    Ok(Some(DataSummary { lines, warning: data.columns.warning() }))
}

/// Checks that no output overwrites an input or another output.
fn not_an_input(args: &Train) -> Result<()> {
    let checkpoint = args.checkpoint.as_ref().map(|folder| folder.join("checkpoint.safetensors"));
    let inputs = [
        Some(Path::new(args.data.data())),
        args.data.val.as_deref(),
        args.data.test.as_deref(),
        args.condition.as_deref(),
        args.val_condition.as_deref(),
        args.test_condition.as_deref(),
        args.model.as_deref().map(Path::new),
        checkpoint.as_deref(),
    ];
    let outputs =
        [("--out", Some(args.out.as_path())), ("--report", args.report.as_deref()), ("--log", args.log.as_deref())];
    for (index, &(flag, path)) in outputs.iter().enumerate() {
        let Some(path) = path else { continue };
        if inputs.into_iter().flatten().any(|input| output::same_place(input, path)) {
            return Err(BadInput(format!("{flag} {} would overwrite an input", path.display())).into());
        }
        let same = |other: &&(&str, Option<&Path>)| other.1.is_some_and(|other| output::same_place(other, path));
        if let Some((other, _)) = outputs[..index].iter().find(same) {
            return Err(BadInput(format!("{other} and {flag} both write to {}", path.display())).into());
        }
    }
    Ok(())
}

/// The training options, and which of them follow from the rows: flags override the model's, which
/// override the defaults. The batch of a named model is the one for enough rows.
fn settle(args: &Train, choice: &ModelChoice) -> Result<(TrainConfig, Adaptive)> {
    let flags = &args.training.options;
    if flags.batch == Some(0) {
        return Err(BadInput("--batch 0: a batch has at least one row".into()).into());
    }
    let options = choice.spec().training.overridden_by(flags);
    let batch = if let ModelChoice::Named(..) | ModelChoice::Auto(..) = choice { flags.batch } else { options.batch };
    let adaptive = Adaptive::default().without(&TrainingSpec { batch, ..options.clone() });
    let config = TrainConfig { seed: args.seed, ..options.onto(TrainConfig::new(Budget::Time(BUDGET))) };
    Ok((config, adaptive))
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

/// Saves the model; if that fails, saves it in the folder for temporary files, so that no training
/// is lost.
fn save<F: Real>(model: &Model<F>, args: &Train) -> Result<()> {
    let Err(error) = model.save(&args.out) else { return Ok(()) };
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let rescue = std::env::temp_dir().join(format!("pdmap-{}-{name}", std::process::id()));
    let rescued = match model.save(&rescue) {
        Ok(()) => format!("the model was saved to {} instead", rescue.display()),
        Err(second) => format!("saving it elsewhere failed too: {second}"),
    };
    Err(error).context(rescued)
}

/// Writes the page about the model, with rows that it was not trained on.
fn report<F: Real>(
    model: &Model<F>,
    (data, unseen): (&Stored<F>, Unseen),
    source: &Source,
    gaussian: &Fit,
    path: &Path,
) -> Result<()> {
    let other = unseen == Unseen::Other;
    let (rows, weights, name) = match data.test.nrows() {
        0 => (&data.validation, data.validation_weights(), format!("the validation rows of {}", source.name())),
        _ => (&data.test, data.test_weights(), source.test_name()),
    };
    let name = if weights.is_some() { format!("{name}, in proportion to their weights") } else { name };
    let (shape, pixel_log_det) = (data.facts.picture(), data.facts.pixel_log_det);
    let (rows, columns) = (thinned(rows.view(), weights), data.columns.labels());
    let subject = Subject { model, name, rows, other, columns, shape, pixel_log_det, gaussian };
    let (page, warning, _) = page(&subject).context("the model is saved, but its report failed")?;
    output::text(path, page.render()?)?;
    warning.iter().for_each(|warning| eprintln!("warning: {warning}"));
    Ok(())
}
