//! Reads gzip and Zstandard streams.

use std::io::{Error, ErrorKind, Read, Result};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The first bytes of a frame of Zstandard (RFC 8878).
pub(crate) const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window, bytes: that of `zstd --ultra -22`. It bounds the memory of a reader, since a
/// stream is never held whole.
const WINDOW: u64 = 128 << 20;

/// The decompressed bytes of a sequence of frames, with their checksums verified.
pub(crate) struct Zstd<R> {
    /// The source, behind the bytes that were read to find the next frame.
    source: R,
    decoder: Box<FrameDecoder>,
    in_frame: bool,
}

impl<R: Read> Zstd<R> {
    pub(crate) fn new(source: R) -> Self {
        Self::with_window(source, WINDOW)
    }

    /// Refuses a larger window than this, bytes.
    pub(crate) fn with_window(source: R, window: u64) -> Self {
        let mut decoder = Box::new(FrameDecoder::new());
        decoder.set_max_window_size(window);
        Self { source, decoder, in_frame: false }
    }

    /// Starts the next frame; `false` at the end of the source.
    fn start(&mut self) -> Result<bool> {
        loop {
            let mut first = [0];
            if self.source.read(&mut first)? == 0 {
                return Ok(false);
            }
            match self.decoder.reset((&first[..]).chain(&mut self.source)) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = std::io::copy(&mut (&mut self.source).take(length.into()), &mut std::io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(Error::new(ErrorKind::InvalidData, error.to_string())),
            }
        }
    }

    fn verify(&self) -> Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(expected), Some(actual)) if expected != actual => {
                let message = format!("damaged: checksum {actual:#010x}, expected {expected:#010x}");
                Err(Error::new(ErrorKind::InvalidData, message))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame {
                self.in_frame = self.start()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            let got = self.decoder.read(buffer)?;
            if got > 0 {
                return Ok(got);
            }
            if self.decoder.is_finished() {
                self.verify()?;
                self.in_frame = false;
                continue;
            }
            self.decoder
                .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                .map_err(|error| Error::new(ErrorKind::InvalidData, error.to_string()))?;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn decode(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        Zstd::new(bytes).read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn frames_follow_each_other_and_damage_is_found() {
        let text = b"1,2\n3,4\n".repeat(50_000);
        let frame = compress_to_vec(&text[..], CompressionLevel::Fastest);
        assert!(frame.starts_with(&ZSTD_MAGIC));
        assert_eq!(decode(&frame).unwrap(), text);
        let skipped = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".as_slice(), &frame, &frame].concat();
        assert_eq!(decode(&skipped).unwrap(), text.repeat(2));
        assert!(decode(&frame[..frame.len() - 5]).is_err());
        assert!(decode(&[&frame[..], b"x"].concat()).is_err());
        assert_eq!(decode(b"").unwrap(), b"");
    }

    #[test]
    fn a_window_beyond_the_limit_is_refused_before_it_is_allocated() {
        // Descriptor 0, window of 2^(10 + 21) bytes.
        let bytes = [&ZSTD_MAGIC[..], &[0, 21 << 3, 1, 0, 0]].concat();
        assert!(decode(&bytes).unwrap_err().to_string().to_lowercase().contains("window"));
    }
}
