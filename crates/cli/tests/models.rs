//! Trained models, checked through the command line alone.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, read, read_vector, refuse, rows, succeed, write};
use ndarray::{Array2, Axis};
use pdmap_core::linalg::Lu;

fn train(folder: &Path, data: &str, extra: &[&str]) {
    let mut args = vec!["train", "--data", data, "--rows", "4000,500,500", "--out", "m.safetensors"];
    args.extend(extra);
    succeed(folder, &args);
}

/// `log|det ∂z/∂x|` at each row, by central differences of `encode`.
fn measured_log_det(folder: &Path, x: &Array2<f64>) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let features = x.ncols();
    let mut moved = Array2::zeros((0, features));
    for row in x.rows() {
        for feature in 0..features {
            for sign in [1.0, -1.0] {
                let mut row = row.to_owned();
                row[feature] += sign * STEP;
                moved.push_row(row.view()).unwrap();
            }
        }
    }
    write(folder, "moved.npy", &moved);
    succeed(folder, &["encode", "m.safetensors", "--data", "moved.npy", "--out", "z-moved.npy"]);
    let z = read(folder, "z-moved.npy");
    let one_row = |chunk: ndarray::ArrayView2<'_, f64>| {
        let jacobian = Array2::from_shape_fn((features, features), |(output, input)| {
            (chunk[[2 * input, output]] - chunk[[2 * input + 1, output]]) / (2.0 * STEP)
        });
        Lu::<f64>::new(jacobian.view()).unwrap().log_det().log_abs
    };
    z.axis_chunks_iter(Axis(0), 2 * features).map(one_row).collect()
}

#[test]
fn a_score_is_the_base_log_density_of_the_code_plus_the_measured_log_determinant() {
    for model in ["dense-relative", "dense-orthonormal", "dense-svd"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        train(folder, "synthetic:ica?dim=6&source=laplace", &["--model", model, "--dtype", "f64", "--steps", "300"]);
        let x = rows(20, 6);
        write(folder, "x.npy", &x);
        succeed(folder, &["score", "m.safetensors", "--data", "x.npy", "--out", "ll.npy"]);
        succeed(folder, &["encode", "m.safetensors", "--data", "x.npy", "--out", "z.npy"]);
        let (z, scores) = (read(folder, "z.npy"), read_vector(folder, "ll.npy"));
        assert_eq!(scores.len(), 20);
        for ((z, log_det), score) in z.rows().into_iter().zip(measured_log_det(folder, &x)).zip(scores) {
            let normal = z.iter().map(|z| -0.5 * z * z - 0.5 * (2.0 * std::f64::consts::PI).ln()).sum::<f64>();
            assert!((score - normal - log_det).abs() <= 1e-6, "{model}: {score} is not {normal} + {log_det}");
        }
    }
}

#[test]
fn decode_inverts_encode_in_both_precisions() {
    for (dtype, tolerance) in [("f64", 1e-9), ("f32", 1e-3)] {
        for model in ["dense-relative", "dense-relative-algebra", "dense-orthonormal", "dense-svd", "dense-exact"] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            train(
                folder,
                "synthetic:ica?dim=6&source=laplace",
                &["--model", model, "--dtype", dtype, "--steps", "200", "--seed", "3"],
            );
            let x = rows(200, 6);
            write(folder, "x.npy", &x);
            succeed(folder, &["encode", "m.safetensors", "--data", "x.npy", "--out", "z.npy"]);
            succeed(folder, &["decode", "m.safetensors", "--data", "z.npy", "--out", "back.npy"]);
            let worst = (&read(folder, "back.npy") - &x).iter().fold(0.0_f64, |worst, d| worst.max(d.abs()));
            assert!(worst <= tolerance, "{model}, {dtype}: {worst:e}");
        }
    }
}

