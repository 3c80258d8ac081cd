//! Handwritten digits in logit space.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3, Axis};
use rand::RngExt;
use rayon::prelude::*;

use super::splits::{DataFacts, Splits};
use crate::element::{Element, cast, into_rows, zeroed};
use crate::error::DataError;
use crate::patches::LEVELS;
use crate::random::{Purpose, stream};
use crate::read::read_idx;
use crate::split::split_indices;

/// Distance that the logit keeps from 0 and 1.
pub const MNIST_LAMBDA: f64 = 1e-6;

/// Images per random stream. Changing it changes the generated numbers.
const CHUNK: usize = 64;

/// 10,000 of 60,000: the share for validation, and for test if there is no test file.
const HELD_OUT: f64 = 1.0 / 6.0;

/// Names of the test images looked for beside the training file.
const TEST_NAMES: [&str; 4] =
    ["t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte.gz", "t10k-images.idx3-ubyte"];

/// The MNIST density-estimation protocol on IDX files.
///
/// With `u ~ U[0,1)` per pixel and `l =` [`MNIST_LAMBDA`], a feature is
///
/// ```text
/// x = (pixel + u) / 256,    p = l + (1 - 2 l) x,    row = ln p - ln(1 - p)
/// ```
///
/// The last sixth of the training file (10,000 of 60,000 images) is the validation set. The test
/// set is `test_path`; otherwise `t10k-images-idx3-ubyte(.gz)` beside the training file; otherwise
/// a sixth of the training file, chosen at random with a seed.
///
/// `facts.pixel_log_det` is the mean over test images of
/// `sum_i ln(1 - 2l) - ln 256 - ln p_i - ln(1 - p_i)`, computed in `f64` from the pixels.
///
/// Source: LeCun, Cortes & Burges (data); Dinh, Sohl-Dickstein & Bengio 2017 and Papamakarios,
/// Pavlakou & Murray 2017 (protocol).
///
/// # Errors
/// Those of [`read_idx`]; [`DataError::TooFewRows`] if a part would be empty;
/// [`DataError::PictureMismatch`] if the image sizes of the two files differ.
pub fn mnist<F: Element>(train_path: &Path, test_path: Option<&Path>, seed: u64) -> Result<Splits<F>, DataError> {
    let mut notes = vec![format!("training images: {}", train_path.display())];
    let (train, test) = train_and_test(train_path, test_path, seed, &mut notes)?;
    let (count, height, width) = train.dim();
    let held_out = (count as f64 * HELD_OUT).round() as usize;
    if held_out == 0 {
        return Err(DataError::TooFewRows { name: train_path.display().to_string(), expected: 3, actual: count });
    }
    let (train, validation) = train.view().split_at(Axis(0), count - held_out);
    let part = |images: ndarray::ArrayView3<'_, u8>, purpose| -> Result<_, DataError> {
        logit_rows::<F>(&images.to_owned(), seed, purpose)
    };
    let (train, _) = part(train, Purpose::Train)?;
    let (validation, _) = part(validation, Purpose::Validation)?;
    let (test, log_det) = part(test.view(), Purpose::Test)?;
    notes.push(format!(
        "images: {} train, {} validation, {} test; seed {seed}",
        train.nrows(),
        validation.nrows(),
        test.nrows(),
    ));
    notes.push("random and not invertible: noise U[0,1) on each pixel".to_owned());
    let features = height * width;
    let space =
        format!("logit(l + (1 - 2l) x) of x = (pixel + U[0,1))/256 with l = {MNIST_LAMBDA:e}: {features} features");
    Ok(Splits {
        facts: DataFacts {
            pixel_log_det: Some(log_det / test.nrows() as f64),
            notes,
            image_shape: Some((height, width)),
            ..DataFacts::new("mnist", space, features)
        },
        train,
        validation,
        test,
        test_groups: None,
    })
}

