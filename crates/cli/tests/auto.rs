//! `--model auto`, the default for files of rows.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, read, refuse_cleanly, succeed, write};
use ndarray::Array2;
use serde_json::Value;

/// Four clusters far apart; the first `features` columns.
fn clusters(rows: usize, features: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, features), |(row, column)| {
        let (centre, noise) = ((row % 4) as f64, ((row * row * 31 + 17 * row * (column + 1)) % 1009) as f64 / 1009.0);
        let centre = if column % 2 == 0 { centre } else { (centre - 1.5).abs() };
        5.0 * centre + noise + 0.3 * (noise * 9.0).sin()
    })
}

fn base(folder: &Path) -> Value {
    let header: Value = serde_json::from_str(&succeed(folder, &["inspect", "m.st", "--json"])).unwrap();
    header["header"].clone()
}

#[test]
fn tables_get_an_ensemble_that_says_what_was_tried() {
    let folder = &folder();
    write(folder, "x.npy", &clusters(1200, 3));
    let train = ["train", "--data", "x.npy", "--steps", "200", "--out", "m.st", "--report", "m.html"];
    let printed = succeed(folder, &train);
    assert!(printed.contains("auto: gaussian-mixture") && printed.contains("auto: mixture-spline"), "{printed}");
    // Far above one Gaussian: nats, from the line that compares the two.
    let above = printed.lines().find(|line| line.starts_with("Gaussian with full covariance")).unwrap();
    let nats: f64 = above.split("the flow is ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(above.ends_with("above") && nats > 1.0, "{above}");
    let header = base(folder);
    let (members, tried) = (&header["base"]["ensemble"]["members"], &header["training"]["tried"]);
    assert!(members.as_array().unwrap().len() >= 5, "{members}");
    let tried = tried.as_array().unwrap();
    let sum = |key: &str| tried.iter().map(|member| member[key].as_f64().unwrap()).sum::<f64>();
    assert!((sum("weight") - 1.0).abs() < 1e-9 && sum("steps") <= 200.0 && sum("steps") > 0.0, "{tried:?}");
    assert!(std::fs::read_to_string(folder.join("m.html")).unwrap().contains("Models that were tried"));
    let inspected = succeed(folder, &["inspect", "m.st"]);
    assert!(inspected.contains("member 0: weight") && !inspected.contains("base: {"), "{inspected}");
    // The same steps give the same bits.
    let again = succeed(folder, &["train", "--data", "x.npy", "--steps", "200", "--out", "again.st"]);
    let weights = |text: &str| text.lines().find(|line| line.starts_with("weights ")).unwrap().to_owned();
    assert_eq!(weights(&again), weights(&printed));
}

#[test]
fn an_ensemble_scores_and_samples_and_has_codes_by_member_only() {
    let folder = &folder();
    write(folder, "x.npy", &clusters(300, 2));
    succeed(folder, &["train", "--data", "x.npy", "--steps", "60", "--dtype", "f64", "--out", "m.st"]);
    let all = ["score", "m.st", "--data", "x.npy", "--out", "ll.npy", "--attribution", "g.npy"];
    succeed(folder, &all);
    succeed(folder, &["sample", "m.st", "--count", "5", "--out", "s.npy"]);
    assert_eq!(read(folder, "g.npy").dim(), (300, 2));
    assert_eq!(read(folder, "s.npy").dim(), (5, 2));
    let encode = ["encode", "m.st", "--data", "x.npy", "--out", "z.npy"];
    refuse_cleanly(folder, &encode, &["ensemble of", "--member 0 to"]);
    refuse_cleanly(folder, &[&encode[..], &["--member", "99"]].concat(), &["no member 99", "counted from 0"]);
    succeed(folder, &[&encode[..], &["--member", "1"]].concat());
    let back = ["decode", "m.st", "--data", "z.npy", "--member", "1", "--out", "back.npy"];
    succeed(folder, &back);
    let far = (&read(folder, "back.npy") - &clusters(300, 2)).iter().fold(0.0_f64, |far, x| far.max(x.abs()));
    assert!(far < 1e-6, "{far}");
    succeed(folder, &["train", "--data", "x.npy", "--steps", "3", "--model", "dense-svd", "--out", "one.st"]);
    let one = ["encode", "one.st", "--data", "x.npy", "--member", "0", "--out", "z.npy"];
    refuse_cleanly(folder, &one, &["one flow, no ensemble"]);
}

#[test]
fn the_model_follows_from_the_number_of_features_and_can_be_named() {
    let folder = &folder();
    let train = |data: &str, more: &[&str]| {
        succeed(folder, &[&["train", "--data", data, "--steps", "3", "--out", "m.st"][..], more].concat());
        base(folder)["layers"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap().to_owned()).collect()
    };
    write(folder, "one.npy", &clusters(200, 1));
    let kinds: Vec<String> = train("one.npy", &[]);
    assert!(kinds.is_empty(), "the ensemble has no layers of its own: {kinds:?}");
    write(folder, "x.npy", &clusters(200, 3));
    let kinds: Vec<String> = train("x.npy", &["--depth", "3"]);
    assert!(kinds.contains(&"dense".to_owned()), "a depth asks for a dense model: {kinds:?}");
    let kinds: Vec<String> = train("x.npy", &["--model", "mixture-spline"]);
    assert_eq!(kinds.iter().filter(|kind| *kind == "coupling").count(), 6);
}

/// With a condition, the ensemble is a density `p(x | class)`.
#[test]
fn an_ensemble_reads_a_condition() {
    let folder = &folder();
    let class = |row: usize| row % 2;
    let noise = |row: usize, column: usize| ((row * row * 31 + 17 * row * (column + 1)) % 1009) as f64 / 1009.0;
    let rows = Array2::from_shape_fn((400, 2), |(row, column)| 3.0 * class(row) as f64 + noise(row, column));
    write(folder, "x.npy", &rows);
    write(folder, "c.npy", &Array2::from_shape_fn((400, 1), |(row, _)| class(row) as f64));
    let train =
        ["train", "--data", "x.npy", "--condition", "c.npy", "--classes", "2", "--steps", "6000", "--out", "m.st"];
    let printed = succeed(folder, &train);
    assert!(printed.contains("auto: spline given the condition"), "{printed}");
    let classified = succeed(folder, &["classify", "m.st", "--data", "x.npy", "--labels", "c.npy", "--json"]);
    let classified: Value = serde_json::from_str(&classified).unwrap();
    assert!(classified["accuracy"].as_f64().unwrap() > 0.95, "{classified}");
    succeed(folder, &["score", "m.st", "--data", "x.npy", "--condition", "c.npy", "--out", "ll.npy"]);
    succeed(folder, &["sample", "m.st", "--class", "1", "--count", "200", "--out", "ones.npy"]);
    let mean = read(folder, "ones.npy").mean().unwrap();
    assert!((mean - 3.5).abs() < 0.3, "{mean}");
    let member = ["encode", "m.st", "--data", "x.npy", "--condition", "c.npy", "--member", "0", "--out", "z.npy"];
    succeed(folder, &member);
    refuse_cleanly(folder, &["score", "m.st", "--data", "x.npy", "--out", "n.npy"], &["the model is conditional"]);
}

/// A comparison takes the search as an arm: the same ensemble as that of `train` with the same seed.
#[test]
fn the_search_is_an_arm_of_a_comparison() {
    let folder = &folder();
    write(folder, "x.npy", &clusters(300, 2));
    let rows = ["--data", "x.npy", "--val", "x.npy", "--test", "x.npy", "--steps", "60", "--quiet", "--json"];
    let arms = ["compare", "--arms", "auto,dense-svd", "--seeds", "2", "--rate", "1e-3", "--out", "c"];
    let compared: Value = serde_json::from_str(&succeed(folder, &[&arms[..], &rows].concat())).unwrap();
    let runs = compared["runs"].as_array().unwrap();
    let of = |arm: &str| runs.iter().filter(|run| run["arm"] == arm).collect::<Vec<_>>();
    assert_eq!((of("auto").len(), of("dense-svd").len()), (2, 2));
    assert!(of("auto")[0]["test"].as_f64() > of("dense-svd")[0]["test"].as_f64(), "{runs:?}");
    let train = ["train", "--seed", "1", "--out", "m.st"];
    let trained: Value = serde_json::from_str(&succeed(folder, &[&train[..], &rows].concat())).unwrap();
    let apart = of("auto")[0]["test"].as_f64().unwrap() - trained["test"]["mean"].as_f64().unwrap();
    assert!(apart.abs() < 1e-12, "{apart}");
    // As in a plan, which refuses what would have no effect.
    let plan = "seeds = 1\nrates = []\n[[arms]]\nmodel = \"auto\"\n[[arms]]\nmodel = \"dense-svd\"\n";
    std::fs::write(folder.join("p.toml"), plan).unwrap();
    let planned = ["compare", "--plan", "p.toml", "--out", "d"];
    let planned: Value = serde_json::from_str(&succeed(folder, &[&planned[..], &rows].concat())).unwrap();
    assert_eq!(planned["runs"][0]["test"], of("auto")[0]["test"]);
    std::fs::write(folder.join("p.toml"), plan.replacen("auto\"", "auto\"\nrate = 0.1", 1)).unwrap();
    let refused = ["compare", "--plan", "p.toml", "--data", "x.npy", "--out", "e"];
    refuse_cleanly(folder, &refused, &["p.toml:5", "learning rates of their own"]);
}
