//! Model files and checkpoints of the version before layers declared their parameters.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::{Path, PathBuf};

use common::{read_vector, succeed};
use pdmap_train::AnyModel;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/before-house")
}

/// Scores may differ in their last digits on another processor.
fn close(actual: &[f64], expected: &[f64], tolerance: f64) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * b.abs().max(1.0);
    actual.len() == expected.len() && actual.iter().zip(expected).all(near)
}

#[test]
fn model_files_are_read_and_score_as_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".safetensors") else { continue };
        let expected = path.with_file_name(format!("{stem}-scores.npy"));
        if !expected.exists() {
            continue;
        }
        let model = AnyModel::load(&path).unwrap();
        let data = match model.features() {
            _ if stem.starts_with("conv-image") => "image.npy",
            features if features == columns("signal.npy") => "signal.npy",
            features if features == columns("image.npy") => "image.npy",
            _ => "flat.npy",
        };
        let data = fixtures().join(data);
        let condition = fixtures().join("condition.npy");
        let mut args = vec!["score", path.to_str().unwrap(), "--data", data.to_str().unwrap(), "--out", "scores.npy"];
        if model.conditions() > 0 {
            args.extend(["--condition", condition.to_str().unwrap()]);
        }
        succeed(folder.path(), &args);
        let tolerance = if model.header().dtype == "f64" { 1e-9 } else { 1e-4 };
        let scores = read_vector(folder.path(), "scores.npy");
        assert!(close(&scores, &read_vector(&fixtures(), &format!("{stem}-scores.npy")), tolerance), "{name}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

fn columns(name: &str) -> usize {
    common::read(&fixtures(), name).ncols()
}

#[test]
fn checkpoints_are_resumed_to_where_an_unbroken_run_ended() {
    for (name, steps) in [("adam", "2000"), ("sgd", "100000")] {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| fixtures().join(name).to_str().unwrap().to_owned();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        let checkpoint = folder.path().join("run/checkpoint.safetensors");
        std::fs::copy(file(&format!("{name}-checkpoint.safetensors")), checkpoint).unwrap();
        let (data, val, test) = (file("train.npy"), file("validation.npy"), file("test.npy"));
        let model = file(&format!("{name}.toml"));
        let args = [
            "train",
            "--data",
            &data,
            "--val",
            &val,
            "--test",
            &test,
            "--model",
            &model,
            "--steps",
            steps,
            "--dtype",
            "f64",
            "--checkpoint",
            "run",
            "--resume",
            "--quiet",
            "--out",
            "m.safetensors",
        ];
        succeed(folder.path(), &args);
        let out = ["score", "m.safetensors", "--data", &test, "--out", "scores.npy"];
        succeed(folder.path(), &out);
        let scores = read_vector(folder.path(), "scores.npy");
        let expected = read_vector(&fixtures(), &format!("{name}-scores.npy"));
        assert!(close(&scores, &expected, 1e-3), "{name}");
        if cfg!(target_arch = "x86_64") {
            println!("{name}: the same bits: {}", scores == expected);
        }
    }
}
