//! Integers as differences in blocks (`DELTA_BINARY_PACKED`).

use super::bits::{number, varint, zigzag};
use crate::columnar::{Outcome, bad};

/// The largest block, values; writers use 128 or 256.
const LARGEST: u64 = 1 << 16;

/// Integers of 32 or 64 bits in the bytes from `at` on.
#[derive(Clone, Debug)]
pub(super) struct Delta {
    /// The current miniblock, or the next block if nothing of this one is left.
    at: usize,
    /// Bytes of the current miniblock.
    stored: usize,
    per_block: usize,
    per_miniblock: usize,
    /// Values that are still to come.
    left: u64,
    /// Whether the first value, which the header holds, was passed on.
    started: bool,
    last: i64,
    smallest: i64,
    /// Places of the widths of the miniblocks that are left of this block.
    widths: std::ops::Range<usize>,
    width: u32,
    /// Values read of the current miniblock.
    read: usize,
    narrow: bool,
}

impl Delta {
    /// Reads the header. `narrow` integers have 32 bits. There are `most` values at most.
    pub(super) fn new(bytes: &[u8], at: usize, narrow: bool, most: usize) -> Outcome<Self> {
        let header = || {
            let (per_block, at) = varint(bytes, at)?;
            let (miniblocks, at) = varint(bytes, at)?;
            let (values, at) = varint(bytes, at)?;
            let (first, at) = varint(bytes, at)?;
            Some((per_block, miniblocks, values, zigzag(first), at))
        };
        let Some((per_block, miniblocks, values, last, at)) = header() else { return bad("a page ends early") };
        let sound = (1..=LARGEST).contains(&per_block)
            && (1..=per_block).contains(&miniblocks)
            && per_block.is_multiple_of(miniblocks)
            && (per_block / miniblocks).is_multiple_of(8);
        if !sound {
            return bad(format!("blocks of {per_block} differences in {miniblocks} parts"));
        }
        if values > most as u64 {
            return bad(format!("{values} values in a page of {most}"));
        }
        Ok(Self {
            at,
            stored: 0,
            per_block: per_block as usize,
            per_miniblock: (per_block / miniblocks) as usize,
            left: values,
            started: false,
            last,
            smallest: 0,
            widths: 0..0,
            width: 0,
            read: (per_block / miniblocks) as usize,
            narrow,
        })
    }

    /// Values that are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The place behind all values, once they are read.
    pub(super) fn end(&self) -> usize {
        self.at.saturating_add(self.stored)
    }

    /// Passes the next `count` integers on.
    pub(super) fn next(&mut self, bytes: &[u8], count: usize, mut each: impl FnMut(i64)) -> Outcome<()> {
        if count as u64 > self.left {
            return bad("a page has fewer values than it states");
        }
        self.left -= count as u64;
        for _ in 0..count {
            if self.started {
                self.step(bytes)?;
            }
            self.started = true;
            each(self.last);
        }
        Ok(())
    }

    /// Adds the next difference.
    fn step(&mut self, bytes: &[u8]) -> Outcome<()> {
        if self.read == self.per_miniblock {
            self.at = self.end();
            if self.widths.is_empty() {
                let Some((smallest, at)) = varint(bytes, self.at) else { return bad("a page ends early") };
                self.smallest = zigzag(smallest);
                self.widths = at..at + self.per_block / self.per_miniblock;
                self.at = self.widths.end;
            }
            let place = self.widths.next().unwrap_or_default();
            let widest = if self.narrow { 32 } else { 64 };
            match bytes.get(place) {
                Some(&width) if width <= widest => self.width = width.into(),
                Some(width) => return bad(format!("differences of {width} bits")),
                None => return bad("a page ends early"),
            }
            self.stored = self.per_miniblock / 8 * self.width as usize;
            self.read = 0;
        }
        let bit = 8 * self.at + self.read * self.width as usize;
        if bit + self.width as usize > 8 * bytes.len() {
            return bad("a page ends early");
        }
        let difference = number(bytes, bit, self.width) as i64;
        self.last = self.last.wrapping_add(self.smallest).wrapping_add(difference);
        if self.narrow {
            self.last = i64::from(self.last as i32);
        }
        self.read += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(bytes: &[u8], narrow: bool, step: usize) -> Outcome<(Vec<i64>, usize)> {
        let mut delta = Delta::new(bytes, 0, narrow, 1000)?;
        let mut values = Vec::new();
        while delta.left() > 0 {
            delta.next(bytes, step.min(delta.left() as usize), |value| values.push(value))?;
        }
        Ok((values, delta.end()))
    }

    #[test]
    fn differences_are_added_up() {
        // 7, 5, 3, 1, 2, 3, 4, 5 (an example of the format's description): the smallest difference is
        // -2; the others are 0, 0, 0, 3, 3, 3, 3 in 2 bits.
        let header = [128, 1, 4, 8, 14];
        let block = [3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0, 99];
        let bytes = [&header[..], &block].concat();
        for step in [1, 3, 8] {
            assert_eq!(all(&bytes, false, step).unwrap(), (vec![7, 5, 3, 1, 2, 3, 4, 5], bytes.len() - 1), "{step}");
        }
        for length in 0..12 {
            assert!(all(&bytes[..length], false, 8).is_err(), "{length}");
        }
        // One value, and none, have no block.
        assert_eq!(all(&[128, 1, 4, 1, 5], true, 1).unwrap(), (vec![-3], 5));
        assert_eq!(all(&[128, 1, 4, 0, 0], true, 1).unwrap(), (vec![], 5));
    }

    #[test]
    fn impossible_headers_are_refused() {
        for bytes in [
            &[0, 1, 1, 0][..],
            &[128, 1, 0, 1, 0],
            &[128, 1, 3, 1, 0],
            &[128, 1, 128, 1, 1, 0],
            &[0xff, 0xff, 0xff, 0x0f, 1, 1, 0],
            &[128, 1, 4, 0xff, 0x7f, 0],
        ] {
            assert!(Delta::new(bytes, 0, false, 1000).is_err(), "{bytes:?}");
        }
        assert!(all(&[128, 1, 4, 2, 0, 0, 65, 0, 0, 0], false, 2).is_err());
        assert!(all(&[128, 1, 4, 2, 0, 0, 33, 0, 0, 0], true, 2).is_err());
    }
}
