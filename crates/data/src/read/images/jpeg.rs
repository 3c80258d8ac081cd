//! Decodes JPEG.

use std::io::Read;
use std::path::Path;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::limits::{MAX_BYTES, MAX_SIDE, Refused, bad, check};
use super::raster::Raster;
use crate::error::DataError;

pub(super) fn decode(path: &Path, reader: impl Read) -> Result<Raster, DataError> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|source| DataError::io(path, source))?;
    if bytes.len() > MAX_BYTES {
        return Err(bad(path, Refused::Bytes { bytes: bytes.len() as u64 }));
    }
    // Cameras write files with small faults that every viewer forgives.
    let options = DecoderOptions::default().set_strict_mode(false);
    let any_size = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut headers = JpegDecoder::new_with_options(ZCursor::new(&bytes), any_size);
    headers.decode_headers().map_err(|source| bad(path, source))?;
    let (Some((width, height)), Some(stored)) = (headers.dimensions(), headers.input_colorspace()) else {
        return Err(bad(path, Refused::Empty));
    };
    let side = |pixels| u32::try_from(pixels).unwrap_or(u32::MAX);
    check(path, side(width), side(height))?;
    // CMYK and its kin become RGB as well.
    let (space, channels) = if stored == ColorSpace::Luma { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    let options = options.jpeg_set_out_colorspace(space);
    let options = options.set_max_width(MAX_SIDE as usize).set_max_height(MAX_SIDE as usize);
    let levels = JpegDecoder::new_with_options(ZCursor::new(&bytes), options).decode();
    Raster::new(path, (side(width), side(height)), channels, levels.map_err(|source| bad(path, source))?)
}
