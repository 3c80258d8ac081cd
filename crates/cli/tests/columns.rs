//! Columns of tables: matched by name, and precise far from 0.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{fixture, folder, read_vector, refuse, succeed};

/// Writes a file with some of the columns `a,b,c` of `columns.csv`, under other names where given.
fn rewrite(folder: &Path, name: &str, columns: &[(usize, &str)]) {
    let text = std::fs::read_to_string(fixture("cases", "columns.csv")).unwrap();
    let mut lines = vec![columns.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(",")];
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        lines.push(columns.iter().map(|(column, _)| cells[*column]).collect::<Vec<_>>().join(","));
    }
    std::fs::write(folder.join(name), lines.join("\n") + "\n").unwrap();
}

fn train(folder: &Path, data: &str, rest: &[&str], out: &str) -> String {
    let common = ["train", "--data", data, "--model", "mixture-spline", "--steps", "60", "--batch", "64", "--out", out];
    succeed(folder, &[&common[..], rest].concat())
}

#[test]
fn another_order_of_columns_is_matched_by_name() {
    let folder = &folder();
    let (straight, other) = (fixture("cases", "columns.csv"), fixture("cases", "columns-reordered.csv"));
    // Validation and test rows in another order give the same run.
    let same = train(folder, &straight, &["--val", &straight, "--test", &straight, "--json"], "same.st");
    let reordered = train(folder, &straight, &["--val", &other, "--test", &other, "--json"], "other.st");
    let figures = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        (json["weights"].clone(), json["test"].clone())
    };
    assert_eq!(figures(&same), figures(&reordered));
    // So do scores.
    succeed(folder, &["score", "same.st", "--data", &straight, "--out", "ll.npy"]);
    succeed(folder, &["score", "same.st", "--data", &other, "--out", "again.npy"]);
    assert_eq!(read_vector(folder, "ll.npy"), read_vector(folder, "again.npy"));
    // Columns that are named in another order are the same columns.
    succeed(folder, &["score", "same.st", "--data", &straight, "--columns", "c,a,b", "--out", "again.npy"]);
    assert_eq!(read_vector(folder, "ll.npy"), read_vector(folder, "again.npy"));
}

#[test]
fn missing_renamed_and_unexpected_columns_are_refused_with_both_sides() {
    let folder = &folder();
    let straight = fixture("cases", "columns.csv");
    train(folder, &straight, &[], "m.st");
    rewrite(folder, "renamed.csv", &[(0, "a"), (1, "bb"), (2, "c")]);
    rewrite(folder, "missing.csv", &[(0, "a"), (2, "c")]);
    rewrite(folder, "extra.csv", &[(0, "a"), (1, "b"), (2, "c"), (2, "d")]);
    for (file, needles) in [
        ("renamed.csv", ["no column `b` (nearest is `bb`)", "expected columns: a, b, c; found: a, bb, c"]),
        ("missing.csv", ["no column `b`", "expected columns: a, b, c; found: a, c"]),
        ("extra.csv", ["not expected: d", "--columns"]),
    ] {
        for args in [
            ["score", "m.st", "--data", file, "--out", "ll.npy"].to_vec(),
            ["encode", "m.st", "--data", file, "--out", "z.npy"].to_vec(),
            ["train", "--data", &straight, "--val", file, "--steps", "5", "--batch", "64", "--out", "n.st"].to_vec(),
            ["train", "--data", &straight, "--test", file, "--steps", "5", "--batch", "64", "--out", "n.st"].to_vec(),
        ] {
            let line = refuse(folder, &args);
            assert!(line.contains(file), "{args:?}: {line}");
            for needle in needles {
                assert!(line.contains(needle), "{args:?}: {line}");
            }
        }
    }
    // The flag decides.
    succeed(folder, &["score", "m.st", "--data", "extra.csv", "--columns", "a,b,c", "--out", "ll.npy"]);
}

/// Mean log-likelihood of the training rows, in a precision.
fn mean(folder: &Path, data: &str, dtype: &str) -> f64 {
    train(folder, data, &["--dtype", dtype], "m.st");
    succeed(folder, &["score", "m.st", "--data", data, "--out", "ll.npy"]);
    let scores = read_vector(folder, "ll.npy");
    scores.iter().sum::<f64>() / scores.len() as f64
}

#[test]
fn single_precision_scores_columns_far_from_zero_as_double_precision_does() {
    let folder = &folder();
    for name in ["offset-1e6.csv", "offset-1e8.csv", "offset-unix-time.csv"] {
        let data = fixture("cases", name);
        let (single, double) = (mean(folder, &data, "f32"), mean(folder, &data, "f64"));
        assert!((single - double).abs() < 1e-3, "{name}: {single} {double}");
    }
}

#[test]
fn samples_and_decoded_rows_stand_where_the_data_do() {
    let folder = &folder();
    let data = fixture("cases", "offset-unix-time.csv");
    train(folder, &data, &[], "m.st");
    succeed(folder, &["encode", "m.st", "--data", &data, "--out", "z.npy"]);
    succeed(folder, &["decode", "m.st", "--data", "z.npy", "--out", "x.csv"]);
    succeed(folder, &["sample", "m.st", "--count", "500", "--out", "s.csv"]);
    let times = |text: String| -> Vec<f64> {
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
    };
    let read = |name: &str| times(std::fs::read_to_string(folder.join(name)).unwrap());
    let given = times(std::fs::read_to_string(&data).unwrap());
    // A second is 1/128 of the step that f32 has there.
    let decoded = read("x.csv");
    assert!(given.iter().zip(&decoded).all(|(a, b)| (a - b).abs() < 0.01), "{} {}", given[0], decoded[0]);
    // A flow of few steps is wide, but not where rows without their offset would be.
    assert!(read("s.csv").iter().all(|t| (t - given[0]).abs() < 1e7));
}
