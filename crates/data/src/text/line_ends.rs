//! Normalizes line ends: CRLF and CR become LF, and a last line without an end gets one. Counting
//! newlines then gives line numbers.

use std::io::{Read, Result};

/// A reader with normalized line ends.
pub(crate) struct LineEnds<R> {
    reader: R,
    last: u8,
}

impl<R> LineEnds<R> {
    pub(crate) fn new(reader: R) -> Self {
        // As if after a line end, so an empty text stays empty.
        Self { reader, last: b'\n' }
    }
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let got = self.reader.read(buffer)?;
            if got == 0 {
                // The preceding carriage return was already returned as a newline.
                if matches!(self.last, b'\n' | b'\r') {
                    return Ok(0);
                }
                let Some(first) = buffer.first_mut() else { return Ok(0) };
                (*first, self.last) = (b'\n', b'\n');
                return Ok(1);
            }
            let mut kept = 0;
            for at in 0..got {
                let byte = buffer[at];
                if byte != b'\n' || self.last != b'\r' {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
                self.last = byte;
            }
            // The buffer may have held only the newline of a CRLF.
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pieces::Pieces;

    #[test]
    fn line_ends_are_normalized_for_pieces_of_any_size() -> Result<()> {
        for (text, expected) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb\r", "a\nb\n"),
            ("a\nb", "a\nb\n"),
            ("a\r\r\n\nb\n\r", "a\n\n\nb\n\n"),
            ("\r\n", "\n"),
            ("", ""),
        ] {
            for size in 1..=text.len().max(1) {
                let mut read = String::new();
                LineEnds::new(Pieces(text.as_bytes(), size)).read_to_string(&mut read)?;
                assert_eq!(read, expected, "{text:?} in pieces of {size}");
            }
        }
        Ok(())
    }
}
