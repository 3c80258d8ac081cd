//! The page: verdict first, then the figures it rests on.

mod cells;
mod cost;
mod diagnostics;
mod readings;
mod targets;
mod tuning_table;

use pdmap_report::{Figure, Interval, IntervalPlot, LinePlot, Page, Section, Series, Table};
use pdmap_train::{Budget, CurvePoint};

use self::tuning_table::tuning;
use crate::outline::{self, preprocessing};
use crate::prose;
use crate::results::Results;
use crate::{CompareError, Plan, headers, rows, table};

/// The plots by file name: learning curves against time and against steps, and the test likelihood of each arm.
///
/// # Errors
/// Nothing finite to plot.
pub fn figures(results: &Results) -> Result<Vec<(&'static str, Figure)>, CompareError> {
    let against_time = LinePlot {
        title: "Validation log-likelihood against time".into(),
        x_label: "seconds".into(),
        ..curves(results, |point| point.seconds)
    };
    let against_steps = LinePlot {
        title: "Validation log-likelihood against steps".into(),
        x_label: "steps".into(),
        ..curves(results, |point| point.step as f64)
    };
    Ok(vec![
        (
            "test.svg",
            Figure::of_intervals(
                &intervals(results),
                "Dots are seeds; a bar is the mean ± one standard error over seeds; dashed: baselines, without training.",
            )?,
        ),
        (
            "curves-time.svg",
            Figure::of_lines(
                &against_time,
                "One line a seed, validation included in the time. Equal time is what a user pays.",
            )?,
        ),
        (
            "curves-steps.svg",
            Figure::of_lines(
                &against_steps,
                "The same runs against steps: what a step is worth, whatever it costs.",
            )?,
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
        y_label: "nats a row".into(),
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
        x_label: "nats a row".into(),
        intervals: intervals.filter(|interval| interval.mean.is_finite()).collect(),
        reference: references(results),
    }
}

fn references(results: &Results) -> Vec<(String, f64)> {
    let baselines = results.baselines.iter().filter_map(|b| Some((b.name.clone(), b.test?)));
    let truth = results.truth().map(|(name, truth)| (name.to_owned(), truth));
    baselines.chain(truth).collect()
}

fn color(results: &Results, arm: &str) -> usize {
    results.plan.arms.iter().position(|other| other.name == arm).unwrap_or(0)
}

/// The whole page.
///
/// # Errors
/// A plot or the template failed.
pub fn page(results: &Results) -> Result<Page, CompareError> {
    let figures = figures(results)?.into_iter().map(|(_, figure)| figure).collect();
    let best = results.arms.iter().enumerate().filter(|(_, arm)| arm.test.is_finite());
    let best = best.max_by(|a, b| a.1.test.total_cmp(&b.1.test)).map(|(index, _)| index);
    let table = Table {
        caption: "Arms and baselines on the test rows".into(),
        header: headers(),
        rows: rows(results),
        best,
        note: "Nats a row, higher is better; ± rows: standard error over test rows, patches of one image taken together; ± seeds: standard error over seeds. Halved steps: those that would have \
               changed the sign of a determinant or passed a scale of 0."
            .into(),
    };
    let comparison = Section {
        heading: "Figures".into(),
        paragraphs: vec![prose::intervals(results)],
        table: Some(table),
        figures,
        facts: vec![],
    };
    let arms = Section {
        heading: "What was compared".into(),
        paragraphs: prose::arms(&results.plan),
        table: tuning(results),
        figures: vec![],
        facts: vec![],
    };
    let data = Section {
        heading: "Data and machine".into(),
        paragraphs: results.data.notes.clone(),
        table: None,
        figures: vec![],
        facts: facts(results),
    };
    Ok(Page {
        title: prose::title(results),
        verdict: results.verdict.clone(),
        sections: vec![
            comparison,
            readings::readings(results),
            targets::targets(results)?,
            diagnostics::diagnostics(results)?,
            cost::cost(results),
            arms,
            plan(results),
            data,
        ],
        generated_by: format!("pdmap {} compare, {}", results.machine.version, results.date),
    })
}

/// What was asked for, as a dry run prints it.
fn plan(results: &Results) -> Section {
    let mut rows = outline::arms(&results.plan);
    let header = rows.remove(0);
    let table = Table {
        caption: "Arms as they were to be run".into(),
        header,
        rows,
        best: None,
        note: "The whole plan, with every layer, stands in `results.json` under `plan`.".into(),
    };
    let paragraphs = outline::terms(&results.plan);
    Section { heading: "Plan".into(), paragraphs, table: Some(table), ..Section::default() }
}

/// That of all arms, or of each where they differ.
fn preprocessing_fact(plan: &Plan) -> String {
    let steps: Vec<_> = plan.arms.iter().map(|arm| (arm, plan.steps(arm))).collect();
    match &steps[..] {
        [(_, first), others @ ..] if others.iter().all(|(_, steps)| steps == first) => preprocessing(first),
        _ => {
            let each = steps.iter().map(|(arm, steps)| format!("{}: {}", arm.name, preprocessing(steps)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn facts(results: &Results) -> Vec<(String, String)> {
    let plan = &results.plan;
    let [train, validation, test] = results.rows;
    let budget = match plan.training.budget {
        Budget::Steps(steps) => format!("{steps} steps a run"),
        Budget::Time(time) => format!("{:.1} s a run, validation included", time.as_secs_f64()),
    };
    let round_trip = results.runs.iter().filter_map(|run| run.round_trip).fold(f64::NAN, f64::max);
    [
        ("Likelihoods are stated in", results.data.space.clone()),
        (
            "Rows",
            format!(
                "{train} training, {validation} validation (choices look at {} of them, evenly spaced), {test} test",
                plan.training.validation_rows.min(validation)
            ),
        ),
        ("Features", results.data.features.to_string()),
        ("Budget", budget),
        ("Seeds", plan.seeds.to_string()),
        ("Smallest effect of interest", format!("{} nats", plan.smallest_effect)),
        (
            "Runs at once",
            plan.parallel.map_or_else(|| "one, on all threads".to_owned(), |p| format!("{}, {} threads each", p.runs, p.threads)),
        ),
        (
            "Optimizer",
            format!(
                "{}, batch {}, schedule: {}",
                plan.training.optimizer, plan.training.batch, plan.training.schedule.shape
            ),
        ),
        ("Preprocessing", preprocessing_fact(plan)),
        ("Largest relative round-trip error", table::scientific(round_trip)),
        ("Machine", results.machine.describe()),
        ("Date", results.date.clone()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}
