//! Reads photographs as grey images.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use ndarray::Array2;
use rayon::prelude::*;

use crate::error::DataError;

/// The largest side of a decoded image, pixels.
const MAX_SIDE: u32 = 1 << 15;

/// The largest number of pixels of a decoded image. A small file can declare any number of pixels,
/// and each takes 8 bytes once decoded.
const MAX_PIXELS: u64 = 1 << 26;

/// The memory limit of one image decoder, bytes.
const MAX_BYTES: u64 = 1 << 29;

/// A grey image.
#[derive(Clone, Debug, PartialEq)]
pub struct GrayImage {
    /// The file name, or the name of the generator.
    pub name: String,
    /// `[height, width]`, integer grey levels 0..=255.
    pub pixels: Array2<f64>,
}

/// Decodes every `.jpg`, `.jpeg` and `.png` file of a folder, without its subfolders, into 8-bit
/// grey levels, sorted by file name.
///
/// Grey is the luma of ITU-R BT.601, `0.299 R + 0.587 G + 0.114 B`, rounded to an integer, because
/// uniform dequantization of width 1 requires integers. Alpha is ignored. The content determines
/// the format, not the extension.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::NotAFolder`], [`DataError::Io`], [`DataError::NoImages`].
/// For the first refused file in sorted order, [`DataError::ImageTooLarge`] (more than 2^26 pixels)
/// or [`DataError::BadImage`] (undecodable, more than 32,768 pixels a side, or more than 512 MiB).
pub fn read_image_folder(dir: &Path) -> Result<Vec<GrayImage>, DataError> {
    let files = image_files(dir)?;
    // Collect all results first: the reported error then does not depend on timing.
    let decoded: Vec<Result<GrayImage, DataError>> = files.par_iter().map(|path| read_image(path)).collect();
    decoded.into_iter().collect()
}

fn image_files(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let io = |source| DataError::io(dir, source);
    if !std::fs::metadata(dir).map_err(io)?.is_dir() {
        return Err(DataError::NotAFolder { path: dir.to_path_buf() });
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let known = path
            .extension()
            .is_some_and(|extension| ["jpg", "jpeg", "png"].iter().any(|known| extension.eq_ignore_ascii_case(known)));
        if known && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(DataError::NoImages { path: dir.to_path_buf() });
    }
    files.sort();
    Ok(files)
}

/// Reads one JPEG or PNG image as grey levels.
///
/// # Errors
/// As [`read_image_folder`] for its files.
pub fn read_image(path: &Path) -> Result<GrayImage, DataError> {
    let io = |source| DataError::io(path, source);
    let bad = |source: image::ImageError| DataError::BadImage { path: path.to_path_buf(), source: Box::new(source) };
    let mut reader = ImageReader::open(path).map_err(io)?.with_guessed_format().map_err(io)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(bad)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let path = path.to_path_buf();
        return Err(DataError::ImageTooLarge { path, width, height, limit: MAX_PIXELS });
    }
    // Set only now, so that an image with too many pixels is refused with their number.
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    decoder.set_limits(limits).map_err(bad)?;
    let rgb = DynamicImage::from_decoder(decoder).map_err(bad)?.into_rgb8();
    let (width, height) = (rgb.width() as usize, rgb.height() as usize);
    let grey: Vec<f64> = rgb.pixels().map(|pixel| luma(pixel.0)).collect();
    Array2::from_shape_vec((height, width), grey)
        .map(|pixels| GrayImage {
            name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            pixels,
        })
        .map_err(|_| DataError::TooLarge { rows: height, features: width })
}

/// BT.601 luma in integer arithmetic, where the weights are exact.
fn luma([red, green, blue]: [u8; 3]) -> f64 {
    let thousandths = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    f64::from((thousandths + 500) / 1000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use super::*;

    #[test]
    fn luma_has_the_bt_601_weights_and_keeps_grey() {
        assert_eq!(luma([255, 0, 0]), 76.0);
        assert_eq!(luma([0, 255, 0]), 150.0);
        assert_eq!(luma([0, 0, 255]), 29.0);
        for level in 0..=255 {
            assert_eq!(luma([level; 3]), f64::from(level));
        }
    }
}
