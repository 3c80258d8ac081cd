//! Reads images as grey levels.

use std::path::Path;

use ndarray::Array2;

use super::folder::{image_files, read_all};
use super::open::{decode, name};
use crate::error::DataError;

/// A grey image.
#[derive(Clone, Debug, PartialEq)]
pub struct GrayImage {
    /// The file name, or the name of the generator.
    pub name: String,
    /// `[height, width]`, integer grey levels 0..=255.
    pub pixels: Array2<f64>,
}

/// Decodes every JPEG, PNG, TIFF and WebP file of a folder (`.jpg`, `.jpeg`, `.png`, `.tif`,
/// `.tiff`, `.webp`), without its subfolders, into 8-bit grey levels, sorted by file name.
///
/// Grey is the luma of ITU-R BT.601, `0.299 R + 0.587 G + 0.114 B`, rounded to an integer, because
/// uniform dequantization of width 1 requires integers. Levels of 16 bits are rounded to 8. Alpha
/// and colour profiles are ignored. The content determines the format, not the extension; of
/// several images in a file, the first is read.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::NotAFolder`], [`DataError::Io`], [`DataError::NoImages`].
/// For the first refused file in sorted order, [`DataError::ImageTooLarge`] (more than 2^26 pixels)
/// or [`DataError::BadImage`] (undecodable, more than 32,768 pixels a side, or more than 512 MiB).
pub fn read_image_folder(dir: &Path) -> Result<Vec<GrayImage>, DataError> {
    read_all(&image_files(dir)?, read_image)
}

/// Reads one image as grey levels.
///
/// # Errors
/// As [`read_image_folder`] for its files.
pub fn read_image(path: &Path) -> Result<GrayImage, DataError> {
    let raster = decode(path)?;
    let grey: Vec<f64> = if raster.gray {
        raster.levels.iter().map(|&level| f64::from(level)).collect()
    } else {
        let (pixels, _) = raster.levels.as_chunks::<3>();
        pixels.iter().map(|&pixel| luma(pixel)).collect()
    };
    Array2::from_shape_vec((raster.height, raster.width), grey)
        .map(|pixels| GrayImage { name: name(path), pixels })
        .map_err(|_| DataError::TooLarge { rows: raster.height, features: raster.width })
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
