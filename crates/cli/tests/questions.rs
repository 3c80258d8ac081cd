//! Marginals, conditionals and missing cells from the command line.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{folder, refuse, succeed};
use serde_json::Value;

/// A table of two clusters: `b` follows `a`, and `c` is positive and skewed. Cells are missing where
/// `missing` says so.
fn table(folder: &Path, name: &str, rows: usize, missing: impl Fn(usize, usize) -> bool) {
    let mut text = "person,a,b,c\n".to_owned();
    for row in 0..rows {
        let noise = |k: usize| ((row * row * (7 + k) + 13 * row + 31 * k) % 997) as f64 / 997.0 - 0.5;
        let a = 4.0 * (row % 2) as f64 + noise(1) + noise(2);
        let cells = [a, 2.0 * a + noise(3), (2.0 * noise(4) + noise(5)).exp()];
        write!(text, "p{row}").unwrap();
        for (column, cell) in cells.into_iter().enumerate() {
            match missing(row, column) {
                true if row % 3 == 0 => text.push_str(",NA"),
                true => text.push(','),
                false => write!(text, ",{cell}").unwrap(),
            }
        }
        text.push('\n');
    }
    std::fs::write(folder.join(name), text).unwrap();
}

/// A fifth of the cells, at most two of a row.
fn holes(row: usize, column: usize) -> bool {
    (row * 5 + column * 3) % 7 < 2 && !(row + column).is_multiple_of(3)
}

