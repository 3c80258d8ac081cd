//! Pages: their headers, and their bytes after decompression.

use std::io::Read;

use super::thrift::{Member, Thrift, Wire};
use crate::columnar::{Codec, Outcome, Part, bad, decompress_block};

/// Bytes that are read for a header at first. Most are shorter.
const HEADER: u64 = 1 << 9;

/// The longest header, bytes; it holds the smallest and the largest value of the page.
const LONGEST_HEADER: u64 = 1 << 24;

/// The largest page, decompressed, bytes. Writers make pages of a megabyte; some put all values of a
/// row group into one page.
const LARGEST: i64 = 1 << 29;

/// What a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Values of a dictionary.
    Dictionary,
    /// Definition levels behind their length, then values.
    Values,
    /// Definition levels of a stated length without compression, then values.
    Values2 { levels: usize, compressed: bool },
    /// Something that is not needed.
    Other,
}

/// The header of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) content: Content,
    /// Bytes in the file.
    pub(super) stored: u64,
    /// Bytes after decompression.
    pub(super) size: usize,
    /// Values, nulls among them.
    pub(super) values: usize,
    pub(super) encoding: i64,
    /// The encoding of definition levels.
    pub(super) level_encoding: i64,
}

impl Header {
    /// Reads the header at the start of `part`, and skips it.
    pub(super) fn read(part: &mut Part) -> Outcome<Self> {
        let mut length = HEADER;
        loop {
            let mut bytes = Vec::new();
            part.clone().take(length).read_to_end(&mut bytes)?;
            let mut thrift = Thrift::new(&bytes);
            match header(&mut thrift) {
                Ok(found) => {
                    part.skip((bytes.len() - thrift.left()) as u64);
                    if found.stored > part.left() {
                        return bad(format!("a page of {} bytes, {} are left", found.stored, part.left()));
                    }
                    return Ok(found);
                }
                Err(_) if thrift.ended && length < part.left().min(LONGEST_HEADER) => length *= 8,
                Err(problem) => return Err(problem),
            }
        }
    }
}

fn header(thrift: &mut Thrift<'_>) -> Outcome<Header> {
    let (mut kind, mut size, mut stored) = (-1, -1, -1);
    let (mut data, mut dictionary, mut data2) = (None, None, None);
    thrift.structure(|thrift, member| {
        match member.id {
            1 => kind = thrift.int(member)?,
            2 => size = thrift.int(member)?,
            3 => stored = thrift.int(member)?,
            5 => data = Some(numbers(thrift, member)?),
            7 => dictionary = Some(numbers(thrift, member)?),
            8 => data2 = Some(numbers(thrift, member)?),
            _ => thrift.skip(member)?,
        }
        Ok(())
    })?;
    if !(0..=LARGEST).contains(&size) {
        return bad(format!("a page of {size} bytes, at most {LARGEST} are read"));
    }
    let positive = |value: i64, what: &str| match usize::try_from(value) {
        Ok(value) => Ok(value),
        Err(_) => bad(format!("{what} of {value}")),
    };
    let (content, values, encoding, level_encoding) = match (kind, data, dictionary, data2) {
        (0, Some([values, encoding, levels, ..]), _, _) => (Content::Values, values, encoding, levels),
        (2, _, Some([values, encoding, ..]), _) => (Content::Dictionary, values, encoding, 3),
        (3, _, _, Some([values, _, _, encoding, levels, repetitions, compressed])) => {
            if repetitions != 0 {
                return bad("a column of single values with repetitions");
            }
            let levels = positive(levels, "a length of levels")?;
            if levels as i64 > size {
                return bad(format!("levels of {levels} bytes in a page of {size}"));
            }
            (Content::Values2 { levels, compressed: compressed != 0 }, values, encoding, 3)
        }
        (0 | 2 | 3, ..) => return bad("a page without its header"),
        _ => (Content::Other, 0, 0, 3),
    };
    Ok(Header {
        content,
        stored: positive(stored, "a stored page")? as u64,
        size: positive(size, "a page")?,
        values: positive(values, "a number of values")?,
        encoding,
        level_encoding,
    })
}

/// The members 1 to 7 of the header for one type of page. The last of them is a flag that is true
/// unless it is stated.
fn numbers(thrift: &mut Thrift<'_>, member: Member) -> Outcome<[i64; 7]> {
    let mut numbers = [-1, -1, -1, -1, -1, -1, 1];
    if member.wire != Wire::Struct {
        return bad("the header of a page is of another type");
    }
    thrift.structure(|thrift, member| {
        let place = usize::try_from(member.id).ok().and_then(|id| id.checked_sub(1));
        let place = place.and_then(|place| numbers.get_mut(place));
        match (place, member.wire) {
            (Some(place), Wire::Int | Wire::Byte) => *place = thrift.int(member)?,
            (Some(place), Wire::True | Wire::False) => *place = i64::from(thrift.flag(member)?),
            _ => thrift.skip(member)?,
        }
        Ok(())
    })?;
    Ok(numbers)
}

/// Reads the bytes of a page into `bytes`, decompressed. `stored` is kept from page to page.
pub(super) fn read(
    header: &Header,
    part: &mut Part,
    codec: Codec,
    stored: &mut Vec<u8>,
    bytes: &mut Vec<u8>,
) -> Outcome<()> {
    stored.clear();
    let got = part.take(header.stored).read_to_end(stored)? as u64;
    if got < header.stored {
        return bad("it ends early");
    }
    match header.content {
        Content::Values2 { levels, compressed } if levels > 0 || !compressed => {
            let Some((front, rest)) = stored.split_at_checked(levels) else { return bad("a page ends early") };
            let codec = if compressed { codec } else { Codec::Plain };
            let mut values = Vec::new();
            decompress_values(codec, rest, header.size - levels, &mut values)?;
            bytes.clear();
            bytes.extend_from_slice(front);
            bytes.append(&mut values);
            Ok(())
        }
        _ => decompress_values(codec, stored, header.size, bytes),
    }
}

/// A page of nulls may hold nothing at all, not even a compressed nothing.
fn decompress_values(codec: Codec, stored: &[u8], size: usize, bytes: &mut Vec<u8>) -> Outcome<()> {
    if size == 0 {
        bytes.clear();
        return Ok(());
    }
    decompress_block(codec, stored, size, bytes)
}
