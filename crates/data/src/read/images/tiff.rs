//! Decodes TIFF: of several images in a file, the first.

use std::io::{BufRead, Seek};
use std::path::Path;

use ::tiff::ColorType;
use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use ::tiff::tags::Tag;

use super::limits::{MAX_BYTES, Refused, bad, check};
use super::raster::{Raster, narrow};
use crate::error::DataError;

/// Bytes of a tag at most.
const MAX_TAG: usize = 1 << 20;

pub(super) fn decode(path: &Path, reader: impl BufRead + Seek) -> Result<Raster, DataError> {
    let bad_tiff = |source: ::tiff::TiffError| bad(path, source);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_BYTES;
    limits.intermediate_buffer_size = MAX_BYTES;
    limits.ifd_value_size = MAX_TAG;
    let mut decoder = Decoder::new(reader).map_err(bad_tiff)?.with_limits(limits);
    let size = decoder.dimensions().map_err(bad_tiff)?;
    check(path, size.0, size.1)?;
    let kind = decoder.colortype().map_err(bad_tiff)?;
    let channels = channels(kind).ok_or_else(|| unread(path, &kind))?;
    let mut decoded = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut decoded).map_err(bad_tiff)?;
    let mut levels = match decoded {
        DecodingResult::U8(levels) => levels,
        DecodingResult::U16(levels) if kind.bit_depth() == 16 => levels.into_iter().map(narrow).collect(),
        _ => return Err(unread(path, &"numbers other than integers of 1, 2, 4, 8 or 16 bits")),
    };
    if layout.planes > 1 {
        levels = interleaved(&levels, channels);
    }
    if kind.bit_depth() < 8 {
        levels = unpacked(&levels, size.0 as usize * channels, kind);
    }
    match kind {
        ColorType::CMYK(_) => Raster::new(path, size, 3, from_cmyk(&levels)),
        ColorType::Palette(_) => {
            let palette = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(bad_tiff)?;
            Raster::new(path, size, 3, from_palette(&levels, &palette))
        }
        _ => Raster::new(path, size, channels, levels),
    }
}

/// Levels a pixel, of the kinds that are read.
fn channels(kind: ColorType) -> Option<usize> {
    match kind {
        ColorType::Gray(1 | 2 | 4 | 8 | 16) | ColorType::Palette(1 | 2 | 4 | 8) => Some(1),
        ColorType::GrayA(8 | 16) => Some(2),
        ColorType::RGB(8 | 16) => Some(3),
        ColorType::RGBA(8 | 16) | ColorType::CMYK(8 | 16) => Some(4),
        _ => None,
    }
}

fn unread(path: &Path, what: &dyn std::fmt::Debug) -> DataError {
    let message = format!("TIFF of {what:?}; save it as RGB or grey of 8 or 16 bits");
    bad(path, Refused::Kind(message))
}

/// Whole channels one after the other, as pixels.
fn interleaved(planes: &[u8], channels: usize) -> Vec<u8> {
    let pixels = planes.len() / channels;
    (0..pixels * channels).map(|place| planes[place % channels * pixels + place / channels]).collect()
}

/// Levels of fewer than 8 bits, each row in whole bytes. Grey levels fill the range up to 255;
/// places in a palette stay.
fn unpacked(packed: &[u8], row: usize, kind: ColorType) -> Vec<u8> {
    let bits = usize::from(kind.bit_depth());
    let most = (1_u8 << bits) - 1;
    let scale = if matches!(kind, ColorType::Palette(_)) { 1 } else { 255 / most };
    let row_bytes = (row * bits).div_ceil(8).max(1);
    let level = |bytes: &[u8], place: usize| {
        let shift = 8 - bits - place * bits % 8;
        ((bytes[place * bits / 8] >> shift) & most) * scale
    };
    packed.chunks_exact(row_bytes).flat_map(|bytes| (0..row).map(move |place| level(bytes, place))).collect()
}

/// Red, green and blue from amounts of ink: each ink takes its share of the light that black leaves.
fn from_cmyk(inks: &[u8]) -> Vec<u8> {
    let (pixels, _) = inks.as_chunks::<4>();
    let light = |ink: u8, black: u8| ((255 - u32::from(ink)) * (255 - u32::from(black)) + 127) / 255;
    pixels.iter().flat_map(|&[c, m, y, k]| [c, m, y].map(|ink| light(ink, k) as u8)).collect()
}

/// Colours from places in a palette, which holds all reds, then all greens, then all blues.
/// Places beyond its end are black.
fn from_palette(places: &[u8], palette: &[u16]) -> Vec<u8> {
    let colours = palette.len() / 3;
    let level = |place: u8, channel: usize| {
        let stored = palette[channel * colours..(channel + 1) * colours].get(usize::from(place));
        narrow(stored.copied().unwrap_or_default())
    };
    places.iter().flat_map(|&place| [0, 1, 2].map(|channel| level(place, channel))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_planes_inks_and_palettes_become_levels() {
        assert_eq!(unpacked(&[0b1010_0000, 0b0100_0000], 3, ColorType::Gray(1)), [255, 0, 255, 0, 255, 0]);
        assert_eq!(unpacked(&[0x0f, 0x50], 3, ColorType::Gray(4)), [0, 255, 85]);
        assert_eq!(unpacked(&[0b0011_0110], 4, ColorType::Palette(2)), [0, 3, 1, 2]);
        assert_eq!(interleaved(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5, 2, 4, 6]);
        assert_eq!(from_cmyk(&[0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255]), [255, 255, 255, 0, 255, 255, 0, 0, 0]);
        let palette = [0, 65535, 257, 514, 65535, 0];
        assert_eq!(from_palette(&[1, 0, 2], &palette), [255, 2, 0, 0, 1, 255, 0, 0, 0]);
    }
}
