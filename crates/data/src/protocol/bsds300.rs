//! Natural image patches of the Berkeley Segmentation Dataset (BSDS300).

use std::collections::HashMap;
use std::path::Path;

use super::image_splits::{ImageSplits, PatchProtocol};
use super::splits::{Counts, Splits};
use crate::element::Element;
use crate::error::DataError;
use crate::patches::{Cut, Pixels};
use crate::read::{GrayImage, read_image_folder};
use crate::split::{share, split_indices};

/// Share of the training images used for validation patches: 20 of 200.
const VALIDATION_SHARE: f64 = 0.1;

/// Share of all images used for test patches if there is no test folder.
const TEST_SHARE: f64 = 0.1;

/// The BSDS300 density-estimation protocol on a folder of images.
///
/// Rows are patches as in [`extract_patches`](crate::extract_patches), with 63 features for
/// `patch = 8`. Of the training folder's images, sorted by file name, the first 90% (180 of 200)
/// provide training patches and the rest (20 of 200) validation patches. The test folder provides
/// test patches. Without a test folder, the images are split 80/10/10 at random with a seed. No
/// image contributes to two parts. [`Counts::default`] is the published number of patches.
///
/// Source: Martin, Fowlkes, Tal & Malik 2001 (images); Zoran & Weiss 2011, Uria, Murray &
/// Larochelle 2013 and Papamakarios, Pavlakou & Murray 2017 (protocol).
///
/// # Errors
/// Those of [`read_image_folder`] and [`extract_patches`](crate::extract_patches);
/// [`DataError::TooFewImages`] if a part would have no images; [`DataError::SharedImage`] if the
/// test folder repeats a training image.
pub fn bsds300<F: Element>(
    train_dir: &Path,
    test_dir: Option<&Path>,
    sizes: Counts,
    patch: usize,
    seed: u64,
) -> Result<Splits<F>, DataError> {
    let cut = Cut { size: patch, pixels: Pixels::MeanFree };
    patches("bsds300", (train_dir, test_dir), sizes, cut, seed)
}

/// Complete tiles of a folder of images: `x = (p + u)/256` for every pixel `p` in reading order,
/// `u ~ U[0,1)`, `tile²` features. Images are split as in [`bsds300`].
///
/// # Errors
/// As [`bsds300`].
pub fn tiles<F: Element>(
    train_dir: &Path,
    test_dir: Option<&Path>,
    sizes: Counts,
    tile: usize,
    seed: u64,
) -> Result<Splits<F>, DataError> {
    patches("tiles", (train_dir, test_dir), sizes, Cut { size: tile, pixels: Pixels::Whole }, seed)
}

fn patches<F: Element>(
    name: &str,
    (train_dir, test_dir): (&Path, Option<&Path>),
    sizes: Counts,
    cut: Cut,
    seed: u64,
) -> Result<Splits<F>, DataError> {
    let images = read_image_folder(train_dir)?;
    let test_images = match test_dir {
        Some(dir) => read_image_folder(dir)?,
        None => Vec::new(),
    };
    let too_few =
        |expected, actual| DataError::TooFewImages { name: train_dir.display().to_string(), expected, actual };
    let mut notes = vec![format!("training images: {}", train_dir.display())];
    let parts = if let Some(test_dir) = test_dir {
        refuse_shared(&images, train_dir, &test_images, test_dir)?;
        if images.len() < 2 {
            return Err(too_few(2, images.len()));
        }
        notes.push(format!("test images: {}", test_dir.display()));
        let (train, validation) = images.split_at(images.len() - share(images.len(), VALIDATION_SHARE));
        ImageSplits {
            train: train.iter().collect(),
            validation: validation.iter().collect(),
            test: test_images.iter().collect(),
        }
    } else {
        notes.push("no test folder: images split 80/10/10 at random, seeded".to_owned());
        let (train, validation, test) = split_indices(images.len(), VALIDATION_SHARE, TEST_SHARE, seed, too_few)?;
        let take = |indices: Vec<usize>| indices.into_iter().map(|i| &images[i]).collect();
        ImageSplits { train: take(train), validation: take(validation), test: take(test) }
    };
    PatchProtocol { name: name.to_owned(), cut, counts: sizes, seed, notes }.cut(&parts)
}

/// Refuses a test image that is also a training image: same name and same pixels.
fn refuse_shared(images: &[GrayImage], train: &Path, test_images: &[GrayImage], test: &Path) -> Result<(), DataError> {
    let known: HashMap<&str, &GrayImage> = images.iter().map(|image| (image.name.as_str(), image)).collect();
    match test_images.iter().find(|image| known.get(image.name.as_str()) == Some(image)) {
        None => Ok(()),
        Some(image) => Err(DataError::SharedImage {
            name: image.name.clone(),
            train: train.to_path_buf(),
            test: test.to_path_buf(),
        }),
    }
}
