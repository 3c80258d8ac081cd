//! Runs of equal numbers and numbers of few bits, mixed: definition levels, places in a dictionary
//! and flags.

use super::bits::{number, varint};
use crate::columnar::{Outcome, bad};

/// The run that is being read.
#[derive(Clone, Copy, Debug)]
enum Run {
    Same {
        value: u32,
        left: u64,
    },
    /// Numbers of `width` bits from `bit` on.
    Packed {
        bit: usize,
        left: u64,
    },
}

/// Numbers in the bytes `at..end`.
#[derive(Clone, Debug)]
pub(super) struct Hybrid {
    at: usize,
    end: usize,
    width: u32,
    run: Run,
}

impl Hybrid {
    /// Numbers of `width` bits in the bytes `at..end`.
    pub(super) fn new(at: usize, end: usize, width: u32) -> Outcome<Self> {
        if width > u32::BITS {
            return bad(format!("numbers of {width} bits"));
        }
        Ok(Self { at, end, width, run: Run::Same { value: 0, left: 0 } })
    }

    /// Passes the next `count` numbers on. `bytes` are those of all calls.
    pub(super) fn next(&mut self, bytes: &[u8], count: usize, mut each: impl FnMut(u32)) -> Outcome<()> {
        let bytes = bytes.get(..self.end).unwrap_or_default();
        let mut wanted = count as u64;
        while wanted > 0 {
            match &mut self.run {
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => self.run = self.start(bytes)?,
                Run::Same { value, left } => {
                    let now = wanted.min(*left);
                    (0..now).for_each(|_| each(*value));
                    (*left, wanted) = (*left - now, wanted - now);
                }
                Run::Packed { bit, left } => {
                    let now = wanted.min(*left);
                    let width = self.width as usize;
                    // No more than `count`, which is in memory.
                    let last = (now as usize).checked_mul(width).and_then(|bits| bits.checked_add(*bit));
                    if last.is_none_or(|last| last > 8 * bytes.len()) {
                        return bad("a page has fewer values than it states");
                    }
                    for k in 0..now as usize {
                        each(number(bytes, *bit + k * width, self.width) as u32);
                    }
                    *bit += now as usize * width;
                    (*left, wanted) = (*left - now, wanted - now);
                }
            }
        }
        Ok(())
    }

    /// Reads the header of the next run.
    fn start(&mut self, bytes: &[u8]) -> Outcome<Run> {
        let Some((header, at)) = varint(bytes, self.at) else { return bad("a page has fewer values than it states") };
        if header & 1 == 0 {
            let stored = self.width.div_ceil(8) as usize;
            let Some(value) = bytes.get(at..at + stored) else {
                return bad("a page has fewer values than it states");
            };
            self.at = at + stored;
            return Ok(Run::Same { value: number(value, 0, 8 * stored as u32) as u32, left: header >> 1 });
        }
        // Groups of eight numbers take `width` bytes each. The last one may be cut.
        let groups = header >> 1;
        let stored = groups.saturating_mul(self.width.into());
        self.at = at.saturating_add(usize::try_from(stored).unwrap_or(usize::MAX)).min(bytes.len());
        Ok(Run::Packed { bit: 8 * at, left: groups.saturating_mul(8) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(bytes: &[u8], width: u32, count: usize, step: usize) -> Outcome<Vec<u32>> {
        let mut hybrid = Hybrid::new(1, bytes.len(), width)?;
        let mut values = Vec::new();
        for from in (0..count).step_by(step) {
            hybrid.next(bytes, step.min(count - from), |value| values.push(value))?;
        }
        Ok(values)
    }

    #[test]
    fn runs_and_packed_numbers_follow_each_other() {
        // A byte that is not part of it; the numbers 0..8 in 3 bits (an example of the format's
        // description); 5 times 6; 8 numbers of which two bytes remain.
        let bytes = [9, 0x03, 0x88, 0xc6, 0xfa, 10, 6, 0x03, 0xff, 0xff];
        let expected = [&[0, 1, 2, 3, 4, 5, 6, 7][..], &[6; 5], &[7; 5]].concat();
        for step in [1, 2, 5, 18] {
            assert_eq!(all(&bytes, 3, 18, step).unwrap(), expected, "{step}");
        }
        assert!(all(&bytes, 3, 19, 19).is_err());
        for length in 1..bytes.len() {
            assert!(all(&bytes[..length], 3, 18, 18).is_err(), "{length}");
        }
        assert_eq!(all(&[0, 0x06], 0, 3, 3).unwrap(), [0; 3]);
        assert!(Hybrid::new(0, 0, 33).is_err());
        // Runs of no length, and one of 2^62 groups.
        assert!(all(&[0; 64], 0, 1, 1).is_err());
        let long = [&[0, 0xff][..], &[0xff; 8], &[1], &[1]].concat();
        assert_eq!(all(&long, 1, 8, 8).unwrap(), [1, 0, 0, 0, 0, 0, 0, 0]);
        assert!(all(&long, 1, 9, 9).is_err());
    }
}