fn lines(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The scores that were written after the names of the rows.
fn scores(folder: &Path) -> Vec<f64> {
    lines(folder, "s.csv").iter().skip(1).map(|line| number(&line[1])).collect()
}

#[test]
fn marginals_and_conditionals_obey_the_chain_rule() {
    let folder = &folder();
    table(folder, "t.csv", 600, |_, _| false);
    let train = ["train", "--data", "t.csv", "--id", "person", "--dtype", "f64", "--steps", "60"];
    succeed(folder, &[&train[..], &["--model", "mixture-copula", "--out", "m.st"]].concat());
    let score = |flags: &[&str]| {
        let args = [&["score", "m.st", "--data", "t.csv", "--id", "person", "--out", "s.csv"][..], flags].concat();
        std::fs::write(folder.join("printed"), succeed(folder, &args)).unwrap();
        scores(folder)
    };
    let joint = score(&[]);
    let (c, ab) = (score(&["--columns", "c"]), score(&["--columns", "b,a", "--given", "c"]));
    assert!(std::fs::read_to_string(folder.join("printed")).unwrap().contains("b, a given c"));
    for ((joint, c), ab) in joint.iter().zip(&c).zip(&ab) {
        assert!((joint - c - ab).abs() < 1e-8, "{joint} {c} {ab}");
    }
    // All columns but the given ones, where no others are named; and nothing missing.
    assert_eq!(score(&["--given", "c"]).len(), 600);
    let rest = score(&["--given", "c"]);
    assert!(rest.iter().zip(&ab).all(|(rest, ab)| (rest - ab).abs() < 1e-9));
    let whole = score(&["--missing", "marginalize"]);
    assert!(whole.iter().zip(&joint).all(|(whole, joint)| (whole - joint).abs() < 1e-9));

    // A file of some columns, in any order, is completed; what is given stays.
    std::fs::write(folder.join("g.csv"), "c,a\n1.25,4.0\n0.5,0.0\n").unwrap();
    succeed(folder, &["sample", "m.st", "--given", "g.csv", "--count", "50", "--out", "new.csv"]);
    let drawn = lines(folder, "new.csv");
    assert_eq!((drawn[0].join(","), drawn.len()), ("a,b,c".to_owned(), 101));
    for (row, cells) in drawn[1..].iter().enumerate() {
        let (a, c) = if row < 50 { ("4.0", "1.25") } else { ("0.0", "0.5") };
        assert_eq!([&cells[0], &cells[2]], [a, c], "row {row}");
        let (b, centre) = (cells[1].parse::<f64>().unwrap(), if row < 50 { 8.0 } else { 0.0 });
        assert!((b - centre).abs() < 2.0, "row {row}: {b}");
    }

    for (flags, words) in [
        (&["--columns", "a,z"][..], "no column \"z\""),
        (&["--columns", "a", "--given", "a"], "is selected twice"),
        (&["--given", "z"], "--given z"),
        (&["--columns", "a", "--attribution", "x.npy"], "--attribution"),
    ] {
        let args = [&["score", "m.st", "--data", "t.csv", "--id", "person"][..], flags].concat();
        let line = refuse(folder, &args);
        assert!(line.contains(words), "{line}");
    }
    let line = refuse(folder, &["sample", "m.st", "--given", "g.csv", "--count", "2000000", "--out", "new.csv"]);
    assert!(line.contains("from 1 to 1000000"), "{line}");
    std::fs::write(folder.join("g.csv"), "c,weight\n1.25,4.0\n").unwrap();
    let line = refuse(folder, &["sample", "m.st", "--given", "g.csv", "--out", "new.csv"]);
    assert!(line.contains("column `weight` is none of the model: a, b, c"), "{line}");
}

#[test]
fn rows_with_holes_are_trained_on_scored_and_filled() {
    let folder = &folder();
    table(folder, "whole.csv", 900, |_, _| false);
    table(folder, "holes.csv", 900, holes);
    let train = ["train", "--data", "holes.csv", "--id", "person", "--steps", "10", "--out", "m.st"];
    let line = refuse(folder, &train);
    assert!(line.contains("missing value") && line.contains("--missing marginalize"), "{line}");
    let marginalize = ["--missing", "marginalize"];
    let printed = succeed(folder, &[&train[..], &marginalize, &["--json"]].concat());
    let summary: Value = serde_json::from_str(&printed).unwrap();
    assert!(summary["missing_cells"].as_u64().unwrap() > 300 && summary["components"].as_u64().unwrap() > 1);
    let weights = summary["weights"].clone();
    // A budget of steps is the same model again.
    let again: Value =
        serde_json::from_str(&succeed(folder, &[&train[..], &marginalize, &["--json"]].concat())).unwrap();
    assert_eq!(again["weights"], weights);

    let score = |data: &str, flags: &[&str]| {
        let args = [&["score", "m.st", "--data", data, "--id", "person", "--out", "s.csv"][..], flags].concat();
        succeed(folder, &args);
        scores(folder)
    };
    let line = refuse(folder, &["score", "m.st", "--data", "holes.csv", "--id", "person"]);
    assert!(line.contains("--missing marginalize"), "{line}");
    let (part, whole) = (score("holes.csv", &marginalize), score("whole.csv", &[]));
    let expected = lines(folder, "holes.csv");
    for (row, (part, whole)) in part.iter().zip(&whole).enumerate() {
        let same = (part - whole).abs() < 1e-4;
        assert_eq!(same, expected[row + 1].iter().all(|cell| !["", "NA"].contains(&&**cell)), "row {row}");
    }

    let fill = ["impute", "m.st", "--data", "holes.csv", "--id", "person", "--out"];
    for (fill_by, most) in [("mean", 0.6), ("median", 0.6), ("mode", 1.2), ("draw", 1.2)] {
        let done: Value =
            serde_json::from_str(&succeed(folder, &[&fill[..], &["f.csv", "--fill", fill_by, "--json"]].concat()))
                .unwrap();
        let (filled, holes, truth) = (lines(folder, "f.csv"), &expected, lines(folder, "whole.csv"));
        assert_eq!((filled.len(), &filled[0]), (901, &truth[0]));
        let (mut count, mut error) = (0, 0.0);
        for ((filled, holes), truth) in filled.iter().zip(holes).zip(&truth).skip(1) {
            for ((filled, hole), truth) in filled.iter().zip(holes).zip(truth).skip(1) {
                if ["", "NA"].contains(&&**hole) {
                    (count, error) = (count + 1, error + (number(filled) - number(truth)).powi(2));
                } else {
                    assert_eq!(number(filled), number(hole), "a cell that was there");
                }
            }
        }
        assert_eq!(done["filled"], count);
        // The variance of the columns is 4.3, 17 and 0.8.
        assert!((error / f64::from(count)).sqrt() < most, "{fill_by}: {}", (error / f64::from(count)).sqrt());
    }
    succeed(folder, &[&fill[..], &["d.csv", "--fill", "draw", "--draws", "3", "--seed", "5"]].concat());
    let drawn = lines(folder, "d.csv");
    assert_eq!(
        (drawn.len(), &drawn[1][0], &drawn[3][0], &drawn[4][0]),
        (2701, &drawn[2][0], &drawn[1][0], &"p1".into())
    );

    for (flags, words) in [
        (&["--model", "mixture-spline"][..], "use mixture-copula"),
        (&["--report", "r.html"], "--report"),
        (&["--rate", "0.1"], "--rate"),
        (&["--checkpoint", "run"], "--checkpoint"),
    ] {
        let line = refuse(folder, &[&train[..], &marginalize, flags].concat());
        assert!(line.contains(words), "{line}");
    }
}

/// Flows are trained on imputed copies, and their scores of rows with holes are estimates.
#[test]
fn auto_trains_on_imputed_copies() {
    let folder = &folder();
    table(folder, "few.csv", 38, holes);
    let train = ["train", "--data", "few.csv", "--id", "person", "--missing", "marginalize", "--model", "auto"];
    let args = [&train[..], &["--steps", "12", "--out", "m.st", "--json"]].concat();
    let summary: Value = serde_json::from_str(&succeed(folder, &args)).unwrap();
    assert_eq!((&summary["copies"], summary["model"].as_str()), (&3.into(), Some("auto")));
    let weights = summary["tried"].as_array().unwrap().iter().map(|member| member["weight"].as_f64().unwrap());
    assert!((weights.sum::<f64>() - 1.0).abs() < 1e-9, "{summary}");
    assert!(summary["missing_cells"].as_u64().unwrap() > 10 && summary["members"].as_u64().unwrap() >= 3);
    let again: Value = serde_json::from_str(&succeed(folder, &args)).unwrap();
    assert_eq!(again["weights"], summary["weights"]);
    let rows = ["--data", "few.csv", "--id", "person", "--missing", "marginalize"];
    let line = refuse(folder, &[&["score", "m.st"][..], &rows].concat());
    assert!(line.contains("--approximate"), "{line}");
    succeed(folder, &[&["score", "m.st"][..], &rows, &["--approximate", "100", "--out", "s.csv"]].concat());
    assert_eq!(lines(folder, "s.csv").len(), 39);
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

/// A model that mixes its columns answers no such question, and says which does.
#[test]
fn other_models_are_refused_with_the_one_that_helps() {
    let folder = &folder();
    table(folder, "t.csv", 300, |_, _| false);
    let train = ["train", "--data", "t.csv", "--id", "person", "--steps", "5", "--model", "mixture-spline"];
    succeed(folder, &[&train[..], &["--out", "m.st"]].concat());
    let rows = ["--data", "t.csv", "--id", "person"];
    for args in [
        [&["score", "m.st"][..], &rows, &["--columns", "a", "--given", "b"]].concat(),
        [&["score", "m.st"][..], &rows, &["--missing", "marginalize"]].concat(),
        [&["impute", "m.st"][..], &rows, &["--out", "f.csv"]].concat(),
        vec!["sample", "m.st", "--given", "t.csv", "--out", "f.csv"],
    ] {
        let line = refuse(folder, &args);
        assert!(line.contains("mixes columns") && line.contains("mixture-copula"), "{line}");
        // What may be estimated says how.
        assert_eq!(line.contains("--approximate"), args[0] != "impute", "{line}");
    }
    approximately(folder, &rows);
}

/// The same questions, estimated: with what the weights say, and refused where that is not to be
/// trusted.
fn approximately(folder: &Path, rows: &[&str]) {
    let ask = ["score", "m.st", "--columns", "a", "--given", "b", "--approximate", "200"];
    let args = [&ask[..], rows, &["--out", "s.csv", "--json"]].concat();
    let summary: Value = serde_json::from_str(&succeed(folder, &args)).unwrap();
    let refused = summary["approximate"]["refused"].as_u64().unwrap();
    assert!(refused < 100 && summary["approximate"]["draws"] == 200, "{summary}");
    let found = lines(folder, "s.csv");
    assert_eq!((found[0].join(","), found.len()), ("person,log_prob,effective_draws,pareto_k".to_owned(), 301));
    let unreliable = found[1..].iter().filter(|row| row[1] == "NaN");
    assert!(unreliable.clone().all(|row| number(&row[3]) >= 0.7));
    assert_eq!(unreliable.count() as u64, refused);
    std::fs::write(folder.join("g.csv"), "b,c\n8.1,1.2\n0.1,0.9\n").unwrap();
    succeed(folder, &["sample", "m.st", "--given", "g.csv", "--count", "20", "--approximate", "--out", "new.csv"]);
    let drawn = lines(folder, "new.csv");
    assert_eq!((drawn[0].join(","), drawn.len()), ("a,b,c".to_owned(), 41));
    assert!(drawn[1..21].iter().all(|row| row[1] == "8.1" && row[2] == "1.2") && drawn[40][1] == "0.1");
    let mean = |rows: &[Vec<String>]| rows.iter().map(|row| number(&row[0])).sum::<f64>() / rows.len() as f64;
    // `a` is half of `b`.
    assert!(mean(&drawn[1..21]) > mean(&drawn[21..41]) + 1.0, "{drawn:?}");

    for (args, words) in [
        (&["score", "m.st", "--columns", "a", "--approximate", "99"][..], "from 100 to 1000000 draws"),
        (&["score", "m.st", "--approximate", "500"], "some columns"),
        (&["score", "m.st", "--columns", "a", "--approximate", "500", "--flags", "f.csv"], "--flags"),
    ] {
        let line = refuse(folder, &[args, rows].concat());
        assert!(line.contains(words), "{line}");
    }
    let line = refuse(folder, &["sample", "m.st", "--count", "3", "--approximate", "--out", "new.csv"]);
    assert!(line.contains("--approximate is for --given"), "{line}");
    let train = ["train", "--data", "t.csv", "--id", "person", "--steps", "1", "--model", "gaussian-mixture"];
    succeed(folder, &[&train[..], &["--out", "closed.st"]].concat());
    let line = refuse(folder, &[&["score", "closed.st", "--columns", "a", "--approximate"][..], rows].concat());
    assert!(line.contains("closed forms, which are exact"), "{line}");
}
