//! The page about a model, and the training log.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, pdmap, refuse, rows, succeed, write};
use serde_json::Value;

fn page(folder: &Path, name: &str) -> String {
    let page = std::fs::read_to_string(folder.join(name)).unwrap();
    for foreign in ["src=\"http", "href=\"http", "@import", "<script"] {
        assert!(!page.contains(foreign), "{name} loads {foreign}");
    }
    page
}

fn headings(page: &str) -> Vec<&str> {
    let after = page.split("<h2 id=\"heading-").skip(1);
    after.map(|rest| rest.split_once('>').unwrap().1.split_once('<').unwrap().0).collect()
}

#[test]
fn training_writes_a_page_and_a_log() {
    let folder = &folder();
    let train = ["train", "--data", "synthetic:moons", "--rows", "2000,500,500", "--steps", "40", "--out", "m.st"];
    let train = [&train[..], &["--evaluations", "40"]].concat();
    let both = ["--report", "m.html", "--log", "m.jsonl", "--checkpoint", "run"];
    succeed(folder, &[&train[..], &both].concat());
    let page = page(folder, "m.html");
    let expected = ["Likelihood", "Samples beside data", "Codes and their base density", "Layers", "Round trip"];
    assert_eq!(headings(&page)[..5], expected);
    assert_eq!(page.matches("data:image/png;base64,").count(), 3, "data, samples and the density");
    for words in
        ["nats per row over 500 rows", "Learning curve", "condition", "Trained on synthetic:moons for 40 steps"]
    {
        assert!(page.contains(words), "{words}");
    }
    let log = std::fs::read_to_string(folder.join("m.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!((events[0], events[events.len() - 1]), ("start", "end"));
    let validations: Vec<&Value> = lines.iter().filter(|line| line["event"] == "validation").collect();
    assert_eq!((validations[0]["step"].as_u64(), validations.len()), (Some(0), 41));
    assert!(validations.iter().all(|line| line["nats"].is_f64() && line["time"].is_string()));
    assert!(events.contains(&"checkpoint"));
    assert_eq!(lines[lines.len() - 1]["outcome"], "finished");
    // The model file contains the curve.
    let inspected: Value = serde_json::from_str(&succeed(folder, &["inspect", "m.st", "--json"])).unwrap();
    assert_eq!(inspected["header"]["training"]["curve"].as_array().unwrap().len(), 41);
    assert_eq!(inspected["header"]["training"]["curve"][40][1], validations[40]["nats"]);

    // Resuming appends lines; a new run replaces them.
    succeed(folder, &[&train[..], &both, &["--resume"]].concat());
    let again = std::fs::read_to_string(folder.join("m.jsonl")).unwrap();
    assert!(again.starts_with(&log) && again.contains("\"resumed\""));
    succeed(folder, &[&train[..], &["--log", "m.jsonl"]].concat());
    assert!(std::fs::read_to_string(folder.join("m.jsonl")).unwrap().lines().count() < 50);
}

#[test]
fn signals_images_and_columns_have_suitable_plots() {
    let folder = &folder();
    // Signals: traces, kernels, responses.
    let conv = ["train", "--data", "synthetic:ar1?length=32", "--rows", "1000,200,300", "--model", "conv-orthonormal"];
    succeed(folder, &[&conv[..], &["--steps", "20", "--out", "c.st", "--report", "c.html"]].concat());
    let signals = page(folder, "c.html");
    assert!(headings(&signals).contains(&"Learned kernels"));
    assert!(signals.contains("frequency responses") && signals.contains("sample"));
    // Images without their last pixel: data, samples, filters.
    let leaves = ["train", "--data", "synthetic:leaves", "--rows", "1000,200,300", "--steps", "20", "--out", "l.st"];
    succeed(folder, &[&leaves[..], &["--report", "l.html"]].concat());
    let pictures = page(folder, "l.html");
    assert!(headings(&pictures).contains(&"Learned filters"));
    assert_eq!(pictures.matches("data:image/png;base64,").count(), 3);
    assert!(pictures.contains("Bits per dimension"));
    // Named columns, and the JSON summary.
    let mut text = "height,weight,age\n".to_owned();
    rows(300, 3).rows().into_iter().for_each(|row| text += &format!("{},{},{}\n", row[0], row[1], row[2]));
    std::fs::write(folder.join("people.csv"), text).unwrap();
    succeed(folder, &["train", "--data", "people.csv", "--steps", "20", "--out", "p.st"]);
    let printed = succeed(folder, &["report", "p.st", "--data", "people.csv", "--out", "p.html", "--json"]);
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert!(printed["summary"][0].as_str().unwrap().contains("300 rows of people.csv"), "{printed}");
    let people = page(folder, "p.html");
    assert!(people.contains("<h3>weight</h3>"));
    assert!(succeed(folder, &["report", "p.st", "--data", "people.csv", "--out", "p.html"]).contains("p.html"));
    // A single row has a log-likelihood but no standard deviation.
    write(folder, "one.npy", &rows(1, 3));
    succeed(folder, &["report", "p.st", "--data", "one.npy", "--out", "one.html"]);
    assert!(!std::fs::read_to_string(folder.join("one.html")).unwrap().contains("NaN"));
    // Of many rows the page uses evenly spaced ones, whose mean is that of all rows.
    let many = ndarray::Array2::from_shape_fn((50_001, 3), |(row, column)| rows(1, 3)[[0, column]] + row as f64 * 1e-5);
    write(folder, "many.npy", &many);
    let printed = succeed(folder, &["report", "p.st", "--data", "many.npy", "--out", "many.html"]);
    assert!(printed.contains("over 10000 rows of many.npy"), "{printed}");
    let all = succeed(folder, &["score", "p.st", "--data", "many.npy", "--json"]);
    let mean = serde_json::from_str::<Value>(&all).unwrap()["mean"].as_f64().unwrap();
    let shown: f64 = printed.split(' ').next().unwrap().replace('\u{2212}', "-").parse().unwrap();
    assert!((shown - mean).abs() < 1e-2 * mean.abs().max(1.0), "{shown} {mean}");
    // The shape of a row can be set.
    write(folder, "x.npy", &rows(200, 4));
    succeed(folder, &["train", "--data", "x.npy", "--model", "dense-relative", "--steps", "20", "--out", "x.st"]);
    succeed(folder, &["report", "x.st", "--data", "x.npy", "--shape", "1,2,2", "--out", "x.html"]);
    assert_eq!(page(folder, "x.html").matches("data:image/png;base64,").count(), 3);
}

#[test]
fn conditions_stay_with_their_rows() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 2));
    let labels = ndarray::Array2::from_shape_fn((400, 1), |(row, _)| (row % 3) as f64);
    write(folder, "labels.npy", &labels);
    std::fs::write(folder.join("c.toml"), "layers = [{ kind = \"coupling\", hidden = [8] }, { kind = \"spline\" }]")
        .unwrap();
    let train = ["train", "--data", "x.npy", "--condition", "labels.npy", "--classes", "3", "--model", "c.toml"];
    let output = pdmap(folder, &[&train[..], &["--steps", "20", "--out", "c.st", "--report", "c.html"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(page(folder, "c.html").contains("50 rows"));
    succeed(folder, &["report", "c.st", "--data", "x.npy", "--condition", "labels.npy", "--out", "c.html"]);
    assert!(refuse(folder, &["report", "c.st", "--data", "x.npy", "--out", "c.html"]).contains("--condition"));
}

#[test]
fn bad_input_of_reports_is_refused() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 4));
    succeed(folder, &["train", "--data", "x.npy", "--steps", "5", "--out", "m.st"]);
    let report = |more: &[&str]| refuse(folder, &[&["report", "m.st"][..], more].concat());
    write(folder, "narrow.npy", &rows(30, 3));
    assert!(report(&["--data", "narrow.npy", "--out", "r.html"]).contains("3 features per row, expected 4"));
    assert!(report(&["--data", "x.npy", "--out", "x.npy"]).contains("x.npy"));
    assert!(report(&["--data", "x.npy", "--out", "m.st"]).contains("m.st"));
    assert!(report(&["--data", "absent.npy", "--out", "r.html"]).contains("absent.npy"));
    assert!(report(&["--data", "x.npy", "--out", "no/folder/r.html"]).contains("no/folder"));
    for shape in ["3,2", "4", "1,2,3", "1,1,2,2", "0,0,0"] {
        let line = report(&["--data", "x.npy", "--shape", shape, "--out", "r.html"]);
        assert!(line.contains("--shape"), "{line}");
    }
    assert!(!folder.join("r.html").exists());
    // Outputs of training may not overwrite inputs or each other.
    let train = |more: &[&str]| refuse(folder, &[&["train", "--data", "x.npy", "--steps", "5"][..], more].concat());
    assert!(train(&["--out", "a.st", "--report", "a.st"]).contains("--out and --report"));
    assert!(train(&["--out", "a.st", "--log", "a.st"]).contains("--out and --log"));
    assert!(train(&["--out", "a.st", "--log", "x.npy"]).contains("--log x.npy"));
    assert!(train(&["--out", "a.st", "--report", "absent/r.html"]).contains("absent"));
    assert!(train(&["--out", "a.st", "--log", "absent/l.jsonl"]).contains("absent"));
    // An old log is kept if training does not start.
    std::fs::write(folder.join("old.jsonl"), "{}\n").unwrap();
    train(&["--out", "a.st", "--log", "old.jsonl", "--batch", "100000"]);
    assert_eq!(std::fs::read_to_string(folder.join("old.jsonl")).unwrap(), "{}\n");
    assert!(!folder.join("a.st").exists());
}
