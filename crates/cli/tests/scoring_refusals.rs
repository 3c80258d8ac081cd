//! Bad input of `score`, `encode`, `decode`, `sample` and `inspect`: one line, status 2, no
//! leftover files.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{dense_model, folder, pdmap, read, read_vector, refuse_cleanly, rows, succeed, write};
use ndarray::Array2;

/// The commands that read rows.
const COMMANDS: [&[&str]; 4] = [
    &["score", "m.st", "--out", "ll.npy", "--attribution", "a.npy", "--threshold", "0", "--flags", "f.csv"],
    &["encode", "m.st", "--out", "z.npy"],
    &["decode", "m.st", "--out", "x2.csv"],
    &["inspect", "m.st", "--rows", "1000000"],
];

fn on(folder: &Path, data: &str, extra: &[&str], names: &[&str]) {
    for command in COMMANDS {
        refuse_cleanly(folder, &[command, &["--data", data], extra].concat(), names);
    }
}

#[test]
fn bad_rows_are_named_by_their_index_among_all_rows() {
    let folder = &folder();
    dense_model(folder, "f64", 10);
    write(folder, "wide.npy", &rows(10, 4));
    on(folder, "wide.npy", &[], &["wide.npy: 4 features per row, expected 3"]);
    let mut x = rows(6000, 3);
    x[[5000, 2]] = f64::NAN;
    write(folder, "nan.npy", &x);
    on(folder, "nan.npy", &[], &["nan.npy: row 5000, column 2 is NaN; every value must be finite"]);
    // In a later block.
    let mut x = rows(400_000, 3);
    x[[333_333, 1]] = f64::INFINITY;
    write(folder, "late.npy", &x);
    on(folder, "late.npy", &[], &["late.npy: row 333333, column 1 is inf"]);
    // Outside the domain of a logit, [0, 1], in a later block.
    let unit = rows(400, 2).mapv(|x: f64| 0.5 + 0.1 * x);
    write(folder, "unit.npy", &unit);
    let loaded = pdmap_core::Flow::<f64>::new(
        2,
        vec![Box::new(pdmap_layers::elementwise::logit(1e-6).unwrap())],
        Box::new(pdmap_core::flow::base::Normal),
    );
    let logit = pdmap_train::Model::new(loaded.unwrap(), "pixels".into(), 1);
    logit.save(&folder.join("logit.st")).unwrap();
    succeed(folder, &["score", "logit.st", "--data", "unit.npy", "--out", "ok.npy"]);
    let mut x = Array2::from_elem((400_000, 2), 0.5);
    let far = [0, 1, 333_333, 399_999];
    far.iter().for_each(|&row| x[[row, 1]] = 1.5);
    write(folder, "domain.npy", &x);
    let args = ["encode", "logit.st", "--data", "domain.npy", "--out", "y.npy"];
    refuse_cleanly(folder, &args, &["domain.npy", "row 0, column 1 is 1.5"]);
    // A score is the log of the density 0.
    let args = ["score", "logit.st", "--data", "domain.npy", "--out", "y.npy", "--attribution", "a.npy"];
    let said = succeed(folder, &[&args[..], &["--quantiles", "0,0.5"]].concat());
    assert!(said.contains("4 of 400000 rows lie outside the model's domain"), "{said}");
    assert!(said.contains("399996 rows: ") && said.contains("quantile 0: -inf nats"), "{said}");
    let scores = read_vector(folder, "y.npy");
    assert!(scores.iter().enumerate().all(|(row, score)| far.contains(&row) == (*score == f64::NEG_INFINITY)));
    assert!(read(folder, "a.npy").rows().into_iter().enumerate().all(|(row, g)| far.contains(&row) == g[0].is_nan()));
    // Each of the other rows scores as without it.
    far.iter().for_each(|&row| x[[row, 1]] = 0.5);
    write(folder, "inside.npy", &x);
    succeed(folder, &["score", "logit.st", "--data", "inside.npy", "--out", "z.npy"]);
    let inside = read_vector(folder, "z.npy");
    assert!(scores.iter().zip(&inside).all(|(a, b)| a == b || *a == f64::NEG_INFINITY));
    write(folder, "outside.npy", &Array2::from_elem((30, 2), -1.0));
    let args = ["score", "logit.st", "--data", "outside.npy", "--out", "none.npy"];
    refuse_cleanly(folder, &args, &["outside.npy: all 30 rows lie outside the model's domain"]);
}

