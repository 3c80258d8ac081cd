//! Plots the output of `step_times --json`: time per step against D, both logarithmic, one plot per
//! batch size, precision and optimizer. Prints the exponent of each arm, by least squares of
//! `log time` on `log D` over 512 ≤ D ≤ 4096.
//!
//! `cargo run --release -p pdmap-report --example scaling -- step_times.json docs/img`

use std::collections::BTreeMap;
use std::path::Path;

use pdmap_report::{LinePlot, Series, line_plot, standalone};
use serde_json::Value;

type Error = Box<dyn std::error::Error>;

/// Arms in the colour order of all other plots.
const ARMS: [&str; 5] = ["exact", "relative", "algebra", "orthonormal", "svd"];

/// The range in which exponents are fitted, where costs that grow more slowly than the products are
/// negligible.
const FITTED: std::ops::RangeInclusive<f64> = 512.0..=4096.0;

/// `(D, ms)` of the steps and of their floors.
#[derive(Default)]
struct Curve {
    steps: Vec<(f64, f64)>,
    floors: Vec<(f64, f64)>,
}

/// Curves by arm, for one batch size, precision and optimizer.
type Curves = BTreeMap<usize, Curve>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = arguments.as_slice() else {
        return Err("usage: scaling STEP_TIMES.json FOLDER".into());
    };
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    std::fs::create_dir_all(folder)?;
    for ((dtype, batch, optimizer), curves) in read(&document)? {
        let path = Path::new(folder).join(format!("step-{dtype}-{batch}-{optimizer}.svg"));
        std::fs::write(&path, standalone(&line_plot(&plot(&dtype, batch, &optimizer, &curves))?))?;
        println!("{}", path.display());
        for (arm, curve) in curves {
            println!("  {:<12} step D^{}, floor D^{}", ARMS[arm], exponent(&curve.steps), exponent(&curve.floors));
        }
    }
    Ok(())
}

fn read(document: &Value) -> Result<BTreeMap<(String, u64, String), Curves>, Error> {
    let mut found: BTreeMap<_, Curves> = BTreeMap::new();
    for case in document["cases"].as_array().ok_or("no cases")? {
        let text = |key: &str| case[key].as_str().ok_or(format!("a case without {key}"));
        let number = |key: &str| case[key].as_f64().ok_or(format!("a case without {key}"));
        let (arm, features) = (text("arm")?, number("features")?);
        let arm = ARMS.iter().position(|known| *known == arm).ok_or(format!("unknown arm {arm}"))?;
        let batch = case["batch"].as_u64().ok_or("a case without batch")?;
        let key = (text("dtype")?.to_owned(), batch, text("optimizer")?.to_owned());
        let curve = found.entry(key).or_default().entry(arm).or_default();
        curve.steps.push((features, number("step_ms")? + case["check_ms"].as_f64().unwrap_or(0.0)));
        curve.floors.extend(case["floor_ms"].as_f64().map(|floor| (features, floor)));
    }
    for curve in found.values_mut().flat_map(BTreeMap::values_mut) {
        curve.steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        curve.floors.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Ok(found)
}

fn plot(dtype: &str, batch: u64, optimizer: &str, curves: &Curves) -> LinePlot {
    let series = curves.iter().map(|(&arm, curve)| Series {
        name: ARMS[arm].to_owned(),
        points: curve.steps.clone(),
        color: arm,
        label: true,
    });
    let all = || curves.values().flat_map(|curve| &curve.steps).map(|point| point.1);
    LinePlot {
        title: format!("One training step, two dense layers, batch {batch}, {dtype}, {optimizer}"),
        x_label: "features D (log scale)".to_owned(),
        y_label: "ms per step (log scale)".to_owned(),
        log_x: true,
        log_y: true,
        series: series.collect(),
        // The full range: the cheapest arm is the point of the plot, not an outlier.
        y_range: Some((all().fold(f64::INFINITY, f64::min) / 1.3, all().fold(0.0, f64::max) * 1.3)),
        ..LinePlot::default()
    }
}

/// Least-squares slope of `log y` on `log x` in the fitted range.
fn exponent(points: &[(f64, f64)]) -> String {
    let logs: Vec<(f64, f64)> =
        points.iter().filter(|(x, _)| FITTED.contains(x)).map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    if logs.len() < 2 {
        return "(too few points)".to_owned();
    }
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let slope =
        logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / logs.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    format!("{slope:.2} ({count} sizes)")
}
