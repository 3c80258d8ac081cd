//! Conditional densities: training, scoring, sampling, classification, and refusals.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, read, read_vector, refuse, succeed, write};
use ndarray::Array2;

/// Two well-separated classes of points in the plane.
fn points(rows: usize, shift: usize) -> (Array2<f64>, Array2<f64>) {
    let label = |row: usize| ((row + shift) * 7 % 3).min(1) as f64;
    let noise = |row: usize, k: usize| (((row + shift) * 7919 * k + 13 * k) % 1009) as f64 / 1009.0 - 0.5;
    let x = Array2::from_shape_fn((rows, 2), |(row, column)| {
        noise(row, 3 + 4 * column) + if column == 0 { 2.0 * label(row) } else { -label(row) }
    });
    (x, Array2::from_shape_fn((rows, 1), |(row, _)| label(row)))
}

fn trained(folder: &Path) {
    let (x, c) = points(1500, 0);
    write(folder, "x.npy", &x);
    write(folder, "c.npy", &c);
    let (x, c) = points(300, 5000);
    write(folder, "new.npy", &x);
    write(folder, "new-c.npy", &c);
    let model = "layers = [{ kind = \"coupling\", split = \"none\", hidden = [8] }, { kind = \"coupling\", hidden = [8] }, { kind = \"spline\" }]";
    std::fs::write(folder.join("m.toml"), model).unwrap();
    let args = "train --data x.npy --condition c.npy --classes 2 --model m.toml --steps 400 --rate 0.01 --dtype f64 --out m.st";
    succeed(folder, &args.split(' ').collect::<Vec<_>>());
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn classes_are_learned_distinguished_and_sampled() {
    let folder = &folder();
    trained(folder);
    let printed =
        succeed(folder, &words("classify m.st --data new.npy --labels new-c.npy --out k.npy --posterior p.npy --json"));
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(printed["accuracy"].as_f64().unwrap() > 0.98, "{printed}");
    let (classes, labels) = (read_vector(folder, "k.npy"), read(folder, "new-c.npy"));
    let right = classes.iter().zip(&labels).filter(|(a, b)| a == b).count();
    assert_eq!(right as f64 / 300.0, printed["accuracy"].as_f64().unwrap());
    let posterior = read(folder, "p.npy");
    assert!(posterior.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12));

    // Scores and round trips with the correct class.
    succeed(folder, &words("score m.st --data new.npy --condition new-c.npy --out ll.npy"));
    let mean = |name: &str| read_vector(folder, name).iter().sum::<f64>() / 300.0;
    let correct = mean("ll.npy");
    write(folder, "wrong.npy", &labels.mapv(|label| 1.0 - label));
    succeed(folder, &words("score m.st --data new.npy --condition wrong.npy --out ll.npy"));
    assert!(correct > mean("ll.npy") + 1.0);
    succeed(folder, &words("encode m.st --data new.npy --condition new-c.npy --out z.npy"));
    succeed(folder, &words("decode m.st --data z.npy --condition new-c.npy --out back.npy"));
    let worst = (read(folder, "back.npy") - read(folder, "new.npy")).fold(0.0_f64, |worst, d| worst.max(d.abs()));
    assert!(worst < 1e-9, "{worst}");

    succeed(folder, &words("sample m.st --class 1 --count 200 --out ones.npy"));
    let first = read(folder, "ones.npy").column(0).mean().unwrap();
    assert!((first - 2.0).abs() < 0.2, "{first}");
    succeed(folder, &words("sample m.st --condition new-c.npy --out each.npy"));
    assert_eq!(read(folder, "each.npy").dim(), (300, 2));
    assert!(succeed(folder, &words("inspect m.st")).contains("coupling"));
}

#[test]
fn vectors_can_be_conditions() {
    let folder = &folder();
    trained(folder);
    write(folder, "v.npy", &points(1500, 0).0.mapv(|v| 0.5 * v));
    let args = "train --data x.npy --condition v.npy --model m.toml --steps 300 --rate 0.01 --dtype f64 --out v.st";
    succeed(folder, &words(args));
    succeed(folder, &words("score v.st --data x.npy --condition v.npy --out ll.npy"));
    // This condition determines the row almost completely.
    let informed = read_vector(folder, "ll.npy").iter().sum::<f64>() / 1500.0;
    succeed(folder, &words("score m.st --data x.npy --condition c.npy --out ll.npy"));
    let classes = read_vector(folder, "ll.npy").iter().sum::<f64>() / 1500.0;
    assert!(informed > classes + 1.0, "{informed} {classes}");
    assert!(refuse(folder, &words("classify v.st --data x.npy")).contains("the model has no classes"));
}

