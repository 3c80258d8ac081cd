//! Tables whose columns depend on each other, as coordinates in the subspace of their rows.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{folder, read, read_vector, refuse, succeed};

/// Writes a table of two free columns, one of large units that depends on both, and a constant; row
/// `broken` leaves the plane.
fn table(folder: &Path, name: &str, header: &str, broken: Option<usize>) {
    let mut text = format!("{header}\n");
    for row in 0..300 {
        let noise = ((row * row * 7 + 13 * row) % 997) as f64 / 997.0;
        let (a, b) = ((row as f64 * 0.7).sin() + noise, (row as f64 * 0.61).cos() - 0.5 * noise);
        let off = if broken == Some(row) { 1e3 } else { 0.0 };
        writeln!(text, "{a},{},{b},0.1", 1e6 + 1e4 * (a - 2.0 * b) + off).unwrap();
    }
    std::fs::write(folder.join(name), text).unwrap();
}

const TRAIN: [&str; 11] =
    ["train", "--data", "t.csv", "--model", "mixture-spline", "--steps", "40", "--batch", "50", "--out", "m.st"];

#[test]
fn dependent_columns_are_coordinates_in_their_subspace() {
    let folder = &folder();
    let names = "a,total,b,five";
    table(folder, "t.csv", names, None);
    let line = refuse(folder, &TRAIN);
    assert!(line.contains("--drop-degenerate") && line.contains("--reduce-rank"), "{line}");
    succeed(folder, &[&TRAIN[..], &["--reduce-rank"]].concat());
    let header: serde_json::Value = serde_json::from_str(&succeed(folder, &["inspect", "m.st", "--json"])).unwrap();
    let header = &header["header"];
    assert_eq!(header["features"], 2);
    // The constant has no part in them.
    assert!(header["columns"]["subspace"]["axes"][1][3].as_f64().unwrap().abs() < 1e-12);
    assert!(
        header["space"].as_str().unwrap().starts_with("2 coordinates in the subspace of the given rows (4 columns)")
    );

    // Rows and coordinates, back and forth, whatever the order of the columns.
    succeed(folder, &["score", "m.st", "--data", "t.csv", "--out", "ll.npy", "--attribution", "slopes.csv"]);
    let expected = read_vector(folder, "ll.npy");
    assert!(expected.iter().all(|score| score.is_finite()));
    let slopes = std::fs::read_to_string(folder.join("slopes.csv")).unwrap();
    assert_eq!((slopes.lines().next(), slopes.lines().count()), (Some("u0,u1"), 301));
    succeed(folder, &["encode", "m.st", "--data", "t.csv", "--out", "z.npy"]);
    assert_eq!(read(folder, "z.npy").dim(), (300, 2));
    succeed(folder, &["decode", "m.st", "--data", "z.npy", "--out", "back.csv"]);
    let (back, rows) = (cells(folder, "back.csv"), cells(folder, "t.csv"));
    assert!(std::fs::read_to_string(folder.join("back.csv")).unwrap().starts_with(names));
    for (back, row) in back.iter().zip(&rows) {
        let near = |column: usize, unit: f64| (back[column] - row[column]).abs() < 1e-4 * unit;
        assert!(near(0, 1.0) && near(1, 1e4) && near(2, 1.0) && near(3, 1.0), "{back:?} {row:?}");
    }
    succeed(folder, &["sample", "m.st", "--count", "50", "--out", "new.csv"]);
    for row in cells(folder, "new.csv") {
        let total = 1e6 + 1e4 * (row[0] - 2.0 * row[2]);
        assert!((row[1] - total).abs() < 1e-3 && (row[3] - 0.1).abs() < 1e-9, "{row:?}");
    }
    succeed(folder, &["score", "m.st", "--data", "new.csv", "--out", "new.npy"]);
    assert!(read_vector(folder, "new.npy").iter().all(|score| score.is_finite()));

    // A row off the subspace has the density 0 and no code.
    table(folder, "off.csv", names, Some(7));
    let printed = succeed(folder, &["score", "m.st", "--data", "off.csv", "--out", "off.npy", "--json"]);
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["outside_domain"], 1);
    let scores = read_vector(folder, "off.npy");
    assert!(scores.iter().zip(&expected).enumerate().all(|(row, (score, expected))| {
        if row == 7 { *score == f64::NEG_INFINITY } else { score.to_bits() == expected.to_bits() }
    }));
    let line = refuse(folder, &["encode", "m.st", "--data", "off.csv", "--out", "n.npy"]);
    assert!(line.contains("off.csv: row 7 is off the subspace of the training rows"), "{line}");
    let line = refuse(folder, &["train", "--data", "t.csv", "--val", "off.csv", "--reduce-rank", "--out", "n.st"]);
    assert!(line.contains("off.csv: row 7"), "{line}");
}

#[test]
fn a_rank_that_cannot_be_reduced_is_refused_with_the_reason() {
    let folder = &folder();
    let mut text = "a,b,twice\n".to_owned();
    (0..200).for_each(|row| writeln!(text, "{},{},{}", row % 7, f64::from(row).sin(), 2 * (row % 7)).unwrap());
    std::fs::write(folder.join("t.csv"), text).unwrap();
    let reduce = [&TRAIN[..], &["--reduce-rank"]].concat();
    let line = refuse(folder, &reduce);
    assert!(line.contains("discrete columns (a, twice)") && line.contains("--discrete keep"), "{line}");
    succeed(folder, &[&reduce[..], &["--discrete", "keep"]].concat());
    let both = common::pdmap(folder, &[&reduce[..], &["--drop-degenerate"]].concat());
    assert!(both.status.code() == Some(2) && String::from_utf8_lossy(&both.stderr).contains("cannot be used with"));
    std::fs::write(folder.join("t.csv"), "a,b\n1,2\n1,2\n1,2\n1,2\n").unwrap();
    assert!(refuse(folder, &reduce).contains("leaves nothing"));
}

fn cells(folder: &Path, name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}
