//! Sections about what happened inside the runs: readings, targets, diagnostics, cost.

use pdmap_report::{Figure, LinePlot, ReportError, Section, Series, Table};

use super::color;
use crate::readings::{Reading, Target};
use crate::results::{Results, RunResult};
use crate::verdict::decimals;

fn figure(value: Option<f64>, digits: usize) -> String {
    value.filter(|v| v.is_finite()).map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$}"))
}

fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Mean over the runs of an arm of a figure that they all have.
fn mean(results: &Results, arm: &str, of: impl Fn(&RunResult) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> =
        results.runs.iter().filter(|run| run.arm == arm).filter_map(of).filter(|v| v.is_finite()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The largest over the runs of an arm.
fn worst(results: &Results, arm: &str, of: impl Fn(&RunResult) -> Option<f64>) -> Option<f64> {
    let values = results.runs.iter().filter(|run| run.arm == arm).filter_map(of);
    values.filter(|v| v.is_finite()).max_by(f64::total_cmp)
}

fn with_error(value: f64, half_width: f64) -> String {
    let digits = decimals(half_width);
    format!("{value:+.digits$} ± {half_width:.digits$}")
}

/// The contrasts, each read three ways.
pub(super) fn readings(results: &Results) -> Section {
    let reading = |reading: Option<Reading>, unit: &str| {
        reading.filter(|r| r.difference.is_finite()).map_or_else(
            || "–".to_owned(),
            |r| format!("{} at {:.0}{unit}", with_error(r.difference, r.half_width), r.at),
        )
    };
    let short = |reading_at: Option<Reading>| {
        reading_at.filter(|r| r.difference.is_finite()).map_or_else(
            || "–".to_owned(),
            |r| format!("{} at {}", with_error(r.difference, r.half_width), time(r.at)),
        )
    };
    let rows = results.contrasts.iter().map(|c| {
        vec![
            format!("{} against {}", c.arm, c.against),
            with_error(c.difference, c.half_width),
            c.pairs.to_string(),
            figure(Some(c.p_value), 4),
            figure(Some(c.p_adjusted), 4),
            reading(c.equal_steps, " steps"),
            short(c.equal_time),
        ]
    });
    let effect = results.plan.smallest_effect;
    let table = Table {
        caption: "Differences, nats".into(),
        header: strings(&[
            "contrast",
            "test, at its own best",
            "pairs",
            "sign-flip p",
            "p, Holm",
            "validation, equal steps",
            "validation, equal time",
        ]),
        rows: rows.collect(),
        best: None,
        note: format!(
            "The verdict is by the first column: test rows at the weights of each run's best validation, with a t interval over seeds and test rows at {:.2}% each \
             (Bonferroni). Smallest effect of interest: {effect} nats. The sign-flip test assumes nothing but symmetry and knows of seeds alone. Equal steps and equal time \
             read the best validation so far on the same runs, at the most steps and the longest time that both arms have; their learning-rate schedules are \
             laid out for their own ends.",
            results.contrasts.first().map_or(95.0, |c| 100.0 * c.confidence)
        ),
    };
    Section {
        heading: "The same runs read three ways".into(),
        table: (!results.contrasts.is_empty()).then_some(table),
        ..Section::default()
    }
}

/// A time in the unit that it has digits in.
fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.3} ms", 1e3 * seconds) } else { format!("{seconds:.2} s") }
}

/// How long targets take.
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

