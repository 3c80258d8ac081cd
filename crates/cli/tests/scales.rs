//! Columns in very different units, and columns that depend on each other.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use common::{fixture, folder, read_vector, refuse, succeed};

/// Units of 1e9, 1 and 1e-9 leave the likelihood as it is without them: they multiply to 1.
#[test]
fn columns_in_very_different_units_whiten() {
    let folder = &folder();
    let data = fixture("cases", "units-1e9-1-1e-9.npy");
    for dtype in ["f32", "f64"] {
        let args = ["train", "--data", &data, "--preprocess", "whiten", "--steps", "2", "--out", "m.st"];
        let model = ["--model", "gaussianization-orthonormal", "--dtype", dtype];
        succeed(folder, &[&args[..], &model].concat());
        succeed(folder, &["score", "m.st", "--data", &data, "--out", "ll.npy"]);
        let scores = read_vector(folder, "ll.npy");
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        // Three normal numbers of variance 1 have −4.26 nats; two steps are near that.
        assert!((-6.0..-3.5).contains(&mean), "{dtype}: {mean}");
    }
}

#[test]
fn all_columns_of_a_dependency_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = fixture("cases", "collinear.npy");
    let args = ["train", "--data", &data, "--preprocess", "whiten", "--steps", "2", "--out", "m.st"];
    let refused = refuse(folder.path(), &args);
    assert!(refused.contains("collinear.npy") && refused.contains("combination of x0, x1"), "{refused}");
}
