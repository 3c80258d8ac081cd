//! The page: verdict first, then the figures it rests on.

use pdmap_report::{Figure, Interval, IntervalPlot, LinePlot, Page, Section, Series, Table};
use pdmap_train::{Budget, CurvePoint, Outcome};

use crate::results::Results;
use crate::{CompareError, headers, rows, table};

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
        name: run.arm.to_string(),
        points: run.trained.curve.iter().map(|point| (x(point), point.validation)).collect(),
        color: color(results, run.arm),
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
            name: arm.arm.to_string(),
            mean: arm.test,
            low: arm.test - error,
            high: arm.test + error,
            points: points.collect(),
            color: color(results, arm.arm),
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
    let truth = results.data.true_log_likelihood.map(|truth| ("true density (expected)".to_owned(), truth));
    baselines.chain(truth).collect()
}

fn color(results: &Results, arm: pdmap_train::Preset) -> usize {
    results.plan.arms.iter().position(|&other| other == arm).unwrap_or(0)
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
        paragraphs: vec![intervals_prose(results)],
        table: Some(table),
        figures,
        facts: vec![],
    };
    let arms = Section {
        heading: "What was compared".into(),
        paragraphs: arms_prose(results),
        table: tuning(results),
        figures: vec![],
        facts: vec![],
    };
    let data = Section {
        heading: "Data, plan and machine".into(),
        paragraphs: results.data.notes.clone(),
        table: None,
        figures: vec![],
        facts: facts(results),
    };
    Ok(Page {
        title: format!("Constrained or unconstrained? {}", results.data.name),
        verdict: results.verdict.clone(),
        sections: vec![comparison, arms, data],
        generated_by: format!("pdmap {} compare, {}", results.machine.version, results.date),
    })
}

fn intervals_prose(results: &Results) -> String {
    let failed: Vec<String> = results
        .runs
        .iter()
        .filter_map(|run| match &run.trained.outcome {
            Outcome::Diverged { step, reason } => {
                Some(format!("{} with seed {} diverged at step {step}: {reason}", run.arm, run.seed))
            }
            Outcome::Interrupted { step } => {
                Some(format!("{} with seed {} was interrupted at step {step}", run.arm, run.seed))
            }
            Outcome::Finished | Outcome::StoppedEarly => None,
        })
        .collect();
    let rows = match results.test_images {
        Some(images) => format!("over test rows (patches of one image go together: {images} images)"),
        None => "over test rows".to_owned(),
    };
    let intervals = format!(
        "Differences are paired by seed. Their intervals hold the spread over seeds and {rows}, and are \
         corrected (Bonferroni) so that all of them together are right with 95%. No difference shown is not equality shown. A difference \
         speaks of this budget, this architecture and these data."
    );
    if failed.is_empty() {
        intervals
    } else {
        format!("{intervals} Runs that diverged count with their last good weights: {}.", failed.join("; "))
    }
}

fn arms_prose(results: &Results) -> Vec<String> {
    let mut prose: Vec<String> =
        results.plan.arms.iter().map(|arm| format!("{arm}: {}.", arm.describe())).collect();
    let architecture = results.plan.architecture;
    prose.push(format!(
        "All arms have {} linear layers with biases, a smooth leaky ReLU with α = {} between them, a standard normal base, and start from \
         Haar-random orthonormal matrices. The orthonormal arm with scales is a smaller class of maps at the same depth; O·diag·O is the same class \
         as GL(D).",
        architecture.depth, architecture.alpha
    ));
    if results.plan.preprocess == pdmap_train::Preprocess::Whiten {
        prose.push(
            "A common PCA whitening, fixed, stands in front of every arm. It is an unconstrained linear map itself, so no arm's whole map has its \
             transpose for its inverse."
                .into(),
        );
    }
    prose
}

fn tuning(results: &Results) -> Option<Table> {
    if results.tuning.is_empty() {
        return None;
    }
    let mut rates: Vec<f64> = results.tuning.iter().map(|tried| tried.rate).collect();
    rates.sort_unstable_by(f64::total_cmp);
    rates.dedup();
    let header =
        std::iter::once("arm".to_owned()).chain(rates.iter().map(|rate| format!("{rate:e}"))).collect();
    let cell = |arm, rate: f64| match results
        .tuning
        .iter()
        .find(|t| t.arm == arm && t.rate == rate)
        .map(|t| t.validation)
    {
        Some(Some(value)) => format!("{value:.2}"),
        Some(None) => "diverged".to_owned(),
        None => "–".to_owned(),
    };
    let rows = results.plan.arms.iter().map(|&arm| {
        std::iter::once(arm.to_string()).chain(rates.iter().map(|&rate| cell(arm, rate))).collect()
    });
    Some(Table {
        caption: "Tuning: best validation log-likelihood by learning rate".into(),
        header,
        rows: rows.collect(),
        best: None,
        note: format!(
            "The same rates and the same budget for every arm: {} of a final run each, on seeds of their own; where the best lies on the \
             edge, up to two more beyond it. Test rows played no part.",
            results.plan.tuning_share
        ),
    })
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
        (
            "Optimizer",
            format!(
                "{}, batch {}, schedule: {}",
                plan.training.optimizer, plan.training.batch, plan.training.schedule.shape
            ),
        ),
        ("Preprocessing", plan.preprocess.to_string()),
        ("Largest relative round-trip error", table::scientific(round_trip)),
        ("Machine", results.machine.describe()),
        ("Date", results.date.clone()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}
