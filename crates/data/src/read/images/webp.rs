//! Decodes WebP; of an animation, the first frame.

use std::io::{BufRead, Seek};
use std::path::Path;

use image_webp::WebPDecoder;

use super::limits::{MAX_BYTES, bad, buffer, check};
use super::raster::Raster;
use crate::error::DataError;

pub(super) fn decode(path: &Path, reader: impl BufRead + Seek) -> Result<Raster, DataError> {
    let mut decoder = WebPDecoder::new(reader).map_err(|source| bad(path, source))?;
    decoder.set_memory_limit(MAX_BYTES);
    let size = decoder.dimensions();
    check(path, size.0, size.1)?;
    let mut levels = buffer(path, decoder.output_buffer_size())?;
    decoder.read_image(&mut levels).map_err(|source| bad(path, source))?;
    Raster::new(path, size, if decoder.has_alpha() { 4 } else { 3 }, levels)
}
