//! Every line of a text ends with one newline: CRLF and CR become LF, and a last line without an end gets one. Line numbers are then a
//! count of newlines.

use std::io::{Read, Result};

/// Reads with uniform line ends.
pub(crate) struct LineEnds<R> {
    reader: R,
    last: u8,
}

impl<R> LineEnds<R> {
    pub(crate) fn new(reader: R) -> Self {
        // As if after a line: an empty text stays empty.
        Self { reader, last: b'\n' }
    }

    pub(crate) fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let got = self.reader.read(buffer)?;
            if got == 0 {
                // A carriage return was already given as a newline.
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
            // A newline that ended a CRLF may have been everything.
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a text in pieces of a size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn line_ends_are_uniform_whatever_the_pieces() -> Result<()> {
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
