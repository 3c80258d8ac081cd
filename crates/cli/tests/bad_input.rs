//! Bad input: one line that names the file and the numbers, status 2, no leftover files.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, pdmap, refuse_cleanly, rows, succeed, write};
use ndarray::Array2;

fn train(data: &str) -> Vec<&str> {
    vec!["train", "--data", data, "--steps", "5", "--out", "m.safetensors"]
}

#[test]
fn unusable_data() {
    let folder = &folder();
    refuse_cleanly(folder, &train("absent.npy"), &["absent.npy", "no such file"]);

    std::fs::write(folder.join("noise.npy"), b"this is no array").unwrap();
    refuse_cleanly(folder, &train("noise.npy"), &["noise.npy"]);

    let mut nan = rows(300, 3);
    nan[[17, 2]] = f64::NAN;
    write(folder, "nan.npy", &nan);
    refuse_cleanly(folder, &train("nan.npy"), &["nan.npy", "17", "2", "NaN"]);

    let mut constant = rows(300, 3);
    constant.column_mut(1).fill(4.5);
    write(folder, "constant.npy", &constant);
    refuse_cleanly(folder, &train("constant.npy"), &["constant.npy", "1", "4.5"]);

    write(folder, "few.npy", &rows(30, 3));
    let many = [&train("few.npy")[..], &["--batch", "100"]].concat();
    refuse_cleanly(folder, &many, &["few.npy", "100", "24"]);

    write(folder, "none.npy", &Array2::zeros((300, 0)));
    refuse_cleanly(folder, &train("none.npy"), &["none.npy"]);

    let cube = ndarray::Array3::<f64>::zeros((10, 3, 3));
    pdmap_data::write_npy(&folder.join("cube.npy"), &cube).unwrap();
    refuse_cleanly(folder, &train("cube.npy"), &["cube.npy", "rank 3", "rank 2", "reshape"]);

    // An array of complex numbers.
    let bytes = std::fs::read(write(folder, "good.npy", &rows(300, 3))).unwrap();
    let at = bytes.windows(3).position(|w| w == b"<f8").unwrap();
    let mut complex = bytes.clone();
    complex[at..at + 3].copy_from_slice(b"<c8");
    std::fs::write(folder.join("complex.npy"), complex).unwrap();
    refuse_cleanly(folder, &train("complex.npy"), &["complex.npy", "<c8", "x.real"]);
    std::fs::write(folder.join("short.npy"), &bytes[..bytes.len() - 100]).unwrap();
    refuse_cleanly(folder, &train("short.npy"), &["short.npy"]);

    write(folder, "narrow.npy", &rows(50, 2));
    let mut narrow = train("good.npy");
    narrow.extend(["--val", "narrow.npy"]);
    refuse_cleanly(folder, &narrow, &["narrow.npy", "2", "3"]);

    // The third column is the sum of the others, so the message names the file.
    let mut dependent = Array2::from_shape_fn((300, 3), |(i, j)| ((i * (j + 1)) % (7 + j)) as f64);
    let sum = &dependent.column(0) + &dependent.column(1);
    dependent.column_mut(2).assign(&sum);
    write(folder, "dependent.npy", &dependent);
    let whiten = ["--preprocess", "whiten", "--dtype", "f64"];
    refuse_cleanly(
        folder,
        &[&train("dependent.npy")[..], &whiten].concat(),
        &["dependent.npy", "combination of x0, x1"],
    );
    let compare = ["compare", "--data", "dependent.npy", "--steps", "5", "--out", "new"];
    refuse_cleanly(folder, &[&compare[..], &whiten].concat(), &["dependent.npy", "combination of x0, x1"]);
}

#[test]
fn unusable_images() {
    let folder = &folder();
    std::fs::create_dir(folder.join("photos")).unwrap();
    refuse_cleanly(folder, &train("photos"), &["photos"]);
    for index in 0..5 {
        image::GrayImage::new(20, 6).save(folder.join(format!("photos/{index}.png"))).unwrap();
    }
    refuse_cleanly(folder, &train("photos"), &["20", "6", "8"]);
    let patches = ["data", "patches", "--images", "photos", "--size", "8", "--count", "10", "--out", "x.npy"];
    refuse_cleanly(folder, &patches, &["20", "6", "8"]);
    std::fs::write(folder.join("photos/0.png"), b"no picture").unwrap();
    refuse_cleanly(folder, &train("photos"), &["0.png"]);
    image::GrayImage::new(8193, 8192).save(folder.join("photos/0.png")).unwrap();
    refuse_cleanly(folder, &train("photos"), &["0.png", "8193", "8192", "67108864"]);
}

