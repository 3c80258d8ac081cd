//! Rows that count as often as a column or a file says.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{folder, refuse, succeed};
use serde_json::Value;

/// The weight of a row: 0, 1, 2 or 3.
fn weight(row: usize) -> usize {
    (row * row % 11 + row) % 4
}

/// A table of two groups with a column of weights, or with rows repeated as often as these say.
fn table(folder: &Path, name: &str, rows: usize, repeated: bool) {
    let mut text = if repeated { "a,b\n" } else { "a,w,b\n" }.to_owned();
    for row in 0..rows {
        let noise = |k: usize| ((row * row * (7 + k) + 13 * row + 31 * k) % 997) as f64 / 997.0 - 0.5;
        let a = 4.0 * (row % 2) as f64 + noise(1) + noise(2);
        let b = a + noise(3);
        match repeated {
            true => (0..weight(row)).for_each(|_| writeln!(text, "{a},{b}").unwrap()),
            false => writeln!(text, "{a},{},{b}", weight(row)).unwrap(),
        }
    }
    std::fs::write(folder.join(name), text).unwrap();
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The validation before the first step, and the printed summary of the test rows.
fn trained(folder: &Path, data: &str, flags: &[&str]) -> (f64, Value) {
    let args = [
        &["train", "--data", data, "--val", data, "--test", data, "--model", "dense-relative", "--dtype", "f64"][..],
        &["--steps", "1", "--batch", "20", "--out", "m.st", "--json"],
        flags,
    ];
    let printed = json(&succeed(folder, &args.concat()));
    (printed["trained"]["curve"][0]["validation"].as_f64().unwrap(), printed)
}

#[test]
fn whole_numbers_repeat_rows() {
    let folder = &folder();
    table(folder, "t.csv", 300, false);
    table(folder, "twice.csv", 300, true);
    let (expected, repeated) = trained(folder, "twice.csv", &[]);
    let (own, weighted) = trained(folder, "t.csv", &["--weights", "w"]);
    assert!((own - expected).abs() < 1e-9, "{own} {expected}");
    // The Gaussian beside it sums over the same rows.
    let gaussian = |of: &Value| of["baseline"]["mean"].as_f64().unwrap();
    assert!((gaussian(&repeated) - gaussian(&weighted)).abs() < 1e-9, "{repeated} {weighted}");
    // Without the flag, the weights are a feature.
    let (without, _) = trained(folder, "t.csv", &["--columns", "a,b"]);
    assert!((without - expected).abs() > 1e-3, "{without} {expected}");

    // The model knows that w is none of its columns.
    let score = |data: &str, flags: &[&str]| {
        let args = [&["score", "m.st", "--data", data, "--quantiles", "0.1,0.5,0.77", "--json"][..], flags];
        json(&succeed(folder, &args.concat()))
    };
    trained(folder, "t.csv", &["--weights", "w"]);
    let (own, expected) = (score("t.csv", &["--weights", "w"]), score("twice.csv", &[]));
    for key in ["mean", "standard_error"] {
        let (own, expected) = (own[key].as_f64().unwrap(), expected[key].as_f64().unwrap());
        assert!((own - expected).abs() < 1e-9, "{key}: {own} {expected}");
    }
    assert_eq!(own["quantiles"], expected["quantiles"]);
    assert!((score("t.csv", &[])["mean"].as_f64().unwrap() - expected["mean"].as_f64().unwrap()).abs() > 1e-3);
}

#[test]
fn weights_may_be_a_file_and_are_split_with_the_rows() {
    let folder = &folder();
    table(folder, "t.csv", 300, false);
    let file: String =
        std::iter::once("weight\n".to_owned()).chain((0..300).map(|row| format!("{}.5\n", weight(row)))).collect();
    std::fs::write(folder.join("w.csv"), &file).unwrap();
    let train = ["train", "--data", "t.csv", "--columns", "a,b", "--steps", "40", "--out", "m.st"];
    let output = common::pdmap(folder, &[&train[..], &["--weights", "w.csv"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("weights: w.csv; ") && said.contains("effective rows"), "{said}");
    let train_by_file = |flags: &[&str]| refuse(folder, &[&train[..], flags].concat());

    for (flags, words) in [
        (&["--weights", "z"][..], "neither a column of t.csv nor a file"),
        (&["--weights", "t.csv"], "3 columns; a file of weights has one"),
        (&["--val", "t.csv", "--weights", "w.csv"], "--val-weights is missing"),
        (&["--val", "t.csv", "--weights", "w.csv", "--val-weights", "few.csv"], "2 weights for 300 rows"),
        (&["--weights", "few.csv"], "2 weights for 300 rows"),
        (&["--weights", "none.csv"], "sum of the weights of rows"),
        (&["--weights", "bad.csv"], "the weight of row"),
        (&["--weights", "w"], "and there is a file; ./w means the file"),
    ] {
        std::fs::write(folder.join("few.csv"), "weight\n1\n2\n").unwrap();
        std::fs::write(folder.join("none.csv"), format!("weight\n{}", "0\n".repeat(300))).unwrap();
        std::fs::write(folder.join("bad.csv"), format!("weight\n{}", "-1\n".repeat(300))).unwrap();
        std::fs::write(folder.join("w"), &file).unwrap();
        let line = train_by_file(flags);
        assert!(line.contains(words), "{flags:?}: {line}");
    }
    let line = refuse(folder, &["train", "--data", "synthetic:moons", "--weights", "w.csv", "--out", "m.st"]);
    assert!(line.contains("--weights requires a file of rows"), "{line}");
    let line = refuse(folder, &["score", "m.st", "--data", "t.csv", "--columns", "a,b", "--weights", "few.csv"]);
    assert!(line.contains("2 weights"), "{line}");
}

#[test]
fn a_column_of_weights_goes_through_auto_and_its_report() {
    let folder = &folder();
    table(folder, "t.csv", 200, false);
    let train = ["train", "--data", "t.csv", "--weights", "w", "--steps", "12", "--out", "m.st", "--report", "r.html"];
    succeed(folder, &train);
    let page = std::fs::read_to_string(folder.join("r.html")).unwrap();
    assert!(page.contains("in proportion to their weights"));
    succeed(folder, &["score", "m.st", "--data", "t.csv", "--weights", "w"]);
}
