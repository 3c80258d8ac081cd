//! Helpers of the command-line tests.
#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::path::{Path, PathBuf};
use std::process::Output;

use ndarray::Array2;

/// The path of a committed file in `tests/fixtures`.
pub(crate) fn fixture(folder: &str, name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures", folder, name].iter().collect();
    path.display().to_string()
}

/// A new folder, removed at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl std::ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        self.0.path()
    }
}

pub(crate) fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

/// Runs `pdmap` in `folder`.
pub(crate) fn pdmap(folder: &Path, args: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("pdmap").unwrap();
    command.current_dir(folder).args(args).output().unwrap()
}

/// Runs `pdmap`, expects success and returns stdout. Stderr may say what was read; of warnings, only
/// that a flow of few steps is below a Gaussian and that columns are discrete.
pub(crate) fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = pdmap(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    let alarming = |line: &str| line.starts_with("warning") || line.starts_with("error");
    let known = ["warning: the flow is ", "warning: column"];
    let known = |line: &str| known.iter().any(|known| line.starts_with(known));
    let unexpected = stderr.lines().any(|line| alarming(line) && !known(line));
    assert!(!unexpected, "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `pdmap`, expects status 2 and one line on stderr after lines about the rows that were read,
/// and returns that line.
pub(crate) fn refuse(folder: &Path, args: &[&str]) -> String {
    let output = pdmap(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    let mut lines = stderr.lines().rev();
    let last = lines.next().unwrap_or_default().to_owned();
    let about_rows = |line: &str| ["columns: ", "preprocessing: "].iter().any(|start| line.starts_with(start));
    let about_rows = |line: &str| about_rows(line) || line.contains(" features");
    assert!(last.starts_with("error: ") && lines.all(about_rows), "{args:?}: {stderr}");
    last
}

/// Expects a refusal that contains `names` and leaves the folder unchanged.
pub(crate) fn refuse_cleanly(folder: &Path, args: &[&str], names: &[&str]) {
    let list = || {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = list();
    let line = refuse(folder, args);
    for name in names {
        assert!(line.contains(name), "`{name}` is not in: {line}");
    }
    assert_eq!(list(), before, "{args:?} left files behind");
}

/// Plausible data, `[rows, features]`, without constant or dependent features.
pub(crate) fn rows(rows: usize, features: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, features), |(i, j)| {
        // Sines of one frequency span two dimensions only.
        let own = ((i * i * (j + 1) + 31 * i * j) % 1009) as f64 / 1009.0;
        ((i * 7 + j * 3) as f64).sin() + (i as f64 * 0.61).cos() + 0.5 * own
    })
}

/// Writes rows as f64.
pub(crate) fn write(folder: &Path, name: &str, rows: &Array2<f64>) -> PathBuf {
    let path = folder.join(name);
    pdmap_data::write_npy(&path, rows).unwrap();
    path
}

/// Trains a dense model of three features on `train.npy`, `m.st`.
pub(crate) fn dense_model(folder: &Path, dtype: &str, steps: usize) {
    write(folder, "train.npy", &rows(400, 3));
    let train = ["train", "--data", "train.npy", "--model", "dense-relative", "--dtype", dtype, "--out", "m.st"];
    succeed(folder, &[&train[..], &["--steps", &steps.to_string()]].concat());
}

/// Reads rows.
pub(crate) fn read(folder: &Path, name: &str) -> Array2<f64> {
    pdmap_data::read_npy(&folder.join(name)).unwrap()
}

/// Reads the numbers of a one-dimensional `.npy` file of f64.
pub(crate) fn read_vector(folder: &Path, name: &str) -> Vec<f64> {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let header = u16::from_le_bytes([bytes[8], bytes[9]]) as usize + 10;
    bytes[header..].as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect()
}

/// Reports a skipped test directly to stderr, because the harness shows output of failing tests
/// only.
pub(crate) fn skipped(reason: &str) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("\nskipped: {reason}\n"));
}
