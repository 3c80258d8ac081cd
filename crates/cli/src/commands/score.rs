//! `pdmap score`.

mod partial;
mod weights;

use std::fmt::{Display, Formatter};

use anyhow::Result;
use ndarray::ArrayViewMut2;
use pdmap_core::Real;
use pdmap_data::RowShape;
use pdmap_train::{AnyModel, Dequantizer, Model, Over, Scorer, each_precision as each};
use serde::Serialize;

use self::weights::Weights;
use crate::args::{ConditionedRows, HeaderArg, Score};
use crate::condition::Given;
use crate::rows::blocks::Blocks;
use crate::rows::opened::Opened;
use crate::rows::targets::{As, Targets, numbered};
use crate::scores::likelihood::Likelihood;
use crate::scores::moments::Moments;
use crate::scores::quantile::{self, Sorted};
use crate::scores::reliability::Reliability;
use crate::scores::threshold::Threshold;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// The summary.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    read: Option<&'a Opened>,
    #[serde(flatten)]
    likelihood: Likelihood,
    /// Rows with labels that the training rows do not have, for a model with categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    unseen: Option<u64>,
    /// Rows outside the model's domain, which score `-inf` and are not in the mean.
    outside_domain: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<Noise>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate: Option<Reliability>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quantiles: Vec<Quantile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<Threshold>,
}

/// How scores of discrete features were taken.
#[derive(Debug, Serialize)]
struct Noise {
    draws: u64,
    over: Over,
    /// `Σ log step` in nats: added to a score, it bounds the log-probability of a cell.
    log_cell: f64,
}

/// A quantile of the scores.
#[derive(Debug, Serialize)]
struct Quantile {
    quantile: f64,
    /// Nats.
    value: f64,
}

pub(crate) fn run(args: &Score) -> Result<()> {
    args.quantiles.iter().try_for_each(|&q| quantile::check("--quantiles", q))?;
    let places = [
        ("--out", args.out.as_deref()),
        ("--attribution", args.attribution.as_deref()),
        ("--flags", args.flags.as_deref()),
    ];
    let read = args.rows.paths().chain([args.model.as_path()]).chain(args.reference.as_deref());
    let targets = Targets::plan(places, &read.collect::<Vec<_>>(), args.format)?;
    let threshold = Threshold::of(args)?;
    each!(AnyModel::load(&args.model)?, model => score(args, &model, &targets, threshold))
}

