//! The protocols on the real files, if present: in the folder named by `PDMAP_SHARED`, otherwise in
//! `shared` beside the workspace.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::common;

use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use common::skipped;
use ndarray::{Array2, Axis};
use pdmap_data::{Counts, DataError, MNIST_LAMBDA, bsds300, check_training, mnist, read_idx};

fn shared(data: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PDMAP_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join("data").join(data);
    if path.exists() {
        return Some(path);
    }
    skipped(format_args!("{} does not exist", path.display()));
    None
}

/// Mean log-likelihood of `test` under the Gaussian fitted to `train`.
fn gaussian_fit(train: &Array2<f64>, test: &Array2<f64>) -> f64 {
    let (n, d) = (train.nrows() as f64, train.ncols());
    let mean = train.mean_axis(Axis(0)).unwrap();
    let centred = train - &mean;
    let mut l = centred.t().dot(&centred) / n;
    for j in 0..d {
        for k in 0..j {
            let factor = l[[j, k]];
            for i in j..d {
                l[[i, j]] -= l[[i, k]] * factor;
            }
        }
        let pivot = l[[j, j]].sqrt();
        for i in j..d {
            l[[i, j]] /= pivot;
        }
    }
    let log_det: f64 = l.diag().mapv(f64::ln).sum();
    let mut total = 0.0;
    for row in (test - &mean).rows() {
        let mut z = row.to_vec();
        for i in 0..d {
            for k in 0..i {
                z[i] -= l[[i, k]] * z[k];
            }
            z[i] /= l[[i, i]];
        }
        total -= 0.5 * z.iter().map(|v| v * v).sum::<f64>();
    }
    total / test.nrows() as f64 - log_det - 0.5 * d as f64 * (2.0 * PI).ln()
}

#[test]
fn bsds300_has_the_published_gaussian_likelihood() {
    let Some(root) = shared("bsds300") else {
        return;
    };
    let counts = Counts { train: 100_000, validation: 2_000, test: 50_000 };
    let splits = bsds300::<f64>(&root.join("train"), Some(&root.join("test")), counts, 8, 1).unwrap();
    assert_eq!(splits.train.dim(), (100_000, 63));
    assert!(splits.facts.notes.iter().any(|n| n.contains("180 train, 20 validation, 100 test")));
    check_training(splits.train.view(), "bsds300", 200).unwrap();
    // Published: 96.67 +- 0.25, from other draws of the patches.
    let fit = gaussian_fit(&splits.train, &splits.test);
    assert!((fit - 96.6).abs() < 0.6, "{fit}");
}

#[test]
fn mnist_has_the_published_parts_and_reproduces_the_pixels() {
    let Some(root) = shared("mnist") else {
        return;
    };
    let path = root.join("train-images-idx3-ubyte.gz");
    let splits = mnist::<f32>(&path, None, 1).unwrap();
    assert_eq!(splits.train.dim(), (50_000, 784));
    assert_eq!(splits.validation.dim(), (10_000, 784));
    assert_eq!(splits.test.dim(), (10_000, 784));
    let images = read_idx(&root.join("t10k-images-idx3-ubyte.gz")).unwrap().images;
    for (&row, &pixel) in splits.test.iter().zip(&images).take(784 * 200) {
        let p = 1.0 / (1.0 + (-f64::from(row)).exp());
        let level = 256.0 * (p - MNIST_LAMBDA) / (1.0 - 2.0 * MNIST_LAMBDA);
        let noise = level - f64::from(pixel);
        assert!((-1e-3..=1.001).contains(&noise), "{pixel}: {level}");
    }
    // The same number from the rows: with p = 1/(1 + e^-y), ln p + ln(1 - p) is even in y.
    let slope = ((1.0 - 2.0 * MNIST_LAMBDA) / 256.0).ln();
    let log_dets = splits.test.mapv(|y| {
        let y = f64::from(y).abs();
        slope + y + 2.0 * (-y).exp().ln_1p()
    });
    let (found, expected) = (splits.facts.pixel_log_det.unwrap(), log_dets.sum() / 10_000.0);
    assert!((found - expected).abs() < 0.01, "{found} {expected}");
    // The label file is not an image file.
    assert!(matches!(
        read_idx(&root.join("train-labels-idx1-ubyte.gz")),
        Err(DataError::WrongRank { expected: 3, actual: 1, .. })
    ));
}
