//! Training on rows with missing cells.

use anyhow::Result;
use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use pdmap_query::{Copula, ObservedFit, ObservedRows, QueryError, SelectOptions, fit_observed_within};
use pdmap_train::{Budget, Dequantizer, Model, Rows, TrainConfig, TrainingRecord};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{imputed, save};
use crate::args::Train;
use crate::model_choice::AUTO;
use crate::rows::data::Source;
use crate::scores::likelihood::Likelihood;
use crate::scores::moments::Moments;
use crate::stored::Stored;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// The model that has closed forms.
const MODEL: &str = "mixture-copula";

/// Maps that are tried one after another, at most.
const MAPS: u32 = 4;

/// Under `auto`, one part in so many of the time is for the copula that fills the missing cells.
const COPULA_SHARE: u32 = 4;

/// Floating-point operations of all fits under a budget of steps, which must not depend on the
/// machine.
const OPERATIONS: f64 = 6e11;

/// What is printed.
#[derive(Debug, Serialize)]
struct Summary {
    model: String,
    rows: usize,
    columns: usize,
    missing_cells: usize,
    components: usize,
    /// Nats a row, of the cells that are there.
    validation: f64,
    test: Option<Likelihood>,
    weights: String,
}

/// Refuses flags that this fit has no use for.
pub(super) fn check(args: &Train, source: &Source) -> Result<()> {
    let refuse = |message: String| Err(BadInput(message).into());
    if let Some(model) = args.model.as_deref().filter(|model| ![AUTO, MODEL].contains(model)) {
        return refuse(format!("--missing marginalize: --model {model} cannot integrate cells out; use {MODEL}"));
    }
    if !source.is_table() {
        return refuse("--missing marginalize is for files of rows".into());
    }
    let others = [
        ("--condition", args.condition.is_some()),
        ("--checkpoint", args.checkpoint.is_some()),
        ("--report", args.report.is_some()),
        ("--log", args.log.is_some()),
        ("--model auto --weights", args.model.as_deref() == Some(AUTO) && args.weights.weights.is_some()),
        ("--preprocess", args.training.preprocess.is_some()),
        ("--reduce-rank", args.data.reduce_rank),
    ];
    let options = args.training.options.given();
    let unused = options.keys().find(|key| !["steps", "budget"].contains(&key.as_str()));
    let unused = unused.map(|key| format!("--{key}")).or(args.training.architecture.given());
    let flag = others.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag.to_owned()).or(unused);
    flag.map_or(Ok(()), |flag| refuse(format!("{flag}: not with --missing marginalize")))
}

/// Fits the model, saves it and prints what it is.
pub(super) fn fit<F: Real>(args: &Train, config: &TrainConfig, source: &Source, data: &Stored<F>) -> Result<()> {
    let Rows::Memory(stored) = data.rows()? else {
        return Err(BadInput("--missing marginalize: rows that fit into --memory".into()).into());
    };
    let mut rows = stored.gather(0..stored.count());
    let missing_cells = rows.iter().filter(|cell| cell.is_nan()).count();
    if let Some(noise) = &data.columns.noise {
        noise.add(Dequantizer::FIXED, 0, rows.view_mut());
    }
    let share = SelectOptions::default();
    let by_flows = args.model.as_deref() == Some(AUTO);
    // The flows take what is left.
    let copula_time = if by_flows { COPULA_SHARE } else { 1 };
    let options = match config.budget {
        Budget::Time(time) => SelectOptions { budget: Some(time / (MAPS * copula_time)), ..share },
        Budget::Steps(_) => SelectOptions { operations: Some(OPERATIONS / f64::from(MAPS)), ..share },
    };
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let blame = |error: QueryError| BadInput(format!("{}: {error}", source.name()));
    let domains = data.columns.map.feature_domains();
    let weights = data.columns.weights.as_ref();
    let both = (
        ObservedRows { rows: rows.view(), weights: weights.map(|weights| &weights.train) },
        ObservedRows { rows: data.validation.view(), weights: weights.map(|weights| &weights.validation) },
    );
    let fitted = fit_observed_within(&domains, both, &options, &mut rng).map_err(blame)?;
    let ObservedFit { flow, map, validation } = fitted;
    let fixed = flow.chain().layers().len();
    let copula = Copula::of(&flow).map_err(blame)?;
    if by_flows {
        let budget = match config.budget {
            Budget::Time(time) => Budget::Time(time - time / COPULA_SHARE),
            steps @ Budget::Steps(_) => steps,
        };
        let config = TrainConfig { budget, ..config.clone() };
        return imputed::fit(args, &config, (source, data), (&copula, &rows));
    }
    let components = copula.mixture().components().len();
    let test = (&data.test, data.test_weights());
    let test = test_of(&copula, test, &data.facts.space, &source.test_name())?;
    let mut model = Model::new(flow, data.facts.space.clone(), fixed);
    model.header.columns = data.columns.map.clone();
    model.header.training = Some(TrainingRecord {
        data: args.data.data().to_owned(),
        seed: args.seed,
        config: config.clone(),
        steps: 0,
        horizon: 0,
        best_step: 0,
        best_validation: validation,
        curve: vec![(0, validation)],
        tried: vec![],
        columns: data.columns.names.clone(),
        left_out: data.columns.left_out.clone(),
        shape: vec![],
    });
    save(&model, args)?;
    let summary = Summary {
        model: format!("{MODEL}: {map}, {components} component(s)"),
        rows: rows.nrows(),
        columns: rows.ncols(),
        missing_cells,
        components,
        validation,
        test,
        weights: model.weights_hash(),
    };
    print(args, data, &summary)
}

/// Mean log-density of the test rows, if there are any.
fn test_of<F: Real>(
    copula: &Copula<F>,
    (test, weights): (&Array2<F>, Option<&[f64]>),
    space: &str,
    name: &str,
) -> Result<Option<Likelihood>> {
    let scores = |rows: ArrayView2<'_, F>| copula.log_density_observed(rows);
    if test.nrows() == 0 {
        return Ok(None);
    }
    let mut moments = Moments::default();
    moments.add(&scores(test.view()).map_err(|error| BadInput(format!("{name}: {error}")))?, weights);
    Ok(Some(Likelihood::within(moments, format!("{space}, of the cells that are there"), name)?))
}

fn print<F: Real>(args: &Train, data: &Stored<F>, summary: &Summary) -> Result<()> {
    if args.json {
        return output::summary(&serde_json::to_string_pretty(summary)?, false);
    }
    if !args.training.quiet {
        let parts = [summary.rows, data.validation.nrows(), data.test.nrows()];
        let lines = data.columns.read.as_ref().map(|read| read.lines(parts, "a map of each column by its own cells"));
        lines.into_iter().flatten().for_each(|line| eprintln!("{line}"));
    }
    let Summary { model, rows, columns, missing_cells, validation, weights, .. } = summary;
    let share = 100.0 * *missing_cells as f64 / (rows * columns) as f64;
    output::summary(
        &format!("{model}; {missing_cells} of {} training cells missing ({share:.1}%)", rows * columns),
        false,
    )?;
    output::summary(&format!("validation: {validation:.3} nats a row, of the cells that are there"), false)?;
    if let Some(test) = &summary.test {
        output::summary(&test.to_string(), false)?;
    }
    output::summary(&format!("weights {weights}"), false)
}
