//! Diagnostics: angles, condition numbers, residuals, guarded steps.

use pdmap_report::{Figure, LinePlot, ReportError, Section, Series, Table};

use super::cells::{color, mean, strings, worst};
use super::table::{number, scientific};
use crate::diagnostics::Moment;
use crate::records::RunResult;
use crate::results::Results;

/// The section.
pub(super) fn diagnostics(results: &Results) -> Result<Section, ReportError> {
    let last_residual =
        |run: &RunResult| run.moments.last()?.weights.iter().map(|weight| weight.residual).max_by(f64::total_cmp);
    let smallest = |run: &RunResult| run.moments.last()?.weights.iter().map(|w| -w.smallest).max_by(f64::total_cmp);
    let largest = |run: &RunResult| run.moments.last()?.weights.iter().map(|w| w.largest).max_by(f64::total_cmp);
    let signs = |run: &RunResult| {
        let (first, last) = (run.moments.first()?, run.moments.last()?);
        Some(first.weights.iter().zip(&last.weights).filter(|(a, b)| a.negative != b.negative).count() as f64)
    };
    let over = |arm: &str, pick: &dyn Fn(&Moment) -> Option<f64>| {
        mean(results, arm, |run| {
            let all: Vec<f64> = run.moments.iter().filter_map(pick).collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        })
    };
    let rows = results.arms.iter().map(|arm| {
        let name = arm.arm.as_str();
        vec![
            name.to_owned(),
            number(over(name, &|moment| moment.direction_angle), 1),
            number(over(name, &|moment| moment.step_angle), 1),
            number(worst(results, name, RunResult::worst_condition), 2),
            number(worst(results, name, smallest).map(|value| -value), 4),
            number(worst(results, name, largest), 3),
            scientific(worst(results, name, last_residual).unwrap_or(f64::NAN)),
            arm.halvings.to_string(),
            number(worst(results, name, signs), 0),
            arm.rollbacks.to_string(),
            arm.diverged.to_string(),
            scientific(worst(results, name, |run| run.round_trip).unwrap_or(f64::NAN)),
        ]
    });
    let table = Table {
        caption: "Diagnostics of the runs".into(),
        header: strings(&[
            "arm",
            "direction, °",
            "step, °",
            "worst condition number",
            "smallest σ",
            "largest σ",
            "max|WᵀW−I|",
            "halved steps",
            "changed signs of det",
            "rollbacks",
            "diverged",
            "round trip",
        ]),
        rows: rows.collect(),
        best: vec![],
        note: "Direction: angle between a plain step in the arm's direction and the Euclidean gradient of the same batch. \
               Step: the same angle for the step taken, including the optimizer. Both are means over five snapshots per \
               run and over seeds. Condition numbers, extreme singular values and residuals are the worst over seeds at \
               the last snapshot. A halved step would have changed the sign of a determinant or moved a scale past 0. \
               On O(D) the component of the gradient normal to the group is dropped, so the angle is not 0."
            .into(),
    };
    let series = results.runs.iter().map(|run| Series {
        name: run.arm.clone(),
        points: run
            .moments
            .iter()
            .filter_map(|moment| {
                let worst =
                    moment.weights.iter().map(|w| w.condition).filter(|c| c.is_finite()).max_by(f64::total_cmp)?;
                Some((moment.step as f64, worst))
            })
            .collect(),
        color: color(results, &run.arm),
        label: run.seed == 1,
    });
    let plot = LinePlot {
        title: "Largest condition number over training steps".into(),
        x_label: "training steps".into(),
        y_label: "largest σ / smallest σ".into(),
        log_y: true,
        series: series.collect(),
        ..LinePlot::default()
    };
    let figures = match Figure::of_lines(&plot, "One line per seed. Orthonormal matrices stay at 1.") {
        Ok(figure) => vec![figure],
        Err(ReportError::NothingToDraw { .. }) => vec![],
        Err(other) => return Err(other),
    };
    let mut paragraphs = vec![];
    if let Some(ica) = &results.ica {
        let arms = results
            .arms
            .iter()
            .filter_map(|arm| Some(format!("{} {:.4}", arm.arm, mean(results, &arm.arm, |run| run.amari)?)));
        let state = if ica.converged { "" } else { ", not converged" };
        paragraphs.push(format!(
            "Amari index (0: all sources recovered, 1: none), mean over seeds: {}; FastICA (log cosh, {} iterations{state}) \
             {:.4}. For a flow it is computed from the Jacobian at the mean of the test rows, which is of little use if \
             there are nonlinearities between its linear maps.",
            arms.collect::<Vec<_>>().join(", "),
            ica.iterations,
            ica.amari
        ));
    }
    let gains = results
        .arms
        .iter()
        .filter_map(|arm| Some(format!("{} {:.3}", arm.arm, mean(results, &arm.arm, |run| run.coding_gain)?)));
    let gains: Vec<String> = gains.collect();
    if !gains.is_empty() {
        paragraphs.push(format!(
            "Coding gain of the first orthonormal convolution in dB, mean over seeds: {}.",
            gains.join(", ")
        ));
    }
    Ok(Section { heading: "Diagnostics".into(), paragraphs, table: Some(table), figures, ..Section::default() })
}
