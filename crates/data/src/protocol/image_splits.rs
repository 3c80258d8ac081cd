//! Patches from disjoint sets of images, shared by all image protocols.

use super::splits::{Counts, DataFacts, Splits};
use crate::element::Element;
use crate::error::DataError;
use crate::patches::{Cut, LEVELS, PatchSet, Pixels, patches_for};
use crate::random::Purpose;
use crate::read::GrayImage;

/// The images of each part; no image is in two parts.
#[derive(Debug)]
pub(crate) struct ImageSplits<'a> {
    pub(crate) train: Vec<&'a GrayImage>,
    pub(crate) validation: Vec<&'a GrayImage>,
    pub(crate) test: Vec<&'a GrayImage>,
}

/// How patches are extracted, and the name of the result.
#[derive(Debug)]
pub(crate) struct PatchProtocol {
    pub(crate) name: String,
    pub(crate) cut: Cut,
    pub(crate) counts: Counts,
    pub(crate) seed: u64,
    /// Notes that precede those about the patches.
    pub(crate) notes: Vec<String>,
}

impl PatchProtocol {
    /// Extracts the patches of each part from its own images with its own random streams.
    pub(crate) fn cut<F: Element>(self, images: &ImageSplits<'_>) -> Result<Splits<F>, DataError> {
        let Self { name, cut, counts, seed, mut notes } = self;
        let patch = cut.size;
        let part = |images: &[&GrayImage], count, purpose| patches_for(images, cut, count, seed, purpose);
        let train = part(&images.train, counts.train, Purpose::Train)?.rows;
        let validation = part(&images.validation, counts.validation, Purpose::Validation)?.rows;
        let PatchSet { rows: test, image } = part(&images.test, counts.test, Purpose::Test)?;
        let features = cut.features();
        notes.push(format!(
            "images: {} train, {} validation, {} test; patches: {}, {}, {}; seed {seed}",
            images.train.len(),
            images.validation.len(),
            images.test.len(),
            counts.train,
            counts.validation,
            counts.test,
        ));
        notes.push(
            match cut.pixels {
                Pixels::MeanFree => {
                    "random and not invertible: the image and the place of each patch, noise U[0,1) on \
                     each pixel, the removed mean"
                }
                Pixels::Whole => {
                    "random and not invertible: the image and the place of each tile, noise U[0,1) on \
                     each pixel"
                }
            }
            .to_owned(),
        );
        let space = match cut.pixels {
            Pixels::MeanFree => format!(
                "{patch}x{patch} grey patches, (pixel + U[0,1))/256 minus the patch mean, last pixel \
                 dropped: {features} features"
            ),
            Pixels::Whole => format!("{patch}x{patch} grey tiles, (pixel + U[0,1))/256: {features} features"),
        };
        Ok(Splits {
            train,
            validation,
            test,
            test_groups: Some(image),
            facts: DataFacts {
                // Each row is the same patch in grey levels, divided by 256.
                pixel_log_det: Some(-(features as f64) * LEVELS.ln()),
                notes,
                image_shape: Some((patch, patch)),
                ..DataFacts::new(name, space, features)
            },
        })
    }
}
