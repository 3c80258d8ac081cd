//! The values of a column in a message.

use std::io::Read;

use super::buffers::{Buffers, Flags, Stream};
use super::layout::Layout;
use super::schema::Storage;
use crate::columnar::{Data, Outcome, Part, Values, bad};
use crate::format::half;

/// Bytes of a view.
const VIEW: usize = 16;

/// The longest text that is read, bytes.
const LONGEST: u64 = 1 << 16;

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
    /// The column that comes after `before` in a message.
    pub(super) fn open(storage: Storage, before: Layout, buffers: &Buffers<'_>) -> Outcome<Self> {
        let batch = buffers.batch;
        let Some(&(rows, nulls)) = batch.nodes.get(before.nodes) else { return bad("a column is missing") };
        if usize::try_from(rows) != Ok(batch.rows) {
            return bad(format!("{rows} values in {} rows", batch.rows));
        }
        let added = batch.variadic.get(..before.views).map(|counts| counts.iter().map(|&count| usize::try_from(count)));
        let Some(Ok(added)) =
            added.map(|mut counts| counts.try_fold(0_usize, |sum, count| count.map(|count| sum.saturating_add(count))))
        else {
            return bad("the numbers of buffers of text");
        };
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
                let count = batch.variadic.get(before.views).copied();
                let Some(Ok(count)) = count.map(usize::try_from) else { return bad("the numbers of buffers of text") };
                let first = first.saturating_add(2);
                // No more than the message has.
                let mut held = 0;
                let all = (first..first.saturating_add(count)).map(|place| buffers.random(place, &mut held));
                Contents::Views { views: values, buffers: all.collect::<Outcome<_>>()? }
            }
        };
        Ok(Self { storage, present, contents, scratch: Vec::new() })
    }

    /// Appends the next `count` values.
    pub(super) fn read(&mut self, count: usize, values: &mut Values) -> Outcome<()> {
        let mut place = values.len();
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
            texts => (0..count)
                .try_for_each(|_| texts.text(&mut self.scratch).and_then(|()| values.push_text(&self.scratch))),
        }
    }
}

impl Contents {
    /// Skips to the first text.
    fn start(&mut self) -> Outcome<()> {
        let Self::Text { bytes, ends, width, end } = self else { return Ok(()) };
        *end = read_end(ends, *width)?;
        let skipped = std::io::copy(&mut bytes.take(*end), &mut std::io::sink())?;
        if skipped < *end { bad("a text starts beyond its buffer") } else { Ok(()) }
    }

    /// Replaces `text` by the next one.
    fn text(&mut self, text: &mut Vec<u8>) -> Outcome<()> {
        text.clear();
        match self {
            Self::Text { bytes, ends, width, end } => {
                let next = read_end(ends, *width)?;
                let length = next.checked_sub(*end).filter(|&length| length <= LONGEST);
                let Some(length) = length else { return bad("a text that is too long, or ends before it starts") };
                *end = next;
                exactly(bytes.take(length), length, text)
            }
            Self::Views { views, buffers } => {
                let mut view = [0; VIEW];
                views.read_exact(&mut view)?;
                let word = |at: usize| u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
                let length = word(0) as usize;
                if length <= SHORT {
                    text.extend_from_slice(&view[4..4 + length]);
                    return Ok(());
                }
                if length as u64 > LONGEST {
                    return bad("a text that is too long");
                }
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
    macro_rules! each {
        ($values:ident, $type:ty, $convert:expr) => {
            $values.extend(bytes.as_chunks().0.iter().map(|&word| ($convert)(<$type>::from_le_bytes(word))))
        };
    }
    match (data, storage) {
        (Data::Real(values), Storage::Floats { bytes: 2 }) => each!(values, u16, half),
        (Data::Real(values), Storage::Floats { bytes: 4 }) => each!(values, f32, f64::from),
        (Data::Real(values), Storage::Floats { bytes: 8 }) => each!(values, f64, |value| value),
        (Data::Whole(values), Storage::Integers { bytes: 1, signed: true }) => each!(values, i8, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 1, signed: false }) => each!(values, u8, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 2, signed: true }) => each!(values, i16, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 2, signed: false }) => each!(values, u16, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 4, signed: true }) => each!(values, i32, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 4, signed: false }) => each!(values, u32, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 8, signed: true }) => each!(values, i64, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 8, signed: false }) => each!(values, u64, i128::from),
        (Data::Whole(values), Storage::Integers { bytes: 16, .. }) => each!(values, i128, |value| value),
        _ => return bad("values of another type"),
    }
    Ok(())
}

/// Reads a whole dictionary of `rows` values, which is the only column of its message.
pub(super) fn dictionary(storage: Storage, buffers: &Buffers<'_>) -> Outcome<Values> {
    /// Values read at a time.
    const CHUNK: usize = 1 << 12;
    let (rows, mut values) = (buffers.batch.rows, empty(storage));
    let mut run = Run::open(storage, Layout::default(), buffers)?;
    for from in (0..rows).step_by(CHUNK) {
        run.read(CHUNK.min(rows - from), &mut values)?;
    }
    Ok(values)
}
