//! Training on rows that are read from a file.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use common::{folder, refuse, succeed};
use ndarray::Array2;

fn file(folder: &std::path::Path, name: &str, rows: usize) -> Array2<f32> {
    let x = Array2::from_shape_fn((rows, 8), |(i, j)| {
        let t = (i * 8 + j) as f32;
        (t * 0.7).sin() + (i as f32 * 0.37 + j as f32).cos() * 0.5
    });
    pdmap_data::write_npy(&folder.join(name), &x).unwrap();
    x
}

#[test]
fn training_from_a_file_is_as_good_as_from_memory() {
    let folder = &folder();
    file(folder, "x.npy", 20_000);
    file(folder, "v.npy", 500);
    let train = |extra: &[&str]| {
        let args = ["train", "--data", "x.npy", "--val", "v.npy", "--test", "v.npy", "--steps", "600"];
        let model = ["--model", "dense-relative", "--rate", "3e-3"];
        let printed = succeed(folder, &[&args[..], &model, &["--out", "m.safetensors", "--json"], extra].concat());
        let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
        (json["test"]["mean"].as_f64().unwrap(), json["weights"].as_str().unwrap().to_owned())
    };
    let (memory, memory_weights) = train(&[]);
    // The file has 640 kB, the buffer 64 kB.
    let (streamed, weights) = train(&["--memory", "64KiB"]);
    assert_eq!(train(&["--memory", "64KiB"]).1, weights);
    assert_ne!(weights, memory_weights, "the rows were read into memory");
    assert!((streamed - memory).abs() < 0.1, "{streamed} from the file, {memory} from memory");

    // Without validation rows some are split off; whitening works on rows from a file too.
    let printed = succeed(
        folder,
        &[
            "train",
            "--data",
            "x.npy",
            "--memory",
            "64KiB",
            "--preprocess",
            "whiten",
            "--steps",
            "20",
            "--out",
            "m.safetensors",
        ],
    );
    assert!(printed.contains("ensemble: 20 training steps"), "{printed}");
}

#[test]
fn bad_rows_in_a_file_are_named_by_their_index() {
    let folder = &folder();
    let mut x = file(folder, "x.npy", 20_000);
    let train = |name| {
        refuse(folder, &["train", "--data", name, "--memory", "64KiB", "--steps", "5", "--out", "m.safetensors"])
    };
    x[[12_345, 3]] = f32::NAN;
    pdmap_data::write_npy(&folder.join("nan.npy"), &x).unwrap();
    let line = train("nan.npy");
    assert!(line.contains("nan.npy") && line.contains("row 12345, column 3 is NaN"), "{line}");
    x.column_mut(3).fill(2.0);
    pdmap_data::write_npy(&folder.join("constant.npy"), &x).unwrap();
    let line = train("constant.npy");
    assert!(line.contains("constant.npy") && line.contains("x3 is constant: 2"), "{line}");
    let lots = common::pdmap(folder, &["train", "--data", "x.npy", "--memory", "lots", "--out", "m"]);
    assert_eq!(lots.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&lots.stderr).contains("a size such as 512MiB"));
}