/// Angles, condition numbers, residuals, guards.
pub(super) fn diagnostics(results: &Results) -> Result<Section, ReportError> {
    let last_residual = |run: &RunResult| {
        run.moments.last()?.weights.iter().map(|weight| weight.residual).max_by(f64::total_cmp)
    };
    let smallest =
        |run: &RunResult| run.moments.last()?.weights.iter().map(|w| -w.smallest).max_by(f64::total_cmp);
    let largest =
        |run: &RunResult| run.moments.last()?.weights.iter().map(|w| w.largest).max_by(f64::total_cmp);
    let signs = |run: &RunResult| {
        let (first, last) = (run.moments.first()?, run.moments.last()?);
        Some(first.weights.iter().zip(&last.weights).filter(|(a, b)| a.negative != b.negative).count() as f64)
    };
    let over = |arm: &str, pick: &dyn Fn(&crate::diagnostics::Moment) -> Option<f64>| {
        mean(results, arm, |run| {
            let all: Vec<f64> = run.moments.iter().filter_map(pick).collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        })
    };
    let rows = results.arms.iter().map(|arm| {
        let name = arm.arm.as_str();
        vec![
            name.to_owned(),
            figure(over(name, &|moment| moment.direction_angle), 1),
            figure(over(name, &|moment| moment.step_angle), 1),
            figure(worst(results, name, RunResult::worst_condition), 2),
            figure(worst(results, name, smallest).map(|value| -value), 4),
            figure(worst(results, name, largest), 3),
            crate::table::scientific(worst(results, name, last_residual).unwrap_or(f64::NAN)),
            arm.halvings.to_string(),
            figure(worst(results, name, signs), 0),
            arm.rollbacks.to_string(),
            arm.diverged.to_string(),
            crate::table::scientific(worst(results, name, |run| run.round_trip).unwrap_or(f64::NAN)),
        ]
    });
    let table = Table {
        caption: "Inside the runs".into(),
        header: strings(&[
            "arm",
            "direction, °",
            "step, °",
            "worst condition",
            "least σ",
            "largest σ",
            "max|WᵀW−I|",
            "halved steps",
            "signs of det changed",
            "rollbacks",
            "diverged",
            "round trip",
        ]),
        rows: rows.collect(),
        best: None,
        note: "Direction: angle between a plain step in the arm's direction and the Euclidean gradient of the same batch; step: the same for the step that was made, optimizer \
               included; means over five moments of each run and over seeds. Condition numbers, extreme singular values and residuals are of the matrices in groups at the \
               last moment, the worst over seeds. A halved step is one that would have changed the sign of a determinant or passed a scale of 0. On O(D) the gradient has a part that \
               leads out of the group, which no direction there follows."
            .into(),
    };
    let series = results.runs.iter().map(|run| Series {
        name: run.arm.clone(),
        points: run
            .moments
            .iter()
            .filter_map(|moment| {
                let worst = moment
                    .weights
                    .iter()
                    .map(|w| w.condition)
                    .filter(|c| c.is_finite())
                    .max_by(f64::total_cmp)?;
                Some((moment.step as f64, worst))
            })
            .collect(),
        color: color(results, &run.arm),
        label: run.seed == 1,
    });
    let plot = LinePlot {
        title: "Largest condition number of a matrix against steps".into(),
        x_label: "steps".into(),
        y_label: "σ largest / σ least".into(),
        log_y: true,
        series: series.collect(),
        ..LinePlot::default()
    };
    let figures = match Figure::of_lines(&plot, "One line a seed; orthonormal matrices stay at 1.") {
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
            "Amari index (0: every source found, 1: none), mean over seeds: {}; FastICA (log cosh, {} iterations{state}) {:.4}. That of a flow is of its Jacobian at the mean of the test rows, \
             which says little of a flow with nonlinearities between its maps.",
            arms.collect::<Vec<_>>().join(", "),
            ica.iterations,
            ica.amari
        ));
    }
    let gains = results.arms.iter().filter_map(|arm| {
        Some(format!("{} {:.3}", arm.arm, mean(results, &arm.arm, |run| run.coding_gain)?))
    });
    let gains: Vec<String> = gains.collect();
    if !gains.is_empty() {
        paragraphs.push(format!(
            "Coding gain of the first orthonormal convolution, dB, mean over seeds: {}.",
            gains.join(", ")
        ));
    }
    Ok(Section {
        heading: "Diagnostics".into(),
        paragraphs,
        table: Some(table),
        figures,
        ..Section::default()
    })
}

/// Where the time went.
pub(super) fn cost(results: &Results) -> Section {
    let rows = results.arms.iter().map(|arm| {
        let name = arm.arm.as_str();
        let per_step = |of: &dyn Fn(&RunResult) -> f64| {
            let value = mean(results, name, |run| Some(1e3 * of(run) / run.trained.steps.max(1) as f64));
            figure(value, 4)
        };
        vec![
            name.to_owned(),
            arm.layers.to_string(),
            arm.parameters.to_string(),
            per_step(&|run| run.trained.cost.batches),
            per_step(&|run| run.trained.cost.gradients),
            per_step(&|run| run.trained.cost.updates),
            figure(
                mean(results, name, |run| Some(100.0 * run.trained.cost.validations / run.trained.seconds)),
                1,
            ),
        ]
    });
    Section {
        heading: "Cost of a step".into(),
        table: Some(Table {
            caption: "Milliseconds a step".into(),
            header: strings(&[
                "arm",
                "layers",
                "parameters",
                "batch",
                "forward and backward",
                "direction and update",
                "validation, % of the run",
            ]),
            rows: rows.collect(),
            best: None,
            note: match results.plan.parallel {
                Some(parallel) => format!(
                    "{} runs at once, {} threads each: times are of that.",
                    parallel.runs, parallel.threads
                ),
                None => "One run at a time, on all threads.".to_owned(),
            },
        }),
        ..Section::default()
    }
}
