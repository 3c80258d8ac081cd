//! Discrete columns: noise while training and scoring, grids in samples.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{folder, pdmap, read, read_vector, refuse, succeed, write};
use ndarray::Array2;

/// Writes `t.csv`: a real column, one rounded to 0.5 and an integer that depends on it.
fn table(folder: &Path) {
    let mut text = "level,half,count\n".to_owned();
    for row in 0..400 {
        let noise = ((row * row * 7 + 13 * row) % 997) as f64 / 997.0;
        let half = (row * 37 % 9) as f64 / 2.0;
        writeln!(text, "{},{half},{}", (row as f64 * 0.7).sin() + noise, 3 + (half * 2.0) as i32 + row % 2).unwrap();
    }
    std::fs::write(folder.join("t.csv"), text).unwrap();
}

const FEW: [&str; 10] =
    ["train", "--data", "t.csv", "--model", "mixture-spline", "--steps", "30", "--batch", "50", "--out"];

fn stderr(folder: &Path, args: &[&str]) -> String {
    let output = pdmap(folder, args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn discrete_columns_are_dequantized_kept_or_refused() {
    let folder = &folder();
    table(folder);
    let said = stderr(folder, &[&FEW[..], &["m.st"]].concat());
    assert!(said.contains("preprocessing: uniform noise of one step on half (0.5), count (1), standardize"), "{said}");
    assert!(!said.contains("warning: column"), "{said}");
    let header = succeed(folder, &["inspect", "m.st", "--json"]);
    let header: serde_json::Value = serde_json::from_str(&header).unwrap();
    let columns = &header["header"]["columns"]["discrete"];
    assert_eq!(columns[0], serde_json::json!({ "feature": 1, "step": 0.5, "origin": 0.0 }));
    assert_eq!(columns[1]["origin"], 3.0);
    assert!(header["header"]["space"].as_str().unwrap().contains("2 of them with uniform noise of one step"));

    let kept = stderr(folder, &[&FEW[..], &["k.st", "--discrete", "keep"]].concat());
    assert!(kept.contains("warning: columns half, count hold few distinct values"), "{kept}");
    let line = refuse(folder, &[&FEW[..], &["e.st", "--discrete", "error"]].concat());
    assert!(line.contains("t.csv: discrete columns: half, count") && line.contains("--discrete keep"), "{line}");
    let line = refuse(folder, &["train", "--data", "synthetic:moons", "--discrete", "keep", "--out", "e.st"]);
    assert!(line.contains("--discrete keep cannot be used"), "{line}");
    let numbers = succeed(folder, &["score", "k.st", "--data", "t.csv", "--out", "ll.npy"]);
    assert!(!numbers.contains("draws"), "{numbers}");
}

#[test]
fn rows_that_stay_in_a_file_are_dequantized_too() {
    let folder = &folder();
    let x = Array2::from_shape_fn((600, 2), |(i, j)| if j == 0 { (i % 7) as f64 } else { (i as f64 * 0.37).sin() });
    write(folder, "x.npy", &x);
    let args = ["train", "--data", "x.npy", "--memory", "4kB", "--steps", "30", "--batch", "20", "--out", "m.st"];
    let said = stderr(folder, &args);
    assert!(said.contains("uniform noise of one step on x0 (1)"), "{said}");
    // Without the noise, a flow would not know the cells.
    assert!(succeed(folder, &["score", "m.st", "--data", "x.npy"]).contains("8 draws of the noise"));
}

#[test]
fn splits_of_a_table_are_its_rows() {
    let folder = &folder();
    let cell = |row: usize| (1.7e9 + (row * row % 977) as f64, row % 5, (row as f64 * 0.37).sin());
    let mut text = "time,count,level\n".to_owned();
    for (time, count, level) in (0..300).map(cell) {
        writeln!(text, "{time},{count},{level}").unwrap();
    }
    std::fs::write(folder.join("t.csv"), text).unwrap();
    succeed(folder, &["data", "splits", "--data", "t.csv", "--out", "parts"]);
    let mut rows = Vec::new();
    for part in ["train", "validation", "test"] {
        let part = read(folder, &format!("parts/{part}.npy"));
        rows.extend(part.rows().into_iter().map(|row| (row[0], row[1] as usize, row[2])));
    }
    let mut expected: Vec<_> = (0..300).map(cell).collect();
    for list in [&mut rows, &mut expected] {
        list.sort_by(|a, b| a.partial_cmp(b).unwrap());
    }
    assert_eq!(rows, expected);
}

#[test]
fn samples_and_decoded_rows_lie_on_the_grid() {
    let folder = &folder();
    table(folder);
    succeed(folder, &[&FEW[..], &["m.st"]].concat());
    succeed(folder, &["sample", "m.st", "--count", "100", "--out", "x.npy"]);
    let samples = read(folder, "x.npy");
    assert!(samples.column(1).iter().all(|value| (value * 2.0).fract() == 0.0));
    assert!(samples.column(2).iter().all(|value| value.fract() == 0.0));
    assert!(samples.column(0).iter().any(|value| (value * 2.0).fract() != 0.0));
    // The code of a noisy row decodes to the row.
    succeed(folder, &["encode", "m.st", "--data", "t.csv", "--out", "z.npy"]);
    succeed(folder, &["decode", "m.st", "--data", "z.npy", "--out", "back.csv"]);
    let cells = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.to_owned()).collect()
    };
    let numbers = |cells: Vec<String>| -> Vec<f64> {
        cells.iter().flat_map(|line| line.split(',').map(|cell| cell.parse::<f64>().unwrap())).collect()
    };
    assert_eq!(numbers(cells("t.csv")), numbers(cells("back.csv")));
}

