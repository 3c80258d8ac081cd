//! Detects the format of a stream from its first bytes.

use std::io::{ErrorKind, Read, Result};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::compressed::ZSTD_MAGIC;
use super::gzip::GZIP_MAGIC;
use super::npy_header::NPY_MAGIC;

/// The longest part of a stream read to detect its format and dialect.
const HEAD: usize = 1 << 16;

/// The longest part of a text with lines beyond [`HEAD`] that is read for its first two lines.
const WIDE_HEAD: usize = 1 << 21;

/// The number of lines that suffices: a header and a row.
const LINES: usize = 2;

/// The byte order mark that some programs write before UTF-8 text.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// The first and the last bytes of a Parquet file.
pub(crate) const PARQUET_MAGIC: [u8; 4] = *b"PAR1";

/// The first and the last bytes of a file of Arrow IPC.
pub(crate) const ARROW_MAGIC: [u8; 6] = *b"ARROW1";

/// The mark before each message of Arrow IPC.
pub(crate) const ARROW_MARK: [u8; 4] = [0xff; 4];

/// The format indicated by the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    Npy,
    Zip,
    Idx,
    Wav,
    /// UTF-8, or UTF-16 with a byte order mark.
    Text,
    /// Text that is not UTF-8.
    OtherText,
    Gzip,
    Zstd,
    Parquet,
    /// Arrow IPC, as a file or as a stream.
    Arrow,
    /// No bytes at all.
    Empty,
    Unknown,
}

/// The first bytes of a stream.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) bytes: Vec<u8>,
    /// Whether these are all the bytes.
    pub(crate) complete: bool,
}

/// A stream of bytes whose head has been read.
pub(crate) struct Stream<'a> {
    /// The name in messages.
    pub(crate) path: &'a Path,
    pub(crate) head: Head,
    pub(crate) rest: Box<dyn Read + Send>,
}

impl Head {
    /// Reads until the format is clear: to the end, to 64 KiB, or, from a slow pipe, two lines.
    pub(crate) fn read(reader: &mut impl Read) -> Result<Self> {
        let mut bytes = vec![0; HEAD];
        let (mut filled, mut lines, mut complete) = (0, 0, false);
        while filled < HEAD && lines < LINES && !complete {
            match reader.read(&mut bytes[filled..]) {
                Ok(0) => complete = true,
                Ok(got) => {
                    lines += bytes[filled..filled + got].iter().filter(|&&byte| byte == b'\n').count();
                    filled += got;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(Self { bytes, complete })
    }

    /// Reads a text with normalized line ends for its dialect: two lines below those to `skip` and
    /// below the comments above the table, where a slow pipe gives no more; otherwise 64 KiB, or
    /// more if the lines are longer than that.
    pub(crate) fn read_lines(reader: &mut impl Read, skip: usize, comment: u8) -> Result<Self> {
        let mut head = Self { bytes: Vec::new(), complete: false };
        let (mut counted, mut lines, mut skipped) = (0, 0, 0);
        while lines < LINES && head.bytes.len() < WIDE_HEAD && !head.complete {
            let start = head.bytes.len();
            head.bytes.resize(if start < HEAD { HEAD } else { start + HEAD }, 0);
            match reader.read(&mut head.bytes[start..]) {
                Ok(got) => {
                    head.bytes.truncate(start + got);
                    head.complete = got == 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => head.bytes.truncate(start),
                Err(error) => return Err(error),
            }
            while let Some(length) = head.bytes[counted..].iter().position(|&byte| byte == b'\n') {
                let line = head.bytes[counted..counted + length].trim_ascii();
                counted += length + 1;
                if skipped < skip {
                    skipped += 1;
                } else if lines > 0 || !line.is_empty() && line.first() != Some(&comment) {
                    lines += 1;
                }
            }
        }
        Ok(head)
    }

    pub(crate) fn sniff(&self) -> Sniffed {
        let bytes = self.bytes.as_slice();
        match bytes {
            [] => Sniffed::Empty,
            _ if bytes.starts_with(&NPY_MAGIC) => Sniffed::Npy,
            // The first member, or the end of an archive without members.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Sniffed::Zip,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Sniffed::Wav,
            // 8 is deflate, the only method.
            _ if bytes.starts_with(&GZIP_MAGIC) && bytes.get(2) == Some(&8) => {
                let mut inside = Vec::new();
                // Bytes decompressed before an error count: the head may end within the stream.
                let _ = MultiGzDecoder::new(bytes).take(4).read_to_end(&mut inside);
                if is_idx(&inside) { Sniffed::Idx } else { Sniffed::Gzip }
            }
            _ if bytes.starts_with(&ZSTD_MAGIC) => Sniffed::Zstd,
            // UTF-16; four bytes of a mark are UTF-32.
            [0xff, 0xfe, 0, 0, ..] => Sniffed::Unknown,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Sniffed::Text,
            _ if is_idx(bytes) => Sniffed::Idx,
            // A text may start with the letters.
            _ if bytes.starts_with(&PARQUET_MAGIC) && !is_printable(bytes) => Sniffed::Parquet,
            _ if bytes.starts_with(&ARROW_MAGIC) && !is_printable(bytes) => Sniffed::Arrow,
            _ if bytes.starts_with(&ARROW_MARK) && !is_printable(bytes) => Sniffed::Arrow,
            _ if !is_printable(bytes) || bytes.starts_with(&NPY_MAGIC[..4]) => Sniffed::Unknown,
            _ if is_utf8(bytes, self.complete) => Sniffed::Text,
            _ => Sniffed::OtherText,
        }
    }
}

/// Two zero bytes, the element type (8..=14), the rank.
fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 0x08..=0x0e, 1..=u8::MAX, ..])
}

/// No control characters other than those that lay out text.
fn is_printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x20..=0x7e | 0x80..))
}

