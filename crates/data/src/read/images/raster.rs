//! Decoded pixels, whatever the format.

use std::path::Path;

use super::limits::{Refused, bad};
use crate::error::DataError;

/// 8-bit levels, row by row: one a pixel for a grey image, otherwise red, green and blue.
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) gray: bool,
    /// `[height, width]` or `[height, width, 3]`.
    pub(super) levels: Vec<u8>,
}

impl Raster {
    /// From decoded bytes of `channels` levels a pixel: grey, grey and alpha, red, green and blue,
    /// or these and alpha. Alpha is left out.
    pub(super) fn new(
        path: &Path,
        (width, height): (u32, u32),
        channels: usize,
        mut levels: Vec<u8>,
    ) -> Result<Self, DataError> {
        let (width, height) = (width as usize, height as usize);
        let kept = match channels {
            1 | 2 => 1,
            3 | 4 => 3,
            other => return Err(bad(path, Refused::Kind(format!("{other} channels")))),
        };
        // The sides are limited, so the product fits.
        let pixels = width * height;
        if levels.len() != pixels * channels {
            let message = format!("{} levels, expected {}", levels.len(), pixels * channels);
            return Err(bad(path, Refused::Kind(message)));
        }
        if kept != channels {
            for pixel in 0..pixels {
                levels.copy_within(pixel * channels..pixel * channels + kept, pixel * kept);
            }
            levels.truncate(pixels * kept);
        }
        Ok(Self { width, height, gray: kept == 1, levels })
    }
}

/// The nearest level of 8 bits: `round(255 level / 65535)`.
pub(super) fn narrow(level: u16) -> u8 {
    ((u32::from(level) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn alpha_is_left_out() {
        let levels = |channels, levels: &[u8]| {
            let raster = Raster::new(Path::new("x"), (2, 1), channels, levels.to_vec()).unwrap();
            (raster.gray, raster.levels)
        };
        assert_eq!(levels(1, &[1, 2]), (true, vec![1, 2]));
        assert_eq!(levels(2, &[1, 9, 2, 9]), (true, vec![1, 2]));
        assert_eq!(levels(3, &[1, 2, 3, 4, 5, 6]), (false, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(levels(4, &[1, 2, 3, 9, 4, 5, 6, 9]), (false, vec![1, 2, 3, 4, 5, 6]));
        assert!(Raster::new(Path::new("x"), (2, 1), 3, vec![0; 5]).is_err());
        assert!(Raster::new(Path::new("x"), (2, 1), 5, vec![0; 10]).is_err());
    }

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest_level() {
        for level in 0..=u16::MAX {
            let exact = 255.0 * f64::from(level) / 65535.0;
            assert_eq!(f64::from(narrow(level)), exact.round(), "{level}");
        }
    }
}
