//! `pdmap ica` and `pdmap ica apply`.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{folder, pdmap, refuse, succeed};
use serde_json::Value;

/// Sources of the row: uniform, cubed, and two values with noise.
fn sources(row: usize) -> [f64; 3] {
    let noise = |k: usize| ((row * row * (7 + k) + 13 * row + 31 * k * row) % 997) as f64 / 498.0 - 1.0;
    [noise(1), 3.0 * noise(2).powi(3), if noise(3) > 0.0 { 1.0 } else { -1.0 } + 0.2 * noise(4)]
}

/// Rows of mixed sources with names, and a column that is the sum of two others and one that is constant.
fn table(folder: &Path, name: &str, rows: std::ops::Range<usize>, columns: &[usize]) {
    let names = ["left", "right", "front", "sum", "flat"];
    let mut text = "time".to_owned();
    columns.iter().for_each(|&column| write!(text, ",{}", names[column]).unwrap());
    for row in rows {
        let [a, b, c] = sources(row);
        let (left, right) = (10.0 * a + b, a - 2.0 * b + c);
        let cells = [left, right, 5.0 + c - a, left + right, 7.0];
        write!(text, "\nt{row}").unwrap();
        columns.iter().for_each(|&column| write!(text, ",{}", cells[column]).unwrap());
    }
    std::fs::write(folder.join(name), text + "\n").unwrap();
}

