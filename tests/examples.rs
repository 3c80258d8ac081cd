//! The programs in `examples/`, each in its small setting: what they promise is in what they print, and a bad input ends them with a message that names it.
//!
//! With `--quick` an example that breaks its promise ends with an error of its own; what is looked at here is that the figures are there.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The folder of the built examples.
///
/// All examples of the workspace are built together: that takes the features, and so the builds of
/// dependencies, of `cargo test --workspace`. `cargo run --example` would compile most dependencies
/// again.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--locked", "--workspace", "--examples"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    assert!(command.status().unwrap().success());
    // This test is in `deps` beside it.
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples")
});

/// Runs an example in a folder.
fn run(folder: &Path, name: &str, args: &[&str]) -> Output {
    let program = BUILT.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    Command::new(program).current_dir(folder).env("RUST_BACKTRACE", "0").args(args).output().unwrap()
}

/// What an example prints in its small setting, in an empty folder.
fn quick(name: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), name, &[&["--quick"], args].concat());
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{name}: {printed}\n{said}");
    printed
}

/// A file that cannot be used, and one that is not there, each asked for by `args`: the status says so, and the message names it.
fn refuses(name: &str, file: &str, content: &str, args: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), content).unwrap();
    for (given, named) in [(args, file), (&["missing"], "missing")] {
        let output = run(folder.path(), name, &[&["--quick"], given].concat());
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{name} took {given:?}");
        assert!(said.contains(named) && !said.contains("panicked"), "{name}: {said}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Numbers of the first line that begins with `start`, behind it.
fn numbers(printed: &str, start: &str) -> Vec<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix(start));
    let line = line.unwrap_or_else(|| panic!("no line begins with `{start}`:\n{printed}"));
    line.split_whitespace().filter_map(|word| word.trim_end_matches(['%', ',']).parse().ok()).collect()
}

#[test]
fn csv_density() {
    let printed = quick("csv_density", &["--out", "density"]);
    assert!(numbers(&printed, "flow")[0] > numbers(&printed, "Gaussian")[0] + 0.1, "{printed}");
    assert!(printed.contains("scores.csv, samples.csv, model.safetensors"));
    refuses("csv_density", "table.csv", "a,b\n1,2\n3,four\n", &["table.csv"]);
}

#[test]
fn ica() {
    let printed = quick("ica", &[]);
    for condition in ["        1", "       10", "     1000"] {
        let [before, after, ..] = numbers(&printed, condition)[..] else { panic!("{printed}") };
        assert!(before > 0.2 && after < 0.05, "{printed}");
    }
}

#[test]
fn unnormalized() {
    let printed = quick("unnormalized", &[]);
    for target in ["ring", "mixture"] {
        let [truth, found, ..] = numbers(&printed, target)[..] else { panic!("{printed}") };
        assert!((truth - found).abs() < 0.05, "{printed}");
    }
}

#[test]
fn lapped_audio() {
    let printed = quick("lapped_audio", &[]);
    let gain = |name: &str| *numbers(&printed, name).iter().rfind(|gain| gain.is_finite()).unwrap();
    assert!(gain("learned, overlap 4 ") > gain("MDCT, sine window ") + 0.2, "{printed}");
    assert!(gain("MDCT, sine window ") > gain("DCT-II "), "{printed}");
    refuses("lapped_audio", "sound.wav", "RIFF, but no sound", &["sound.wav"]);
}

#[test]
fn compress_photo() {
    let printed = quick("compress_photo", &["--out", "compressed"]);
    // Eight steps, a rate and a PSNR each.
    for name in ["DCT-II 8x8 ", "learned 8x8, from the DCT ", "LOT 16x16 ", "Daubechies 8, 3 levels "] {
        let points = numbers(&printed, name);
        assert_eq!(points.len(), 16, "{printed}");
        assert!(points.chunks(2).is_sorted_by(|a, b| a[0] > b[0] && a[1] > b[1]), "{printed}");
    }
    assert!(printed.contains("rate-distortion.csv, learned.png"));
    refuses("compress_photo", "photo.png", "no picture", &["photo.png"]);
    refuses("compress_photo", "folder", "no folder", &["--train", "folder"]);
}

#[test]
fn anomalies() {
    let printed = quick("anomalies", &[]);
    let [flow, gaussian] = ["flow", "Gaussian"].map(|name| numbers(&printed, name)[0]);
    assert!(flow > 0.8 && flow > gaussian + 0.05, "{printed}");
}

#[test]
fn class_digits() {
    let printed = quick("class_digits", &["--each", "3"]);
    assert!(printed.contains("digits.png: 3 samples of each of 10 classes"), "{printed}");
    refuses("class_digits", "model.safetensors", "no model", &["model.safetensors"]);
}

#[test]
fn custom_layer() {
    let printed = quick("custom_layer", &[]);
    let [without, with] = ["without the twist", "with the twist"].map(|name| numbers(&printed, name)[0]);
    assert!(with > without + 0.1 && with < numbers(&printed, "the true density")[0], "{printed}");
    assert!(printed.contains("to the last bit") && printed.contains("unknown kind of layer `twist`"));
}

#[test]
fn mnist() {
    let printed = quick("mnist", &[]);
    assert!(numbers(&printed, "flow")[0] > numbers(&printed, "Gaussian")[0], "{printed}");
    refuses("mnist", "train-images-idx3-ubyte", "no images", &["."]);
}

#[test]
fn coding_gain() {
    for flags in [&[][..], &["--quasi-newton"]] {
        let printed = quick("coding_gain", flags);
        // Of eight bands without overlap: the trained gain is near the optimum, and above it never.
        let row = printed.lines().find(|line| line.starts_with(" 8  1 |")).unwrap();
        let trained: f64 = row.split_whitespace().nth(3).unwrap().parse().unwrap();
        assert!(trained > 8.8 && trained < 8.8463, "{printed}");
    }
}
