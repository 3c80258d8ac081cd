//! The log-likelihood of the data under the model.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_report::{Figure, LinePlot, Section, Series, number};

use super::histogram::{Histogram, bins, span};
use super::measured::Measured;
use crate::scores::gaussian::Baseline;
use crate::scores::moments::Moments;

/// A value with four decimals; a dash if it is not finite, such as the deviation of a single row.
fn nats(value: f64) -> String {
    if value.is_finite() { format!("{value:.4} nats") } else { "—".to_owned() }
}

/// The section and its main sentence.
pub(super) fn section<F: Real>(measured: &Measured<'_, F>, baseline: &Baseline) -> Result<(Section, String)> {
    let (subject, values) = (measured.subject, &measured.log_prob);
    let mut moments = Moments::default();
    moments.add(values, None);
    let (mean, error) = (moments.mean(), moments.standard_error());
    let sentence = format!(
        "{} ± {} nats per row over {} rows of {}",
        number(mean, 0.1 * error),
        number(error, 0.1 * error),
        values.len(),
        subject.name
    );
    let mut figures = vec![];
    if let Some(training) = subject.model.header.training.as_ref().filter(|training| training.curve.len() > 1) {
        let curve = LinePlot {
            title: if training.tried.is_empty() { "Learning curve" } else { "Learning curve of the first flow" }.into(),
            x_label: "training step".into(),
            y_label: "validation, nats per row".into(),
            series: vec![line(
                "validation",
                0,
                training.curve.iter().map(|&(step, value)| (step as f64, value)).collect(),
            )],
            reference: if training.tried.is_empty() {
                vec![("best (the weights of this model)".into(), training.best_validation)]
            } else {
                vec![("held-out rows under the ensemble".into(), training.best_validation)]
            },
            ..LinePlot::default()
        };
        let caption = match subject.model.labels {
            None => "Mean log-likelihood of the validation rows, starting before the first step.",
            Some(_) => {
                "Mean log p(x | c) of the validation rows, the numbers given the categories, starting before the first step."
            }
        };
        figures.push(Figure::of_lines(&curve, caption)?);
    }
    if let Some(range) = span(values.iter().copied(), 0.002) {
        let histogram = Histogram::new(values.iter().copied(), range, bins(values.len()));
        let plot = LinePlot {
            title: "Log-likelihood of the rows".into(),
            x_label: if subject.model.labels.is_some() { "log p(c, x), nats" } else { "log p(x), nats" }.into(),
            y_label: "fraction of rows per nat".into(),
            y_range: Some((0.0, 1.05 * histogram.highest())),
            series: vec![line("rows", 1, histogram.outline())],
            ..LinePlot::default()
        };
        figures.push(Figure::of_lines(
            &plot,
            "0.2% of the rows at each end are omitted. The least likely rows are on the left.",
        )?);
    }
    let mut facts = vec![
        ("Space of the likelihood", subject.model.header.space.clone()),
        ("Mean", nats(mean)),
        ("Standard error (independent rows)", nats(error)),
        ("Standard deviation over rows", nats(error * (values.len() as f64).sqrt())),
    ];
    facts.push(("Gaussian with full covariance", baseline.to_string()));
    if let Some(pixel) = subject.pixel_log_det {
        let bits = -(mean + pixel) / (subject.model.header.features as f64 * std::f64::consts::LN_2);
        facts.push(("Bits per dimension", format!("{bits:.4}")));
    }
    let section = Section {
        heading: "Likelihood".into(),
        figures,
        facts: facts.into_iter().map(|(term, fact)| (term.to_owned(), fact)).collect(),
        ..Section::default()
    };
    Ok((section, sentence))
}

fn line(name: &str, color: usize, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_owned(), points, color, label: false }
}
