//! Mean-free image patches at random positions.

use ndarray::{Array2, Axis, Slice};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::element::{Element, cast, into_rows, zeroed};
use crate::error::DataError;
use crate::random::{Purpose, stream};
use crate::read::GrayImage;

/// Patches per random stream. Changing it changes the generated numbers.
const CHUNK: usize = 1024;

/// Grey levels of an 8-bit image.
pub(crate) const LEVELS: f64 = 256.0;

/// Patches, with the source image of each.
#[derive(Clone, Debug)]
pub struct PatchSet<F> {
    /// `[patches, size * size - 1]`.
    pub rows: Array2<F>,
    /// Index of the source image of each row, for splitting by image.
    pub image: Vec<u32>,
}

/// Extracts `count` square patches of `size` x `size` pixels at random positions.
///
/// Each patch draws its image uniformly, then its position in the image uniformly. With `p` the
/// pixels of the patch in reading order, `n = size * size`, and `u ~ U[0,1)` per pixel:
///
/// ```text
/// x_i = (p_i + u_i) / 256,    row = (x_1 - m, ..., x_{n-1} - m),    m = (1/n) sum_i x_i
/// ```
///
/// The last pixel is dropped: once the mean is removed, a patch has `n - 1` degrees of freedom, and
/// the dropped pixel is minus the sum of the row. Source: Zoran & Weiss 2011, as used by Uria,
/// Murray & Larochelle, *RNADE*, 2013.
///
/// A smaller `count` yields a prefix of the same patches.
///
/// # Errors
/// [`DataError::BadOption`] for `size < 2`; [`DataError::TooFewImages`] without images;
/// [`DataError::ImageTooSmall`] if a patch does not fit into every image; [`DataError::TooLarge`].
pub fn extract_patches<F: Element>(
    images: &[GrayImage],
    size: usize,
    count: usize,
    seed: u64,
) -> Result<PatchSet<F>, DataError> {
    let images: Vec<&GrayImage> = images.iter().collect();
    patches_for(&images, Cut { size, pixels: Pixels::MeanFree }, count, seed, Purpose::Train)
}

/// Which pixels of a patch become a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// All pixels but the last, minus the mean over all pixels.
    MeanFree,
    /// All pixels, unchanged.
    Whole,
}

/// Size and pixel selection of a patch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) size: usize,
    pub(crate) pixels: Pixels,
}

impl Cut {
    /// Features per row.
    pub(crate) fn features(self) -> usize {
        self.size * self.size - usize::from(self.pixels == Pixels::MeanFree)
    }
}

/// [`extract_patches`] with the random streams of one part of a split.
pub(crate) fn patches_for<F: Element>(
    images: &[&GrayImage],
    cut: Cut,
    count: usize,
    seed: u64,
    purpose: Purpose,
) -> Result<PatchSet<F>, DataError> {
    let size = cut.size;
    check(images, size)?;
    let features = cut.features();
    let mut values = zeroed::<F>(count, features)?;
    let mut source = vec![0_u32; count];
    values.par_chunks_mut(CHUNK * features).zip(source.par_chunks_mut(CHUNK)).enumerate().for_each(
        |(chunk, (values, source))| {
            let mut rng = stream(seed, purpose, chunk);
            let mut patch = vec![0.0; size * size];
            for (row, source) in values.chunks_exact_mut(features).zip(source) {
                *source = draw(images, size, &mut rng, &mut patch);
                let mean = match cut.pixels {
                    Pixels::MeanFree => patch.iter().sum::<f64>() / patch.len() as f64,
                    Pixels::Whole => 0.0,
                };
                for (out, &pixel) in row.iter_mut().zip(&patch) {
                    *out = cast(pixel - mean);
                }
            }
        },
    );
    Ok(PatchSet { rows: into_rows(values, count, features)?, image: source })
}

/// Fills `patch` with dequantized pixels in [0, 1) and returns the index of their image.
fn draw(images: &[&GrayImage], size: usize, rng: &mut ChaCha8Rng, patch: &mut [f64]) -> u32 {
    // u32 gives the same draws on 32-bit and 64-bit machines.
    let index = rng.random_range(0..images.len() as u32);
    let pixels = &images[index as usize].pixels;
    let (height, width) = pixels.dim();
    let top = rng.random_range(0..=(height - size) as u32) as usize;
    let left = rng.random_range(0..=(width - size) as u32) as usize;
    let rows = pixels.slice_axis(Axis(0), Slice::from(top..top + size));
    let window = rows.slice_axis(Axis(1), Slice::from(left..left + size));
    for (out, &pixel) in patch.iter_mut().zip(window) {
        *out = (pixel + rng.random::<f64>()) / LEVELS;
    }
    index
}