#[test]
fn scores_are_taken_over_seeded_draws() {
    let folder = &folder();
    table(folder);
    succeed(folder, &[&FEW[..], &["m.st"]].concat());
    let score = |rest: &[&str], out: &str| {
        let said = succeed(folder, &[&["score", "m.st", "--data", "t.csv", "--out", out][..], rest].concat());
        (said, read_vector(folder, out))
    };
    let (said, mean) = score(&[], "a.npy");
    // −Σ log step = log 2.
    assert!(said.contains("mean of log p over 8 draws of the noise, a lower bound on log P(cell) + 0.6931"), "{said}");
    assert_eq!(score(&[], "b.npy").1, mean);
    assert_ne!(score(&["--seed", "1"], "c.npy").1, mean);
    // Single draws average to the mean of several; by Jensen's inequality it is below log mean exp.
    let (_, exp) = score(&["--log-mean-exp"], "d.npy");
    assert!(mean.iter().zip(&exp).all(|(mean, exp)| mean < exp));
    let (_, many) = score(&["--log-mean-exp", "--draws", "200"], "e.npy");
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(average(&many) > average(&exp) && average(&many) - average(&exp) < 1.0);
    // The attribution is that of the same draws.
    let (_, one) = score(&["--draws", "1", "--attribution", "g.npy"], "f.npy");
    assert_ne!(one, mean);
    assert_eq!(read(folder, "g.npy").dim(), (400, 3));
    // It is the gradient of the score, in either form: differences in the real column.
    succeed(folder, &[&FEW[..], &["m.st", "--dtype", "f64"]].concat());
    let text = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    let step = 1e-5;
    for (name, by) in [("up.csv", step), ("down.csv", -step)] {
        let moved = |line: &str| match line.split_once(',') {
            Some((level, rest)) if level != "level" => format!("{},{rest}\n", level.parse::<f64>().unwrap() + by),
            _ => format!("{line}\n"),
        };
        std::fs::write(folder.join(name), text.lines().map(moved).collect::<String>()).unwrap();
    }
    for form in [&[][..], &["--log-mean-exp"]] {
        let score = |data: &str| {
            let args = ["score", "m.st", "--data", data, "--out", "s.npy", "--attribution", "g.npy"];
            succeed(folder, &[&args[..], form].concat());
            (read_vector(folder, "s.npy"), read(folder, "g.npy").column(0).to_vec())
        };
        let (up, down, (_, slopes)) = (score("up.csv").0, score("down.csv").0, score("t.csv"));
        for ((up, down), slope) in up.iter().zip(&down).zip(slopes) {
            let difference = (up - down) / (2.0 * step);
            assert!((difference - slope).abs() < 1e-4 * slope.abs().max(1.0), "{form:?}: {difference} {slope}");
        }
    }
    let line = pdmap(folder, &["score", "m.st", "--data", "t.csv", "--draws", "0"]);
    assert_eq!(line.status.code(), Some(2));
}

/// A run of a comparison draws the noise as `train` does, anew in each epoch: both end in the same bits.
#[test]
fn comparisons_draw_the_noise_anew_in_each_epoch() {
    let folder = &folder();
    table(folder);
    let flags = ["--data", "t.csv", "--val", "t.csv", "--test", "t.csv", "--dtype", "f64"];
    let training = ["--steps", "40", "--batch", "50", "--rate", "1e-2", "--quiet", "--json", "--clip", "none"];
    let training = [&training[..], &["--evaluations", "4"]].concat();
    let train = ["train", "--model", "dense-relative", "--seed", "1", "--out", "m.st"];
    let trained = succeed(folder, &[&train[..], &flags, &training].concat());
    let trained: serde_json::Value = serde_json::from_str(&trained).unwrap();
    let compare = ["compare", "--arms", "dense-relative", "--seeds", "1", "--out", "c"];
    let compared = succeed(folder, &[&compare[..], &flags, &training].concat());
    let compared: serde_json::Value = serde_json::from_str(&compared).unwrap();
    let best = &compared["runs"][0]["trained"]["best"]["validation"];
    assert!(best.is_f64() && *best == trained["trained"]["best"]["validation"], "{best} {trained}");
}
