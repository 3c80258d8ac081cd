//! The reader in `docs/model-format.md`, written with NumPy and safetensors, agrees with
//! `pdmap score`.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;
use std::process::Command;

use common::{folder, read_vector, rows, succeed, write};
use pdmap_train::Preset;

/// The one Python block of the document.
fn script() -> String {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/model-format.md");
    let text = std::fs::read_to_string(document).unwrap();
    let block = text.split("```python\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// Largest difference between the reader and `pdmap score`, over all dense presets and
/// preprocessing.
fn distance(python: &Path, script: &str) -> f64 {
    let folder = &folder();
    std::fs::write(folder.join("read.py"), script).unwrap();
    write(folder, "x.npy", &rows(400, 5));
    let mut worst = 0.0_f64;
    for (preset, preprocess) in Preset::DENSE.into_iter().zip(["whiten", "standardize", "none"].into_iter().cycle()) {
        let train = [
            "train",
            "--data",
            "synthetic:ica?dim=5",
            "--rows",
            "2000,200,10",
            "--model",
            preset.name(),
            "--preprocess",
            preprocess,
        ];
        succeed(folder, &[&train[..], &["--dtype", "f64", "--steps", "50", "--out", "m.safetensors"]].concat());
        succeed(folder, &["score", "m.safetensors", "--data", "x.npy", "--out", "ours.npy"]);
        let mut command = Command::new(python);
        let output =
            command.current_dir(folder).args(["read.py", "m.safetensors", "x.npy", "theirs.npy"]).output().unwrap();
        assert!(output.status.success(), "{preset}: {}", String::from_utf8_lossy(&output.stderr));
        let (ours, theirs) = (read_vector(folder, "ours.npy"), read_vector(folder, "theirs.npy"));
        assert_eq!((ours.len(), theirs.len()), (400, 400));
        worst = ours.iter().zip(&theirs).fold(worst, |worst, (a, b)| worst.max((a - b).abs()));
    }
    worst
}

#[test]
fn the_documented_reader_agrees_with_score() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/numpy-venv/bin/python");
    if !python.is_file() {
        common::skipped("the reader in NumPy: scripts/numpy-venv.sh makes the environment that it needs");
        return;
    }
    let worst = distance(&python, &script());
    assert!(worst < 1e-9, "{worst:e} nats apart");
    // A reader without the log-determinant of whitening disagrees.
    let wrong = script().replace("ll - np.log(t[\"deviation\"]).sum()", "ll");
    assert!(distance(&python, &wrong) > 1e-3);
}
