//! Writes Parquet and Arrow files for tests, with the crates of the Arrow project.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use ndarray::Array2;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use pdmap_data::{DataError, Element, Input, ReadRows, TextOptions, collect_rows, open_rows};
use tempfile::TempDir;

/// The values of a column of a row group, without nulls, and whether each row has one.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    Bool(Vec<bool>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    I96(Vec<[u32; 3]>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bytes(Vec<Vec<u8>>),
    Fixed(Vec<Vec<u8>>),
    /// Values, and for each row 1 if there is one.
    Optional(Box<Stored>, Vec<i16>),
}

impl Stored {
    pub(crate) fn text(texts: &[&str]) -> Self {
        Self::Bytes(texts.iter().map(|text| text.as_bytes().to_vec()).collect())
    }

    /// The same values in an optional column.
    pub(crate) fn optional(self, present: &[i16]) -> Self {
        Self::Optional(Box::new(self), present.to_vec())
    }
}

/// A file of row groups with these columns, which `schema` describes.
pub(crate) fn parquet(schema: &str, properties: WriterPropertiesBuilder, groups: &[Vec<Stored>]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message table {{ {schema} }}")).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    for group in groups {
        let mut open = writer.next_row_group().unwrap();
        for column in group {
            put(&mut open, column, None);
        }
        open.close().unwrap();
    }
    writer.into_inner().unwrap()
}

fn put(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, column: &Stored, present: Option<&[i16]>) {
    fn all<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: &[T::T], present: Option<&[i16]>) {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(values, present, None).unwrap();
        column.close().unwrap();
    }
    let strings = |values: &[Vec<u8>]| values.iter().map(|v| ByteArray::from(v.clone())).collect::<Vec<_>>();
    match column {
        Stored::Bool(values) => all::<BoolType>(group, values, present),
        Stored::I32(values) => all::<Int32Type>(group, values, present),
        Stored::I64(values) => all::<Int64Type>(group, values, present),
        Stored::I96(values) => {
            let values = values.iter().map(|words| {
                let mut value = Int96::new();
                value.set_data(words[0], words[1], words[2]);
                value
            });
            all::<Int96Type>(group, &values.collect::<Vec<_>>(), present);
        }
        Stored::F32(values) => all::<FloatType>(group, values, present),
        Stored::F64(values) => all::<DoubleType>(group, values, present),
        Stored::Bytes(values) => all::<ByteArrayType>(group, &strings(values), present),
        Stored::Fixed(values) => {
            let values = strings(values).into_iter().map(FixedLenByteArray::from).collect::<Vec<_>>();
            all::<FixedLenByteArrayType>(group, &values, present);
        }
        Stored::Optional(values, present) => put(group, values, Some(present)),
    }
}

pub(crate) fn plain() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_dictionary_enabled(false)
}

/// Every way of writing that files have: codecs, versions of pages, encodings.
pub(crate) fn ways() -> Vec<(String, WriterPropertiesBuilder)> {
    let mut ways = Vec::new();
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for dictionary in [false, true] {
                let properties = WriterProperties::builder()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_dictionary_enabled(dictionary)
                    .set_data_page_row_count_limit(7)
                    .set_write_batch_size(3);
                ways.push((format!("{codec} {version:?} dictionary {dictionary}"), properties));
            }
        }
    }
    ways
}

/// A file without compression in one encoding of its values.
pub(crate) fn encoded(encoding: Encoding) -> WriterPropertiesBuilder {
    plain().set_encoding(encoding).set_data_page_row_count_limit(7).set_write_batch_size(3)
}

/// What pandas writes about its index.
pub(crate) fn pandas(json: &str) -> WriterPropertiesBuilder {
    plain().set_key_value_metadata(Some(vec![KeyValue::new("pandas".to_owned(), json.to_owned())]))
}

/// A Parquet file in a folder of its own.
pub(crate) struct Table {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

impl Table {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, bytes).unwrap();
        Self { _folder: folder, path }
    }

    pub(crate) fn open<F: Element>(&self, options: &TextOptions) -> Result<Box<dyn ReadRows<F>>, DataError> {
        open_rows(&Input::File(self.path.clone()), options)
    }

    pub(crate) fn read(&self, options: &TextOptions) -> Result<Array2<f64>, DataError> {
        collect_rows(&mut *self.open(options)?)
    }
}

/// A table of floats in one row group.
pub(crate) fn floats(table: &Array2<f64>) -> Vec<Stored> {
    table.columns().into_iter().map(|column| Stored::F64(column.to_vec())).collect()
}