#[test]
fn a_density_integrates_to_one() {
    let folder = &folder();
    train(folder, "synthetic:moons?noise=0.1", &["--model", "dense-relative", "--dtype", "f64", "--steps", "600"]);
    // A grid that is fine near the data and extends far into the tails: x = sinh(u)/scale with the
    // weight cosh(u)/scale du.
    const SIDE: usize = 900;
    let (reach, centre) = (9.0_f64, [0.5, 0.25]);
    let width = 2.0 * reach / SIDE as f64;
    let node = |i: usize| -reach + (i as f64 + 0.5) * width;
    let grid = Array2::from_shape_fn((SIDE * SIDE, 2), |(point, axis)| {
        let i = if axis == 0 { point / SIDE } else { point % SIDE };
        centre[axis] + 0.1 * node(i).sinh()
    });
    write(folder, "grid.npy", &grid);
    succeed(folder, &["score", "m.safetensors", "--data", "grid.npy", "--out", "ll.npy"]);
    let weight = |i: usize| 0.1 * node(i).cosh() * width;
    let scores = read_vector(folder, "ll.npy");
    let integral = |scores: &[f64]| -> f64 {
        scores.iter().enumerate().map(|(p, score)| score.exp() * weight(p / SIDE) * weight(p % SIDE)).sum()
    };
    let whole = integral(&scores);
    assert!((whole - 1.0).abs() <= 1e-3, "{whole}");
    // A wrong score, the base log-density without the log-determinant, must fail.
    succeed(folder, &["encode", "m.safetensors", "--data", "grid.npy", "--out", "z.npy"]);
    let log_normal = |z: f64| -0.5 * (z * z + (2.0 * std::f64::consts::PI).ln());
    let base: Vec<f64> =
        read(folder, "z.npy").rows().into_iter().map(|z| z.iter().map(|&z| log_normal(z)).sum()).collect();
    let wrong = integral(&base);
    assert!((wrong - 1.0).abs() > 0.1, "{wrong}");
}

#[test]
fn a_run_with_a_step_budget_is_reproducible_bit_for_bit() {
    let folder = &folder();
    let data = write(folder, "x.npy", &rows(600, 4));
    let bytes = |name: &str, seed: &str| {
        let data = data.to_str().unwrap();
        succeed(folder, &["train", "--data", data, "--steps", "50", "--seed", seed, "--out", name]);
        std::fs::read(folder.join(name)).unwrap()
    };
    let first = bytes("a.safetensors", "1");
    assert_eq!(first, bytes("b.safetensors", "1"));
    assert_ne!(first, bytes("c.safetensors", "2"));
}

#[test]
fn samples_and_inspection() {
    let folder = &folder();
    train(folder, "synthetic:ica?dim=3", &["--model", "dense-orthonormal", "--steps", "50"]);
    for name in ["a.npy", "b.npy"] {
        succeed(folder, &["sample", "m.safetensors", "--count", "40", "--seed", "7", "--out", name]);
    }
    assert_eq!(read(folder, "a.npy").dim(), (40, 3));
    assert_eq!(read(folder, "a.npy"), read(folder, "b.npy"));
    let json: serde_json::Value =
        serde_json::from_str(&succeed(folder, &["inspect", "m.safetensors", "--json"])).unwrap();
    assert_eq!(json["header"]["features"], 3);
    let residual = json["diagnostics"].as_array().unwrap().iter().find(|d| d["name"] == "1.weight max|W'W-I|");
    assert!(residual.unwrap()["value"].as_f64().unwrap() <= 32.0 * f64::from(f32::EPSILON));
    let text = succeed(folder, &["inspect", "m.safetensors"]);
    assert!(text.contains("standardize") && text.contains("(preprocessing)") && text.contains("round trip"), "{text}");
}

#[test]
fn patches_of_a_folder_of_images_train_a_model() {
    let folder = &folder();
    std::fs::create_dir(folder.join("photos")).unwrap();
    for index in 0..12_u32 {
        let picture =
            image::GrayImage::from_fn(40, 30, |x, y| image::Luma([((x * x + y * 7 * (index + 1)) % 251) as u8]));
        picture.save(folder.join(format!("photos/{index}.png"))).unwrap();
    }
    let patches = ["data", "patches", "--images", "photos", "--size", "4", "--count", "500", "--out", "x.npy"];
    let printed = succeed(folder, &patches);
    assert!(printed.contains("500 rows of 15 features from 12 images"), "{printed}");
    assert_eq!(read(folder, "x.npy").dim(), (500, 15));
    let splits = ["data", "splits", "--data", "photos", "--patch", "4", "--rows", "300,100,100", "--out", "parts"];
    succeed(folder, &splits);
    assert_eq!(read(folder, "parts/validation.npy").dim(), (100, 15));
    let parts = ["--data", "parts/train.npy", "--val", "parts/validation.npy", "--test", "parts/test.npy"];
    let train = [&["train"][..], &parts, &["--steps", "20", "--out", "m.st", "--json"]].concat();
    let trained: serde_json::Value = serde_json::from_str(&succeed(folder, &train)).unwrap();
    let score: serde_json::Value = serde_json::from_str(&succeed(
        folder,
        &["score", "m.st", "--data", "parts/test.npy", "--out", "ll.npy", "--json"],
    ))
    .unwrap();
    assert_eq!(score["rows"], 100);
    for (key, figure) in trained["test"].as_object().unwrap() {
        assert_eq!(&score[key], figure, "training and `score` report different test results");
    }
    assert!(score["mean"].as_f64().unwrap().is_finite());
}

