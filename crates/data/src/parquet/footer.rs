//! The metadata at the end of a Parquet file.

use super::thrift::{Member, Thrift, Wire};
use crate::columnar::{Outcome, bad};

/// A node of the schema, which is stored depth first.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// The physical type; `None` for a group.
    pub(super) physical: Option<i64>,
    /// Bytes of a value of fixed length.
    pub(super) length: i64,
    /// Whether it is required (0), optional (1) or repeated (2).
    pub(super) repetition: i64,
    pub(super) children: i64,
    pub(super) converted: Option<i64>,
    pub(super) scale: i64,
    pub(super) logical: Option<Logical>,
}

/// What the values of a column mean; it takes precedence over the older `converted` type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    Text,
    Decimal { scale: i64 },
    Date,
    Time { per_second: u64 },
    Timestamp { per_second: u64 },
    Integer { signed: bool },
    Nulls,
    Uuid,
    Half,
    Other,
}

/// A column within a row group.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    /// Whether the column is in another file.
    pub(super) elsewhere: bool,
    pub(super) encrypted: bool,
    pub(super) physical: Option<i64>,
    pub(super) codec: i64,
    pub(super) values: i64,
    pub(super) compressed: i64,
    pub(super) data_page: i64,
    pub(super) dictionary_page: Option<i64>,
}

/// Consecutive rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) chunks: Vec<Chunk>,
    pub(super) rows: i64,
}

/// The parts of the metadata that a reader of numbers needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Footer {
    pub(super) schema: Vec<Element>,
    pub(super) rows: i64,
    pub(super) groups: Vec<Group>,
    /// What pandas says about the columns, as JSON.
    pub(super) pandas: Option<String>,
}

impl Footer {
    pub(super) fn parse(bytes: &[u8]) -> Outcome<Self> {
        let mut footer = Self { rows: -1, ..Self::default() };
        let Self { schema, rows, groups, pandas } = &mut footer;
        Thrift::new(bytes).structure(|thrift, member| match member.id {
            2 => thrift.list(member, Wire::Struct, |thrift| element(thrift).map(|element| schema.push(element))),
            3 => thrift.int(member).map(|count| *rows = count),
            4 => thrift.list(member, Wire::Struct, |thrift| group(thrift).map(|group| groups.push(group))),
            5 => thrift.list(member, Wire::Struct, |thrift| {
                let (key, value) = key_value(thrift)?;
                if key == "pandas" {
                    *pandas = value;
                }
                Ok(())
            }),
            8 => bad("it is encrypted"),
            _ => thrift.skip(member),
        })?;
        Ok(footer)
    }
}

fn element(thrift: &mut Thrift<'_>) -> Outcome<Element> {
    let mut element = Element::default();
    thrift.structure(|thrift, member| {
        match member.id {
            1 => element.physical = Some(thrift.int(member)?),
            2 => element.length = thrift.int(member)?,
            3 => element.repetition = thrift.int(member)?,
            4 => element.name = thrift.text(member)?,
            5 => element.children = thrift.int(member)?,
            6 => element.converted = Some(thrift.int(member)?),
            7 => element.scale = thrift.int(member)?,
            10 => element.logical = logical(thrift, member)?,
            _ => thrift.skip(member)?,
        }
        Ok(())
    })?;
    Ok(element)
}

/// A union: a struct with one member. One that is not known here is something else.
fn logical(thrift: &mut Thrift<'_>, member: Member) -> Outcome<Option<Logical>> {
    let mut found = None;
    inner(thrift, member, |thrift, member| {
        let (mut scale, mut unit, mut signed) = (0, None, true);
        match member.id {
            5 => inner(thrift, member, |thrift, member| match member.id {
                1 => thrift.int(member).map(|value| scale = value),
                _ => thrift.skip(member),
            })?,
            7 | 8 => inner(thrift, member, |thrift, member| match member.id {
                2 => inner(thrift, member, |thrift, member| {
                    unit = Some(member.id);
                    thrift.skip(member)
                }),
                _ => thrift.skip(member),
            })?,
            10 => inner(thrift, member, |thrift, member| match member.id {
                2 => thrift.flag(member).map(|value| signed = value),
                _ => thrift.skip(member),
            })?,
            _ => thrift.skip(member)?,
        }
        let per_second = match unit {
            Some(1) => Some(1000),
            Some(2) => Some(1_000_000),
            Some(3) => Some(1_000_000_000),
            _ => None,
        };
        found = Some(match (member.id, per_second) {
            (1 | 4 | 12, _) => Logical::Text,
            (5, _) => Logical::Decimal { scale },
            (6, _) => Logical::Date,
            (7, Some(per_second)) => Logical::Time { per_second },
            (8, Some(per_second)) => Logical::Timestamp { per_second },
            (10, _) => Logical::Integer { signed },
            (11, _) => Logical::Nulls,
            (14, _) => Logical::Uuid,
            (15, _) => Logical::Half,
            _ => Logical::Other,
        });
        Ok(())
    })?;
    Ok(found)
}

/// Reads a struct that is the value of a field.
fn inner(
    thrift: &mut Thrift<'_>,
    member: Member,
    read: impl FnMut(&mut Thrift<'_>, Member) -> Outcome<()>,
) -> Outcome<()> {
    if member.wire != Wire::Struct {
        return bad(format!("field {} of its metadata is of another type", member.id));
    }
    thrift.structure(read)
}

fn group(thrift: &mut Thrift<'_>) -> Outcome<Group> {
    let mut group = Group { rows: -1, ..Group::default() };
    let Group { chunks, rows } = &mut group;
    thrift.structure(|thrift, member| match member.id {
        1 => thrift.list(member, Wire::Struct, |thrift| chunk(thrift).map(|chunk| chunks.push(chunk))),
        3 => thrift.int(member).map(|count| *rows = count),
        _ => thrift.skip(member),
    })?;
    Ok(group)
}

fn chunk(thrift: &mut Thrift<'_>) -> Outcome<Chunk> {
    let mut chunk = Chunk::default();
    thrift.structure(|thrift, member| match member.id {
        1 => {
            chunk.elsewhere = true;
            thrift.skip(member)
        }
        3 => inner(thrift, member, |thrift, member| {
            match member.id {
                1 => chunk.physical = Some(thrift.int(member)?),
                4 => chunk.codec = thrift.int(member)?,
                5 => chunk.values = thrift.int(member)?,
                7 => chunk.compressed = thrift.int(member)?,
                9 => chunk.data_page = thrift.int(member)?,
                11 => chunk.dictionary_page = Some(thrift.int(member)?),
                _ => thrift.skip(member)?,
            }
            Ok(())
        }),
        8 | 9 => {
            chunk.encrypted = true;
            thrift.skip(member)
        }
        _ => thrift.skip(member),
    })?;
    Ok(chunk)
}

fn key_value(thrift: &mut Thrift<'_>) -> Outcome<(String, Option<String>)> {
    let (mut key, mut value) = (String::new(), None);
    thrift.structure(|thrift, member| match member.id {
        1 => thrift.text(member).map(|text| key = text),
        // Other programs keep bytes here.
        2 if key == "pandas" => thrift.text(member).map(|text| value = Some(text)),
        _ => thrift.skip(member),
    })?;
    Ok((key, value))
}
