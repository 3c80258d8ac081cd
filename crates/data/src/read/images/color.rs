//! Reads images as three channels.

use std::path::Path;

use ndarray::Array3;

use super::folder::{image_files, read_all};
use super::open::{decode, name};
use crate::error::DataError;

/// A colour image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColorImage {
    /// The file name.
    pub name: String,
    /// `[3, height, width]`: the levels of red, of green and of blue.
    pub pixels: Array3<u8>,
}

/// Decodes the images of a folder as [`read_image_folder`](crate::read_image_folder) does, into
/// three channels of 8 bits. Grey images have three equal channels.
///
/// # Errors
/// Those of [`read_image_folder`](crate::read_image_folder).
pub fn read_color_folder(dir: &Path) -> Result<Vec<ColorImage>, DataError> {
    read_all(&image_files(dir)?, read_color_image)
}

/// Reads one image as three channels.
///
/// # Errors
/// As [`read_image_folder`](crate::read_image_folder) for its files.
pub fn read_color_image(path: &Path) -> Result<ColorImage, DataError> {
    let raster = decode(path)?;
    let planes: Vec<u8> = if raster.gray {
        raster.levels.repeat(3)
    } else {
        let (pixels, _) = raster.levels.as_chunks::<3>();
        (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect()
    };
    Array3::from_shape_vec((3, raster.height, raster.width), planes)
        .map(|pixels| ColorImage { name: name(path), pixels })
        .map_err(|_| DataError::TooLarge { rows: raster.height, features: raster.width })
}
