//! `pdmap kernels`, and convolutional models on the command line.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, refuse, succeed};

fn train(folder: &Path, model: &str, data: &str) {
    let rows = ["--rows", "400,100,100", "--steps", "60", "--dtype", "f64"];
    let args = [&["train", "--data", data, "--model", model, "--out", "m.safetensors"], &rows[..]].concat();
    succeed(folder, &args);
}

#[test]
fn kernels_of_signals_are_exported_and_plotted() {
    for (model, orthonormal) in [("conv-orthonormal", true), ("conv-unconstrained", false), ("conv-free-exact", false)]
    {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        train(folder, model, "synthetic:ar1?rho=0.95&length=32");
        let printed = succeed(folder, &["kernels", "m.safetensors", "--out", "k.npy", "--json"]);
        let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(printed["period"], serde_json::json!([4]), "{model}");
        assert_eq!(printed["taps"], serde_json::json!([8]));
        let residual = printed["paraunitary_residual"].as_f64().unwrap();
        assert_eq!(residual < 1e-12, orthonormal, "{model}: {residual:e}");
        let kernels = std::fs::read(folder.join("k.npy")).unwrap();
        assert!(kernels[10..].starts_with(b"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 1, 1, 8), }"));
        assert_eq!(kernels.len(), 128 + 4 * 8 * 8);
        for plot in ["k.svg", "k-response.svg"] {
            let svg = std::fs::read_to_string(folder.join(plot)).unwrap();
            assert!(svg.starts_with("<svg") && svg.contains("k = 3"), "{model}, {plot}");
        }
        let layers = succeed(folder, &["inspect", "m.safetensors"]);
        assert!(layers.contains("conv"), "{layers}");
        // Samples survive a round trip through their codes.
        succeed(folder, &["sample", "m.safetensors", "--count", "5", "--out", "x.npy"]);
        succeed(folder, &["encode", "m.safetensors", "--data", "x.npy", "--out", "z.npy"]);
        succeed(folder, &["decode", "m.safetensors", "--data", "z.npy", "--out", "back.npy"]);
        let (x, back) = (common::read(folder, "x.npy"), common::read(folder, "back.npy"));
        assert!(x.iter().zip(&back).all(|(x, back)| (x - back).abs() < 1e-9 * (1.0 + x.abs())), "{model}");
    }
}

#[test]
fn kernels_of_images_are_plotted_as_images() {
    let folder = &folder();
    let toml = "shape = [1, 4, 8]\nlayers = [{ kind = \"cycled-conv\", period = [2, 4], stages = 2, group = \"orthonormal\" }]\n";
    std::fs::write(folder.join("model.toml"), toml).unwrap();
    train(folder, "model.toml", "synthetic:ar1?rho=0.9&length=32");
    succeed(folder, &["kernels", "m.safetensors", "--layer", "1", "--out", "k.npy"]);
    for plot in ["k.svg", "k-response.svg"] {
        let svg = std::fs::read_to_string(folder.join(plot)).unwrap();
        assert!(svg.contains("<title>(1, 3), channel 0 to 0</title>"), "{plot}");
    }
}

#[test]
fn layers_without_kernels_are_refused() {
    let folder = &folder();
    train(folder, "dense-relative", "synthetic:ar1?rho=0.95&length=8");
    let error = refuse(folder, &["kernels", "m.safetensors", "--out", "k.npy"]);
    assert!(error.contains("no layer is a convolution; layers: standardize, dense"), "{error}");
    let error = refuse(folder, &["kernels", "m.safetensors", "--layer", "1", "--out", "k.npy"]);
    assert!(error.contains("layer 1 is not a convolution"), "{error}");
    let error = refuse(folder, &["kernels", "missing.safetensors", "--out", "k.npy"]);
    assert!(error.contains("missing.safetensors"), "{error}");
    assert!(!folder.join("k.npy").exists());
}

#[test]
fn a_period_that_does_not_divide_the_length_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let args =
        ["train", "--data", "synthetic:ar1?rho=0.9&length=10", "--rows", "400,100,100", "--model", "conv-free-exact"];
    let error = refuse(folder.path(), &[&args[..], &["--steps", "3", "--out", "m.safetensors"]].concat());
    assert!(error.contains("length 10 does not fit the period 4"), "{error}");
}

#[test]
fn tiles_of_images_train_a_convolution() {
    let folder = &folder();
    std::fs::create_dir(folder.join("images")).unwrap();
    for picture in 0..10_u32 {
        let pixel = |x, y| image::Luma([((3 * x + 7 * y * x + 11 * picture) % 256) as u8]);
        image::GrayImage::from_fn(20, 16, pixel).save(folder.join(format!("images/{picture}.png"))).unwrap();
    }
    let args = ["train", "--data", "images", "--protocol", "tiles", "--patch", "8", "--rows", "300,50,50"];
    let rest = ["--model", "conv-orthonormal", "--steps", "20", "--out", "m.safetensors"];
    let printed = succeed(folder, &[&args[..], &rest[..]].concat());
    assert!(printed.contains("8x8 grey tiles"), "{printed}");
    // The shape of one-channel images is inferred.
    let layers = succeed(folder, &["inspect", "m.safetensors"]);
    assert!(layers.contains("\"shape\":[1,8,8]"), "{layers}");
}
