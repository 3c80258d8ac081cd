//! Element types of `.npy` arrays: plain numbers, and records of named numbers.

use std::collections::HashSet;

use super::npy_literal::Literal;

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
}

/// A number and its byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) number: Number,
    pub(crate) big_endian: bool,
}

/// A number in an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Bytes from the start of the item.
    pub(crate) offset: usize,
    pub(crate) scalar: Scalar,
}

/// What an array repeats: a number, or a record of named numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dtype {
    /// Bytes of an item, at least 1.
    pub(crate) size: usize,
    /// The numbers of an item, at least 1.
    pub(crate) fields: Vec<Field>,
    /// The names of the fields of a record.
    pub(crate) names: Option<Vec<String>>,
}

/// Why an element type is not read.
#[derive(Debug)]
pub(crate) enum DtypeError {
    /// A type that is not read, and what is, with the step that helps.
    Unread { actual: String, expected: &'static str },
    /// A record without numbers.
    NoFields,
    /// Not a description of a type.
    Invalid(InvalidDtype),
}

/// Faults of a description.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidDtype {
    #[error("'descr' is neither a type nor a list of (name, type)")]
    Shape,
    #[error("field {0} is not (name, type)")]
    Field(usize),
    #[error("two fields are named {0:?}")]
    Repeated(String),
    #[error("records of more than {limit} bytes")]
    TooLong { limit: usize },
}

/// What is read, and the step that helps with other types.
macro_rules! readable {
    ($help:literal) => {
        concat!("bool, integers of 8 to 64 bits or floats of 16 to 64 bits; ", $help)
    };
}

/// Bytes of a record at most, so that a chunk holds several.
pub(crate) const RECORD_LIMIT: usize = 1 << 20;

impl Number {
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

impl Scalar {
    /// Reads `<f8`, `>i4`, `|u1` and their like.
    fn parse(descriptor: &str) -> Option<Self> {
        let (order, code) = descriptor.split_at_checked(1)?;
        let number = match code {
            "b1" => Number::Bool,
            "i1" => Number::I8,
            "i2" => Number::I16,
            "i4" => Number::I32,
            "i8" => Number::I64,
            "u1" => Number::U8,
            "u2" => Number::U16,
            "u4" => Number::U32,
            "u8" => Number::U64,
            "f2" => Number::F16,
            "f4" => Number::F32,
            "f8" => Number::F64,
            _ => return None,
        };
        match order {
            "<" => Some(Self { number, big_endian: false }),
            ">" => Some(Self { number, big_endian: true }),
            // Without a byte order, which a single byte does not need.
            "|" if number.size() == 1 => Some(Self { number, big_endian: false }),
            _ => None,
        }
    }
}

impl Dtype {
    /// Items of one number each.
    fn plain(scalar: Scalar) -> Self {
        Self { size: scalar.number.size(), fields: vec![Field { offset: 0, scalar }], names: None }
    }

    /// The type that the entry `descr` of a header describes.
    pub(crate) fn parse(descr: &Literal) -> Result<Self, DtypeError> {
        match descr {
            Literal::Text(descriptor) => scalar(descriptor).map(Self::plain),
            Literal::List(fields) => Self::record(fields),
            _ => Err(DtypeError::Invalid(InvalidDtype::Shape)),
        }
    }

    fn record(described: &[Literal]) -> Result<Self, DtypeError> {
        let (mut size, mut fields, mut names) = (0_usize, Vec::new(), Vec::new());
        for (index, field) in described.iter().enumerate() {
            let invalid = || DtypeError::Invalid(InvalidDtype::Field(index));
            let (name, kind) = match field {
                Literal::Tuple(parts) => match parts.as_slice() {
                    [name, kind] => (name, kind),
                    [name, _, _] => return Err(unread_field(name, "several numbers")),
                    _ => return Err(invalid()),
                },
                _ => return Err(invalid()),
            };
            let length = match (name_of(name).ok_or_else(invalid)?, kind) {
                ("", Literal::Text(padding)) if padding.starts_with("|V") => {
                    padding[2..].parse::<usize>().map_err(|_| invalid())?
                }
                (name, Literal::Text(descriptor)) => {
                    let scalar = scalar(descriptor)?;
                    fields.push(Field { offset: size, scalar });
                    names.push(name.to_owned());
                    scalar.number.size()
                }
                (_, Literal::List(_)) => return Err(unread_field(name, "a record")),
                _ => return Err(invalid()),
            };
            size = size.saturating_add(length);
            if size > RECORD_LIMIT {
                return Err(DtypeError::Invalid(InvalidDtype::TooLong { limit: RECORD_LIMIT }));
            }
        }
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(DtypeError::Invalid(InvalidDtype::Repeated(twice.clone())));
        }
        if fields.is_empty() {
            return Err(DtypeError::NoFields);
        }
        Ok(Self { size, fields, names: Some(names) })
    }
}

fn unread_field(name: &Literal, what: &str) -> DtypeError {
    let name = crate::error::excerpt(name_of(name).unwrap_or_default());
    let expected = readable!("give each number of the record a field of its own");
    DtypeError::Unread { actual: format!("{what} (field {name:?})"), expected }
}

/// The name of a field, which a title may precede.
fn name_of(name: &Literal) -> Option<&str> {
    match name {
        Literal::Text(name) => Some(name),
        Literal::Tuple(titled) => match titled.as_slice() {
            [_, Literal::Text(name)] => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn scalar(descriptor: &str) -> Result<Scalar, DtypeError> {
    let kind = descriptor.trim_start_matches(['<', '>', '|', '=']).chars().next();
    Scalar::parse(descriptor).ok_or_else(|| DtypeError::Unread {
        actual: crate::error::excerpt(descriptor),
        expected: match kind {
            Some('c') => readable!("save the real and the imaginary parts (x.real, x.imag) as columns"),
            Some('M' | 'm') => readable!("save dates and times as numbers with .astype('<i8')"),
            Some('S' | 'U' | 'a') => readable!("save numbers with .astype('<f8'), text as CSV"),
            _ => readable!("convert it with .astype('<f8')"),
        },
    })
}