/// The images for training and validation, and those for testing.
fn train_and_test(
    train_path: &Path,
    test_path: Option<&Path>,
    seed: u64,
    notes: &mut Vec<String>,
) -> Result<(Array3<u8>, Array3<u8>), DataError> {
    let train = read_idx(train_path)?.images;
    let Some(test_path) = test_path.map(Path::to_path_buf).or_else(|| beside(train_path)) else {
        notes.push("no test file: a sixth of the images, chosen at random, seeded".to_owned());
        let (kept, _, test) = split_indices(train.dim().0, 0.0, HELD_OUT, seed, |_, actual| DataError::TooFewRows {
            name: train_path.display().to_string(),
            expected: 3,
            actual,
        })?;
        return Ok((train.select(Axis(0), &kept), train.select(Axis(0), &test)));
    };
    let test = read_idx(&test_path)?.images;
    notes.push(format!("test images: {}", test_path.display()));
    let shape = |images: &Array3<u8>| (images.dim().1, images.dim().2);
    if shape(&train) != shape(&test) {
        return Err(DataError::PictureMismatch { path: test_path, expected: shape(&train), actual: shape(&test) });
    }
    Ok((train, test))
}

/// The test file beside a training file, if it exists.
fn beside(train_path: &Path) -> Option<PathBuf> {
    TEST_NAMES.iter().map(|name| train_path.with_file_name(name)).find(|path| path.is_file() && path != train_path)
}

/// Rows in logit space, and the sum of their log-determinants relative to pixels.
fn logit_rows<F: Element>(images: &Array3<u8>, seed: u64, purpose: Purpose) -> Result<(Array2<F>, f64), DataError> {
    let (count, height, width) = images.dim();
    let features = height * width;
    let mut values = zeroed::<F>(count, features)?;
    let pixels = images.as_standard_layout();
    let pixels: &[u8] = pixels.as_slice().unwrap_or_default();
    // One sum per chunk, added in order, so the total does not depend on the threads.
    let log_dets: Vec<f64> = values
        .par_chunks_mut(CHUNK * features)
        .zip(pixels.par_chunks(CHUNK * features))
        .enumerate()
        .map(|(chunk, (values, pixels))| {
            let mut rng = stream(seed, purpose, chunk);
            let mut log_det = 0.0;
            for (value, &pixel) in values.iter_mut().zip(pixels) {
                let (logit, slope) = dequantized_logit(pixel, rng.random());
                *value = cast(logit);
                log_det += slope;
            }
            log_det
        })
        .collect();
    Ok((into_rows(values, count, features)?, log_dets.iter().sum::<f64>()))
}

/// The logit of a pixel with noise `u`, and the logarithm of its derivative with respect to the
/// pixel.
fn dequantized_logit(pixel: u8, u: f64) -> (f64, f64) {
    let scale = 1.0 - 2.0 * MNIST_LAMBDA;
    let level = f64::from(pixel) + u;
    let p = MNIST_LAMBDA + scale * level / LEVELS;
    // Not 1 - p, which would cancel near white.
    let q = MNIST_LAMBDA + scale * (LEVELS - level) / LEVELS;
    let (ln_p, ln_q) = (p.ln(), q.ln());
    (ln_p - ln_q, (scale / LEVELS).ln() - ln_p - ln_q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_derivative_matches_the_logit() {
        for (pixel, u) in [(0, 0.3), (1, 0.5), (128, 0.1), (254, 0.5), (255, 0.6)] {
            let step = 1e-5;
            let at = |u| dequantized_logit(pixel, u).0;
            let slope = (at(u + step) - at(u - step)) / (2.0 * step);
            let log = dequantized_logit(pixel, u).1;
            assert!((slope.ln() - log).abs() < 1e-6, "{pixel}: {log}");
        }
    }

    #[test]
    fn black_and_white_are_symmetric_and_bounded() {
        let bound = ((1.0 - MNIST_LAMBDA) / MNIST_LAMBDA).ln();
        let black = dequantized_logit(0, 0.0).0;
        assert!((black + bound).abs() < 1e-9, "{black}");
        for u in [0.25, 0.5, 0.75] {
            let (black, white) = (dequantized_logit(0, u), dequantized_logit(255, 1.0 - u));
            assert!((black.0 + white.0).abs() < 1e-12);
            assert!((black.1 - white.1).abs() < 1e-12);
        }
    }
}