/// A condition of mean 1e6 and deviation 1e4 trains as it does in other units.
#[test]
fn units_of_a_condition_do_not_matter() {
    let folder = &folder();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
    let condition = read(&cases, "condition-large-units.npy");
    std::fs::copy(cases.join("condition-x.npy"), folder.join("x.npy")).unwrap();
    write(folder, "large.npy", &condition);
    write(folder, "small.npy", &condition.mapv(|c| (c - 1e6) / 8192.0));
    let model = "layers = [{ kind = \"coupling\", split = \"none\", hidden = [8] }, { kind = \"spline\" }]";
    std::fs::write(folder.join("m.toml"), model).unwrap();
    let scores = |name: &str, dtype: &str| {
        let args = format!(
            "train --data x.npy --condition {name}.npy --model m.toml --steps 100 --rate 0.01 --dtype {dtype} --out m.st"
        );
        succeed(folder, &words(&args));
        let args = format!("score m.st --data x.npy --condition {name}.npy --out ll.npy");
        succeed(folder, &words(&args));
        read_vector(folder, "ll.npy")
    };
    let worst = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
    let large = scores("large", "f64");
    let inspected: serde_json::Value = serde_json::from_str(&succeed(folder, &words("inspect m.st --json"))).unwrap();
    let deviation = inspected.pointer("/header/condition/standardized/deviation/0");
    assert!((deviation.unwrap().as_f64().unwrap() / 1e4 - 1.0).abs() < 0.1, "{inspected}");
    succeed(folder, &words("sample m.st --condition large.npy --out s.npy"));
    let (drawn, given) = (read(folder, "s.npy"), read(&cases, "condition-x.npy"));
    assert!((drawn.std_axis(ndarray::Axis(0), 0.0)[0] / given.std_axis(ndarray::Axis(0), 0.0)[0] - 1.0).abs() < 0.5);
    assert!(worst(&large, &scores("small", "f64")) < 1e-6);
    // In f32 the condition is centred before it is rounded.
    let large = scores("large", "f32");
    assert!(worst(&large, &scores("small", "f32")) < 1e-2);
}

#[test]
fn mismatched_conditions_are_refused() {
    let folder = &folder();
    trained(folder);
    let refused = |line: &str, words_of_it: &[&str]| {
        let printed = refuse(folder, &words(line));
        for word in words_of_it {
            assert!(printed.contains(word), "`{word}` is not in: {printed}");
        }
    };
    refused("score m.st --data new.npy", &["--condition", "classes from 0 to 1"]);
    refused("sample m.st --count 3 --out s.npy", &["--condition", "--class"]);
    refused("sample m.st --class 2 --count 3 --out s.npy", &["--class 2", "0 to 1"]);
    refused("sample m.st --condition c.npy --count 3 --out s.npy", &["--count 3", "1500"]);
    refused("score m.st --data new.npy --condition c.npy", &["c.npy", "1500", "300"]);
    refused("score m.st --data x.npy --condition new-c.npy", &["new-c.npy", "300"]);
    let mut labels = points(300, 5000).1;
    labels[[7, 0]] = 2.0;
    write(folder, "bad.npy", &labels);
    refused("score m.st --data new.npy --condition bad.npy", &["bad.npy", "row 7", "2"]);
    refused("classify m.st --data new.npy --labels bad.npy", &["bad.npy", "row 7"]);
    refused("classify m.st --data new.npy --labels c.npy", &["1500", "300"]);
    refused("train --data x.npy --condition new-c.npy --model m.toml --out n.st", &["new-c.npy", "300", "1500"]);
    refused("train --data x.npy --condition c.npy --classes 1 --model m.toml --out n.st", &["--classes 1"]);
    refused("train --data x.npy --val new.npy --condition c.npy --model m.toml --out n.st", &["--val-condition"]);
    refused("train --data synthetic:moons --condition c.npy --model m.toml --out n.st", &["c.npy"]);
    refused("train --data x.npy --model m.toml --out n.st", &["without a condition"]);
    succeed(folder, &words("train --data x.npy --steps 2 --out plain.st"));
    refused("score plain.st --data x.npy --condition c.npy", &["the model has no condition"]);
    refused("sample plain.st --count 2 --class 0 --out s.npy", &["no condition"]);
}

/// Columns of vectors are matched by name, in any order; others are refused, with both lists.
#[test]
fn columns_of_a_condition_are_matched_by_name() {
    let folder = &folder();
    let x = points(400, 0).0;
    write(folder, "x.npy", &x);
    let table = |name: &str, header: &str, order: [usize; 2]| {
        let line = |row: ndarray::ArrayView1<'_, f64>| format!("{},{}\n", row[order[0]] * 9.0, row[order[1]]);
        let lines: String = x.rows().into_iter().map(line).collect();
        std::fs::write(folder.join(name), format!("{header}\n{lines}")).unwrap();
    };
    let model = "layers = [{ kind = \"coupling\", split = \"none\", hidden = [8] }, { kind = \"spline\" }]";
    std::fs::write(folder.join("m.toml"), model).unwrap();
    table("c.csv", "age,dose", [0, 1]);
    succeed(folder, &words("train --data x.npy --condition c.csv --model m.toml --steps 50 --dtype f64 --out m.st"));
    let score = |condition: &str| {
        succeed(folder, &words(&format!("score m.st --data x.npy --condition {condition} --out ll.npy")));
        read_vector(folder, "ll.npy")
    };
    let expected = score("c.csv");
    let swapped: String =
        std::fs::read_to_string(folder.join("c.csv")).unwrap().lines().fold(String::new(), |all, l| {
            let (a, b) = l.split_once(',').unwrap();
            all + b + "," + a + "\n"
        });
    std::fs::write(folder.join("swapped.csv"), swapped).unwrap();
    assert_eq!(score("swapped.csv"), expected);
    table("renamed.csv", "age,doze", [0, 1]);
    let line = refuse(folder, &words("score m.st --data x.npy --condition renamed.csv --out ll.npy"));
    for needle in
        ["renamed.csv", "no column `dose` (nearest is `doze`)", "expected columns: age, dose; found: age, doze"]
    {
        assert!(line.contains(needle), "{line}");
    }
    let line = refuse(folder, &words("score m.st --data x.npy --out ll.npy"));
    assert!(line.contains("pass --condition FILE with the columns age, dose"), "{line}");
    let flags = "train --data x.npy --condition c.csv --val x.npy --val-condition renamed.csv --model m.toml --steps 5 --out n.st";
    assert!(refuse(folder, &words(flags)).contains("no column `dose`"));
}
