//! `pdmap inspect`.

use anyhow::Result;
use pdmap_core::{Diagnostic, Real};
use pdmap_train::{Header, Model};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::model::{AnyModel, each};
use crate::args::Inspect;
use crate::output;

/// Rows of the base density on which the round trip is measured.
const ROWS: usize = 256;

#[derive(Debug, Serialize)]
struct Report<'a> {
    header: &'a Header,
    parameters: usize,
    diagnostics: Vec<Diagnostic>,
    /// Largest `|f(f⁻¹(z)) − z|` over rows drawn from the base density, relative to the largest `|z|`.
    round_trip: Option<f64>,
}

pub(crate) fn run(args: &Inspect) -> Result<()> {
    each!(AnyModel::load(&args.model)?, model => inspect(args, &model))
}

fn inspect<F: Real>(args: &Inspect, model: &Model<F>) -> Result<()> {
    let report = Report {
        header: &model.header,
        parameters: model.flow.parameters(),
        diagnostics: model.flow.diagnostics(),
        round_trip: round_trip(model),
    };
    if args.json { output::json(&report) } else { text(&report) }
}

fn round_trip<F: Real>(model: &Model<F>) -> Option<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let z = model.flow.base().sample::<F>(ROWS, model.flow.features(), &mut rng).ok()?;
    let back = model.flow.encode(&model.flow.decode(&z).ok()?).ok()?;
    let worst = z.iter().zip(&back).fold(0.0_f64, |worst, (a, b)| worst.max((a.f64() - b.f64()).abs()));
    Some(worst / z.iter().fold(f64::MIN_POSITIVE, |scale, a| scale.max(a.f64().abs())))
}

fn text(report: &Report<'_>) -> Result<()> {
    let header = report.header;
    output::line(&format!(
        "{} features, {}, {} parameters",
        header.features, header.dtype, report.parameters
    ))?;
    output::line(&format!("likelihood of {}", header.space))?;
    for (index, layer) in header.layers.iter().enumerate() {
        let role = if index < header.preprocessing { " (preprocessing)" } else { "" };
        output::line(&format!("layer {index}: {} {}{role}", layer.kind, layer.options))?;
        let own = format!("{index}.");
        for diagnostic in report.diagnostics.iter().filter(|d| d.name.starts_with(&own)) {
            output::line(&format!("    {}: {:.6e}", &diagnostic.name[own.len()..], diagnostic.value))?;
        }
    }
    output::line(&format!("base: {}", serde_json::to_string(&header.base)?))?;
    if let Some(training) = &header.training {
        output::line(&format!(
            "trained on {} (seed {}): {} of {} steps, best validation {:.4} nats at step {}",
            training.data,
            training.seed,
            training.steps,
            training.horizon,
            training.best_validation,
            training.best_step
        ))?;
    }
    match report.round_trip {
        Some(error) => {
            output::line(&format!("round trip: {error:.2e} relative, {ROWS} rows of the base density"))
        }
        None => output::line("round trip: failed"),
    }
}
