//! Decodes UTF-16 and Latin-1 to UTF-8.

use std::io::{Error, ErrorKind, Read, Result};

/// An encoding other than UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Utf16Le,
    Utf16Be,
    Latin1,
}

/// The bytes 0x80 to 0x9f, which are control characters in Latin-1, as in Windows-1252.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Bytes decoded at a time.
const CHUNK: usize = 8192;

/// A reader of UTF-8 over a text in another encoding.
pub(crate) struct Decoded<R> {
    reader: R,
    from: Foreign,
    /// Bytes that have been read but not decoded: half a unit of UTF-16.
    half: Option<u8>,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    text: String,
    /// The part of `text` that has been returned.
    given: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(reader: R, from: Foreign) -> Self {
        Self { reader, from, half: None, high: None, text: String::new(), given: 0, ended: false }
    }

    fn fill(&mut self) -> Result<()> {
        let mut bytes = [0; CHUNK];
        let got = self.reader.read(&mut bytes)?;
        (self.ended, self.given) = (got == 0, 0);
        self.text.clear();
        if self.ended && (self.half.is_some() || self.high.is_some()) {
            return Err(Error::new(ErrorKind::InvalidData, "the UTF-16 text ends within a character"));
        }
        for &byte in &bytes[..got] {
            match (self.from, self.half) {
                (Foreign::Latin1, _) => {
                    let c = WINDOWS.get(usize::from(byte).wrapping_sub(0x80)).copied();
                    self.text.push(c.unwrap_or_else(|| char::from(byte)));
                }
                (_, None) => self.half = Some(byte),
                (Foreign::Utf16Le, Some(low)) => self.unit(u16::from_le_bytes([low, byte]))?,
                (Foreign::Utf16Be, Some(high)) => self.unit(u16::from_be_bytes([high, byte]))?,
            }
        }
        Ok(())
    }

    fn unit(&mut self, unit: u16) -> Result<()> {
        self.half = None;
        let units = match self.high.take() {
            Some(high) => vec![high, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.high = Some(unit);
                return Ok(());
            }
            None => vec![unit],
        };
        for c in char::decode_utf16(units) {
            self.text.push(c.map_err(|_| Error::new(ErrorKind::InvalidData, "not valid UTF-16"))?);
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.fill()?;
        }
        let rest = self.text.as_bytes().get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], from: Foreign) -> Result<String> {
        let mut text = String::new();
        Decoded::new(bytes, from).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn text_is_decoded_or_refused() -> Result<()> {
        let text = "größe,🦀\n1,2\n".repeat(3000);
        let units = || text.encode_utf16();
        let (le, be): (Vec<u8>, Vec<u8>) =
            (units().flat_map(u16::to_le_bytes).collect(), units().flat_map(u16::to_be_bytes).collect());
        assert_eq!(decode(&le, Foreign::Utf16Le)?, text);
        assert_eq!(decode(&be, Foreign::Utf16Be)?, text);
        assert_eq!(decode(b"gr\xf6\xdfe \x80", Foreign::Latin1)?, "größe €");
        for bad in [&b"a\0b"[..], b"\x00\xd8", b"\x00\xd8a\0", b"\x00\xdc"] {
            assert!(decode(bad, Foreign::Utf16Le).is_err(), "{bad:?}");
        }
        Ok(())
    }
}
