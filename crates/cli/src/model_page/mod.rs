//! The page about one model: what it learned, how well, and whether it can be inverted.

mod codes;
mod features;
mod histogram;
mod kernels;
mod layers;
mod likelihood;
mod samples;
mod training;

use anyhow::{Context, Result};
use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::{Input, Real};
use pdmap_report::{Page, Section};
use pdmap_train::Model;

use crate::round_trip::RoundTrip;

/// Rows that the page looks at, at most.
const ROWS: usize = 10_000;

/// Numbers that they are together, at most: long rows are fewer.
const NUMBERS: usize = 1 << 24;

/// What the page is about.
pub(crate) struct Subject<'a, F: Real> {
    pub(crate) model: &'a Model<F>,
    /// Name of the rows.
    pub(crate) name: String,
    /// Rows of data that the model was not trained on, with their condition behind them where it has one.
    pub(crate) rows: Array2<F>,
    /// Names of the features, where they have names.
    pub(crate) columns: Option<Vec<String>>,
    /// What a row is: `[channels, height, width]` of a picture, `[channels, length]` of a signal.
    pub(crate) shape: Vec<usize>,
    /// Nats to be added for bits a dimension: `DataFacts::pixel_log_det`.
    pub(crate) pixel_log_det: Option<f64>,
}

/// What all sections look at.
struct Measured<'a, F: Real> {
    subject: &'a Subject<'a, F>,
    /// The data without their condition.
    x: ArrayView2<'a, F>,
    /// Their codes.
    z: Array2<F>,
    /// Their log-likelihoods, nats.
    log_prob: Vec<f64>,
    /// As many rows of the model, under the conditions of the data.
    samples: Result<Array2<F>, String>,
}

/// Rows of `width` numbers that the page looks at, at most.
pub(crate) fn most_rows(width: usize) -> usize {
    ROWS.min(NUMBERS / width.max(1)).max(1)
}

/// Evenly spaced rows, as many as the page looks at.
pub(crate) fn thinned<F: Real>(rows: ArrayView2<'_, F>) -> Array2<F> {
    let most = most_rows(rows.ncols());
    let count = rows.nrows();
    let kept: Vec<usize> = (0..count.min(most)).map(|index| index * count / count.min(most)).collect();
    rows.select(Axis(0), &kept)
}

/// The page, and what somebody should know who decodes or samples with the model.
///
/// # Errors
/// Rows without a likelihood; a plot that cannot be drawn.
pub(crate) fn page<F: Real>(subject: &Subject<'_, F>) -> Result<(Page, Option<String>)> {
    let (model, flow) = (subject.model, &subject.model.flow);
    let (x, condition) = subject.rows.view().split_at(Axis(1), flow.features());
    let input = || flow.given(subject.rows.view());
    let log_prob = flow.log_prob(input()).with_context(|| subject.name.clone())?;
    let z = flow.encode(input()).with_context(|| subject.name.clone())?;
    let samples = samples::draw(flow, condition).map_err(|error| error.to_string());
    let trip = RoundTrip::of_rows(flow, subject.name.clone(), x, given(z.view(), condition));
    let measured = Measured { subject, x, z, log_prob, samples };

    let (likelihood, mean) = likelihood::section(&measured)?;
    let (codes, dependence) = codes::section(&measured)?;
    let sections = [
        Some(likelihood),
        samples::section(&measured)?,
        Some(codes),
        features::section(&measured)?,
        kernels::section(model)?,
        Some(layers::section(model)),
        Some(round_trips(model, &trip)),
        Some(training::section(subject)),
    ];
    let warning = trip.warning();
    let verdict = [Some(mean), training::sentence(model), Some(dependence), warning.clone()];
    let page = Page {
        title: title(model),
        verdict: verdict.into_iter().flatten().collect(),
        sections: sections.into_iter().flatten().collect(),
        generated_by: format!(
            "pdmap {} on {}, {} rows",
            env!("CARGO_PKG_VERSION"),
            subject.name,
            measured.x.nrows()
        ),
    };
    Ok((page, warning))
}

/// Codes or data with the condition beside them.
fn given<'a, F: Real>(rows: ArrayView2<'a, F>, condition: ArrayView2<'a, F>) -> Input<'a, F> {
    let input = Input::from(rows);
    if condition.ncols() == 0 { input } else { input.given(condition) }
}

fn title<F: Real>(model: &Model<F>) -> String {
    let header = &model.header;
    let trained = header
        .training
        .as_ref()
        .map_or_else(String::new, |training| format!(", trained on {}", training.data));
    format!("A density of {} features, {} layers{trained}", header.features, header.layers.len())
}

fn round_trips<F: Real>(model: &Model<F>, trip: &RoundTrip) -> Section {
    let base = RoundTrip::of_base(&model.flow);
    let mut paragraphs = vec![trip.say(), base.say()];
    paragraphs.extend(base.warning());
    paragraphs.push(format!(
        "A relative error of up to {:.1e}, √ε of {}, leaves half of the digits. It grows with the condition numbers of the layers.",
        F::EPS.sqrt(),
        model.header.dtype
    ));
    Section { heading: "There and back".into(), paragraphs, ..Section::default() }
}

/// A number for people: four digits, an exponent where they would not do.
fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e5).contains(&size) {
        pdmap_report::number(value, size * 1e-3)
    } else {
        format!("{value:.2e}")
    }
}
