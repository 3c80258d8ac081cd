//! `--model auto`, the default for files of rows.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, pdmap, succeed, write};
use ndarray::Array2;
use serde_json::Value;

/// Four clusters far apart; the first `features` columns.
fn clusters(rows: usize, features: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, features), |(row, column)| {
        let (centre, noise) = ((row % 4) as f64, ((row * row * 31 + 17 * row * (column + 1)) % 1009) as f64 / 1009.0);
        let centre = if column % 2 == 0 { centre } else { (centre - 1.5).abs() };
        5.0 * centre + noise + 0.3 * (noise * 9.0).sin()
    })
}

fn base(folder: &Path) -> Value {
    let header: Value = serde_json::from_str(&succeed(folder, &["inspect", "m.st", "--json"])).unwrap();
    header["header"].clone()
}

#[test]
fn tables_get_couplings_on_a_mixture_or_the_mixture_alone() {
    let folder = &folder();
    write(folder, "x.npy", &clusters(1200, 3));
    let output = pdmap(folder, &["train", "--data", "x.npy", "--steps", "200", "--out", "m.st"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("auto: mixture-spline has ") && said.contains("; kept: "), "{said}");
    let header = base(folder);
    assert!(header["base"]["gaussian-mixture"].is_object(), "{header}");
    // Far above one Gaussian: nats, from the line that compares the two.
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let above = printed.lines().find(|line| line.starts_with("Gaussian with full covariance")).unwrap();
    let nats: f64 = above.split("the flow is ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(above.ends_with("above") && nats > 1.0, "{above}");
    // The kept model is what validation says: its score is that of the record.
    let best = header["training"]["best_validation"].as_f64().unwrap();
    assert!(
        said.contains(&format!("{best:.4} nats")) || said.contains(&format!("gaussian-mixture {best:.4}")),
        "{said}"
    );
}

#[test]
fn the_model_follows_from_the_number_of_features_and_can_be_named() {
    let folder = &folder();
    let train = |data: &str, more: &[&str]| {
        succeed(folder, &[&["train", "--data", data, "--steps", "3", "--out", "m.st"][..], more].concat());
        base(folder)["layers"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap().to_owned()).collect()
    };
    write(folder, "one.npy", &clusters(200, 1));
    let kinds: Vec<String> = train("one.npy", &[]);
    assert_eq!(kinds, ["standardize"]);
    write(folder, "x.npy", &clusters(200, 3));
    let kinds: Vec<String> = train("x.npy", &["--depth", "3"]);
    assert!(kinds.contains(&"dense".to_owned()), "a depth asks for a dense model: {kinds:?}");
    let kinds: Vec<String> = train("x.npy", &["--model", "mixture-spline"]);
    assert_eq!(kinds.iter().filter(|kind| *kind == "coupling").count(), 6);
}
