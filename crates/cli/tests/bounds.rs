//! Columns with bounds, and angles, from the command line.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{folder, read, read_vector, refuse, succeed};
use serde_json::Value;

/// A share that touches both of its bounds, a waiting time that is 0 now and then, an unbounded
/// level, a direction in degrees that the level follows, and a count of at most 4.
fn table(folder: &Path, name: &str, rows: usize) {
    let mut text = "share,wait,level,direction,count\n".to_owned();
    for row in 0..rows {
        let noise = |k: usize| ((row * row * (7 + k) + 13 * row + 31 * k) % 997) as f64 / 997.0;
        let share = match row % 50 {
            0 => 0.0,
            1 => 1.0,
            _ => noise(1),
        };
        let wait = if row % 40 == 3 { 0.0 } else { -2.0 * (1.0 - noise(2)).ln() };
        let direction = (300.0 + 150.0 * noise(3) * noise(4)) % 360.0;
        let level = direction.to_radians().cos() + 0.2 * (noise(5) - 0.5);
        writeln!(text, "{share},{wait},{level},{direction},{}", row * 7 % 5).unwrap();
    }
    std::fs::write(folder.join(name), text).unwrap();
}

const FLAGS: [&str; 8] =
    ["--bound", "share=0..1", "--bound", "wait=0..", "--angle", "direction=360", "--bound", "count=0..4"];

fn train(folder: &Path, out: &str, more: &[&str]) -> String {
    let args = [&["train", "--data", "t.csv", "--steps", "40", "--out", out][..], &FLAGS, more].concat();
    succeed(folder, &args)
}

/// All rows inside, and discrete numbers on their grid.
fn inside(folder: &Path, name: &str) {
    let x = read(folder, name);
    assert!(x.column(0).iter().all(|x| (0.0..=1.0).contains(x)), "share");
    assert!(x.column(1).iter().all(|x| *x >= 0.0), "wait");
    assert!(x.column(3).iter().all(|x| (0.0..360.0).contains(x)), "direction");
    assert!(x.column(4).iter().all(|x| (0.0..=4.0).contains(x) && x.fract() == 0.0), "count");
}

#[test]
fn samples_are_inside_and_rows_outside_have_no_density() {
    let folder = &folder();
    table(folder, "t.csv", 500);
    std::fs::write(
        folder.join("o.csv"),
        "share,wait,level,direction,count\n0.5,1,0,10,2\n1.0001,1,0,10,2\n0.5,-0.1,0,10,2\n0,0,0,370,2\n1,0,0,10,4\n0.5,1,0,10,5\n",
    )
    .unwrap();
    for (out, model) in [("a.st", "auto"), ("d.st", "dense-relative"), ("c.st", "mixture-copula")] {
        train(folder, out, &["--model", model]);
        succeed(folder, &["sample", out, "--count", "2000", "--out", "x.npy"]);
        inside(folder, "x.npy");
        succeed(folder, &["score", out, "--data", "t.csv", "--out", "s.npy"]);
        let scores = read_vector(folder, "s.npy");
        assert!(scores.iter().all(|score| score.is_finite()), "{model}: rows on a bound");
        let said = succeed(folder, &["score", out, "--data", "o.csv", "--out", "s.npy", "--json"]);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["outside_domain"], 3, "{model}");
        let scores = read_vector(folder, "s.npy");
        let out_of_bounds: Vec<bool> = scores.iter().map(|score| *score == f64::NEG_INFINITY).collect();
        assert_eq!(out_of_bounds, [false, true, true, false, false, true], "{model}: {scores:?}");
        let header: Value = serde_json::from_str(&succeed(folder, &["inspect", out, "--json"])).unwrap();
        let columns = &header["header"]["columns"]["domains"];
        assert_eq!(columns[0]["interval"]["upper"], 1.0, "{columns}");
        assert_eq!(columns[3]["angle"]["period"], 360.0, "{columns}");
        assert!(
            succeed(folder, &["inspect", out])
                .contains("wait in [0, ∞), direction in [0, 360), periodic, count in [0, 4]")
        );
    }
    // Codes go back to the rows, the bounds among them; rows outside have none.
    let exact = ["--discrete", "keep", "--dtype", "f64"];
    train(folder, "k.st", &[&["--model", "mixture-spline"], &exact[..]].concat());
    succeed(folder, &["encode", "k.st", "--data", "t.csv", "--out", "z.npy"]);
    succeed(folder, &["decode", "k.st", "--data", "z.npy", "--out", "x.npy"]);
    let back = read(folder, "x.npy");
    let rows: Vec<Vec<f64>> = std::fs::read_to_string(folder.join("t.csv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    for (back, row) in back.rows().into_iter().zip(&rows) {
        // A row on a bound returns from beside it.
        assert!(back.iter().zip(row).all(|(a, b)| (a - b).abs() < 1e-4), "{back} {row:?}");
    }
    let line = refuse(folder, &["encode", "k.st", "--data", "o.csv", "--out", "z.npy"]);
    assert!(line.contains("row 1, column share is 1.0001: outside the bounds [0, 1]"), "{line}");
    succeed(folder, &["report", "a.st", "--data", "t.csv", "--out", "r.html"]);
}