#[test]
fn bad_text_is_named_by_line_and_column() {
    let folder = &folder();
    dense_model(folder, "f64", 10);
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let mut lines = vec!["1,2,3"; 300_000];
    lines[250_000] = "1,,3";
    put("hole.csv", format!("a,b,c\n{}\n", lines.join("\n")));
    on(folder, "hole.csv", &[], &["hole.csv: line 250002 (row 250000), column 1 (\"b\"): missing value"]);
    put("word.csv", "a,b,c\n1,2,3\n4,5,six\n".into());
    on(folder, "word.csv", &[], &["word.csv: line 3 (row 1), column 2 (\"c\"): \"six\" is not a number"]);
    put("ragged.csv", "a,b,c\n1,2,3\n4,5\n".into());
    on(folder, "ragged.csv", &[], &["ragged.csv: line 3 (row 1): 2 cell(s), expected 3"]);
    put("good.csv", "a,b,c,d\n1,2,3,4\n".into());
    on(folder, "good.csv", &[], &["good.csv: 4 features per row, expected 3"]);
    on(folder, "good.csv", &["--columns", "a,b,cc"], &["no column \"cc\", nearest is \"c\""]);
    on(folder, "good.csv", &["--delimiter", "ab"], &["--delimiter \"ab\""]);
    on(folder, "good.csv", &["--delimiter", "\""], &["good.csv", "0x22"]);
    on(folder, "good.csv", &["--header", "no", "--columns", "0,1,2"], &["good.csv: line 1 (row 0), column 0: \"a\""]);
    on(folder, "train.npy", &["--columns", "0,1,2"], &["train.npy", "CSV, Parquet and Arrow only"]);
    on(folder, "absent.csv", &[], &["absent.csv: no such file"]);
    on(folder, ".", &[], &["a folder"]);
    on(folder, "m.st", &[], &["m.st"]);
}

#[test]
fn unwritable_outputs() {
    let folder = &folder();
    dense_model(folder, "f64", 10);
    std::fs::create_dir(folder.join("folder.npy")).unwrap();
    for (out, says) in [
        ("absent/y.npy", &["absent/y.npy"][..]),
        ("folder.npy", &["folder.npy"]),
        ("y.txt", &["y.txt", "--format"]),
        ("y", &["y: the format follows from .npy and .csv"]),
    ] {
        for command in ["score", "encode", "decode"] {
            refuse_cleanly(folder, &[command, "m.st", "--data", "train.npy", "--out", out], says);
        }
        refuse_cleanly(folder, &["sample", "m.st", "--count", "3", "--out", out], says);
        for flag in ["--attribution", "--flags"] {
            let args = ["score", "m.st", "--data", "train.npy", "--threshold", "0", "--out", "ll.npy", flag, out];
            refuse_cleanly(folder, &args, says);
        }
    }
    let both = ["score", "m.st", "--data", "train.npy", "--out", "-", "--attribution", "-"];
    refuse_cleanly(folder, &both, &["--out and --attribution both write to -"]);
    let same = ["score", "m.st", "--data", "train.npy", "--out", "a.npy", "--attribution", "a.npy"];
    refuse_cleanly(folder, &same, &["both write to a.npy"]);
    let idle = ["encode", "m.st", "--data", "train.npy", "--out", "a.npy", "--format", "csv"];
    refuse_cleanly(folder, &idle, &["--format csv has no effect"]);
    if Path::new("/dev/full").exists() {
        let full = ["encode", "m.st", "--data", "train.npy", "--out", "/dev/full", "--format", "npy"];
        refuse_cleanly(folder, &full, &["/dev/full"]);
    }
}

