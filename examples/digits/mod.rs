//! Digits drawn by a program, in the files of MNIST: for examples that have to run without data.

use std::path::Path;

use anyhow::{Context, Result};
use ndarray::Array3;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Pixels on a side.
pub(crate) const SIDE: usize = 12;

/// Which of the seven segments a digit lights: top, upper left, upper right, middle, lower left, lower right, bottom.
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

/// Rows and columns of each segment, in a frame of 9 × 6 pixels.
const PLACES: [[usize; 4]; 7] =
    [[0, 1, 0, 6], [0, 5, 0, 1], [0, 5, 5, 6], [4, 5, 0, 6], [4, 9, 0, 1], [4, 9, 5, 6], [8, 9, 0, 6]];

/// Writes a training and a test file with their labels, as MNIST names them.
pub(crate) fn write(folder: &Path, train: usize, test: usize, rng: &mut ChaCha8Rng) -> Result<()> {
    for (name, count) in [("train", train), ("t10k", test)] {
        let (images, labels) = drawn(count, rng);
        let axes = [count, SIDE, SIDE];
        idx(&folder.join(format!("{name}-images-idx3-ubyte")), &axes, images.iter().copied())?;
        idx(&folder.join(format!("{name}-labels-idx1-ubyte")), &axes[..1], labels.into_iter())?;
    }
    Ok(())
}

/// Digits of any ink, each somewhere in its picture.
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

/// An IDX file of bytes: the type and the number of axes, the axes as big-endian numbers, the bytes.
fn idx(path: &Path, axes: &[usize], bytes: impl Iterator<Item = u8>) -> Result<()> {
    let mut file = vec![0, 0, 8, axes.len() as u8];
    axes.iter().for_each(|&axis| file.extend((axis as u32).to_be_bytes()));
    file.extend(bytes);
    std::fs::write(path, file).with_context(|| path.display().to_string())
}