#[test]
fn questions_know_the_bounds() {
    let folder = &folder();
    table(folder, "t.csv", 400);
    let text = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    let holes = text.lines().enumerate().map(|(row, line)| match row > 0 && row % 5 == 0 {
        true => format!("{},,{}\n", line.split(',').next().unwrap(), line.splitn(3, ',').last().unwrap()),
        false => format!("{line}\n"),
    });
    std::fs::write(folder.join("h.csv"), holes.collect::<String>()).unwrap();
    let args = [&["train", "--data", "h.csv", "--missing", "marginalize", "--steps", "1", "--out", "m.st"][..], &FLAGS];
    succeed(folder, &args.concat());
    for fill in ["mean", "median", "mode", "draw"] {
        succeed(folder, &["impute", "m.st", "--data", "h.csv", "--fill", fill, "--out", "f.csv"]);
        let filled = std::fs::read_to_string(folder.join("f.csv")).unwrap();
        let waits = filled.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse::<f64>().unwrap());
        assert!(waits.clone().all(|wait| wait >= 0.0) && waits.count() == 400, "{fill}");
    }
    // A marginal: what is outside has the density 0.
    std::fs::write(folder.join("w.csv"), "wait\n-1\n0\n2\n").unwrap();
    succeed(folder, &["score", "m.st", "--data", "w.csv", "--columns", "wait", "--out", "s.npy"]);
    let scores = read_vector(folder, "s.npy");
    assert!(scores[0] == f64::NEG_INFINITY && scores[1].is_finite() && scores[2].is_finite(), "{scores:?}");
    std::fs::write(folder.join("g.csv"), "share\n0.5\n1.5\n").unwrap();
    let line = refuse(folder, &["sample", "m.st", "--given", "g.csv", "--out", "x.csv"]);
    assert!(line.contains("row 1, column share is 1.5"), "{line}");
}

#[test]
fn a_description_names_columns_and_flags_come_first() {
    let folder = &folder();
    table(folder, "t.csv", 300);
    std::fs::write(
        folder.join("m.toml"),
        "columns = { share = \"0..1\", direction = { angle = 360 } }\nbase = \"gaussian-mixture\"\nlayers = []\n",
    )
    .unwrap();
    let flags = ["--bound", "share=-1..2", "--bound", "1=0..", "--bound", "4=-1.."];
    let args = [&["train", "--data", "t.csv", "--model", "m.toml", "--steps", "3", "--out", "m.st"][..], &flags];
    succeed(folder, &args.concat());
    let header: Value = serde_json::from_str(&succeed(folder, &["inspect", "m.st", "--json"])).unwrap();
    let domains = &header["header"]["columns"]["domains"];
    assert_eq!(domains[0]["interval"]["lower"], -1.0, "{domains}");
    assert_eq!((&domains[1]["above"]["lower"], &domains[2]), (&0.0.into(), &"real".into()), "{domains}");
    assert_eq!(domains[3]["angle"]["from"], 0.0, "{domains}");
}

#[test]
fn bad_bounds_are_refused_by_flag_row_and_column() {
    let folder = &folder();
    table(folder, "t.csv", 300);
    let refused = |flags: &[&str], names: &[&str]| {
        let line =
            refuse_usage(folder, &[&["train", "--data", "t.csv", "--steps", "3", "--out", "m.st"], flags].concat());
        assert!(names.iter().all(|name| line.contains(name)), "{flags:?}: {line}");
    };
    refused(&["--bound", "shares=0..1"], &["no column `shares`", "nearest is `share`"]);
    refused(&["--bound", "7=0..1"], &["no column `7`"]);
    refused(&["--bound", "share=1..1"], &["--bound", "1..1", "above the lower bound"]);
    refused(&["--bound", "share=2..1"], &["2..1"]);
    refused(&["--bound", "share=nan..1"], &["nan..1"]);
    refused(&["--bound", "share"], &["COLUMN=VALUES"]);
    refused(&["--bound", "share=0..1", "--bound", "0=0.."], &["twice"]);
    refused(&["--angle", "direction=0"], &["--angle", "period", "positive"]);
    refused(&["--angle", "direction=-360"], &["positive"]);
    // Row, column, value and bound; rows are counted from 0.
    refused(&["--bound", "share=0..0.5"], &["t.csv: row 1, column share is 1: outside the bounds [0, 0.5]", "--bound"]);
    refused(&["--bound", "wait=..1"], &["column wait", "(−∞, 1]"]);
    std::fs::write(folder.join("v.csv"), "share,wait,level,direction,count\n0.5,-3,0,10,2\n0.1,1,0,10,2\n").unwrap();
    refused(&["--bound", "wait=0..", "--val", "v.csv"], &["v.csv: row 0, column wait is -3"]);
    // Text is no column of numbers; neither are generators tables.
    let text = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    std::fs::write(folder.join("t.csv"), text.replace("share,", "name,share,").replace('\n', "\nx,")).unwrap();
    refused(&["--bound", "name=0..1"], &["name"]);
    let line = refuse(folder, &["train", "--data", "synthetic:moons", "--bound", "0=0..", "--out", "m.st"]);
    assert!(line.contains("--bound and --angle are for files of rows"), "{line}");
}

/// The first line of a refusal, by the command line's parser or by the command.
fn refuse_usage(folder: &Path, args: &[&str]) -> String {
    let output = common::pdmap(folder, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}