#[test]
fn a_comparison_writes_report_results_and_plots() {
    let folder = &folder();
    let text = succeed(
        folder,
        &[
            "compare",
            "--data",
            "synthetic:leaves?images=12&size=32&patch=4",
            "--rows",
            "600,200,200",
            "--steps",
            "30",
            "--seeds",
            "2",
            "--out",
            "c",
        ],
    );
    for name in [
        "dense-exact",
        "dense-relative",
        "dense-relative-algebra",
        "dense-orthonormal",
        "dense-svd",
        "Gaussian",
        "histograms",
    ] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
    let page = std::fs::read_to_string(folder.join("c/report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("dense-orthonormal"));
    let json = std::fs::read_to_string(folder.join("c/results.json")).unwrap();
    let results: pdmap_compare::Results = serde_json::from_str(&json).unwrap();
    assert_eq!((results.runs.len(), results.arms.len(), results.contrasts.len()), (10, 5, 6));
    for plot in ["test.svg", "curves-time.svg", "curves-steps.svg"] {
        assert!(folder.join("c").join(plot).is_file(), "{plot}");
    }
}

#[test]
fn class_folders_become_rows_and_conditions() {
    let folder = &folder();
    let save = |name: &str, side: u32, level: u8| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::RgbImage::from_fn(side, 2, |x, _| image::Rgb([level, x as u8, 0])).save(path).unwrap();
    };
    for index in 0..40_u8 {
        save(&format!("pets/cat/{index}.png"), 3, index);
        save(&format!("pets/dog, small/{index}.png"), 3, 100 + index);
    }
    let images = ["data", "images", "--images", "pets", "--color", "--out", "x.npy", "--classes", "y.csv"];
    let printed = succeed(folder, &images);
    for needle in ["80 rows of 18 features: [3, 2, 3]", "2 classes (cat, dog, small)", "--condition y.csv"] {
        assert!(printed.contains(needle), "{printed}");
    }
    let rows = read(folder, "x.npy");
    assert_eq!(rows.dim(), (80, 18));
    assert_eq!(rows.row(0).iter().skip(6).step_by(3).copied().collect::<Vec<_>>(), [0.0; 4]);
    let labels = std::fs::read_to_string(folder.join("y.csv")).unwrap();
    assert_eq!((labels.lines().next(), labels.lines().last()), (Some("class"), Some("\"dog, small\"")));
    // Most pixels are constant here: the levels alone remain.
    let model = "layers = [{ kind = \"coupling\", split = \"none\", hidden = [4] }]";
    std::fs::write(folder.join("m.toml"), model).unwrap();
    let train = ["train", "--data", "x.npy", "--condition", "y.csv", "--drop-degenerate", "--model", "m.toml"];
    succeed(folder, &[&train[..], &["--steps", "5", "--out", "m.st"]].concat());
    succeed(folder, &["sample", "m.st", "--class", "1", "--count", "3", "--out", "s.npy"]);

    // Names that are no words are refused, unless all are whole numbers.
    save("odd/1.5/a.png", 3, 1);
    save("odd/cat/a.png", 3, 2);
    let odd = ["data", "images", "--images", "odd", "--out", "o.npy", "--classes", "o.csv"];
    assert!(refuse(folder, &odd).contains("the class folder \"1.5\""));
    save("digits/3/a.png", 3, 1);
    save("digits/7/a.png", 3, 2);
    let digits = ["data", "images", "--images", "digits", "--out", "d.npy", "--classes", "d.csv"];
    assert!(succeed(folder, &digits).contains("--condition d.csv --classes 8"));
    let both = ["data", "images", "--images", "digits", "--out", "d.npy", "--classes", "d.npy"];
    assert!(refuse(folder, &both).contains("both write to d.npy"));
    // Folders of classes are not read as a folder of images, and images of two sizes have no rows.
    let line = refuse(folder, &["train", "--data", "pets", "--steps", "5", "--out", "n.st"]);
    assert!(line.contains("pdmap data images --classes"), "{line}");
    save("pets/cat/odd.png", 5, 1);
    let line = refuse(folder, &images);
    assert!(line.contains("odd.png has 2x5 pixels") && line.contains("0.png has 2x3"), "{line}");
}
