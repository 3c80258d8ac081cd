//! The values of a column in a message.

use std::io::Read;

use super::buffers::{Buffers, Flags, Stream, hold};
use super::layout::Layout;
use super::schema::Storage;
use crate::columnar::{Data, Outcome, Part, Values, append, bad, check_name};
use crate::format::half;

/// Bytes of a view.
const VIEW: usize = 16;

/// The longest text that is in its view, bytes.
const SHORT: usize = 12;

/// The buffers of the values.
enum Contents {
    Flags(Flags),
    /// Integers or floats of this many bytes.
    Fixed {
        bytes: Stream,
        width: usize,
    },
    /// Text, the ends of all texts, and the end of the last one.
    Text {
        bytes: Stream,
        ends: Stream,
        width: usize,
        end: u64,
    },
    Views {
        views: Stream,
        buffers: Vec<Part>,
    },
}

/// The values of a column in a message, read forwards.
pub(super) struct Run {
    storage: Storage,
    /// Whether each value is there; `None` if all are.
    present: Option<Flags>,
    contents: Contents,
    scratch: Vec<u8>,
}

/// No values, of the type that a column has.
pub(super) fn empty(storage: Storage) -> Values {
    Values::new(match storage {
        Storage::Flags | Storage::Floats { .. } => Data::Real(Vec::new()),
        Storage::Integers { .. } => Data::Whole(Vec::new()),
        Storage::Text { .. } | Storage::Views => Data::Text(Vec::new()),
    })
}

impl Run {
    /// The column that comes after `before` in a message. What is decompressed as a whole is `held`.
    pub(super) fn open(storage: Storage, before: Layout, buffers: &Buffers<'_>, held: &mut u64) -> Outcome<Self> {
        let batch = buffers.batch;
        let Some(&(rows, nulls)) = batch.nodes.get(before.nodes) else { return bad("a column is missing") };
        if usize::try_from(rows) != Ok(batch.rows) {
            return bad(format!("{rows} values in {} rows", batch.rows));
        }
        let Some(&added) = batch.variadic.get(before.views) else { return bad("the numbers of buffers of text") };
        let first = before.buffers.saturating_add(added);
        let present = match (nulls, buffers.is_empty(first)?) {
            (0, _) => None,
            (_, true) => return bad(format!("{nulls} nulls that are not marked")),
            _ => Some(Flags::new(buffers.stream(first)?)),
        };
        let values = buffers.stream(first.saturating_add(1))?;
        let contents = match storage {
            Storage::Flags => Contents::Flags(Flags::new(values)),
            Storage::Integers { bytes: width, .. } | Storage::Floats { bytes: width } => {
                Contents::Fixed { bytes: values, width }
            }
            Storage::Text { end: width } => {
                let bytes = buffers.stream(first.saturating_add(2))?;
                let mut text = Contents::Text { bytes, ends: values, width, end: 0 };
                if batch.rows > 0 {
                    text.start()?;
                }
                text
            }
            Storage::Views => {
                let Some(&end) = batch.variadic.get(before.views + 1) else {
                    return bad("the numbers of buffers of text");
                };
                let first = first.saturating_add(2);
                // No more than the message has.
                let all = (first..first.saturating_add(end - added)).map(|place| buffers.random(place, held));
                Contents::Views { views: values, buffers: all.collect::<Outcome<_>>()? }
            }
        };
        Ok(Self { storage, present, contents, scratch: Vec::new() })
    }

    /// Appends the next `count` values.
    pub(super) fn read(&mut self, count: usize, values: &mut Values) -> Outcome<()> {
        let (mut place, mut null) = (values.len(), values.nulls.len());
        let rows = place..place + count;
        if let Some(present) = &mut self.present {
            present.next(count, |there| {
                if !there {
                    values.nulls.push(place);
                }
                place += 1;
            })?;
        }
        match &mut self.contents {
            Contents::Flags(flags) => match &mut values.data {
                Data::Real(values) => flags.next(count, |flag| values.push(f64::from(u8::from(flag)))),
                _ => bad("values of another type"),
            },
            Contents::Fixed { bytes, width } => {
                let Some(length) = count.checked_mul(*width) else { return bad("too many values") };
                self.scratch.resize(length, 0);
                bytes.read_exact(&mut self.scratch)?;
                extend(self.storage, &self.scratch, &mut values.data)
            }
            texts => {
                for row in rows {
                    let there = values.nulls.get(null) != Some(&row);
                    null += usize::from(!there);
                    texts.text(there, &mut self.scratch)?;
                    values.push_text(&self.scratch)?;
                }
                Ok(())
            }
        }
    }
}

