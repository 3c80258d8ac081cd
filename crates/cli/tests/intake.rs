//! What training says of a table, and what it does about its columns and rows.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::fmt::Write as _;
use std::path::Path;

use common::{fixture, folder, pdmap, read_vector, refuse, succeed};

/// Two plausible numbers of a row.
fn pair(row: usize) -> (f64, f64) {
    let noise = ((row * row * 7 + 13 * row) % 997) as f64 / 997.0;
    ((row as f64 * 0.7).sin() + noise, (row as f64 * 0.61).cos() - 0.5 * noise)
}

/// Writes `t.csv` of 300 rows with a header and the line that `cells` gives for each row.
fn table(folder: &Path, header: &str, cells: impl Fn(usize) -> String) {
    let mut text = format!("{header}\n");
    (0..300).for_each(|row| writeln!(text, "{}", cells(row)).unwrap());
    std::fs::write(folder.join("t.csv"), text).unwrap();
}

const FEW: [&str; 6] = ["--steps", "20", "--batch", "50", "--out", "m.st"];

/// The arguments, for a few steps.
fn few<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &FEW].concat()
}

#[test]
fn degenerate_columns_are_all_named_and_left_out_on_request() {
    let folder = &folder();
    table(folder, "a,b,same,five,sum,again", |row| {
        let (a, b) = pair(row);
        format!("{a},{b},{a},5,{},7", 1.0 + a - 2.0 * b)
    });
    let train = |rest: &[&'static str]| few(&[&["train", "--data", "t.csv"], rest].concat());
    let line = refuse(folder, &train(&[]));
    for needle in [
        "t.csv",
        "same is a duplicate of a",
        "five is constant: 5",
        "again is constant: 7",
        "sum is a constant plus a linear combination of a, b",
        "--drop-degenerate",
    ] {
        assert!(line.contains(needle), "{needle}: {line}");
    }
    succeed(folder, &train(&["--drop-degenerate"]));
    // The model knows its columns, whether the table has the others or not.
    succeed(folder, &["score", "m.st", "--data", "t.csv", "--out", "ll.npy"]);
    table(folder, "b,a", |row| {
        let (a, b) = pair(row);
        format!("{b},{a}")
    });
    succeed(folder, &["score", "m.st", "--data", "t.csv", "--out", "again.npy"]);
    assert_eq!(read_vector(folder, "ll.npy"), read_vector(folder, "again.npy"));

    // Without names: a whole table, or the features alone.
    let line = refuse(folder, &["train", "--data", &fixture("cases", "collinear.npy"), "--out", "n.st"]);
    assert!(line.contains("linear combination of x"), "{line}");
    let all = ["train", "--data", &fixture("cases", "collinear.npy"), "--drop-degenerate"];
    succeed(folder, &[&all[..], &["--steps", "20", "--batch", "50", "--out", "n.st"]].concat());
    succeed(folder, &["score", "n.st", "--data", &fixture("cases", "collinear.npy"), "--out", "ll.npy"]);
    // The same if the rows stay in the file.
    let memory = ["--memory", "4kB"];
    let line = refuse(
        folder,
        &[&["train", "--data", &fixture("cases", "collinear.npy"), "--out", "f.st"], &memory[..]].concat(),
    );
    assert!(line.contains("linear combination of x") && line.contains("--drop-degenerate"), "{line}");
    succeed(folder, &[&all[..], &memory, &["--steps", "20", "--batch", "10", "--out", "f.st"]].concat());
    succeed(folder, &["score", "f.st", "--data", &fixture("cases", "collinear.npy"), "--out", "ll.npy"]);
}

#[test]
fn training_says_what_was_read_and_warns_of_discrete_columns() {
    let folder = &folder();
    table(folder, "time;level;flag", |row| {
        let (a, b) = pair(row);
        format!("{};{b};{}", 1.7e9 + 60.0 * a, row % 3 % 2)
    });
    let output = pdmap(folder, &[&["train", "--data", "t.csv"][..], &FEW].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    for needle in [
        "t.csv: 300 rows; 250 for training, 50 for validation, 0 for test",
        "columns: 3 (delimiter ';', decimal '.', header on line 1)",
        "kinds: time real, level real, flag binary, 0 or 1",
        "preprocessing: uniform noise of one step on flag (1), in double precision time − 17000000",
        ", standardize",
    ] {
        assert!(said.contains(needle), "{needle}: {said}");
    }
    let json = succeed(folder, &[&["train", "--data", "t.csv", "--json"][..], &FEW].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["read"]["description"]["rows"], &json["read"]["text"]["delimiter"]), (&300.into(), &";".into()));
    let quiet = pdmap(folder, &[&["train", "--data", "t.csv", "--quiet"][..], &FEW].concat());
    assert!(!String::from_utf8(quiet.stderr).unwrap().contains("300 rows"));
}

#[test]
fn rows_of_a_group_stay_together_and_an_order_holds_out_the_last_rows() {
    let folder = &folder();
    table(folder, "patient,day,a,b", |row| {
        let (a, b) = pair(row);
        format!("p{},2026-{:02}-{:02},{a},{b}", row % 7, 1 + row / 28, 1 + row % 28)
    });
    let train = |rest: &[&'static str]| few(&[&["train", "--data", "t.csv", "--columns", "a,b"], rest].concat());
    let parts = |rest: &[&'static str]| {
        let output = pdmap(folder, &train(rest));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said.lines().next().unwrap().to_owned()
    };
    // One of seven groups is held out.
    let line = parts(&["--group", "patient"]);
    assert!(
        line.contains("300 rows; 257 for training, 43 for validation") || line.contains("258 for training"),
        "{line}"
    );
    let line = parts(&["--order", "day"]);
    assert!(line.contains("250 for training, 50 for validation"), "{line}");
    // A group in two files.
    let both = refuse(folder, &train(&["--group", "patient", "--val", "t.csv"]));
    assert!(both.contains("t.csv") && both.contains("column patient") && both.contains("\"p0\""), "{both}");
    assert!(refuse(folder, &train(&["--group", "patients"])).contains("patient"));
    let line = refuse(folder, &["train", "--data", "synthetic:moons", "--group", "g", "--out", "n.st"]);
    assert!(line.contains("--group g"), "{line}");
    // One empty cell among numbers, which text would put into another order.
    table(folder, "a,day,b", |row| {
        let (a, b) = pair(row);
        let day = if row == 7 { String::new() } else { row.to_string() };
        format!("{a},{day},{b}")
    });
    let line = refuse(folder, &few(&["train", "--data", "t.csv", "--order", "day"]));
    assert!(line.contains("t.csv: row 7 has no value in column day; --order needs one in every row"), "{line}");
}

#[test]
fn class_names_are_conditions_and_unknown_ones_are_refused() {
    let folder = &folder();
    table(folder, "a,b", |row| {
        let (a, b) = pair(row);
        format!("{},{b}", a + 3.0 * (row % 3) as f64)
    });
    let names = |list: [&str; 3]| -> String {
        "kind\n".to_owned() + &(0..300).map(|row| list[row % 3].to_owned() + "\n").collect::<String>()
    };
    std::fs::write(folder.join("kinds.csv"), names(["cat", "bird", "dog"])).unwrap();
    succeed(
        folder,
        &[
            &["train", "--data", "t.csv", "--condition", "kinds.csv", "--model", "gaussianization-orthonormal"][..],
            &FEW,
        ]
        .concat(),
    );
    let score = |condition: &str| {
        vec!["score", "m.st", "--data", "t.csv", "--condition", condition, "--out", "ll.npy"]
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let run = |args: Vec<String>| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        pdmap(folder, &args)
    };
    assert!(run(score("kinds.csv")).status.success());
    let first = read_vector(folder, "ll.npy");
    // The names decide, not their order in a file: here the first name is the last class.
    let dogs: Vec<usize> = (0..300).filter(|row| row % 3 == 2).collect();
    let rows: String = dogs
        .iter()
        .map(|&row| {
            let (a, b) = pair(row);
            format!("{},{b}\n", a + 6.0)
        })
        .collect();
    std::fs::write(folder.join("dogs.csv"), format!("a,b\n{rows}")).unwrap();
    std::fs::write(folder.join("all-dogs.csv"), format!("kind\n{}", "dog\n".repeat(100))).unwrap();
    let args = ["score", "m.st", "--data", "dogs.csv", "--condition", "all-dogs.csv", "--out", "dogs.npy"];
    succeed(folder, &args);
    let alone: Vec<f64> = dogs.iter().map(|&row| first[row]).collect();
    assert_eq!(read_vector(folder, "dogs.npy"), alone);
    succeed(folder, &["sample", "m.st", "--class", "1", "--count", "3", "--out", "s.npy"]);
    std::fs::write(folder.join("others.csv"), names(["cat", "bird", "cow"])).unwrap();
    let refused = run(score("others.csv"));
    let line = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{line}");
    assert!(line.contains("row 2") && line.contains("\"cow\"") && line.contains("bird, cat, dog"), "{line}");
    assert!(first.iter().all(|score| score.is_finite()));
}
