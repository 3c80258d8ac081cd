//! `pdmap inspect`.

use anyhow::Result;
use pdmap_core::{Flow, ParametricExt, Real};
use pdmap_train::{AnyModel, CategoryLabels, Inspection, Model, each_precision as each};
use serde::Serialize;

use crate::args::{Inspect, Unseen};
use crate::condition::Given;
use crate::model::round_trip::RoundTrip;
use crate::rows::blocks::Blocks;
use crate::rows::table::Columns;
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// Default number of rows of `--data`.
const ROWS: usize = 4096;

/// The report. `docs/scoring.md` describes its JSON form.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    model: Inspection<'a>,
    round_trip: RoundTrips,
}

#[derive(Debug, Serialize)]
struct RoundTrips {
    base: RoundTrip,
    /// Null without `--data`.
    data: Option<RoundTrip>,
}

pub(crate) fn run(args: &Inspect) -> Result<()> {
    match (args.rows, &args.data) {
        (Some(0), _) => return Err(BadInput("--rows 0: must be at least 1".into()).into()),
        (Some(rows), None) => {
            return Err(BadInput(format!("--rows {rows} needs --data, the rows to read")).into());
        }
        _ => {}
    }
    each!(AnyModel::load(&args.model)?, model => inspect(args, &model))
}

fn inspect<F: Real>(args: &Inspect, model: &Model<F>) -> Result<()> {
    // An ensemble has no codes that could go back.
    let member = model.heaviest_member();
    let flow = member.as_ref().map_or(&model.flow, |(_, member)| &member.flow);
    let data = args.data.as_ref().map(|data| {
        let text = args.text.options()?;
        let rows = Blocks::open(data, &text, model)?;
        let given = model.categorical().map(|_| Given::open(model, None, (Some(data), Unseen::Error), &text));
        RoundTrip::of_data(flow, rows, &mut given.transpose()?, args.rows.unwrap_or(ROWS))
    });
    let report = Report {
        model: model.inspect(),
        round_trip: RoundTrips { data: data.transpose()?, base: RoundTrip::of_base(flow) },
    };
    let trips = &report.round_trip;
    for warning in [Some(&trips.base), trips.data.as_ref()].into_iter().flatten().filter_map(RoundTrip::warning) {
        eprintln!("warning: {warning}");
    }
    if args.json {
        return output::json(&report);
    }
    let beside = Beside {
        domains: Columns::of(model).domains(),
        classes: model.labels.as_ref().map(|labels| labels.known().classes()),
        heaviest: member.map(|(index, _)| index),
    };
    text(&report, &beside, &members(model))
}

/// A line for each member of an ensemble.
fn members<F: Real>(model: &Model<F>) -> Vec<String> {
    let Some(ensemble) = model.ensemble() else { return vec![] };
    let line = |(index, (flow, weight)): (usize, (&Flow<F>, &f64))| {
        let layers: Vec<String> = flow.chain().specs().into_iter().map(|layer| layer.kind).collect();
        let (base, layers) = (flow.base().spec().kind, layers.join(", "));
        format!("member {index}: weight {weight:.4}; {layers}; base {base}; {} parameters", flow.parameter_count())
    };
    ensemble.members().iter().zip(ensemble.weights()).enumerate().map(line).collect()
}

/// What a report in words says besides.
struct Beside {
    /// The domains of the columns.
    domains: Option<String>,
    /// Latent classes of the categories.
    classes: Option<usize>,
    /// The member of an ensemble whose round trips it has.
    heaviest: Option<usize>,
}

/// The report in words.
fn text(report: &Report<'_>, beside: &Beside, members: &[String]) -> Result<()> {
    let Inspection { header, parameters, weights_hash, diagnostics } = &report.model;
    output::line(&format!(
        "{} features, {}, {} parameters, weights {}",
        header.features, header.dtype, parameters, weights_hash
    ))?;
    output::line(&format!("written by pdmap {}, format {}", header.version, header.format))?;
    output::line(&format!("likelihood in {}", header.space))?;
    if let Some(domains) = &beside.domains {
        output::line(&format!("columns: {domains}"))?;
    }
    for CategoryLabels { name, labels, .. } in header.categories.iter().flat_map(|categories| &categories.columns) {
        output::line(&format!("categories of {name}: {} labels: {}", labels.len(), labels.join(", ")))?;
    }
    beside.classes.map_or(Ok(()), |classes| output::line(&format!("categories: {classes} latent classes")))?;
    for (index, layer) in header.layers.iter().enumerate() {
        let role = if index < header.preprocessing { " (preprocessing)" } else { "" };
        output::line(&format!("layer {index}: {} {}{role}", layer.kind, layer.options))?;
        let own = format!("{index}.");
        for diagnostic in diagnostics.iter().filter(|d| d.name.starts_with(&own)) {
            output::line(&format!("    {}: {:.6e}", &diagnostic.name[own.len()..], diagnostic.value))?;
        }
    }
    if members.is_empty() {
        output::line(&format!("base: {}", serde_json::to_string(&header.base)?))?;
    }
    members.iter().try_for_each(|line| output::line(line))?;
    if let Some(training) = &header.training {
        let (data, seed, best) = (&training.data, training.seed, training.best_validation);
        let steps =
            format!("trained on {data} (seed {seed}): {} of {} training steps", training.steps, training.horizon);
        let given = if header.categories.is_some() { " (numbers given the categories)" } else { "" };
        output::line(&match members {
            [] => format!("{steps}, best validation {best:.4} nats{given} at step {}", training.best_step),
            _ => format!("{steps} of all members, held-out rows {best:.4} nats{given}"),
        })?;
        output::line(&format!("training configuration: {}", serde_json::to_string(&training.config)?))?;
    }
    beside.heaviest.map_or(Ok(()), |index| {
        output::line(&format!("round trips of member {index}, which has the largest weight:"))
    })?;
    output::line(&report.round_trip.base.describe())?;
    report.round_trip.data.iter().try_for_each(|data| output::line(&data.describe()))
}