fn cells(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn numbers(row: &[String]) -> Vec<f64> {
    row[1..].iter().map(|cell| cell.parse().unwrap()).collect()
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn sources_are_found_applied_and_taken_out() {
    let folder = &folder();
    table(folder, "t.csv", 0..2000, &[0, 1, 2]);
    let fit = ["ica", "--data", "t.csv", "--id", "time", "--out", "ica", "--sources", "y.csv"];
    for form in ["unconstrained", "orthonormal"] {
        let printed = succeed(folder, &[&fit[..], &["--form", form]].concat());
        assert!(printed.contains("rank 3; 3 sources of 100.0000% of the variance"), "{printed}");
        assert!(printed.contains("converged"), "{printed}");
        let y = cells(folder, "y.csv");
        assert_eq!((y[0].join(","), y.len(), y[1][0].as_str()), ("time,s0,s1,s2".to_owned(), 2001, "t0"));
        // Each source is one of those that were mixed, up to its sign and variance.
        let columns: Vec<Vec<f64>> = (0..3).map(|k| y[1..].iter().map(|row| numbers(row)[k]).collect()).collect();
        for own in 0..3 {
            let truth: Vec<f64> = (0..2000).map(|row| sources(row)[own]).collect();
            let best = columns.iter().map(|column| correlation(column, &truth).abs()).fold(0.0, f64::max);
            assert!(best > 0.999, "{form} {own}: {best}");
        }
        let (unmixing, mixing) = (cells(folder, "ica/unmixing.csv"), cells(folder, "ica/mixing.csv"));
        assert_eq!(unmixing[0].join(","), "source,left,right,front");
        assert_eq!((mixing[0].join(","), mixing[1][0].as_str()), ("column,s0,s1,s2".to_owned(), "left"));
        let mean = numbers(&cells(folder, "ica/mean.csv")[1]);
        for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
            let column: Vec<f64> = mixing[1..].iter().map(|row| numbers(row)[j]).collect();
            let product: f64 = numbers(&unmixing[1 + i]).iter().zip(column).map(|(u, a)| u * a).sum();
            assert!((product - if i == j { 1.0 } else { 0.0 }).abs() < 1e-9);
        }
        // Columns in another order are found by name.
        table(folder, "other.csv", 100..110, &[2, 0, 1]);
        let apply = ["ica", "apply", "ica", "--data", "other.csv", "--id", "time"];
        succeed(folder, &[&apply[..], &["--out", "applied.csv"]].concat());
        let applied = cells(folder, "applied.csv");
        assert_eq!(applied[0].join(","), "time,s0,s1,s2");
        for (applied, y) in applied[1..].iter().zip(&y[101..]) {
            assert_eq!(applied[0], y[0]);
            assert!(numbers(applied).iter().zip(numbers(y)).all(|(a, b)| (a - b).abs() < 1e-9));
        }
        succeed(folder, &[&apply[..], &["--without", "s0,2", "--out", "cleaned.csv"]].concat());
        let cleaned = cells(folder, "cleaned.csv");
        assert_eq!(cleaned[0].join(","), "time,left,right,front");
        let kept: Vec<f64> = mixing[1..].iter().map(|row| numbers(row)[1]).collect();
        for (cleaned, applied) in cleaned[1..].iter().zip(&applied[1..]) {
            let part = numbers(applied)[1];
            let expected = kept.iter().zip(&mean).map(|(a, mean)| mean + a * part);
            assert!(numbers(cleaned).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9));
        }
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(&a, &b)| f(a - ma, b - mb)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

#[test]
fn rows_of_lower_rank_are_reduced_and_said_to_be() {
    let folder = &folder();
    table(folder, "t.csv", 0..2000, &[0, 1, 2, 3, 4]);
    let fit = ["ica", "--data", "t.csv", "--id", "time", "--out", "ica"];
    let printed = succeed(folder, &fit);
    assert!(printed.contains("5 columns, rank 3; 3 sources"), "{printed}");
    assert!(printed.contains("the rows lie in 3 dimensions"), "{printed}");
    let line = refuse(folder, &[&fit[..], &["--components", "4"]].concat());
    assert!(line.contains("t.csv") && line.contains("4 asked for") && line.contains("rank 3"), "{line}");
    let fewer: Value =
        serde_json::from_str(&succeed(folder, &[&fit[..], &["--components", "2", "--json"]].concat())).unwrap();
    let explained = fewer["explained"].as_f64().unwrap();
    assert!(fewer["sources"].as_array().unwrap().len() == 2 && explained < 0.999 && explained > 0.9, "{fewer}");
    // What no source explains stays.
    succeed(folder, &["ica", "apply", "ica", "--data", "t.csv", "--id", "time", "--without", "s1", "--out", "c.csv"]);
    let cleaned = cells(folder, "c.csv");
    assert!(cleaned[1..].iter().all(|row| (numbers(row)[4] - 7.0).abs() < 1e-9));
    table(folder, "flat.csv", 0..50, &[4]);
    let line = refuse(folder, &["ica", "--data", "flat.csv", "--id", "time", "--out", "none"]);
    assert!(line.contains("rank 0") && !folder.join("none").exists(), "{line}");
}

#[test]
fn what_cannot_be_told_apart_is_said_and_stability_is_measured() {
    let folder = &folder();
    // Sums of many uniform numbers, by SplitMix64 (Steele, Lea & Flood 2014), are nearly normal.
    let mut state = 5_u64;
    let mut uniform = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut text = "a,b,c".to_owned();
    for row in 0..3000 {
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>();
        write!(text, "\n{},{},{}", normal(), normal(), 9.0 * sources(row)[2]).unwrap();
    }
    std::fs::write(folder.join("n.csv"), text + "\n").unwrap();
    let output = pdmap(folder, &["ica", "--data", "n.csv", "--out", "ica", "--resamples", "8"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("are not told from normal sources"), "{stderr}");
    let stored = json(folder, "ica/ica.json");
    assert_eq!(stored["unidentified"].as_array().unwrap().len(), 2, "{stored}");
    let stability: Vec<f64> =
        stored["sources"].as_array().unwrap().iter().map(|source| source["stability"].as_f64().unwrap()).collect();
    assert!(stability[0] > 0.95, "{stability:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("stability"));
    // A density for heavy tails does not separate light ones.
    table(folder, "t.csv", 0..2000, &[0, 1, 2]);
    let fixed = ["ica", "--data", "t.csv", "--id", "time", "--out", "ica", "--density", "log-cosh"];
    let stderr = String::from_utf8_lossy(&pdmap(folder, &fixed).stderr).into_owned();
    assert!(stderr.contains("--density adaptive"), "{stderr}");
    let short = ["ica", "--data", "t.csv", "--id", "time", "--out", "ica", "--iterations", "1"];
    let stderr = String::from_utf8_lossy(&pdmap(folder, &short).stderr).into_owned();
    assert!(stderr.contains("--iterations allows more"), "{stderr}");
}

#[test]
fn a_file_larger_than_memory_is_read_in_passes() {
    let folder = &folder();
    table(folder, "t.csv", 0..3000, &[0, 1, 2, 3]);
    let fit = ["ica", "--data", "t.csv", "--id", "time", "--resamples", "2"];
    succeed(folder, &[&fit[..], &["--out", "memory", "--sources", "y.csv"]].concat());
    let small = ["--memory", "40kB"];
    let printed = succeed(folder, &[&fit[..], &small, &["--out", "passes", "--sources", "z.csv"]].concat());
    assert!(printed.contains("read in passes"), "{printed}");
    let (y, z) = (cells(folder, "y.csv"), cells(folder, "z.csv"));
    assert_eq!((y.len(), &y[0], &y[1][0]), (z.len(), &z[0], &z[1][0]));
    for (y, z) in y[1..].iter().zip(&z[1..]) {
        assert!(numbers(y).iter().zip(numbers(z)).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    // Standard input can be read only once.
    let piped = |more: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("pdmap").unwrap();
        let args = ["ica", "--data", "-", "--id", "time", "--out", "piped"];
        command.current_dir(&**folder).args(args).args(more).write_stdin(std::fs::read(folder.join("t.csv")).unwrap());
        command.output().unwrap()
    };
    assert!(piped(&[]).status.success());
    let output = piped(&small);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && stderr.contains("--memory"), "{stderr}");
}

#[test]
fn hostile_files_of_results_are_refused() {
    let folder = &folder();
    table(folder, "t.csv", 0..2000, &[0, 1, 2]);
    succeed(folder, &["ica", "--data", "t.csv", "--id", "time", "--out", "ica"]);
    let good = std::fs::read_to_string(folder.join("ica/ica.json")).unwrap();
    let apply = ["ica", "apply", "ica", "--data", "t.csv", "--id", "time", "--out", "y.csv"];
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&good).unwrap();
        change(&mut value);
        std::fs::write(folder.join("ica/ica.json"), value.to_string()).unwrap();
        let line = refuse(folder, &apply);
        assert!(line.contains("ica.json"), "{line}");
        line
    };
    assert!(changed(&|value| value["format"] = 2.into()).contains("format 2"));
    assert!(changed(&|value| value["mixing"][0][1] = 1e9.into()).contains("U A - I"));
    assert!(changed(&|value| value["unmixing"][1] = serde_json::json!([1.0])).contains("1 numbers, expected 3"));
    changed(&|value| value["mean"] = serde_json::json!([1.0]));
    changed(&|value| value["columns"] = serde_json::json!(["a"]));
    changed(&|value| value["unmixing"] = serde_json::json!([]));
    changed(&|value| value["mean"] = "x".into());
    std::fs::write(folder.join("ica/ica.json"), &good[..good.len() / 2]).unwrap();
    assert!(refuse(folder, &apply).contains("ica.json"));
    // Cells that are missing or not finite are named.
    std::fs::write(folder.join("ica/ica.json"), &good).unwrap();
    std::fs::write(folder.join("gap.csv"), "left,right,front\n1,2,3\n1,,3\n").unwrap();
    for args in [
        &["ica", "--data", "gap.csv", "--out", "x"][..],
        &["ica", "apply", "ica", "--data", "gap.csv", "--out", "y.csv"],
    ] {
        let line = refuse(folder, args);
        assert!(line.contains("gap.csv") && line.contains("missing"), "{line}");
    }
}

#[test]
fn uniform_and_heavy_tailed_sources_separate_by_default() {
    use ndarray::Array2;
    use pdmap_core::linalg::Lu;

    let folder = &folder();
    let read = |name: &str| pdmap_data::read_npy::<f64>(Path::new(&common::fixture("ica", name))).unwrap();
    let (sources, rows) = (read("sources-6.npy"), read("sources-6-mixed.npy"));
    // x = A s, exactly: Aᵀ = (SᵀS)⁻¹ SᵀX.
    let mut mixing: Array2<f64> = sources.t().dot(&rows);
    Lu::<f64>::new(sources.t().dot(&sources).view()).unwrap().solve_left(mixing.view_mut()).unwrap();
    for form in ["unconstrained", "orthonormal"] {
        let data = common::fixture("ica", "sources-6-mixed.npy");
        succeed(folder, &["ica", "--data", &data, "--form", form, "--out", "ica"]);
        let unmixing = pdmap_data::read_npy::<f64>(&folder.join("ica/unmixing.npy")).unwrap();
        let amari = pdmap_compare::ica::amari_index(unmixing.dot(&mixing.t()).view());
        assert!(amari < 0.02, "{form}: {amari}");
    }
}
