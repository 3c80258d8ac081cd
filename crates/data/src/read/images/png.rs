//! Decodes PNG.

use std::io::{BufRead, Seek};
use std::path::Path;

use ::png::{BitDepth, Decoder, Limits, Transformations};

use super::limits::{MAX_BYTES, bad, buffer, check};
use super::raster::{Raster, narrow};
use crate::error::DataError;

pub(super) fn decode(path: &Path, reader: impl BufRead + Seek) -> Result<Raster, DataError> {
    let mut decoder = Decoder::new_with_limits(reader, Limits { bytes: MAX_BYTES });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let info = decoder.read_header_info().map_err(|source| bad(path, source))?;
    let size = (info.width, info.height);
    check(path, size.0, size.1)?;
    // Palettes become colours, and fewer than 8 bits become 8; 16 bits stay.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(|source| bad(path, source))?;
    let (kind, depth) = reader.output_color_type();
    let mut levels = buffer(path, reader.output_buffer_size())?;
    reader.next_frame(&mut levels).map_err(|source| bad(path, source))?;
    if depth == BitDepth::Sixteen {
        let (words, _) = levels.as_chunks::<2>();
        levels = words.iter().map(|&word| narrow(u16::from_be_bytes(word))).collect();
    }
    Raster::new(path, size, kind.samples(), levels)
}
