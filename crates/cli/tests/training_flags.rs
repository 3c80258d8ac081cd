//! Every training option of a description is a flag.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use common::{folder, refuse, rows, succeed, write};
use serde_json::{Value, json};

#[test]
fn flags_override_the_options_of_the_model() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 3));
    let text = "layers = [{ kind = \"shift\" }]\n[training]\nbatch = 50\npatience = 9\nrate = 0.5\n";
    std::fs::write(folder.join("m.toml"), text).unwrap();
    let args = [
        &["train", "--data", "x.npy", "--model", "m.toml", "--out", "m.st", "--steps", "12", "--rate", "0.25"][..],
        &["--optimizer", "{ momentum = { beta = 0.5 } }", "--schedule", "{ linear = { end = 0.5 } }"],
        &["--clip", "{ norm = 2.5 }", "--warmup", "3", "--evaluations", "4", "--validation-rows", "20"],
        &["--retries", "1"],
    ]
    .concat();
    succeed(folder, &args);
    let inspected: Value = serde_json::from_str(&succeed(folder, &["inspect", "m.st", "--json"])).unwrap();
    let config = &inspected["header"]["training"]["config"];
    for (key, expected) in [
        ("batch", json!(50)),
        ("patience", json!(9)),
        ("rate", json!(0.25)),
        ("budget", json!({ "steps": 12 })),
        ("optimizer", json!({ "momentum": { "beta": 0.5, "nesterov": false } })),
        ("schedule", json!({ "warmup": 3, "shape": { "linear": { "end": 0.5 } } })),
        ("clip", json!({ "norm": 2.5 })),
        ("evaluations", json!(4)),
        ("validation_rows", json!(20)),
        ("retries", json!(1)),
    ] {
        assert_eq!(config[key], expected, "{key}");
    }
    let refused = |flags: &[&str], words: &str| {
        let args = [&["train", "--data", "x.npy", "--out", "n.st", "--steps", "5"][..], flags].concat();
        let output = common::pdmap(folder, &args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && stderr.contains(words), "{flags:?}: {stderr}");
    };
    refused(&["--optimizer", "adma"], "nearest is `adam`");
    refused(&["--clip", "{ norm = -1.0 }"], "clipping limit");
    refused(&["--evaluations", "0"], "evaluations");
    refuse(folder, &["train", "--data", "x.npy", "--out", "n.st", "--validation-rows", "0", "--steps", "5"]);
}

#[test]
fn a_flag_that_every_arm_overrides_is_refused() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 3));
    let plan = "[[arms]]\nname = \"a\"\nmodel = \"dense-svd\"\ntraining = { clip = { norm = 1.0 } }\n";
    std::fs::write(folder.join("p.toml"), plan).unwrap();
    let args = ["compare", "--data", "x.npy", "--plan", "p.toml", "--steps", "5", "--clip", "none"];
    let line = refuse(folder, &args);
    assert!(line.contains("--clip") && line.contains("has no effect"), "{line}");
}