#[test]
fn bad_thresholds() {
    let folder = &folder();
    dense_model(folder, "f64", 10);
    succeed(folder, &["score", "m.st", "--data", "train.npy", "--out", "ll.npy"]);
    let score = |extra: &[&str], says: &[&str]| {
        refuse_cleanly(folder, &[&["score", "m.st", "--data", "train.npy"][..], extra].concat(), says);
    };
    for q in ["1.5", "-0.1", "NaN"] {
        score(&["--quantiles", &format!("0.5,{q}")], &["--quantiles", q, "between 0 and 1"]);
        score(&["--reference", "ll.npy", "--quantile", q, "--flags", "f.npy"], &["--quantile", q, "between 0 and 1"]);
    }
    score(&["--threshold", "NaN"], &["--threshold NaN", "finite"]);
    score(&["--threshold=-inf"], &["--threshold -inf", "finite"]);
    score(&["--flags", "f.npy"], &["--flags needs a threshold"]);
    score(&["--reference", "ll.npy"], &["--reference needs --quantile"]);
    score(&["--quantile", "0.1"], &["--quantile needs --reference"]);
    score(&["--threshold", "1", "--quantile", "0.1", "--reference", "ll.npy"], &["--threshold cannot be used with"]);
    let reference = |name: &str, says: &[&str]| score(&["--reference", name, "--quantile", "0.1"], says);
    reference("absent.npy", &["absent.npy: no such file"]);
    reference("train.npy", &["train.npy: 3 features, expected 1"]);
    let numbers = |name: &str, numbers: Vec<f64>| {
        pdmap_data::write_npy(&folder.join(name), &ndarray::Array1::from(numbers)).unwrap();
    };
    numbers("nan.npy", vec![0.0, 1.0, f64::NAN]);
    reference("nan.npy", &["nan.npy: row 2, column 0 is NaN"]);
    numbers("none.npy", vec![]);
    reference("none.npy", &["none.npy: 0 row(s)"]);
    let bytes = std::fs::read(folder.join("ll.npy")).unwrap();
    std::fs::write(folder.join("short.npy"), &bytes[..bytes.len() - 9]).unwrap();
    reference("short.npy", &["short.npy: truncated", "3200", "3191"]);
    std::fs::write(folder.join("long.npy"), [&bytes[..], &[0; 3]].concat()).unwrap();
    reference("long.npy", &["long.npy", "3200"]);
}

#[test]
fn bad_samples_and_inspections() {
    let folder = &folder();
    dense_model(folder, "f64", 10);
    for temperature in ["-0.5", "NaN", "inf"] {
        let args = ["sample", "m.st", "--count", "3", "--temperature", temperature, "--out", "s.npy"];
        refuse_cleanly(folder, &args, &["temperature", temperature, "finite and at least 0"]);
    }
    // A finite temperature with samples that are not finite.
    let args = ["sample", "m.st", "--count", "3", "--temperature", "1e308", "--out", "s.npy"];
    refuse_cleanly(folder, &args, &["m.st at temperature 1e308", "row "]);
    let many = "18446744073709551615";
    refuse_cleanly(folder, &["sample", "m.st", "--count", many, "--out", "s.npy"], &[many, "3 features"]);
    refuse_cleanly(folder, &["inspect", "m.st", "--rows", "5"], &["--rows 5 needs --data"]);
    refuse_cleanly(folder, &["inspect", "m.st", "--data", "train.npy", "--rows", "0"], &["--rows 0"]);
    assert_eq!(pdmap(folder, &["sample", "m.st", "--count", "-3", "--out", "s.npy"]).status.code(), Some(2));
}

/// Fill values of other programs, whose density underflows or nearly does, end no file.
#[test]
fn rows_far_beyond_all_others_are_scored() {
    let folder = &folder();
    dense_model(folder, "f32", 30);
    let x = rows(300, 3);
    write(folder, "x.npy", &x);
    succeed(folder, &["train", "--data", "x.npy", "--steps", "40", "--out", "auto.st"]);
    let mut filled = x.clone();
    filled[[7, 1]] = 9.969_21e36;
    filled[[250, 0]] = -1e30;
    write(folder, "filled.npy", &filled);
    for model in ["m.st", "auto.st"] {
        succeed(folder, &["score", model, "--data", "x.npy", "--out", "ll.npy"]);
        let args = ["score", model, "--data", "filled.npy", "--out", "filled-ll.npy", "--json"];
        let printed: serde_json::Value = serde_json::from_str(&succeed(folder, &args)).unwrap();
        let (all, expected) = (read_vector(folder, "filled-ll.npy"), read_vector(folder, "ll.npy"));
        let far = [all[7], all[250]];
        let none = far.iter().filter(|score| **score == f64::NEG_INFINITY).count();
        assert_eq!(printed["outside_domain"], none, "{model}: {far:?}");
        assert!(far.iter().all(|score| *score < -1e3), "{model}: {far:?}");
        for (row, (score, expected)) in all.iter().zip(&expected).enumerate() {
            assert!([7, 250].contains(&row) || score.to_bits() == expected.to_bits(), "{model} {row}");
        }
    }
}
