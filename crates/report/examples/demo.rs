//! Writes a demonstration of the page layout: five arms with three seeds each and invented numbers,
//! including a run that diverges early.
//!
//! `cargo run -p pdmap-report --example demo -- demo.html`

use pdmap_report::{Figure, Interval, IntervalPlot, LinePlot, Page, ReportError, Section, Series, Table, number};

/// Name, final score, steps to approach it, milliseconds per step.
const ARMS: [(&str, f64, f64, f64); 5] = [
    ("dense-exact", -1.214, 900.0, 5.9),
    ("dense-relative", -1.209, 950.0, 1.1),
    ("dense-relative-algebra", -1.187, 620.0, 1.6),
    ("dense-orthonormal", -1.312, 1500.0, 1.3),
    ("dense-svd", -1.248, 1300.0, 2.4),
];
const SEEDS: usize = 3;
const STEPS: usize = 6000;

/// A value in [−1, 1] that looks random but is the same in every run.
fn wobble(a: usize, b: usize, c: usize) -> f64 {
    let x = (a * 7919 + b * 104_729 + c * 1_299_709) as f64;
    (x.sin() * 43_758.547).fract()
}

fn curve(arm: usize, seed: usize) -> Vec<(f64, f64)> {
    let (_, end, pace, _) = ARMS[arm];
    let end = end + 0.012 * wobble(arm, seed, 0);
    (0..=STEPS)
        .step_by(50)
        .map(|step| {
            let left = (-(step as f64) / pace).exp();
            let noise = 0.02 * wobble(arm, seed, step + 1) * (0.2 + left);
            let y = if arm == 4 && seed == 1 && (100..300).contains(&step) { -4.0e4 } else { end - 1.6 * left + noise };
            (step as f64, y)
        })
        .collect()
}

fn series(x: impl Fn(usize, f64) -> f64) -> Vec<Series> {
    let mut out = Vec::new();
    for (arm, (name, ..)) in ARMS.iter().enumerate() {
        for seed in 0..SEEDS {
            let points = curve(arm, seed).into_iter();
            out.push(Series {
                name: (*name).to_owned(),
                points: points.map(|(step, y)| (x(arm, step), y)).collect(),
                color: arm,
                label: seed == 0,
            });
        }
    }
    out
}

fn finals(arm: usize) -> Vec<f64> {
    (0..SEEDS).filter_map(|seed| curve(arm, seed).last().map(|p| p.1)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn page() -> Result<Page, ReportError> {
    let baselines = vec![("full Gaussian".to_owned(), -1.38)];
    let score = "validation log-likelihood (nats per dimension)";
    let learning = |title: &str, x_label: &str, log_x, series| LinePlot {
        title: title.to_owned(),
        x_label: x_label.to_owned(),
        y_label: score.to_owned(),
        log_x,
        series,
        reference: baselines.clone(),
        ..LinePlot::default()
    };
    let by_step = learning("Against steps", "step", false, series(|_, step| step));
    let seconds = series(|arm, step| step * ARMS[arm].3 / 1000.0);
    let by_second = learning("Against time", "seconds (log scale)", true, seconds);
    let gap = LinePlot {
        title: "Distance of the weights from a rotation".to_owned(),
        x_label: "step".to_owned(),
        y_label: "‖WᵀW − I‖ (Frobenius)".to_owned(),
        log_y: true,
        series: (0..5)
            .map(|arm| Series {
                name: ARMS[arm].0.to_owned(),
                points: (0..=STEPS)
                    .step_by(50)
                    .map(|s| {
                        let level = if arm == 3 { 1e-6 } else { 0.8 + arm as f64 };
                        let grown = 1.0 - (-(s as f64) / ARMS[arm].2).exp();
                        (s as f64, level * (grown + 0.01 * wobble(arm, s, 3).abs()))
                    })
                    .collect(),
                color: arm,
                label: true,
            })
            .collect(),
        ..LinePlot::default()
    };
    let scores = IntervalPlot {
        title: "Test log-likelihood by arm".to_owned(),
        x_label: "nats per dimension, higher is better".to_owned(),
        intervals: (0..5)
            .map(|arm| {
                let points = finals(arm);
                let mean = mean(&points);
                Interval {
                    name: ARMS[arm].0.to_owned(),
                    mean,
                    low: mean - 0.016,
                    high: mean + 0.016,
                    points,
                    color: arm,
                }
            })
            .collect(),
        reference: vec![("full Gaussian".to_owned(), -1.38)],
    };
    let rows = (0..5).map(|arm| {
        let (name, _, _, ms) = ARMS[arm];
        let m = mean(&finals(arm));
        vec![
            name.to_owned(),
            format!("{} ± 0.016", number(m, 0.001)),
            number(ms, 0.1),
            number(ms * STEPS as f64 / 1000.0, 0.1),
            format!("{} MiB", 40 + 3 * arm),
            if arm == 4 { "1 of 3" } else { "—" }.to_owned(),
        ]
    });
    let header = ["arm", "test log-likelihood", "ms per step", "seconds", "peak memory", "diverged early"];
    Ok(Page {
        title: "Layout demonstration: invented numbers, no experiment".to_owned(),
        verdict: vec![
            "dense-relative-algebra reaches the best score, 0.02 nats per dimension above dense-exact.".to_owned(),
            "dense-relative matches dense-exact within the seeds' spread at a fifth of its time a step. \
             One of three seeds of dense-svd diverged for a while. Every number here is invented."
                .to_owned(),
        ],
        sections: vec![
            Section {
                heading: "Scores".to_owned(),
                paragraphs: vec![
                    "Each arm was trained with three seeds for the same number of steps. Intervals are \
                     two standard errors over the seeds."
                        .to_owned(),
                ],
                table: Some(Table {
                    caption: "Final scores, mean over three seeds".to_owned(),
                    header: header.map(str::to_owned).to_vec(),
                    rows: rows.collect(),
                    best: vec![2],
                    note: "Higher log-likelihood is better. The times are invented too.".to_owned(),
                }),
                figures: vec![Figure::of_intervals(
                    &scores,
                    "Marker: mean. Bar: two standard errors. Small dots: individual seeds.",
                )?],
                facts: vec![],
            },
            Section {
                heading: "Learning curves".to_owned(),
                figures: vec![
                    Figure::of_lines(&by_step, "One line per seed; the marker ends each line.")?,
                    Figure::of_lines(&by_second, "The same runs against seconds of training.")?,
                    Figure::of_lines(&gap, "A logarithmic y-axis over many decades.")?,
                ],
                ..Section::default()
            },
            Section {
                heading: "Setting".to_owned(),
                facts: [
                    ("data", "synthetic mixture, 64 dimensions"),
                    ("training points", "20000"),
                    ("batch", "256"),
                    ("steps", "6000"),
                    ("seeds", "0, 1, 2"),
                    ("arithmetic", "f32"),
                ]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .to_vec(),
                ..Section::default()
            },
        ],
        generated_by: "Written by the layout demonstration of pdmap-report.".to_owned(),
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or("demo.html".to_owned());
    std::fs::write(&path, page()?.render()?)?;
    println!("wrote {path}");
    Ok(())
}
