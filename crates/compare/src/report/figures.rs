//! The plots of the report.

use pdmap_report::{Figure, Interval, IntervalPlot, LinePlot, Series};
use pdmap_train::CurvePoint;

use super::cells::color;
use crate::error::CompareError;
use crate::results::Results;

/// The plots by file name: learning curves over time and over steps, and the test log-likelihood of
/// each arm.
///
/// # Errors
/// There is nothing finite to plot.
pub fn figures(results: &Results) -> Result<Vec<(&'static str, Figure)>, CompareError> {
    let against_time = LinePlot {
        title: "Validation log-likelihood over time".into(),
        x_label: "seconds".into(),
        ..curves(results, |point| point.seconds)
    };
    let against_steps = LinePlot {
        title: "Validation log-likelihood over training steps".into(),
        x_label: "training steps".into(),
        ..curves(results, |point| point.step as f64)
    };
    Ok(vec![
        (
            "test.svg",
            Figure::of_intervals(
                &intervals(results),
                "Dots: seeds. Bars: mean ± one standard error over seeds. Dashed: baselines without training.",
            )?,
        ),
        ("curves-time.svg", Figure::of_lines(&against_time, "One line per seed. Times include validation.")?),
        (
            "curves-steps.svg",
            Figure::of_lines(&against_steps, "The same runs over training steps, regardless of the cost of a step.")?,
        ),
    ])
}

fn curves(results: &Results, x: impl Fn(&CurvePoint) -> f64) -> LinePlot {
    let series = results.runs.iter().map(|run| Series {
        name: run.arm.clone(),
        points: run.trained.curve.iter().map(|point| (x(point), point.validation)).collect(),
        color: color(results, &run.arm),
        label: run.seed == 1,
    });
    LinePlot {
        y_label: "nats per row".into(),
        series: series.collect(),
        reference: references(results),
        ..LinePlot::default()
    }
}

fn intervals(results: &Results) -> IntervalPlot {
    let intervals = results.arms.iter().map(|arm| {
        let points = results.runs.iter().filter(|run| run.arm == arm.arm).filter_map(|run| run.test);
        let error = arm.seed_error.unwrap_or(0.0);
        Interval {
            name: arm.arm.clone(),
            mean: arm.test,
            low: arm.test - error,
            high: arm.test + error,
            points: points.collect(),
            color: color(results, &arm.arm),
        }
    });
    IntervalPlot {
        title: "Test log-likelihood".into(),
        x_label: "nats per row".into(),
        intervals: intervals.filter(|interval| interval.mean.is_finite()).collect(),
        reference: references(results),
    }
}

fn references(results: &Results) -> Vec<(String, f64)> {
    let baselines = results.baselines.iter().filter_map(|b| Some((b.name.clone(), b.test?)));
    let truth = results.truth().map(|(name, truth)| (name.to_owned(), truth));
    baselines.chain(truth).collect()
}
