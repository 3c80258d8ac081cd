//! Generated digits in the file format of MNIST, for examples that run without data.

use std::path::Path;

use anyhow::{Context, Result};
use ndarray::Array3;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Side of an image in pixels.
pub(crate) const SIDE: usize = 12;

/// The lit segments of each digit: top, upper left, upper right, middle, lower left, lower right,
/// bottom.
const SEGMENTS: [[u8; 7]; 10] = [
    [1, 1, 1, 0, 1, 1, 1],
    [0, 0, 1, 0, 0, 1, 0],
    [1, 0, 1, 1, 1, 0, 1],
    [1, 0, 1, 1, 0, 1, 1],
    [0, 1, 1, 1, 0, 1, 0],
    [1, 1, 0, 1, 0, 1, 1],
    [1, 1, 0, 1, 1, 1, 1],
    [1, 0, 1, 0, 0, 1, 0],
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 0, 1, 1],
];

/// Rows and columns of each segment in a frame of 9 × 6 pixels.
const PLACES: [[usize; 4]; 7] =
    [[0, 1, 0, 6], [0, 5, 0, 1], [0, 5, 5, 6], [4, 5, 0, 6], [4, 9, 0, 1], [4, 9, 5, 6], [8, 9, 0, 6]];

/// Writes training and test files with labels, named as in MNIST.
pub(crate) fn write(folder: &Path, train: usize, test: usize, rng: &mut ChaCha8Rng) -> Result<()> {
    for (name, count) in [("train", train), ("t10k", test)] {
        let (images, labels) = drawn(count, rng);
        let axes = [count, SIDE, SIDE];
        idx(&folder.join(format!("{name}-images-idx3-ubyte")), &axes, images.iter().copied())?;
        idx(&folder.join(format!("{name}-labels-idx1-ubyte")), &axes[..1], labels.into_iter())?;
    }
    Ok(())
}

/// Digits with random brightness and position.
fn drawn(count: usize, rng: &mut ChaCha8Rng) -> (Array3<u8>, Vec<u8>) {
    let labels: Vec<u8> = (0..count).map(|_| rng.random_range(0..10)).collect();
    let mut images = Array3::zeros((count, SIDE, SIDE));
    for (mut image, &label) in images.outer_iter_mut().zip(&labels) {
        let (top, left) = (rng.random_range(1..3), rng.random_range(2..5));
        let lit = PLACES.iter().zip(SEGMENTS[usize::from(label)]).filter(|(_, lit)| *lit == 1);
        for (&[from, to, first, last], _) in lit {
            let ink = rng.random_range(128..=255);
            for (y, x) in (from..to).flat_map(|y| (first..last).map(move |x| (y, x))) {
                image[[top + y, left + x]] = ink;
            }
        }
    }
    (images, labels)
}

/// Writes an IDX file of bytes: type, number of axes, axes as big-endian numbers, bytes.
fn idx(path: &Path, axes: &[usize], bytes: impl Iterator<Item = u8>) -> Result<()> {
    let mut file = vec![0, 0, 8, axes.len() as u8];
    axes.iter().for_each(|&axis| file.extend((axis as u32).to_be_bytes()));
    file.extend(bytes);
    std::fs::write(path, file).with_context(|| path.display().to_string())
}
