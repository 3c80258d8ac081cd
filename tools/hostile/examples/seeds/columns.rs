//! Seeds of Parquet and Arrow IPC.

use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray, StringViewArray, types::Int8Type,
};
use arrow_ipc::CompressionType as ArrowCompression;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::basic::Compression as ParquetCompression;
use parquet::data_type::{ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Writes a seed with this name.
type Write<'a> = &'a dyn Fn(&str, &[u8]) -> Result<()>;

/// Small files of each codec and version of pages.
pub(crate) fn parquet(write: Write<'_>) -> Result<()> {
    let schema = "message t { required double x; optional float y; required int64 n; optional int32 day (DATE); \
                  required binary who (STRING); }";
    let schema = Arc::new(parse_message_type(schema)?);
    let codecs = [
        ("plain", ParquetCompression::UNCOMPRESSED),
        ("snappy", ParquetCompression::SNAPPY),
        ("gzip", ParquetCompression::GZIP(Default::default())),
        ("brotli", ParquetCompression::BROTLI(Default::default())),
        ("lz4", ParquetCompression::LZ4),
        ("lz4-raw", ParquetCompression::LZ4_RAW),
        ("zstd", ParquetCompression::ZSTD(Default::default())),
    ];
    for (name, codec) in codecs {
        for (version, pages) in [(1, WriterVersion::PARQUET_1_0), (2, WriterVersion::PARQUET_2_0)] {
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_writer_version(pages)
                // Definition levels, dictionaries and differences are in one or the other.
                .set_dictionary_enabled(version == 1)
                .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
                .set_data_page_row_count_limit(5)
                .set_write_batch_size(5);
            let mut writer = SerializedFileWriter::new(Vec::new(), Arc::clone(&schema), Arc::new(properties.build()))?;
            for _ in 0..2 {
                let mut group = writer.next_row_group()?;
                macro_rules! column {
                    ($type:ty, $values:expr, $levels:expr) => {{
                        let mut column = group.next_column()?.context("a column")?;
                        column.typed::<$type>().write_batch($values, $levels, None)?;
                        column.close()?;
                    }};
                }
                column!(DoubleType, &[0.5, 1.5, 2.5, 0.5, 4.0, 5.0, 6.0], None);
                column!(FloatType, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], Some(&[1; 7]));
                column!(Int64Type, &[3, -1, 4, 1, 5, 9, 2], None);
                column!(Int32Type, &[19_000, 19_001, 19_002, 19_003, 19_004, 1, 2], Some(&[1; 7]));
                let names = ["ann", "bob", "ann", "eve", "annabel", "", "bo"].map(parquet::data_type::ByteArray::from);
                column!(ByteArrayType, &names, None);
                group.close()?;
            }
            let mut bytes = writer.into_inner()?;
            // The options of `Target::Parquet` depend on the length: bytes between pages and metadata.
            let metadata = bytes.len() - 8 - u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into()?) as usize;
            while bytes.len() % 3 != 1 {
                bytes.insert(metadata, 0);
            }
            write(&format!("{name}-{version}"), &bytes)?;
        }
    }
    Ok(())
}

/// Small files and streams with row names of each form.
pub(crate) fn arrow(write: Write<'_>) -> Result<()> {
    let long = "a name of more than twelve bytes";
    let coded: DictionaryArray<Int8Type> = ["u", "v", "u", "u"].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("x", Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5, 3.5]))),
        ("y", Arc::new(Float32Array::from(vec![Some(1.0), None, Some(3.0), Some(4.0)]))),
        ("m", Arc::new(Int64Array::from(vec![3, -1, 4, 1]))),
        ("f", Arc::new(BooleanArray::from(vec![true, false, true, true]))),
        ("day", Arc::new(Date32Array::from(vec![1, 2, 3, 4]))),
    ];
    let names: [(&str, ArrayRef); 3] = [
        ("text", Arc::new(StringArray::from(vec![Some("a"), None, Some("c"), Some(long)]))),
        ("views", Arc::new(StringViewArray::from(vec![Some("a"), None, Some("c"), Some(long)]))),
        ("coded", Arc::new(coded)),
    ];
    for (name, who) in names {
        for (packing, compression) in
            [("plain", None), ("lz4", Some(ArrowCompression::LZ4_FRAME)), ("zstd", Some(ArrowCompression::ZSTD))]
        {
            for as_file in [true, false] {
                // The options of `Target::Arrow` depend on the length, and that on the names.
                let bytes = (0..64).map(|more| {
                    let last = "n".repeat(1 + 8 * more);
                    let all = columns.iter().map(|(name, column)| (*name, Arc::clone(column)));
                    let all = all.chain([("who", Arc::clone(&who)), (&*last, Arc::clone(&columns[2].1))]);
                    written(&RecordBatch::try_from_iter(all)?, as_file, compression)
                });
                let bytes = bytes.collect::<Result<Vec<_>>>()?.into_iter().find(|bytes| bytes.len() % 3 == 1);
                let form = if as_file { "file" } else { "stream" };
                write(&format!("{name}-{packing}-{form}"), &bytes.context("a length")?)?;
            }
        }
    }
    Ok(())
}

/// The rows of a batch, and some of them again.
fn written(batch: &RecordBatch, as_file: bool, compression: Option<ArrowCompression>) -> Result<Vec<u8>> {
    let options = IpcWriteOptions::default().try_with_compression(compression)?;
    let (mut bytes, schema) = (Vec::new(), batch.schema());
    if as_file {
        let mut writer = FileWriter::try_new_with_options(&mut bytes, &schema, options)?;
        writer.write(batch)?;
        writer.write(&batch.slice(1, 2))?;
        writer.finish()?;
    } else {
        let mut writer = StreamWriter::try_new_with_options(&mut bytes, &schema, options)?;
        writer.write(batch)?;
        writer.write(&batch.slice(1, 2))?;
        writer.finish()?;
    }
    Ok(bytes)
}
