//! `inspect` warns about a model whose inverse is inaccurate.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::pdmap;
use ndarray::array;
use pdmap_core::flow::base::Normal;
use pdmap_core::{Flow, Tensors};
use pdmap_train::{Model, registry};
use serde_json::{Value, json};

/// A dense layer of two features whose second singular value is `smallest`.
fn save(path: &Path, smallest: f32) {
    let spec = serde_json::from_value(json!({
        "kind": "dense", "options": { "group": { "general": "relative" }, "bias": "none" }
    }))
    .unwrap();
    // Rotated by 30 degrees on both sides, so that no entry is small.
    let (c, s) = (0.75_f32.sqrt(), 0.5);
    let turn = array![[c, -s], [s, c]];
    let weight = turn.dot(&array![[1.0, 0.0], [0.0, smallest]]).dot(&turn);
    let mut tensors = Tensors::from_iter([("weight".to_owned(), weight.into_dyn())]);
    let layer = registry::<f32>().restore(&spec, &mut tensors).unwrap();
    let flow = Flow::new(2, vec![layer], Box::new(Normal)).unwrap();
    Model::new(flow, "the rows".to_owned(), 0).save(path).unwrap();
}

/// The round trip of the base density in `inspect --json`, and whether there was a warning.
fn inspected(folder: &Path) -> (Value, bool) {
    let run = pdmap(folder, &["inspect", "m.st", "--json"]);
    assert!(run.status.success());
    let printed: Value = serde_json::from_slice(&run.stdout).unwrap();
    let warned = String::from_utf8(run.stderr).unwrap();
    (printed["round_trip"]["base"].clone(), warned.starts_with("warning: the round-trip error of the base density is"))
}

#[test]
fn only_a_nearly_singular_model_causes_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.st");
    save(&path, 0.1);
    let (sound, warned) = inspected(folder.path());
    assert_eq!((sound["within"].as_bool(), warned), (Some(true), false), "{sound}");
    save(&path, 1e-5);
    let (singular, warned) = inspected(folder.path());
    assert_eq!((singular["within"].as_bool(), warned), (Some(false), true), "{singular}");
    assert!(singular["relative"].as_f64() > singular["tolerance"].as_f64());
}