#[test]
fn unwritable_folders() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 3));
    // The folder is checked before training.
    let compare = ["compare", "--data", "x.npy", "--budget", "1h", "--out"];
    let splits = ["data", "splits", "--data", "x.npy", "--out"];
    std::fs::create_dir_all(folder.join("taken/results.json")).unwrap();
    std::fs::create_dir_all(folder.join("taken/test.npy")).unwrap();
    for (command, file) in [(&compare[..], "results.json"), (&splits[..], "test.npy")] {
        refuse_cleanly(folder, &[command, &["x.npy/out"]].concat(), &["x.npy/out"]);
        refuse_cleanly(folder, &[command, &["x.npy"]].concat(), &["x.npy"]);
        refuse_cleanly(folder, &[command, &["taken"]].concat(), &["taken", file]);
    }
    assert!(!folder.join("taken/train.npy").exists());
    // A folder created for a failed run is removed.
    let mut nan = rows(300, 3);
    nan[[4, 1]] = f64::NAN;
    write(folder, "nan.npy", &nan);
    refuse_cleanly(folder, &["compare", "--data", "nan.npy", "--out", "new/inner"], &["nan.npy", "4"]);
    refuse_cleanly(folder, &["data", "splits", "--data", "nan.npy", "--out", "new/inner"], &["nan.npy", "4"]);
}

#[test]
fn a_comparison_without_plots_keeps_its_results() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 3));
    write(folder, "far.npy", &Array2::from_elem((50, 3), 1e200));
    let args = [
        "compare",
        "--data",
        "x.npy",
        "--test",
        "far.npy",
        "--preprocess",
        "none",
        "--dtype",
        "f64",
        "--arms",
        "dense-relative",
        "--rate",
        "1e-4",
        "--seeds",
        "1",
        "--steps",
        "5",
        "--out",
        "c",
    ];
    let output = pdmap(folder, &args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("results.json") && stderr.contains("nothing to draw"), "{stderr}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("dense-relative"));
    let json = std::fs::read_to_string(folder.join("c/results.json")).unwrap();
    let results: pdmap_compare::Results = serde_json::from_str(&json).unwrap();
    assert_eq!(results.runs.len(), 1);
    assert!(!folder.join("c/report.html").exists());
}

