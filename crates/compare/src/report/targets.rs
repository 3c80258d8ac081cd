//! Time to target.

use pdmap_report::{Figure, LinePlot, ReportError, Section, Series, Table};

use super::cells::{color, time};
use crate::readings::Target;
use crate::results::Results;

/// The section.
pub(super) fn targets(results: &Results) -> Result<Section, ReportError> {
    let heading = "Time to target".to_owned();
    if results.targets.is_empty() {
        let paragraphs = vec!["No level above the start was reached by all arms.".to_owned()];
        return Ok(Section { heading, paragraphs, ..Section::default() });
    }
    let series = results.plan.arms.iter().map(|arm| Series {
        name: arm.name.clone(),
        points: results
            .targets
            .iter()
            .filter(|target| target.arm == arm.name)
            .filter_map(|target| Some((target.level, target.seconds?.max(1e-4))))
            .collect(),
        color: color(results, &arm.name),
        label: true,
    });
    let plot = LinePlot {
        title: "Seconds to reach a validation log-likelihood".into(),
        x_label: "nats per row".into(),
        y_label: "seconds (median over seeds)".into(),
        log_y: true,
        series: series.collect(),
        ..LinePlot::default()
    };
    let mut levels: Vec<f64> = results.targets.iter().map(|target| target.level).collect();
    levels.dedup();
    let cell = |arm: &str, level: f64| {
        let of = |target: &&Target| target.arm == arm && target.level == level;
        results.targets.iter().find(of).map_or_else(String::new, |target| match (target.steps, target.seconds) {
            (Some(steps), Some(seconds)) => format!("{}, {steps:.0}", time(seconds)),
            _ => format!("{} of {} runs", target.reached, results.plan.seeds),
        })
    };
    let rows = results.plan.arms.iter().map(|arm| {
        let cells = levels.iter().map(|&level| cell(&arm.name, level));
        std::iter::once(arm.name.clone()).chain(cells).collect()
    });
    let table = Table {
        caption: "Median seconds and training steps to reach a validation log-likelihood".into(),
        header: std::iter::once("nats per row".to_owned()).chain(levels.iter().map(|level| format!("{level:.3}"))).collect(),
        rows: rows.collect(),
        best: vec![],
        note: "Levels lie between the start and the best validation of the weakest arm. If most runs of an arm miss a level, the cell states how many reach it.".into(),
    };
    let drawn = Figure::of_lines(&plot, "Lower is faster. A line ends where most runs of the arm miss the level.");
    let figures = match drawn {
        Ok(figure) => vec![figure],
        Err(ReportError::NothingToDraw { .. }) => vec![],
        Err(other) => return Err(other),
    };
    Ok(Section { heading, table: Some(table), figures, ..Section::default() })
}
