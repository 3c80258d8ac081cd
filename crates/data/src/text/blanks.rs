//! Reads columns that are separated by runs of blanks: each run becomes one blank, and blanks at
//! the ends of a line vanish. Blanks within quotes are kept.

use std::io::{Read, Result};

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the start of a line, or in the blanks that start it.
    Start,
    Cell,
    /// In blanks behind a cell, which are not written until another cell follows.
    Between,
    Quoted,
    /// After a quote in a quoted cell: its end, or half of a doubled quote.
    QuoteInQuoted,
}

/// A reader with single blanks. Its input has normalized line ends.
pub(crate) struct SingleBlanks<R> {
    reader: R,
    state: State,
    /// A byte that did not fit into the last buffer.
    kept: Option<u8>,
}

impl<R> SingleBlanks<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, state: State::Start, kept: None }
    }

    /// Passes one byte on, after a blank if it starts another cell; `[None, None]` drops it.
    fn step(&mut self, byte: u8) -> [Option<u8>; 2] {
        let blank = matches!(byte, b' ' | b'\t');
        let (next, output) = match (self.state, byte) {
            (State::Quoted, b'"') => (State::QuoteInQuoted, [Some(byte), None]),
            (State::Quoted, _) | (State::QuoteInQuoted, b'"') => (State::Quoted, [Some(byte), None]),
            (_, b'\n') => (State::Start, [Some(byte), None]),
            (State::Start, _) if blank => (State::Start, [None, None]),
            _ if blank => (State::Between, [None, None]),
            (State::Between, b'"') => (State::Quoted, [Some(b' '), Some(byte)]),
            (State::Between, _) => (State::Cell, [Some(b' '), Some(byte)]),
            (State::Start, b'"') => (State::Quoted, [Some(byte), None]),
            _ => (State::Cell, [Some(byte), None]),
        };
        self.state = next;
        output
    }
}

impl<R: Read> Read for SingleBlanks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if let (Some(byte), Some(first)) = (self.kept, buffer.first_mut()) {
            (*first, self.kept) = (byte, None);
            return Ok(1);
        }
        loop {
            let got = self.reader.read(buffer)?;
            if got == 0 {
                return Ok(0);
            }
            // A blank that is written was read before, perhaps into the previous buffer; then one
            // byte may be left over.
            let bytes = buffer[..got].to_vec();
            let mut filled = 0;
            for byte in bytes {
                for output in self.step(byte).into_iter().flatten() {
                    match buffer.get_mut(filled) {
                        Some(place) => (*place, filled) = (output, filled + 1),
                        None => self.kept = Some(output),
                    }
                }
            }
            if filled > 0 {
                return Ok(filled);
            }
        }
    }
}

/// A whole text with single blanks.
pub(crate) fn single_blanks(text: &[u8]) -> Vec<u8> {
    let mut blanks = SingleBlanks::new(text);
    let mut single = Vec::with_capacity(text.len());
    text.iter().for_each(|&byte| single.extend(blanks.step(byte).into_iter().flatten()));
    single
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pieces::Pieces;

    #[test]
    fn runs_of_blanks_outside_quotes_become_one() -> Result<()> {
        for (text, expected) in [
            ("1  2\t 3\n", "1 2 3\n"),
            ("  1 2  \n\t3 4\n", "1 2\n3 4\n"),
            ("\"a  b\"   c\n1 2\n", "\"a  b\" c\n1 2\n"),
            ("\"a \"\"  b\"  c\n", "\"a \"\"  b\" c\n"),
            ("5\"  x\n", "5\" x\n"),
            ("\n  \n1\n", "\n\n1\n"),
        ] {
            assert_eq!(String::from_utf8_lossy(&single_blanks(text.as_bytes())), expected, "{text:?}");
            for size in 1..=text.len() {
                let mut read = String::new();
                SingleBlanks::new(Pieces(text.as_bytes(), size)).read_to_string(&mut read)?;
                assert_eq!(read, expected, "{text:?} in pieces of {size}");
                let mut bytes = Vec::new();
                let mut reader = SingleBlanks::new(Pieces(text.as_bytes(), size));
                let mut one = [0];
                while reader.read(&mut one)? > 0 {
                    bytes.push(one[0]);
                }
                assert_eq!(String::from_utf8_lossy(&bytes), expected, "{text:?} byte by byte");
            }
        }
        Ok(())
    }
}