impl Contents {
    /// Skips to the first text.
    fn start(&mut self) -> Outcome<()> {
        let Self::Text { bytes, ends, width, end } = self else { return Ok(()) };
        *end = read_end(ends, *width)?;
        skip(bytes, *end)
    }

    /// Replaces `text` by the next one. That of a null is not `there`: anything may be in its place.
    fn text(&mut self, there: bool, text: &mut Vec<u8>) -> Outcome<()> {
        text.clear();
        match self {
            Self::Text { bytes, ends, width, end } => {
                let next = read_end(ends, *width)?;
                let Some(length) = next.checked_sub(*end) else { return bad("a text that ends before it starts") };
                *end = next;
                if !there {
                    return skip(bytes, length);
                }
                check_name(length)?;
                exactly(bytes.take(length), length, text)
            }
            Self::Views { views, buffers } => {
                let mut view = [0; VIEW];
                views.read_exact(&mut view)?;
                if !there {
                    return Ok(());
                }
                let word = |at: usize| u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
                let length = word(0) as usize;
                if length <= SHORT {
                    text.extend_from_slice(&view[4..4 + length]);
                    return Ok(());
                }
                check_name(length as u64)?;
                let part = buffers.get(word(8) as usize).and_then(|all| all.slice(word(12).into(), length as u64));
                match part {
                    Some(part) => exactly(part, length as u64, text),
                    None => bad("a text beyond its buffer"),
                }
            }
            Self::Flags(_) | Self::Fixed { .. } => bad("values of another type"),
        }
    }
}

/// Skips `length` bytes.
fn skip(bytes: &mut Stream, length: u64) -> Outcome<()> {
    let skipped = std::io::copy(&mut bytes.take(length), &mut std::io::sink())?;
    if skipped < length { bad("a text beyond its buffer") } else { Ok(()) }
}

/// Reads `length` bytes, as far as there are any.
fn exactly(mut reader: impl Read, length: u64, bytes: &mut Vec<u8>) -> Outcome<()> {
    let got = reader.read_to_end(bytes)? as u64;
    if got < length { bad("a text beyond its buffer") } else { Ok(()) }
}

fn read_end(ends: &mut Stream, width: usize) -> Outcome<u64> {
    let mut word = [0; 8];
    ends.read_exact(&mut word[..width.min(8)])?;
    Ok(u64::from_le_bytes(word))
}

/// Appends values of fixed width, of which there are whole ones.
fn extend(storage: Storage, bytes: &[u8], data: &mut Data) -> Outcome<()> {
    match (data, storage) {
        (Data::Real(values), Storage::Floats { bytes: 2 }) => append!(values, bytes, u16, half),
        (Data::Real(values), Storage::Floats { bytes: 4 }) => append!(values, bytes, f32, f64::from),
        (Data::Real(values), Storage::Floats { bytes: 8 }) => append!(values, bytes, f64, |value| value),
        (Data::Whole(values), Storage::Integers { bytes: 1, signed: true }) => append!(values, bytes, i8, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 1, signed: false }) => append!(values, bytes, u8, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 2, signed: true }) => append!(values, bytes, i16, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 2, signed: false }) => append!(values, bytes, u16, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 4, signed: true }) => append!(values, bytes, i32, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 4, signed: false }) => append!(values, bytes, u32, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 8, signed: true }) => append!(values, bytes, i64, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 8, signed: false }) => append!(values, bytes, u64, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 16, .. }) => append!(values, bytes, i128, |value| value),
        _ => return bad("values of another type"),
    }
    Ok(())
}

/// Appends a whole dictionary, which is the only column of its message, to `values`, which are `held`.
pub(super) fn dictionary(storage: Storage, buffers: &Buffers<'_>, values: &mut Values, held: &mut u64) -> Outcome<()> {
    /// Values read at a time.
    const CHUNK: usize = 1 << 12;
    // The text of views is released with the message.
    let (rows, mut meanwhile) = (buffers.batch.rows, *held);
    let mut run = Run::open(storage, Layout::default(), buffers, &mut meanwhile)?;
    for from in (0..rows).step_by(CHUNK) {
        let mut more = empty(storage);
        run.read(CHUNK.min(rows - from), &mut more)?;
        hold(held, more.bytes())?;
        values.append(more)?;
    }
    Ok(())
}
