//! Decompresses pages and buffers.

use std::io::{BufReader, Read};

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;

use super::part::Part;
use super::problem::{Outcome, Problem, bad};
use crate::format::Zstd;

/// How a page or a buffer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Plain,
    Snappy,
    Gzip,
    Brotli,
    /// One block of LZ4.
    Lz4Block,
    /// Blocks of LZ4, each after its two lengths, as Hadoop writes them; or one block.
    Lz4Hadoop,
    /// A frame of LZ4.
    Lz4Frame,
    Zstd,
}

/// Snappy needs at least 2 bytes to copy 64 bytes.
const SNAPPY_MAX_RATIO: usize = 32;

/// LZ4 lengthens a copy by at most 255 bytes for each byte.
const LZ4_MAX_RATIO: usize = 255;

/// The longest start of a copy of LZ4 that is not lengthened, with literals.
const LZ4_START: usize = 64;

/// Bytes that a decoder of Brotli reads at a time.
const CHUNK: usize = 1 << 12;

/// The largest window of Zstandard in a buffer that is read in parts, bytes: what RFC 8878
/// recommends that every decoder accepts. All columns of a message are open at the same time, each with
/// a window.
const WINDOW: u64 = 8 << 20;

/// Replaces `output` by the `size` bytes that are compressed in `bytes`. Memory grows with the bytes
/// that come out, or is bounded by the largest ratio of the codec.
pub(crate) fn decompress_block(codec: Codec, bytes: &[u8], size: usize, output: &mut Vec<u8>) -> Outcome<()> {
    output.clear();
    match codec {
        Codec::Plain => output.extend_from_slice(bytes),
        Codec::Snappy => {
            let stated = snap::raw::decompress_len(bytes).map_err(|error| Problem::Bad(error.to_string()))?;
            if stated != size || size > bytes.len().saturating_mul(SNAPPY_MAX_RATIO) {
                return bad(format!("{size} bytes in {} of Snappy", bytes.len()));
            }
            output.resize(size, 0);
            let got = snap::raw::Decoder::new().decompress(bytes, output);
            output.truncate(got.map_err(|error| Problem::Bad(error.to_string()))?);
        }
        Codec::Lz4Block => lz4_block(bytes, size, output)?,
        Codec::Lz4Hadoop => {
            if lz4_hadoop(bytes, size, output).is_err() {
                output.clear();
                lz4_block(bytes, size, output)?;
            }
        }
        Codec::Gzip => limited(MultiGzDecoder::new(bytes), size, output)?,
        Codec::Zstd => limited(Zstd::new(bytes), size, output)?,
        Codec::Lz4Frame => limited(FrameDecoder::new(bytes), size, output)?,
        Codec::Brotli => limited(brotli_decompressor::Decompressor::new(bytes, CHUNK), size, output)?,
    }
    if output.len() != size {
        return bad(format!("{} bytes after decompression, {size} expected", output.len()));
    }
    Ok(())
}

/// Reads one byte more than expected at most.
fn limited(reader: impl Read, size: usize, output: &mut Vec<u8>) -> Outcome<()> {
    reader.take(size as u64 + 1).read_to_end(output)?;
    Ok(())
}

/// Appends a block of LZ4.
fn lz4_block(bytes: &[u8], size: usize, output: &mut Vec<u8>) -> Outcome<()> {
    if size > bytes.len().saturating_mul(LZ4_MAX_RATIO).saturating_add(LZ4_START) {
        return bad(format!("{size} bytes in {} of LZ4", bytes.len()));
    }
    let before = output.len();
    output.resize(before + size, 0);
    match lz4_flex::block::decompress_into(bytes, &mut output[before..]) {
        Ok(got) => {
            output.truncate(before + got);
            Ok(())
        }
        Err(error) => bad(format!("LZ4: {error}")),
    }
}

