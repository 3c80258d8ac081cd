//! Dead leaves: images with the statistics of natural images.

use rayon::prelude::*;

use super::render::Discs;
use super::settings::{Options, number, require};
use crate::element::Element;
use crate::error::DataError;
use crate::patches::{Cut, Pixels};
use crate::protocol::{Counts, ImageSplits, PatchProtocol, Splits};
use crate::random::{Purpose, stream};
use crate::read::GrayImage;
use crate::split::split_indices;

/// Largest side of an image, pixels; larger images would take minutes.
const MAX_SIZE: usize = 4096;

/// Largest number of images; the overhead of more would exhaust memory.
const MAX_IMAGES: usize = 1 << 16;

/// Largest number of pixels of all images together; more would take over 2 GiB.
const MAX_PIXELS: u64 = 1 << 28;

/// Patches of images of discs that occlude each other.
///
/// Discs have radii with density proportional to `r^-3` between `r_min` and `r_max`, uniformly
/// distributed centres (also outside the frame), and one uniformly random grey level 0..=255 each.
/// They are stacked behind each other until every pixel is covered, then 2 x 2 samples per pixel
/// are averaged and rounded. Patches are extracted as in [`bsds300`](crate::bsds300); the images
/// are split 80/10/10 with a seed.
///
/// Source: Lee, Mumford & Huang, *Occlusion models for natural images*, International Journal of
/// Computer Vision 41, 2001.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaves {
    /// Number of images, 3 to 65,536, with at most 2^28 pixels in total.
    pub images: usize,
    /// Side of an image, pixels, at most 4096.
    pub size: usize,
    /// Side of a patch, pixels, 2 to `size`.
    pub patch: usize,
    /// Smallest radius, pixels, at least 0.5.
    pub r_min: f64,
    /// Largest radius, pixels, above `r_min` and at most 4096.
    pub r_max: f64,
}

impl Default for Leaves {
    fn default() -> Self {
        Self { images: 300, size: 128, patch: 8, r_min: 1.0, r_max: 64.0 }
    }
}

const IMAGES: &str =
    "a whole number from 3 (one for each part of the split) to 65536, with at most 2^28 pixels in total";
const SIZE: &str = "a whole number of pixels, at most 4096";
const PATCH: &str = "a whole number of pixels, from 2 to the image size";
const R_MIN: &str = "a radius of at least 0.5 pixels";
const R_MAX: &str = "a radius in pixels, above rmin and at most 4096";

impl Options for Leaves {
    const NAME: &'static str = "leaves";
    const KEYS: &'static [&'static str] = &["images", "size", "patch", "rmin", "rmax"];

    fn set(&mut self, key: &'static str, value: &str) -> Result<(), DataError> {
        match key {
            "images" => self.images = number(key, value, IMAGES)?,
            "size" => self.size = number(key, value, SIZE)?,
            "patch" => self.patch = number(key, value, PATCH)?,
            "rmin" => self.r_min = number(key, value, R_MIN)?,
            _ => self.r_max = number("rmax", value, R_MAX)?,
        }
        Ok(())
    }

    fn get(&self, key: &'static str) -> String {
        match key {
            "images" => self.images.to_string(),
            "size" => self.size.to_string(),
            "patch" => self.patch.to_string(),
            "rmin" => self.r_min.to_string(),
            _ => self.r_max.to_string(),
        }
    }

    fn check(&self) -> Result<(), DataError> {
        require((3..=MAX_IMAGES).contains(&self.images), "images", self.images, IMAGES)?;
        require(self.size <= MAX_SIZE, "size", self.size, SIZE)?;
        // Neither product overflows 64 bits: 2^16 images of 2^24 pixels.
        let pixels = (self.images as u64) * (self.size as u64).pow(2);
        let all = format!("{} ({pixels} pixels of size {})", self.images, self.size);
        require(pixels <= MAX_PIXELS, "images", all, IMAGES)?;
        let fits = (2..=self.size).contains(&self.patch);
        require(fits, "patch", self.patch, PATCH)?;
        let allowed = self.r_min.is_finite() && self.r_min >= 0.5;
        require(allowed, "rmin", self.r_min, R_MIN)?;
        let allowed = self.r_max > self.r_min && self.r_max <= MAX_SIZE as f64;
        require(allowed, "rmax", self.r_max, R_MAX)
    }
}

impl Leaves {
    /// The images, rendered in parallel; image `k` depends only on the seed and `k`.
    ///
    /// # Errors
    /// [`DataError::BadOption`] for options out of range.
    pub fn pictures(&self, seed: u64) -> Result<Vec<GrayImage>, DataError> {
        self.check()?;
        let discs = Discs { size: self.size, r_min: self.r_min, r_max: self.r_max };
        Ok((0..self.images)
            .into_par_iter()
            .map(|index| GrayImage {
                name: format!("dead leaves {index}"),
                pixels: discs.render(&mut stream(seed, Purpose::Picture, index)),
            })
            .collect())
    }

    pub(crate) fn splits<F: Element>(&self, counts: Counts, seed: u64) -> Result<Splits<F>, DataError> {
        let pictures = self.pictures(seed)?;
        let (train, validation, test) = split_indices(pictures.len(), 0.1, 0.1, seed, |expected, actual| {
            DataError::TooFewImages { name: Self::NAME.to_owned(), expected, actual }
        })?;
        let take = |indices: Vec<usize>| indices.into_iter().map(|i| &pictures[i]).collect();
        PatchProtocol {
            name: Self::NAME.to_owned(),
            cut: Cut { size: self.patch, pixels: Pixels::MeanFree },
            counts,
            seed,
            notes: vec![format!(
                "dead leaves: {} images of {size}x{size} pixels, radii {} to {} with density r^-3",
                self.images,
                self.r_min,
                self.r_max,
                size = self.size,
            )],
        }
        .cut(&ImageSplits { train: take(train), validation: take(validation), test: take(test) })
    }
}