fn is_utf8(bytes: &[u8], complete: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // A character cut by the end of the head.
        Err(error) => !complete && error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(bytes: &[u8]) -> Sniffed {
        Head { bytes: bytes.to_vec(), complete: true }.sniff()
    }

    #[test]
    fn formats_are_detected_from_their_first_bytes() {
        assert_eq!(sniff(b"\x93NUMPY\x01"), Sniffed::Npy);
        assert_eq!(sniff(b"\x93NUMP"), Sniffed::Unknown);
        assert_eq!(sniff(b"PK\x03\x04"), Sniffed::Zip);
        assert_eq!(sniff(b"PK\x01\x02"), Sniffed::Unknown);
        assert_eq!(sniff(b"RIFF\0\0\0\0WAVE"), Sniffed::Wav);
        assert_eq!(sniff(b"RIFF\0\0\0\0AVI "), Sniffed::Unknown);
        assert_eq!(sniff(b"\0\0\x08\x03"), Sniffed::Idx);
        assert_eq!(sniff(b"1,2\n"), Sniffed::Text);
        assert_eq!(sniff(b"\xef\xbb\xbfx,y\r\n"), Sniffed::Text);
        assert_eq!(sniff(b"1,2\0"), Sniffed::Unknown);
        assert_eq!(sniff(b"Gr\xf6\xdfe,b"), Sniffed::OtherText);
        assert_eq!(sniff(b"\xff\xfe1\0"), Sniffed::Text);
        assert_eq!(sniff(b"\xff\xfe\0\0"), Sniffed::Unknown);
        assert_eq!(sniff(b"\x28\xb5\x2f\xfd"), Sniffed::Zstd);
        assert_eq!(sniff(b"\x1f\x8b\x08"), Sniffed::Gzip);
        assert_eq!(sniff(b"PAR1\x15\x04"), Sniffed::Parquet);
        assert_eq!(sniff(b"PAR1,PAR2\n1,2\n"), Sniffed::Text);
        assert_eq!(sniff(b"ARROW1\0\0\xff"), Sniffed::Arrow);
        assert_eq!(sniff(b"ARROW1,x\n1,2\n"), Sniffed::Text);
        assert_eq!(sniff(b"\xff\xff\xff\xff\x80\0\0\0"), Sniffed::Arrow);
        assert_eq!(sniff(b""), Sniffed::Empty);
    }

    #[test]
    fn only_the_end_of_the_head_may_cut_a_character() {
        let cut = "ä".as_bytes()[..1].to_vec();
        assert_eq!(Head { bytes: cut.clone(), complete: false }.sniff(), Sniffed::Text);
        assert_eq!(Head { bytes: cut, complete: true }.sniff(), Sniffed::OtherText);
    }

    #[test]
    fn a_slow_pipe_is_read_for_two_lines_only() -> Result<()> {
        /// Yields one byte at a time, and an error where a pipe would block.
        struct Slow(&'static [u8]);
        impl Read for Slow {
            fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
                match self.0 {
                    [] => Err(ErrorKind::WouldBlock.into()),
                    [first, rest @ ..] => {
                        buffer[0] = *first;
                        self.0 = rest;
                        Ok(1)
                    }
                }
            }
        }
        assert_eq!(Head::read(&mut Slow(b"a,b\n1,2\n3"))?.bytes, b"a,b\n1,2\n");
        assert!(Head::read(&mut Slow(b"a,b\n1,2")).is_err());
        Ok(())
    }
}
