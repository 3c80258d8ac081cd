//! The buffers of a message.

use std::io::Read;

use super::message::Batch;
use crate::columnar::{Codec, Outcome, Part, bad, decompress_stream};

/// Bytes that all columns hold as a whole at most: dictionaries, and the text of compressed views.
pub(super) const LARGEST: u64 = 1 << 29;

/// Adds `bytes` to those that are held.
pub(super) fn hold(held: &mut u64, bytes: u64) -> Outcome<()> {
    *held = held.saturating_add(bytes);
    if *held > LARGEST {
        return bad(format!("dictionaries and views of more than {LARGEST} bytes"));
    }
    Ok(())
}

/// The bytes of a buffer, decompressed, one after the other.
pub(super) type Stream = Box<dyn Read + Send>;

/// The buffers of a message and its body.
pub(super) struct Buffers<'a> {
    pub(super) batch: &'a Batch,
    pub(super) body: &'a Part,
}

impl Buffers<'_> {
    /// The bytes of a buffer as they are stored.
    fn part(&self, place: usize) -> Outcome<Part> {
        let Some(&(offset, length)) = self.batch.buffers.get(place) else { return bad("a buffer is missing") };
        let range = u64::try_from(offset).ok().zip(u64::try_from(length).ok());
        match range.and_then(|(offset, length)| self.body.slice(offset, length)) {
            Some(part) => Ok(part),
            None => bad(format!("a buffer of {length} bytes at {offset} of a message of {}", self.body.left())),
        }
    }

    /// The bytes of a buffer, and how they are compressed. A compressed buffer starts with its length,
    /// or with -1 if it is not compressed after all.
    fn packed(&self, place: usize) -> Outcome<(Part, Codec)> {
        let mut part = self.part(place)?;
        if part.left() == 0 || self.batch.codec == Codec::Plain {
            return Ok((part, Codec::Plain));
        }
        let mut length = [0; 8];
        part.read_exact(&mut length)?;
        let codec = if i64::from_le_bytes(length) == -1 { Codec::Plain } else { self.batch.codec };
        Ok((part, codec))
    }

    pub(super) fn is_empty(&self, place: usize) -> Outcome<bool> {
        Ok(self.part(place)?.left() == 0)
    }

    pub(super) fn stream(&self, place: usize) -> Outcome<Stream> {
        let (part, codec) = self.packed(place)?;
        decompress_stream(codec, part)
    }

    /// A buffer of which any part can be read; the bytes that are decompressed are `held`.
    pub(super) fn random(&self, place: usize, held: &mut u64) -> Outcome<Part> {
        let (part, codec) = self.packed(place)?;
        if codec == Codec::Plain {
            return Ok(part);
        }
        let mut bytes = Vec::new();
        decompress_stream(codec, part)?.take((LARGEST + 1).saturating_sub(*held)).read_to_end(&mut bytes)?;
        hold(held, bytes.len() as u64)?;
        Ok(Part::of_memory(bytes))
    }
}

/// Flags of one bit, the lowest bit first.
pub(super) struct Flags {
    bytes: Stream,
    byte: u8,
    /// Bits of `byte` that were used.
    used: u32,
}

impl Flags {
    pub(super) fn new(bytes: Stream) -> Self {
        Self { bytes, byte: 0, used: u8::BITS }
    }

    /// Passes the next `count` flags on.
    pub(super) fn next(&mut self, count: usize, mut each: impl FnMut(bool)) -> Outcome<()> {
        for _ in 0..count {
            if self.used == u8::BITS {
                let mut byte = [0];
                self.bytes.read_exact(&mut byte)?;
                (self.byte, self.used) = (byte[0], 0);
            }
            each(self.byte >> self.used & 1 == 1);
            self.used += 1;
        }
        Ok(())
    }
}