fn check(images: &[&GrayImage], size: usize) -> Result<(), DataError> {
    if size < 2 {
        return Err(DataError::BadOption {
            option: "patch",
            value: size.to_string(),
            expected: "a side length of at least 2 pixels",
        });
    }
    if images.is_empty() {
        return Err(DataError::TooFewImages { name: "patches".to_owned(), expected: 1, actual: 0 });
    }
    for image in images {
        let (height, width) = image.pixels.dim();
        if height < size || width < size {
            return Err(DataError::ImageTooSmall { name: image.name.clone(), width, height, patch: size });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Pixel differences are the same everywhere, and differ between the two axes.
    fn ramp(height: usize, width: usize) -> GrayImage {
        GrayImage {
            name: "ramp".to_owned(),
            pixels: Array2::from_shape_fn((height, width), |(y, x)| (2 * x + 5 * y) as f64),
        }
    }

    #[test]
    fn restored_patches_equal_the_pixels_up_to_mean_and_noise() {
        let (size, n) = (4, 16);
        let set = extract_patches::<f64>(&[ramp(30, 40)], size, 3000, 7).unwrap();
        assert_eq!(set.rows.dim(), (3000, 15));
        let level = |i: usize| (2 * (i % size) + 5 * (i / size)) as f64;
        let mut noise = Vec::new();
        for row in set.rows.rows() {
            let mut patch = row.to_vec();
            patch.push(-row.sum());
            for i in 1..n {
                let difference = 256.0 * (patch[i] - patch[0]) - (level(i) - level(0));
                assert!(difference.abs() < 1.0 + 1e-9, "pixel {i}: {difference}");
                noise.push(difference);
            }
        }
        // The difference of two U[0,1) variables has mean 0 and variance 1/6.
        let variance = noise.iter().map(|d| d * d).sum::<f64>() / noise.len() as f64;
        assert!((variance - 1.0 / 6.0).abs() < 0.005, "{variance}");
    }

    #[test]
    fn images_and_positions_are_uniform() {
        // One black and one bright column, visible only to patches at the right position.
        let mut step = ramp(2, 5);
        step.pixels.fill(0.0);
        step.pixels.column_mut(4).fill(200.0);
        let small = GrayImage { name: "flat".to_owned(), pixels: Array2::zeros((200, 200)) };
        let count = 40_000;
        let set = extract_patches::<f64>(&[step, small], 2, count, 3).unwrap();
        let first = set.image.iter().filter(|&&image| image == 0).count();
        assert!((first as f64 / count as f64 - 0.5).abs() < 0.01, "{first}");
        let bright = set.rows.rows().into_iter().filter(|row| row[1] > 0.3);
        // The last of 4 positions, in one of 2 images.
        let share = bright.count() as f64 / count as f64;
        assert!((share - 0.125).abs() < 0.007, "{share}");
    }

    #[test]
    fn threads_and_patch_count_do_not_change_the_numbers() {
        let images = [ramp(20, 20), ramp(9, 31)];
        let run = |threads: usize, count: usize| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| extract_patches::<f32>(&images, 8, count, 11).unwrap())
        };
        let (one, two) = (run(1, 5000), run(2, 5000));
        assert_eq!(one.rows, two.rows);
        assert_eq!(one.image, two.image);
        assert_eq!(one.rows.slice_axis(Axis(0), Slice::from(..1500)), run(2, 1500).rows.view());
        let other = extract_patches::<f32>(&images, 8, 5000, 12).unwrap();
        assert_ne!(one.rows, other.rows);
    }

    #[test]
    fn impossible_patches_are_refused() {
        let small = [ramp(20, 20), ramp(7, 30)];
        assert!(matches!(
            extract_patches::<f64>(&small, 8, 1, 0),
            Err(DataError::ImageTooSmall { width: 30, height: 7, patch: 8, .. })
        ));
        assert!(matches!(extract_patches::<f64>(&[], 8, 1, 0), Err(DataError::TooFewImages { .. })));
        assert!(matches!(extract_patches::<f64>(&small, 1, 1, 0), Err(DataError::BadOption { option: "patch", .. })));
        assert!(matches!(
            extract_patches::<f64>(&small[..1], 8, usize::MAX / 100, 0),
            Err(DataError::TooLarge { features: 63, .. })
        ));
    }
}
