//! The Gaussian beside the results of training and reports.
#![allow(clippy::unwrap_used)]

use crate::common;

use std::path::Path;

use common::{folder, pdmap, rows, succeed, write};
use ndarray::{Array2, Axis};
use serde_json::Value;

/// Correlated rows that are far from normal.
fn data(folder: &Path) -> Array2<f64> {
    let rows = Array2::from_shape_fn((900, 2), |(row, column)| {
        let common = (row * row % 613) as f64 / 613.0;
        common + 0.1 * ((row * (row + column + 1)) % 271) as f64 / 271.0
    });
    for (name, part) in [("train", 0..600), ("val", 600..750), ("test", 750..900)] {
        let part: Vec<usize> = part.collect();
        write(folder, &format!("{name}.npy"), &rows.select(Axis(0), &part));
    }
    rows
}

/// Mean log-density of rows under the Gaussian of others, by the formula for two features.
fn gaussian(train: &Array2<f64>, test: &Array2<f64>) -> f64 {
    let mean = train.mean_axis(Axis(0)).unwrap();
    let centred = train - &mean;
    let covariance = centred.t().dot(&centred) / train.nrows() as f64;
    let (a, b, d) = (covariance[[0, 0]], covariance[[0, 1]], covariance[[1, 1]]);
    let determinant = a * d - b * b;
    let score = |row: ndarray::ArrayView1<'_, f64>| {
        let (x, y) = (row[0] - mean[0], row[1] - mean[1]);
        let distance = (d * x * x - 2.0 * b * x * y + a * y * y) / determinant;
        -0.5 * distance - (2.0 * std::f64::consts::PI).ln() - 0.5 * determinant.ln()
    };
    test.rows().into_iter().map(score).sum::<f64>() / test.nrows() as f64
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn training_prints_the_gaussian_on_the_same_rows_and_warns_below_it() {
    let folder = &folder();
    let all = data(folder);
    let part = |from, to| all.select(Axis(0), &(from..to).collect::<Vec<usize>>());
    let train =
        "train --data train.npy --val val.npy --model dense-relative --steps 1 --rate 1e-9 --out m.st --dtype f64";
    let train: Vec<&str> = train.split(' ').collect();

    let output = pdmap(folder, &[&train[..], &["--test", "test.npy", "--json"]].concat());
    assert!(output.status.success());
    let printed = json(&String::from_utf8(output.stdout).unwrap());
    let baseline = &printed["baseline"];
    let expected = gaussian(&part(0, 600), &part(750, 900));
    let number = |key: &str| baseline[key].as_f64().unwrap();
    assert!((number("mean") - expected).abs() < 1e-9, "{baseline} {expected}");
    assert_eq!(
        (&baseline["on"], &baseline["rows"], &baseline["fitted_rows"]),
        (&"test rows".into(), &150.into(), &600.into())
    );
    let flow = printed["test"]["mean"].as_f64().unwrap();
    assert!((number("flow") - flow).abs() < 1e-9 && (number("difference") - (flow - expected)).abs() < 1e-9);
    // An untrained flow ignores the correlation.
    assert_eq!(baseline["flow_below"], true);
    let warned = String::from_utf8(output.stderr).unwrap();
    assert!(warned.contains("warning: the flow is ") && warned.contains("--preprocess whiten"), "{warned}");

    // Without test rows, on the validation rows; a whitened start is the Gaussian itself.
    let output = pdmap(folder, &[&train[..], &["--preprocess", "whiten", "--json"]].concat());
    let baseline = json(&String::from_utf8(output.stdout).unwrap())["baseline"].clone();
    let expected = gaussian(&part(0, 600), &part(600, 750));
    assert!((baseline["mean"].as_f64().unwrap() - expected).abs() < 1e-9, "{baseline} {expected}");
    assert_eq!((&baseline["on"], &baseline["rows"]), (&"validation rows".into(), &150.into()));
    let printed = succeed(folder, &[&train[..], &["--test", "test.npy"]].concat());
    assert!(
        printed.contains("\nGaussian with full covariance: ") && printed.contains("the same 150 test rows"),
        "{printed}"
    );
}

#[test]
fn rows_in_a_file_give_the_same_gaussian() {
    let folder = &folder();
    data(folder);
    let mean = |memory: &str| {
        let train =
            format!("train --data train.npy --val val.npy --steps 1 --memory {memory} --out m.st --json --batch 64");
        json(&succeed(folder, &train.split(' ').collect::<Vec<_>>()))["baseline"]["mean"].as_f64().unwrap()
    };
    assert_eq!(mean("1GiB").to_bits(), mean("2kB").to_bits());
}

#[test]
fn what_has_no_gaussian_says_why() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 3));
    write(folder, "c.npy", &Array2::from_shape_fn((300, 1), |(row, _)| (row % 2) as f64));
    std::fs::write(folder.join("c.toml"), "layers = [{ kind = \"coupling\", hidden = [4] }]").unwrap();
    let train = "train --data x.npy --condition c.npy --classes 2 --model c.toml --steps 2 --out c.st";
    let printed = succeed(folder, &train.split(' ').collect::<Vec<_>>());
    assert!(printed.contains("Gaussian with full covariance: left out: the model is conditional"), "{printed}");
}

#[test]
fn reports_have_the_gaussian() {
    let folder = &folder();
    let all = data(folder);
    let train = "train --data train.npy --val val.npy --test test.npy --steps 5 --out m.st --report r.html";
    succeed(folder, &train.split(' ').collect::<Vec<_>>());
    let page = std::fs::read_to_string(folder.join("r.html")).unwrap();
    assert!(page.contains("Gaussian with full covariance") && page.contains("on the same 150 rows"));
    let report = ["report", "m.st", "--data", "test.npy", "--out", "s.html", "--json"];
    let alone = json(&succeed(folder, &report));
    assert!(alone["baseline"]["left_out"].as_str().unwrap().contains("--train"), "{alone}");
    let beside = json(&succeed(folder, &[&report[..], &["--train", "train.npy"]].concat()));
    let part = |from, to| all.select(Axis(0), &(from..to).collect::<Vec<usize>>());
    let expected = gaussian(&part(0, 600), &part(750, 900));
    // The rows are read in the precision of the model.
    assert!((beside["baseline"]["mean"].as_f64().unwrap() - expected).abs() < 1e-4, "{beside} {expected}");
    write(folder, "narrow.npy", &rows(20, 1));
    common::refuse(folder, &[&report[..], &["--train", "narrow.npy"]].concat());
}
