//! The text of a file: decompressed, in UTF-8, with normalized line ends.

use std::io::{BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::error::DataError;
use crate::format::{BOM, Head, Sniffed, Stream, Zstd};
use crate::text::{Compression, Decoded, Foreign, LineEnds, TextEncoding, TextOptions};

/// A text and its head, which has been read.
pub(crate) struct TextSource {
    pub(crate) head: Head,
    pub(crate) rest: Box<dyn Read + Send>,
    pub(crate) compression: Option<Compression>,
    /// Its name in reports.
    pub(crate) encoding: &'static str,
}

/// Decompresses a stream of gzip or Zstandard. Memory is bounded by the window of the format,
/// whatever the length of the content.
///
/// # Errors
/// [`DataError::Io`] if the stream is damaged.
pub(crate) fn decompress(stream: Stream<'_>) -> Result<(Stream<'_>, Option<Compression>), DataError> {
    let Stream { path, head, rest } = stream;
    let compression = match head.sniff() {
        Sniffed::Gzip => Compression::Gzip,
        Sniffed::Zstd => Compression::Zstd,
        _ => return Ok((Stream { path, head, rest }, None)),
    };
    let whole = BufReader::new(Cursor::new(head.bytes).chain(rest));
    let mut inner: Box<dyn Read + Send> = match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(whole)),
        Compression::Zstd => Box::new(Zstd::new(whole)),
    };
    let head = Head::read(&mut inner).map_err(|source| DataError::io(path, source))?;
    Ok((Stream { path, head, rest: inner }, Some(compression)))
}

impl TextSource {
    /// Decodes a text, compressed or not.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`] if the stream is not text; [`DataError::NotUtf8`] for another
    /// encoding than `options` say; [`DataError::Io`].
    pub(crate) fn open(stream: Stream<'_>, options: &TextOptions) -> Result<Self, DataError> {
        let (Stream { path, head, rest }, compression) = decompress(stream)?;
        let latin = options.encoding == TextEncoding::Latin1;
        match head.sniff() {
            Sniffed::Text | Sniffed::Empty => {}
            Sniffed::OtherText if latin => {}
            Sniffed::OtherText => {
                let valid = std::str::from_utf8(&head.bytes).err().map_or(0, |error| error.valid_up_to());
                let ends = head.bytes[..valid].iter().filter(|&&byte| byte == b'\n').count() as u64;
                return Err(DataError::NotUtf8 { path: path.to_path_buf(), line: 1 + ends });
            }
            _ => return Err(DataError::UnknownFormat { path: path.to_path_buf() }),
        }
        let mut bytes = head.bytes;
        let (mark, from, encoding) = match bytes.as_slice() {
            [0xff, 0xfe, ..] => (2, Some(Foreign::Utf16Le), "UTF-16"),
            [0xfe, 0xff, ..] => (2, Some(Foreign::Utf16Be), "UTF-16"),
            _ if bytes.starts_with(BOM) => (BOM.len(), None, "UTF-8"),
            _ if latin => (0, Some(Foreign::Latin1), "Latin-1"),
            _ => (0, None, "UTF-8"),
        };
        bytes.drain(..mark);
        let whole = Cursor::new(bytes).chain(rest);
        let mut rest: Box<dyn Read + Send> = match from {
            None => Box::new(LineEnds::new(whole)),
            Some(from) => Box::new(LineEnds::new(Decoded::new(whole, from))),
        };
        let head = Head::read_lines(&mut rest, options.skip, options.comment.unwrap_or(b'#'))
            .map_err(|source| DataError::io(path, source))?;
        Ok(Self { head, rest, compression, encoding })
    }
}
