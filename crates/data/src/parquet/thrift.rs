//! Reads the compact protocol of Thrift, in which Parquet writes its metadata.

use super::bits::{varint, zigzag};
use crate::columnar::{Outcome, bad};

/// Structs and lists within each other at most.
const DEPTH: usize = 32;

/// The type of a field or of the elements of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    True,
    False,
    Byte,
    Int,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

/// A field of a struct, before its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) id: i16,
    pub(super) wire: Wire,
}

/// Bytes that hold values.
#[derive(Debug)]
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
    depth: usize,
    /// Whether more was asked for than there is.
    pub(super) ended: bool,
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, depth: 0, ended: false }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    fn take(&mut self, count: u64) -> Outcome<&'a [u8]> {
        match usize::try_from(count).ok().and_then(|count| self.bytes.split_at_checked(count)) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => {
                self.ended = true;
                bad("its metadata end early")
            }
        }
    }

    fn byte(&mut self) -> Outcome<u8> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    fn varint(&mut self) -> Outcome<u64> {
        let Some((value, length)) = varint(self.bytes, 0) else {
            // Ten bytes hold 64 bits.
            self.ended |= self.bytes.len() < 10;
            return bad("a number of its metadata ends early, or has more than 64 bits");
        };
        self.take(length as u64).map(|_| value)
    }

    fn zigzag(&mut self) -> Outcome<i64> {
        self.varint().map(zigzag)
    }

    fn wire(code: u8) -> Outcome<Wire> {
        Ok(match code {
            1 => Wire::True,
            2 => Wire::False,
            3 => Wire::Byte,
            4..=6 => Wire::Int,
            7 => Wire::Double,
            8 => Wire::Binary,
            9 | 10 => Wire::List,
            11 => Wire::Map,
            12 => Wire::Struct,
            13 => Wire::Uuid,
            _ => return bad(format!("type {code} in its metadata")),
        })
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.depth == DEPTH {
            return bad(format!("metadata nested more than {DEPTH} deep"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Reads a struct: `member` reads or skips the value of each of its fields.
    pub(super) fn structure(&mut self, mut member: impl FnMut(&mut Self, Member) -> Outcome<()>) -> Outcome<()> {
        self.nested(|thrift| {
            let mut id = 0_i16;
            loop {
                let header = thrift.byte()?;
                if header & 0x0f == 0 {
                    return Ok(());
                }
                let next = match header >> 4 {
                    0 => i16::try_from(thrift.zigzag()?).ok(),
                    step => id.checked_add(step.into()),
                };
                let Some(next) = next else { return bad("the number of a field in its metadata") };
                id = next;
                member(thrift, Member { id, wire: Self::wire(header & 0x0f)? })?;
            }
        })
    }

    /// Reads a list: `element` reads each of its elements, which are of the type `wire`.
    pub(super) fn list(
        &mut self,
        member: Member,
        wire: Wire,
        mut element: impl FnMut(&mut Self) -> Outcome<()>,
    ) -> Outcome<()> {
        expect(member, &[Wire::List])?;
        let (count, actual) = self.list_header()?;
        if count > 0 && actual != wire {
            return bad(format!("field {} of its metadata is a list of another type", member.id));
        }
        self.nested(|thrift| (0..count).try_for_each(|_| element(thrift)))
    }

    /// The length of a list, which is no longer than the bytes that are left, and its type.
    fn list_header(&mut self) -> Outcome<(u64, Wire)> {
        let header = self.byte()?;
        let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        if count > self.bytes.len() as u64 {
            self.ended = true;
            return bad("a list of its metadata is longer than the metadata");
        }
        // Some writers give an empty list no type.
        let wire = if header == 0 { Wire::Byte } else { Self::wire(header & 0x0f)? };
        Ok((count, wire))
    }

    pub(super) fn int(&mut self, member: Member) -> Outcome<i64> {
        match member.wire {
            Wire::Byte => Ok(i64::from(self.byte()? as i8)),
            _ => expect(member, &[Wire::Int]).and_then(|()| self.zigzag()),
        }
    }

    pub(super) fn flag(&mut self, member: Member) -> Outcome<bool> {
        expect(member, &[Wire::True, Wire::False]).map(|()| member.wire == Wire::True)
    }

    pub(super) fn text(&mut self, member: Member) -> Outcome<String> {
        expect(member, &[Wire::Binary])?;
        let length = self.varint()?;
        match std::str::from_utf8(self.take(length)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => bad(format!("field {} of its metadata is not UTF-8", member.id)),
        }
    }

    /// Skips the value of a field.
    pub(super) fn skip(&mut self, member: Member) -> Outcome<()> {
        self.skip_wire(member.wire, false)
    }

    /// Skips a value; within lists and maps, a bool is a byte.
    fn skip_wire(&mut self, wire: Wire, element: bool) -> Outcome<()> {
        match wire {
            Wire::True | Wire::False if !element => Ok(()),
            Wire::True | Wire::False | Wire::Byte => self.take(1).map(|_| ()),
            Wire::Int => self.varint().map(|_| ()),
            Wire::Double => self.take(8).map(|_| ()),
            Wire::Uuid => self.take(16).map(|_| ()),
            Wire::Binary => {
                let length = self.varint()?;
                self.take(length).map(|_| ())
            }
            Wire::Struct => self.structure(Self::skip),
            Wire::List => {
                let (count, wire) = self.list_header()?;
                self.nested(|thrift| (0..count).try_for_each(|_| thrift.skip_wire(wire, true)))
            }
            Wire::Map => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let types = self.byte()?;
                let (key, value) = (Self::wire(types >> 4)?, Self::wire(types & 0x0f)?);
                self.nested(|thrift| {
                    (0..count)
                        .try_for_each(|_| thrift.skip_wire(key, true).and_then(|()| thrift.skip_wire(value, true)))
                })
            }
        }
    }
}

fn expect(member: Member, allowed: &[Wire]) -> Outcome<()> {
    if allowed.contains(&member.wire) {
        return Ok(());
    }
    bad(format!("field {} of its metadata is of another type", member.id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fields_are_read_or_skipped() {
        // 1: i32 -3; 2: "ab"; 4: true; 20 (long form): list of 2 i64; 21: struct with a map; stop.
        let bytes = [
            &[0x15, 5, 0x18, 2, b'a', b'b', 0x21, 0x09, 40, 0x26, 1, 0x82, 1][..],
            &[0x1c, 0x1b, 1, 0x38, 7, 1, b'x', 0],
            &[0],
        ]
        .concat();
        for skipping in [false, true] {
            let (mut int, mut text, mut flag, mut sum) = (0, String::new(), false, 0);
            let mut thrift = Thrift::new(&bytes);
            let read = thrift.structure(|thrift, member| match member.id {
                _ if skipping => thrift.skip(member),
                1 => thrift.int(member).map(|value| int = value),
                2 => thrift.text(member).map(|value| text = value),
                4 => thrift.flag(member).map(|value| flag = value),
                20 => thrift.list(member, Wire::Int, |thrift| thrift.zigzag().map(|value| sum += value)),
                _ => thrift.skip(member),
            });
            read.unwrap();
            assert_eq!(thrift.left(), 0);
            if !skipping {
                assert_eq!((int, text.as_str(), flag, sum), (-3, "ab", true, 64));
            }
        }
        for length in 0..bytes.len() {
            let mut thrift = Thrift::new(&bytes[..length]);
            assert!(thrift.structure(Thrift::skip).is_err() && thrift.ended, "{length}");
        }
    }

    #[test]
    fn lists_beyond_the_end_and_deep_nesting_are_refused() {
        let long = [0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        assert!(Thrift::new(&long).structure(Thrift::skip).is_err());
        assert!(Thrift::new(&[0x1c].repeat(1 << 20)).structure(Thrift::skip).is_err());
        let wide = [&[0x16][..], &[0xff; 10], &[0]].concat();
        assert!(Thrift::new(&wide).structure(Thrift::skip).is_err());
    }
}