#[test]
fn unusable_flags() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 3));
    let with = |extra: &[&'static str]| [&train("x.npy")[..], extra].concat();
    refuse_cleanly(folder, &with(&["--model", "dense-realtive"]), &["dense-realtive", "dense-relative"]);
    refuse_cleanly(folder, &with(&["--batch", "0"]), &["--batch"]);
    refuse_cleanly(folder, &with(&["--depth", "0"]), &["--depth"]);
    refuse_cleanly(folder, &with(&["--alpha", "0"]), &["alpha", "0"]);
    refuse_cleanly(folder, &with(&["--rate=-1"]), &["learning rate", "-1"]);
    refuse_cleanly(folder, &with(&["--protocol", "mnist"]), &["x.npy", "mnist", "rows"]);
    refuse_cleanly(folder, &with(&["--rows", "1,2"]), &["--rows", "2"]);
    refuse_cleanly(folder, &with(&["--rows", "1,2,3"]), &["--rows 1,2,3", "x.npy"]);
    refuse_cleanly(folder, &with(&["--patch", "4"]), &["--patch 4", "x.npy"]);
    for generator in ["synthetic:leaves", "synthetic:moons"] {
        refuse_cleanly(folder, &[&train(generator)[..], &["--patch", "8"]].concat(), &["--patch 8", generator]);
    }
    // Ten images of 2 x 2 pixels.
    let idx = [&[0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 2][..], &[7; 40]].concat();
    std::fs::write(folder.join("digits"), idx).unwrap();
    refuse_cleanly(folder, &[&train("digits")[..], &["--rows", "1,2,3"]].concat(), &["--rows 1,2,3", "digits"]);
    refuse_cleanly(folder, &[&train("digits")[..], &["--patch", "4"]].concat(), &["--patch 4", "digits"]);
    refuse_cleanly(folder, &train("synthetic:leafs"), &["leafs", "leaves"]);
    let many = "synthetic:leaves?images=18446744073709551615";
    refuse_cleanly(folder, &train(many), &["images", "18446744073709551615", "65536"]);
    refuse_cleanly(folder, &train("synthetic:leaves?size=4096&images=17"), &["images", "17", "4096", "2^28"]);
    refuse_cleanly(folder, &train("synthetic:ica?dmi=3"), &["dmi", "dim"]);
    let lost = ["train", "--data", "x.npy", "--steps", "5", "--out", "absent/m.safetensors"];
    refuse_cleanly(folder, &lost, &["absent"]);
    refuse_cleanly(folder, &["compare", "--data", "x.npy", "--seeds", "0", "--steps", "2"], &["0 seeds"]);
    // clap's messages take several lines but have the same status.
    for args in [&["train", "--steps", "many"][..], &["compare", "--arms", "dense"], &["fly"]] {
        assert_eq!(pdmap(folder, args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn models_that_do_not_match_the_data() {
    let folder = &folder();
    write(folder, "x.npy", &rows(300, 3));
    write(folder, "wide.npy", &rows(10, 4));
    succeed(folder, &[&train("x.npy")[..], &["--model", "mixture-spline"]].concat());
    for (command, out) in [("score", "ll.npy"), ("encode", "z.npy"), ("decode", "x2.npy")] {
        let on = |data| [command, "m.safetensors", "--data", data, "--out", out];
        refuse_cleanly(folder, &on("wide.npy"), &["wide.npy", "4", "3"]);
        refuse_cleanly(folder, &on("absent.npy"), &["absent.npy"]);
        refuse_cleanly(folder, &[command, "x.npy", "--data", "x.npy", "--out", out], &["x.npy", "model file"]);
        refuse_cleanly(folder, &[command, "no.safetensors", "--data", "x.npy", "--out", out], &["no.safetensors"]);
    }
    refuse_cleanly(folder, &["inspect", "wide.npy"], &["wide.npy"]);
    // Finite rows without a finite log-likelihood.
    let mut far = rows(2000, 3);
    far[[1500, 1]] = 1e200;
    write(folder, "far.npy", &far);
    succeed(folder, &[&train("x.npy")[..], &["--dtype", "f64"]].concat());
    let said = succeed(folder, &["score", "m.safetensors", "--data", "far.npy", "--out", "ll.npy"]);
    assert!(said.contains("1 of 2000 rows lie"), "{said}");
    refuse_cleanly(folder, &["sample", "m.safetensors", "--count", "3", "--out", "absent/s.npy"], &["absent"]);
}

#[test]
fn a_diverging_run_saves_the_last_good_weights_and_reports_it() {
    let folder = &folder();
    // The loss of one extreme row overflows f32 once it is drawn; the other rows train well.
    let mut x = rows(2000, 3);
    x[[1000, 0]] = 1e30;
    write(folder, "x.npy", &x);
    let args = [
        "train",
        "--data",
        "x.npy",
        "--model",
        "dense-relative",
        "--val",
        "v.npy",
        "--preprocess",
        "none",
        "--steps",
        "400",
        "--out",
        "m.safetensors",
    ];
    write(folder, "v.npy", &rows(100, 3));
    let output = pdmap(folder, &args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("diverged at step") && stderr.contains("were saved"), "{stderr}");
    let score: serde_json::Value = serde_json::from_str(&succeed(
        folder,
        &["score", "m.safetensors", "--data", "v.npy", "--out", "ll.npy", "--json"],
    ))
    .unwrap();
    assert!(score["mean"].as_f64().unwrap().is_finite());
}

/// Status and stderr of a run whose stdout is closed.
fn unread(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("pdmap"));
    command.current_dir(folder).args(args);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn test_rows_and_a_closed_pipe_do_not_hide_how_training_ended() {
    let folder = &folder();
    let mut x = rows(2000, 3);
    write(folder, "good.npy", &x);
    x[[1000, 0]] = 1e200;
    write(folder, "x.npy", &x);
    write(folder, "v.npy", &rows(100, 3));
    let args = |data| {
        let data = ["train", "--data", data, "--val", "v.npy", "--test", "x.npy", "--preprocess", "none"];
        [&data[..], &["--model", "dense-relative", "--dtype", "f64", "--steps", "400", "--out", "m.safetensors"]]
            .concat()
    };
    let printed = succeed(folder, &args("good.npy"));
    assert!(printed.contains("test: none, x.npy: ") && printed.contains("row 1000"), "{printed}");
    let json = succeed(folder, &[&args("good.npy")[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["test"].is_null() && json["test_failure"].as_str().unwrap().contains("row 1000"), "{json}");
    assert_eq!(unread(folder, &[&args("good.npy")[..], &["--quiet"]].concat()), (Some(0), String::new()));

    let output = pdmap(folder, &args("x.npy"));
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("test: none, x.npy: "));
    std::fs::remove_file(folder.join("m.safetensors")).unwrap();
    let (status, stderr) = unread(folder, &args("x.npy"));
    assert_eq!(status, Some(3), "{stderr}");
    assert!(stderr.contains("diverged at step"), "{stderr}");
    assert!(folder.join("m.safetensors").is_file());
}
