//! The columns of a table in Arrow IPC.

use polars_arrow_format::ipc::{
    DateUnit, DecimalRef, Endianness, IntRef, MetadataVersion, Precision, SchemaRef, TimeUnit, TypeRef,
};

use super::layout::{Layout, Nesting};
use crate::columnar::{Field, Kind, Outcome, bad};

/// How the values of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Flags,
    Integers {
        bytes: usize,
        signed: bool,
    },
    /// Floats of 2, 4 or 8 bytes.
    Floats {
        bytes: usize,
    },
    /// Text behind its ends, which have 4 or 8 bytes.
    Text {
        end: usize,
    },
    /// Text, short or elsewhere.
    Views,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArrowColumn {
    pub(super) field: Field,
    /// How its values are stored; `None` if they can be neither features nor row names.
    pub(super) storage: Option<Storage>,
    /// The dictionary that holds its values, and how places in it are stored.
    pub(super) dictionary: Option<(i64, Storage)>,
    /// What comes before it.
    pub(super) before: Layout,
}

/// The columns, and what pandas says about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) columns: Vec<ArrowColumn>,
    pub(super) pandas: Option<String>,
}

/// Reads the schema of a message of `length` bytes.
pub(super) fn schema(found: SchemaRef<'_>, version: MetadataVersion, length: usize) -> Outcome<Schema> {
    if found.endianness()? != Endianness::Little {
        return bad("its numbers are big-endian");
    }
    // Many fields can point at one name, so letters are counted as they are copied.
    let mut letters = length;
    let mut spend = |text: &str| match letters.checked_sub(text.len()) {
        Some(left) => {
            letters = left;
            Ok(())
        }
        None => bad(format!("names of more bytes than the {length} of their message")),
    };
    let mut nesting = Nesting::new(version, length);
    let (mut columns, mut before) = (Vec::new(), Layout::default());
    for field in found.fields()?.into_iter().flatten() {
        let field = field?;
        let name = field.name()?.unwrap_or_default().to_owned();
        spend(&name)?;
        let (kind, storage) = match field.type_()? {
            Some(found) => meaning(found)?,
            None => (Kind::Other("values of an unknown type"), None),
        };
        let mut dictionary = None;
        if let Some(encoding) = field.dictionary()? {
            let places =
                encoding.index_type()?.map_or(Ok(Some(Storage::Integers { bytes: 4, signed: true })), integers)?;
            let Some(places) = places else { return bad("places in a dictionary of another width") };
            dictionary = Some((encoding.id()?, places));
        }
        columns.push(ArrowColumn { field: Field { name, kind }, storage, dictionary, before });
        before = before.and(nesting.layout(field)?);
    }
    let mut pandas = None;
    for pair in found.custom_metadata()?.into_iter().flatten() {
        let pair = pair?;
        let key = pair.key()?.unwrap_or_default();
        spend(key)?;
        if key == "pandas" {
            let value = pair.value()?.unwrap_or_default();
            spend(value)?;
            pandas = Some(value.to_owned());
        }
    }
    Ok(Schema { columns, pandas })
}

fn integers(found: IntRef<'_>) -> planus::Result<Option<Storage>> {
    let (bits, signed) = (found.bit_width()?, found.is_signed()?);
    let bytes = usize::try_from(bits).unwrap_or(0) / 8;
    Ok([8, 16, 32, 64].contains(&bits).then_some(Storage::Integers { bytes, signed }))
}

fn decimals(found: DecimalRef<'_>) -> planus::Result<(Kind, Option<Storage>)> {
    let (bits, scale) = (found.bit_width()?, found.scale()?);
    if ![32, 64, 128].contains(&bits) {
        return Ok((Kind::Other("decimal numbers of more than 128 bits"), None));
    }
    let bytes = usize::try_from(bits).unwrap_or(0) / 8;
    Ok((Kind::Decimal { scale }, Some(Storage::Integers { bytes, signed: true })))
}

fn per_second(unit: TimeUnit) -> u64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// What the values of a type stand for, and how they are stored.
fn meaning(found: TypeRef<'_>) -> Outcome<(Kind, Option<Storage>)> {
    const fn signed(bytes: usize) -> Option<Storage> {
        Some(Storage::Integers { bytes, signed: true })
    }
    Ok(match found {
        TypeRef::Null(_) => (Kind::Other("nothing but nulls"), None),
        TypeRef::Bool(_) => (Kind::Number, Some(Storage::Flags)),
        TypeRef::Int(found) => match integers(found)? {
            Some(storage) => (Kind::Number, Some(storage)),
            None => (Kind::Other("integers of an unknown width"), None),
        },
        TypeRef::FloatingPoint(found) => {
            let bytes = match found.precision()? {
                Precision::Half => 2,
                Precision::Single => 4,
                Precision::Double => 8,
            };
            (Kind::Number, Some(Storage::Floats { bytes }))
        }
        TypeRef::Decimal(found) => decimals(found)?,
        TypeRef::Date(found) => match found.unit()? {
            DateUnit::Day => (Kind::Date, signed(4)),
            DateUnit::Millisecond => (Kind::Time { per_second: 1000 }, signed(8)),
        },
        TypeRef::Time(found) => {
            let bytes = if found.bit_width()? == 64 { 8 } else { 4 };
            (Kind::Span { per_second: per_second(found.unit()?) }, signed(bytes))
        }
        TypeRef::Timestamp(found) => (Kind::Time { per_second: per_second(found.unit()?) }, signed(8)),
        TypeRef::Duration(found) => (Kind::Span { per_second: per_second(found.unit()?) }, signed(8)),
        TypeRef::Utf8(_) => (Kind::Text, Some(Storage::Text { end: 4 })),
        TypeRef::LargeUtf8(_) => (Kind::Text, Some(Storage::Text { end: 8 })),
        TypeRef::Utf8View(_) => (Kind::Text, Some(Storage::Views)),
        TypeRef::Binary(_) | TypeRef::LargeBinary(_) | TypeRef::BinaryView(_) | TypeRef::FixedSizeBinary(_) => {
            (Kind::Other("bytes"), None)
        }
        TypeRef::List(_)
        | TypeRef::LargeList(_)
        | TypeRef::FixedSizeList(_)
        | TypeRef::ListView(_)
        | TypeRef::LargeListView(_) => (Kind::Other("lists"), None),
        TypeRef::Interval(_) => (Kind::Other("intervals"), None),
        TypeRef::RunEndEncoded(_) => (Kind::Other("runs of equal values"), None),
        TypeRef::Struct(_) | TypeRef::Union(_) | TypeRef::Map(_) => (Kind::Other("nested values"), None),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use planus::{Builder, ReadAsRoot, WriteAsOffset};
    use polars_arrow_format::ipc;

    use super::*;

    #[test]
    fn many_fields_cannot_copy_one_long_name() {
        let read = |fields: usize| {
            let mut builder = Builder::new();
            let type_ = Some(ipc::Type::Bool(Box::default()));
            let field = ipc::Field { name: Some("n".repeat(1000)), type_, ..ipc::Field::default() };
            let one = field.prepare(&mut builder);
            let all = ipc::Schema::create(&mut builder, planus::DefaultValue, vec![one; fields], (), ());
            let bytes = builder.finish(all, None);
            schema(SchemaRef::read_as_root(bytes).unwrap(), MetadataVersion::V5, bytes.len())
        };
        assert_eq!(read(1).unwrap().columns.len(), 1);
        let error = format!("{:?}", read(100).unwrap_err());
        assert!(error.contains("names of more bytes than the "), "{error}");
    }
}