/// Blocks, each after the big-endian lengths of what comes out and of what goes in.
fn lz4_hadoop(mut bytes: &[u8], size: usize, output: &mut Vec<u8>) -> Outcome<()> {
    while let Some((lengths, rest)) = bytes.split_first_chunk::<8>() {
        let [a, b, c, d, e, f, g, h] = *lengths;
        let (inside, stored) = (u32::from_be_bytes([a, b, c, d]) as usize, u32::from_be_bytes([e, f, g, h]) as usize);
        if stored > rest.len() || inside > size - output.len() {
            return bad("lengths of a block of LZ4");
        }
        let before = output.len();
        lz4_block(&rest[..stored], inside, output)?;
        if output.len() != before + inside {
            return bad("a short block of LZ4");
        }
        bytes = &rest[stored..];
    }
    if bytes.is_empty() && output.len() == size { Ok(()) } else { bad("blocks of LZ4") }
}

/// The bytes that are compressed in a part, one after the other, in bounded memory.
pub(crate) fn decompress_stream(codec: Codec, part: Part) -> Outcome<Box<dyn Read + Send>> {
    let buffered = BufReader::new(part);
    Ok(match codec {
        Codec::Plain => Box::new(buffered),
        Codec::Gzip => Box::new(MultiGzDecoder::new(buffered)),
        Codec::Zstd => Box::new(Zstd::with_window(buffered, WINDOW)),
        Codec::Lz4Frame => Box::new(FrameDecoder::new(buffered)),
        Codec::Brotli => Box::new(brotli_decompressor::Decompressor::new(buffered, CHUNK)),
        Codec::Snappy | Codec::Lz4Block | Codec::Lz4Hadoop => return bad("a buffer in a codec of blocks"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blocks_of_lz4_are_read_in_all_three_forms() {
        let text = b"columns of numbers, ".repeat(50);
        let block = lz4_flex::block::compress(&text);
        let lengths = [(text.len() as u32).to_be_bytes(), (block.len() as u32).to_be_bytes()].concat();
        let framed = [&lengths[..], &block, &lengths, &block].concat();
        let mut output = Vec::new();
        decompress_block(Codec::Lz4Block, &block, text.len(), &mut output).unwrap();
        assert_eq!(output, text);
        decompress_block(Codec::Lz4Hadoop, &block, text.len(), &mut output).unwrap();
        assert_eq!(output, text);
        decompress_block(Codec::Lz4Hadoop, &framed, 2 * text.len(), &mut output).unwrap();
        assert_eq!(output, text.repeat(2));
        for (codec, bytes) in [(Codec::Lz4Block, &block), (Codec::Lz4Hadoop, &framed)] {
            for size in [0, text.len() - 1, text.len() + 1, 1 << 40] {
                assert!(decompress_block(codec, bytes, size, &mut output).is_err(), "{codec:?} {size}");
            }
        }
    }

    #[test]
    fn a_window_beyond_that_of_every_decoder_is_refused_in_a_stream() {
        // Descriptor 0, a window of 2^(10 + 13) or 2^(10 + 14) bytes, and an empty last block.
        let read = |exponent: u8| {
            let frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, 1, 0, 0];
            decompress_stream(Codec::Zstd, Part::of_memory(frame)).unwrap().read_to_end(&mut Vec::new())
        };
        assert_eq!(read(13).unwrap(), 0);
        assert!(read(14).unwrap_err().to_string().contains("window"));
    }

    #[test]
    fn a_size_beyond_the_ratio_of_the_codec_is_refused_before_it_is_allocated() {
        let mut output = Vec::new();
        // 2^31 bytes in varint form, and a literal.
        let bytes = [0x80, 0x80, 0x80, 0x80, 0x08, 0x00, b'a'];
        assert!(decompress_block(Codec::Snappy, &bytes, 1 << 31, &mut output).is_err());
        assert!(decompress_block(Codec::Lz4Block, &bytes, 1 << 31, &mut output).is_err());
        assert!(output.capacity() < 1 << 20);
    }
}
