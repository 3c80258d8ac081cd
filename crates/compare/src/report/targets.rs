//! How long targets take.

use pdmap_report::{Figure, LinePlot, ReportError, Section, Series, Table};

use super::cells::time;
use super::color;
use crate::readings::Target;
use crate::results::Results;

pub(super) fn targets(results: &Results) -> Result<Section, ReportError> {
    let heading = "Time to target".to_owned();
    if results.targets.is_empty() {
        let paragraphs = vec!["No level lies above the start that all arms reached.".to_owned()];
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
        title: "Seconds to a level of the validation likelihood".into(),
        x_label: "nats a row".into(),
        y_label: "seconds, median over seeds".into(),
        log_y: true,
        series: series.collect(),
        ..LinePlot::default()
    };
    let mut levels: Vec<f64> = results.targets.iter().map(|target| target.level).collect();
    levels.dedup();
    let cell = |arm: &str, level: f64| {
        let of = |target: &&Target| target.arm == arm && target.level == level;
        results.targets.iter().find(of).map_or_else(String::new, |target| {
            match (target.steps, target.seconds) {
                (Some(steps), Some(seconds)) => format!("{}, {steps:.0}", time(seconds)),
                _ => format!("{} of {} runs", target.reached, results.plan.seeds),
            }
        })
    };
    let rows = results.plan.arms.iter().map(|arm| {
        let cells = levels.iter().map(|&level| cell(&arm.name, level));
        std::iter::once(arm.name.clone()).chain(cells).collect()
    });
    let table = Table {
        caption: "Median seconds and steps to a level of the validation likelihood".into(),
        header: std::iter::once("nats a row".to_owned()).chain(levels.iter().map(|level| format!("{level:.3}"))).collect(),
        rows: rows.collect(),
        best: None,
        note: "Levels lie on the way from the start to the best validation of the arm that gets least far; where most of an arm's runs do not get to, the cell says how many do.".into(),
    };
    let drawn =
        Figure::of_lines(&plot, "Lower is faster. A line ends where most of an arm's runs do not get to.");
    let figures = match drawn {
        Ok(figure) => vec![figure],
        Err(ReportError::NothingToDraw { .. }) => vec![],
        Err(other) => return Err(other),
    };
    Ok(Section { heading, table: Some(table), figures, ..Section::default() })
}