fn score<F: Real>(
    args: &Score,
    model: &Model<F>,
    targets: &Targets<3>,
    mut threshold: Option<Threshold>,
) -> Result<()> {
    if partial::is_wanted(args, model) {
        return partial::score(args, model, targets);
    }
    if args.approximate.is_some() {
        let message = "--approximate is for scores of some columns (--columns, --given) or of rows with missing cells";
        return Err(BadInput(message.into()).into());
    }
    let features = model.flow.features();
    let weights = Weights::of(args)?;
    let ConditionedRows { input, condition } = &args.rows;
    let text = input.text.options()?;
    let mut data = Blocks::<F>::exact(&input.data, &text, model)?;
    let beside = (Some(input.data.as_path()), args.unseen);
    let mut given = Given::open(model, condition.as_deref(), beside, &text)?;
    let (format, count, header) = (data.format(), data.count(), input.text.header);
    let named = |name: &str| (header != HeaderArg::No).then(|| vec![name.to_owned()]);
    let names = data.columns().map(<[String]>::to_vec).or_else(|| numbered("x", features, header));
    let names = names.filter(|_| header != HeaderArg::No);
    let id = data.id_column();
    let as_what = |names| As { rows: count, names, usual: format, id: id.as_ref() };
    let mut out = targets.open::<f64>(0, RowShape::Vector, &as_what(named("log_prob")))?;
    let mut attribution = targets.open::<F>(1, RowShape::Matrix { features }, &as_what(names))?;
    let mut flags_out = targets.open::<f32>(2, RowShape::Vector, &as_what(named("below")))?;

    let noise = Dequantizer::new(&model.header.columns.discrete, args.seed);
    let over = if args.log_mean_exp { Over::LogMeanExp } else { Over::Mean };
    let drawn = noise.as_ref().map(|noise| Noise { draws: args.draws, over, log_cell: noise.log_cell() });
    let mut completing = Scorer::new(model, noise.clone(), args.draws, over);
    let mut scorer = Scorer::new(model, noise, args.draws, over);
    let mut unseen = model.categorical().map(|_| 0);
    let (mut moments, mut all) = (Moments::default(), Vec::new());
    let (mut log_prob, mut gradient, mut flags, mut inside) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if let (false, Some(count)) = (args.quantiles.is_empty(), count) {
        // A file's header may lie, so the reservation is bounded.
        drop(all.try_reserve_exact(usize::try_from(count).unwrap_or(usize::MAX).min(MOST_RESERVED)));
    }
    let about = data.opened().map(Opened::lines).filter(|_| !args.quiet && !args.json).unwrap_or_default();
    while let Some(block) = data.next()? {
        let rows = block.rows.nrows();
        log_prob.resize(rows, 0.0);
        let input = given.next(block.rows.reborrow())?;
        let mut slopes = if attribution.is_open() {
            gradient.resize(rows * features, F::zero());
            Some(ArrayViewMut2::from_shape((rows, features), &mut gradient)?)
        } else {
            None
        };
        let to = slopes.as_mut().map(|slopes| slopes.view_mut());
        scorer.score(input, block.first, &mut log_prob, to).map_err(|error| block.error(error))?;
        if let (Some(labelled), Some(unseen)) = (given.labelled(), &mut unseen) {
            let (x, first) = (block.rows.reborrow(), block.first);
            labelled.join(&mut completing, x, first, &mut log_prob, slopes).map_err(|error| block.error(error))?;
            *unseen += labelled.unknown() as u64;
        }
        if block.first == 0 {
            // Not before, so that a refusal is one line.
            about.iter().for_each(|line| eprintln!("{line}"));
        }
        inside.clear();
        let kept = |value: f64| value != f64::NEG_INFINITY;
        inside.extend(log_prob.iter().filter(|&&value| kept(value)));
        let own = weights.as_ref().map(|weights| weights.of_kept(block.first, &log_prob, kept)).transpose()?;
        moments.add(&inside, own.as_deref());
        if !args.quantiles.is_empty() {
            all.extend_from_slice(&log_prob);
        }
        out.write(block.ids, &log_prob)?;
        if attribution.is_open() {
            attribution.write(block.ids, &gradient)?;
        }
        if let Some(threshold) = &mut threshold {
            threshold.flag(&log_prob, &mut flags);
            flags_out.write(block.ids, &flags)?;
        }
        let closed = out.is_closed() || attribution.is_closed() || flags_out.is_closed();
        if closed && !(out.is_open() || attribution.is_open() || flags_out.is_open()) {
            return Ok(());
        }
    }
    given.finish()?;
    weights.as_ref().map_or(Ok(()), |weights| weights.check_count(data.given()))?;
    let (rows, outside) = (data.given(), scorer.outside());
    if outside == rows {
        return Err(BadInput(format!("{}: all {rows} rows lie outside the model's domain", data.name())).into());
    }
    let likelihood = Likelihood::from_moments(moments, model, data.name())?;
    out.finish()?;
    attribution.finish()?;
    flags_out.finish()?;

    let all = Sorted::new(all, weights.as_ref().map(Weights::each));
    let value = |&q: &f64| Quantile { quantile: q, value: all.quantile(q) };
    let quantiles = args.quantiles.iter().map(value).collect();
    let summary = Summary {
        read: data.opened(),
        likelihood,
        unseen,
        outside_domain: outside,
        noise: drawn,
        approximate: None,
        quantiles,
        threshold,
    };
    print(&summary, rows, args.json, targets.stdout())
}

impl Display for Noise {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (what, bound) = match self.over {
            Over::Mean => ("mean of log p", "a lower bound on"),
            Over::LogMeanExp => ("log of the mean density", "an estimate, low on average, of"),
        };
        let (draws, cell) = (self.draws, -self.log_cell);
        write!(f, "discrete features: {what} over {draws} draws of the noise, {bound} log P(cell) + {cell:.4} nats")
    }
}

/// Maximum number of scores for which memory is reserved in advance.
const MOST_RESERVED: usize = 1 << 25;

fn print(summary: &Summary<'_>, rows: u64, json: bool, rows_on_stdout: bool) -> Result<()> {
    if json {
        return output::summary(&serde_json::to_string_pretty(summary)?, rows_on_stdout);
    }
    output::summary(&summary.likelihood.to_string(), rows_on_stdout)?;
    if summary.outside_domain > 0 {
        let line = format!(
            "{} of {rows} rows lie outside the model's domain: log p = -inf; they are not in the mean",
            summary.outside_domain
        );
        output::summary(&line, rows_on_stdout)?;
    }
    if let Some(unseen) = summary.unseen.filter(|&unseen| unseen > 0) {
        let line = format!("{unseen} of {rows} rows have labels that the training rows do not have: `other`");
        output::summary(&line, rows_on_stdout)?;
    }
    if let Some(noise) = &summary.noise {
        output::summary(&noise.to_string(), rows_on_stdout)?;
    }
    if let Some(reliability) = &summary.approximate {
        output::summary(&reliability.to_string(), rows_on_stdout)?;
    }
    for Quantile { quantile, value } in &summary.quantiles {
        output::summary(&format!("quantile {quantile}: {value} nats"), rows_on_stdout)?;
    }
    summary.threshold.iter().try_for_each(|threshold| output::summary(&threshold.describe(rows), rows_on_stdout))
}
