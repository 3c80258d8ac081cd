//! The MNIST protocol on small generated files.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use ndarray::Array2;
use pdmap_data::{DataError, MNIST_LAMBDA, Splits, mnist};
use tempfile::TempDir;

/// Image `k` has every pixel at level `k` (mod 256).
fn write(path: &Path, first: usize, count: u32, side: u32) {
    let mut bytes = vec![0, 0, 8, 3];
    for axis in [count, side, side] {
        bytes.extend(axis.to_be_bytes());
    }
    for image in 0..count as usize {
        bytes.extend(vec![((first + image) % 256) as u8; (side * side) as usize]);
    }
    std::fs::write(path, bytes).unwrap();
}

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("train");
    (folder, path)
}

/// Recovers pixels in [0, 256) from logits.
fn pixels(rows: &Array2<f64>) -> Array2<f64> {
    rows.mapv(|y| {
        let p = 1.0 / (1.0 + (-y).exp());
        256.0 * (p - MNIST_LAMBDA) / (1.0 - 2.0 * MNIST_LAMBDA)
    })
}

fn levels(rows: &Array2<f64>) -> Vec<usize> {
    pixels(rows)
        .rows()
        .into_iter()
        .map(|row| {
            // Away from the ends of a level, where the inverse rounds.
            let mean = row.mean().unwrap();
            assert!(row.iter().all(|p| (p - mean).abs() < 1.0));
            (mean - 0.5).round() as usize
        })
        .collect()
}

#[test]
fn the_last_sixth_validates_and_the_adjacent_test_file_tests() {
    let (folder, path) = folder();
    write(&path, 0, 60, 12);
    write(&folder.path().join("t10k-images-idx3-ubyte"), 100, 10, 12);
    let splits: Splits<f64> = mnist(&path, None, 1).unwrap();
    assert_eq!(levels(&splits.train), (0..50).collect::<Vec<_>>());
    assert_eq!(levels(&splits.validation), (50..60).collect::<Vec<_>>());
    assert_eq!(levels(&splits.test), (100..110).collect::<Vec<_>>());
    assert_eq!(splits.facts.image_shape, Some((12, 12)));
    let noise = pixels(&splits.train) - pixels(&splits.train).mapv(f64::floor);
    assert!((noise.mean().unwrap() - 0.5).abs() < 0.02);
    assert!((noise.std(0.0) - 12.0_f64.powf(-0.5)).abs() < 0.01);
}

#[test]
fn without_a_test_file_a_seeded_sixth_tests() {
    let (_folder, path) = folder();
    write(&path, 0, 72, 12);
    let run = |seed| mnist::<f64>(&path, None, seed).unwrap();
    let splits = run(1);
    let sizes = (splits.train.nrows(), splits.validation.nrows(), splits.test.nrows());
    assert_eq!(sizes, (50, 10, 12));
    let test = levels(&splits.test);
    let mut all = [levels(&splits.train), levels(&splits.validation), test.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..72).collect::<Vec<_>>());
    assert_eq!(levels(&run(1).test), test);
    assert_ne!(levels(&run(2).test), test);
}

#[test]
fn the_log_determinant_matches_the_map_from_pixels_to_rows() {
    let (folder, path) = folder();
    write(&path, 0, 6, 5);
    let test = folder.path().join("test");
    write(&test, 0, 256, 5);
    let splits: Splits<f64> = mnist(&path, Some(&test), 1).unwrap();
    // d pixel / d row by finite differences of the inverse, at the rows themselves.
    let step = 1e-4;
    let slope = (pixels(&splits.test.mapv(|y| y + step)) - pixels(&splits.test.mapv(|y| y - step))) / (2.0 * step);
    let expected = -slope.mapv(f64::ln).sum() / 256.0;
    let found = splits.facts.pixel_log_det.unwrap();
    assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
    let single: Splits<f32> = mnist(&path, Some(&test), 1).unwrap();
    assert_eq!(single.facts.pixel_log_det, Some(found));
}

#[test]
fn threads_do_not_change_the_result() {
    let (_folder, path) = folder();
    write(&path, 0, 600, 8);
    let run = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| mnist::<f32>(&path, None, 1).unwrap())
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one.train, two.train);
    assert_eq!(one.test, two.test);
    assert_eq!(one.facts, two.facts);
}

#[test]
fn inconsistent_files_are_refused() {
    let (folder, path) = folder();
    let test = folder.path().join("test");
    write(&path, 0, 6, 4);
    write(&test, 0, 6, 5);
    assert!(matches!(
        mnist::<f64>(&path, Some(&test), 1),
        Err(DataError::PictureMismatch { expected: (4, 4), actual: (5, 5), .. })
    ));
    write(&path, 0, 2, 5);
    for test in [Some(test.as_path()), None] {
        assert!(matches!(mnist::<f64>(&path, test, 1), Err(DataError::TooFewRows { expected: 3, .. })));
    }
}
