//! Assembles the page.

use anyhow::{Context, Result};
use ndarray::{ArrayView2, Axis};
use pdmap_core::{Input, Real};
use pdmap_report::{Page, Section};
use pdmap_train::Model;

use super::measured::{Measured, Subject};
use super::{categories, codes, features, kernels, layers, likelihood, members, samples, training};
use crate::model::round_trip::RoundTrip;
use crate::scores::gaussian::Baseline;
use crate::scores::labelled_rows::LabelledRows;

/// The page, a warning for users who decode or sample with the model, and the Gaussian beside it.
///
/// # Errors
/// Rows without a log-likelihood; a plot that cannot be rendered.
pub(crate) fn page<F: Real>(subject: &Subject<'_, F>) -> Result<(Page, Option<String>, Baseline)> {
    let (model, flow) = (subject.model, &subject.model.flow);
    let (x, condition) = subject.rows.view().split_at(Axis(1), flow.features());
    let input = || flow.given(subject.rows.view());
    let log_prob = match model.categorical() {
        Some(_) => LabelledRows::joint(model, subject.rows.view(), subject.other),
        None => flow.log_prob(input()).map_err(Into::into),
    };
    let log_prob = log_prob.with_context(|| subject.name.clone())?;
    let member = model.heaviest_member();
    let coded = member.as_ref().map_or(model, |(_, member)| member);
    let z = coded.flow.encode(input()).with_context(|| subject.name.clone())?;
    let samples = samples::draw(flow, condition).map_err(|error| error.to_string());
    let trip = RoundTrip::of_rows(&coded.flow, subject.name.clone(), x, given(z.view(), condition));
    let measured = Measured { subject, coded, x, z, log_prob, samples };

    let baseline = Baseline::of(subject.gaussian, measured.x.view(), &measured.log_prob, (None, None), "rows");
    let (likelihood, mean) = likelihood::section(&measured, &baseline)?;
    let (codes, dependence) = codes::section(&measured)?;
    let sections = [
        Some(likelihood),
        samples::section(&measured)?,
        categories::section(model, condition)?,
        Some(codes),
        features::section(&measured)?,
        kernels::section(model)?,
        Some(layers::section(coded)),
        Some(round_trips(coded, &trip)),
        members::section(model),
        Some(training::section(subject)),
    ];
    let warning = trip.warning();
    let of_member = member.as_ref().map(|(index, _)| {
        format!("The model is an ensemble; codes, layers and round trips are those of member {index}, which has the largest weight.")
    });
    let verdict = [
        Some(mean),
        baseline.warning().map(sentence),
        training::sentence(model),
        of_member,
        Some(dependence),
        warning.clone(),
    ];
    let page = Page {
        title: title(model),
        verdict: verdict.into_iter().flatten().collect(),
        sections: sections.into_iter().flatten().collect(),
        generated_by: format!("pdmap {} on {}, {} rows", env!("CARGO_PKG_VERSION"), subject.name, measured.x.nrows()),
    };
    Ok((page, warning, baseline))
}

/// A warning as a sentence.
fn sentence(warning: String) -> String {
    format!("Warning: {warning}.")
}

/// Rows with their conditions, if any.
fn given<'a, F: Real>(rows: ArrayView2<'a, F>, condition: ArrayView2<'a, F>) -> Input<'a, F> {
    let input = Input::from(rows);
    if condition.ncols() == 0 { input } else { input.given(condition) }
}

fn title<F: Real>(model: &Model<F>) -> String {
    let header = &model.header;
    let trained =
        header.training.as_ref().map_or_else(String::new, |training| format!(", trained on {}", training.data));
    let what = match model.ensemble() {
        Some(ensemble) => format!("{} flows", ensemble.members().len()),
        None => format!("{} layers", header.layers.len()),
    };
    let labels = match header.categories.as_ref().map(|categories| categories.columns.len()) {
        None => String::new(),
        Some(1) => " and one column of categories".to_owned(),
        Some(columns) => format!(" and {columns} columns of categories"),
    };
    format!("Density of {} features{labels} with {what}{trained}", header.features)
}

fn round_trips<F: Real>(model: &Model<F>, trip: &RoundTrip) -> Section {
    let base = RoundTrip::of_base(&model.flow);
    let mut paragraphs = vec![trip.describe(), base.describe()];
    paragraphs.extend(base.warning());
    paragraphs.push(format!(
        "A relative error of up to {:.1e} (√ε of {}) leaves half of the digits. The error grows with the condition numbers of the layers.",
        F::EPS.sqrt(),
        model.header.dtype
    ));
    Section { heading: "Round trip".into(), paragraphs, ..Section::default() }
}
