//! The messages of a file or of a stream, one after the other.

use std::io::{ErrorKind, Read};

use super::contents::Block;
use super::message::{Message, parse};
use crate::columnar::{Outcome, Part, bad};
use crate::format::ARROW_MARK;

/// Bytes before the description of a message: a mark and a length.
const PREFIX: u64 = 8;

/// Messages up to the end.
pub(super) enum Messages {
    /// Those that the table of contents of a file lists.
    Listed { file: Part, blocks: std::vec::IntoIter<Block> },
    /// Those of a stream that is in a file.
    Stored(Part),
    /// Those of a stream, until it ends.
    Piped(Option<Box<dyn Read + Send>>),
}

impl Messages {
    /// The next message and its body; `None` at the end.
    pub(super) fn next(&mut self) -> Outcome<Option<(Message, Part)>> {
        match self {
            Self::Listed { file, blocks } => blocks.next().map(|block| listed(file, block)).transpose(),
            Self::Stored(part) => stored(part),
            Self::Piped(pipe) => {
                let found = match pipe {
                    Some(pipe) => piped(pipe)?,
                    None => None,
                };
                // What follows the end is not read.
                if found.is_none() {
                    *pipe = None;
                }
                Ok(found)
            }
        }
    }
}

/// A message of which the place is known.
fn listed(file: &Part, Block { at, description, body }: Block) -> Outcome<(Message, Part)> {
    let Some(mut part) = file.slice(at, description) else { return bad("a message beyond its end") };
    let mut mark = [0; 4];
    part.read_exact(&mut mark)?;
    // Before version 0.15 there was no mark.
    if mark == ARROW_MARK {
        part.read_exact(&mut mark)?;
    }
    let bytes = taken(&mut part, u32::from_le_bytes(mark).into())?;
    let (message, length) = parse(&bytes)?;
    match at.checked_add(description).and_then(|at| file.slice(at, body)) {
        Some(part) if length <= body => Ok((message, part)),
        _ => bad("a message beyond its end"),
    }
}

/// The next message of a stream in a file.
fn stored(part: &mut Part) -> Outcome<Option<(Message, Part)>> {
    let Some(length) = prefix(part)? else {
        part.skip(u64::MAX);
        return Ok(None);
    };
    if length > part.left() {
        return bad("it ends early");
    }
    let bytes = taken(part, length)?;
    let (message, length) = parse(&bytes)?;
    let Some(body) = part.slice(0, length) else {
        return bad(format!("a message of {length} bytes, {} are left", part.left()));
    };
    part.skip(length);
    Ok(Some((message, body)))
}

/// The next message of a stream, whose body is held in memory.
fn piped(pipe: &mut (dyn Read + Send)) -> Outcome<Option<(Message, Part)>> {
    let Some(length) = prefix(pipe)? else { return Ok(None) };
    let bytes = taken(pipe, length)?;
    let (message, length) = parse(&bytes)?;
    let body = taken(pipe, length)?;
    Ok(Some((message, Part::of_memory(body))))
}

/// Reads what comes before a message: the length of its description; `None` at the end.
fn prefix(reader: &mut (dyn Read + Send)) -> Outcome<Option<u64>> {
    let mut bytes = [0; PREFIX as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return bad("it ends early"),
            Ok(got) => filled += got,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let [mark @ .., a, b, c, d] = bytes;
    if mark != ARROW_MARK {
        return bad("a message without its mark");
    }
    let length = u32::from_le_bytes([a, b, c, d]);
    Ok((length > 0).then_some(length.into()))
}

/// Reads `length` bytes. Memory grows with the bytes that arrive.
fn taken(reader: &mut (dyn Read + Send), length: u64) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let got = reader.take(length).read_to_end(&mut bytes)? as u64;
    if got < length { bad("it ends early") } else { Ok(bytes) }
}
