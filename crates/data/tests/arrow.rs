//! Arrow IPC of every type, as files and streams; selection of columns; damaged files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::excessive_precision, missing_docs)]

use crate::common::{blocks_agree, numbers};

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, PrimitiveBuilder};
use arrow_array::types::{Float16Type, Int8Type, Int32Type, UInt16Type};
use arrow_array::*;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, Schema};
use ndarray::{Array2, array};
use pdmap_data::{
    DataError, Element, Format, Input, ReadRows, TextOptions, collect_named_rows, collect_rows, detect_format,
    open_rows, open_stream, read_labels,
};
use tempfile::TempDir;

/// Ways to write: as a file or a stream, compressed or not.
const WAYS: [(bool, Option<CompressionType>); 6] = [
    (true, None),
    (false, None),
    (true, Some(CompressionType::LZ4_FRAME)),
    (false, Some(CompressionType::LZ4_FRAME)),
    (true, Some(CompressionType::ZSTD)),
    (false, Some(CompressionType::ZSTD)),
];

fn write(batches: &[RecordBatch], (as_file, compression): (bool, Option<CompressionType>)) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let schema = batches[0].schema();
    let mut bytes = Vec::new();
    if as_file {
        let mut writer = FileWriter::try_new_with_options(&mut bytes, &schema, options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
    } else {
        let mut writer = StreamWriter::try_new_with_options(&mut bytes, &schema, options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
    }
    bytes
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, column)| column).collect())
        .unwrap()
}

/// Opens bytes as a file, then as a stream.
fn open<F: Element>(bytes: &[u8], options: &TextOptions) -> [Result<Box<dyn ReadRows<F>>, DataError>; 2] {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.arrow");
    std::fs::write(&path, bytes).unwrap();
    // The file stays open after its name is gone.
    let file = open_rows(&Input::File(path), options);
    [file, open_stream("x.arrow", Cursor::new(bytes.to_vec()), options)]
}

fn read(bytes: &[u8], options: &TextOptions) -> Result<(Array2<f64>, Vec<String>), DataError> {
    // A file needs its end, which a pipe does not provide.
    if bytes.starts_with(b"ARROW1") {
        let [file, stream] = open::<f64>(bytes, options);
        assert!(matches!(stream, Err(DataError::NeedsAFile { .. })));
        return collect_named_rows(&mut *file?);
    }
    let [file, stream] =
        open::<f64>(bytes, options).map(|rows| rows.and_then(|mut rows| collect_named_rows(&mut *rows)));
    match (&file, &stream) {
        (Ok(file), Ok(stream)) => assert_eq!(file, stream),
        (Err(_), Err(_)) => {}
        other => panic!("a file and a stream differ: {other:?}"),
    }
    file
}

fn columns(names: &[&str]) -> TextOptions {
    let columns = Some(names.iter().map(|&name| name.to_owned()).collect());
    TextOptions { columns, ..TextOptions::default() }
}

fn named(column: &str) -> TextOptions {
    TextOptions { id: Some(column.to_owned()), ..TextOptions::default() }
}

#[test]
fn every_type_becomes_the_number_that_it_stands_for() {
    let day = 86_400.0;
    let halves: PrimitiveArray<Float16Type> = [0x3e00_u16, 0xc000].into_iter().map(|bits| Some(half(bits))).collect();
    let cases: Vec<(ArrayRef, [f64; 2])> = vec![
        (Arc::new(BooleanArray::from(vec![true, false])), [1.0, 0.0]),
        (Arc::new(Int8Array::from(vec![-128, 127])), [-128.0, 127.0]),
        (Arc::new(UInt8Array::from(vec![255, 0])), [255.0, 0.0]),
        (Arc::new(Int16Array::from(vec![-32_768, 5])), [-32_768.0, 5.0]),
        (Arc::new(UInt16Array::from(vec![65_535, 5])), [65_535.0, 5.0]),
        (Arc::new(Int32Array::from(vec![i32::MIN, 5])), [-2_147_483_648.0, 5.0]),
        (Arc::new(UInt32Array::from(vec![u32::MAX, 5])), [4_294_967_295.0, 5.0]),
        (Arc::new(Int64Array::from(vec![1 << 53, i64::MIN])), [9_007_199_254_740_992.0, -(2.0_f64.powi(63))]),
        (Arc::new(UInt64Array::from(vec![1 << 63, 3])), [2.0_f64.powi(63), 3.0]),
        (Arc::new(halves), [1.5, -2.0]),
        (Arc::new(Float32Array::from(vec![0.1, -2.5])), [f64::from(0.1_f32), -2.5]),
        (Arc::new(Float64Array::from(vec![0.1, 1e300])), [0.1, 1e300]),
        (Arc::new(Decimal32Array::from(vec![12_345, -1]).with_precision_and_scale(9, 2).unwrap()), [123.45, -0.01]),
        (Arc::new(Decimal64Array::from(vec![12_345, -1]).with_precision_and_scale(18, 4).unwrap()), [1.2345, -0.0001]),
        (
            Arc::new(Decimal128Array::from(vec![12_345_678_901, -5]).with_precision_and_scale(38, 10).unwrap()),
            [1.2345678901, -5e-10],
        ),
        (Arc::new(Decimal128Array::from(vec![12, -5]).with_precision_and_scale(5, -3).unwrap()), [12_000.0, -5000.0]),
        (Arc::new(Date32Array::from(vec![19_782, -1])), [19_782.0 * day, -day]),
        (Arc::new(Date64Array::from(vec![86_400_000, -1])), [day, -0.001]),
        (Arc::new(Time32SecondArray::from(vec![7, 0])), [7.0, 0.0]),
        (Arc::new(Time32MillisecondArray::from(vec![1500, 0])), [1.5, 0.0]),
        (Arc::new(Time64MicrosecondArray::from(vec![1_500_000, 1])), [1.5, 1e-6]),
        (Arc::new(Time64NanosecondArray::from(vec![1_500_000_000, 1])), [1.5, 1e-9]),
        (Arc::new(TimestampSecondArray::from(vec![1_700_000_000, -1])), [1.7e9, -1.0]),
        (Arc::new(TimestampMillisecondArray::from(vec![1_700_000_000_250, -1])), [1_700_000_000.25, -0.001]),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![1_700_000_000_250_000, -1]).with_timezone("+02:00")),
            [1_700_000_000.25, -1e-6],
        ),
        (
            Arc::new(TimestampNanosecondArray::from(vec![1_700_000_000_123_456_789, -1])),
            [1_700_000_000.123_456_789, -1e-9],
        ),
        (Arc::new(DurationMillisecondArray::from(vec![-1500, 1])), [-1.5, 0.001]),
        (
            Arc::new(DictionaryArray::<Int8Type>::new(
                Int8Array::from(vec![1, 0]),
                Arc::new(Float64Array::from(vec![0.5, 2.5])),
            )),
            [2.5, 0.5],
        ),
        (
            Arc::new(DictionaryArray::<UInt16Type>::new(
                UInt16Array::from(vec![0, 1]),
                Arc::new(Int64Array::from(vec![7, -7])),
            )),
            [7.0, -7.0],
        ),
    ];
    for (column, expected) in cases {
        let expected = Array2::from_shape_vec((2, 1), expected.to_vec()).unwrap();
        for way in WAYS {
            let bytes = write(&[batch(vec![("x", Arc::clone(&column))])], way);
            let actual = read(&bytes, &TextOptions::default());
            let actual = actual.unwrap_or_else(|error| panic!("{}, {way:?}: {error}", column.data_type())).0;
            assert_eq!(actual, expected, "{}, {way:?}", column.data_type());
        }
    }
}

/// A number of 16 bits; `half` is no dependency of the tests.
fn half(bits: u16) -> <Float16Type as ArrowPrimitiveType>::Native {
    <<Float16Type as ArrowPrimitiveType>::Native>::from_bits(bits)
}

#[test]
fn blocks_of_any_size_give_the_same_rows_as_files_and_as_streams() {
    let table = numbers(50, 3);
    let part = |rows: std::ops::Range<usize>| {
        let column =
            |j: usize| -> ArrayRef { Arc::new(Float64Array::from(table.column(j).to_vec()[rows.clone()].to_vec())) };
        batch(vec![("a", column(0)), ("b", column(1)), ("c", column(2))])
    };
    let folder = TempDir::new().unwrap();
    for way in WAYS {
        let bytes = write(&[part(0..20), part(20..20), part(20..21), part(21..50)], way);
        let path = folder.path().join("x.arrow");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(detect_format(&path).unwrap(), Format::Arrow);
        let from_file = || open_rows::<f64>(&Input::File(path.clone()), &TextOptions::default()).unwrap();
        blocks_agree(from_file, &table).unwrap_or_else(|error| panic!("{way:?}: {error}"));
        let single = table.mapv(|value| value as f32);
        let stream = || open_stream::<f32>("x", Cursor::new(bytes.clone()), &TextOptions::default()).unwrap();
        if !way.0 {
            blocks_agree(stream, &single).unwrap_or_else(|error| panic!("{way:?}: {error}"));
        }
        let rows = from_file();
        assert_eq!((rows.rows(), rows.columns().unwrap().join(" ")), (None, "a b c".to_owned()));
        let format = if way.0 { "Arrow IPC file" } else { "Arrow IPC stream" };
        assert_eq!(rows.column_report().unwrap().to_string(), format!("columns: 3 ({format}, 3 in the file)"));
    }
}

#[test]
fn a_null_is_a_missing_value_and_wide_integers_are_refused() {
    let odd = (1_i64 << 53) + 1;
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), None, None]));
    let y: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, odd]));
    let coded: ArrayRef = Arc::new(DictionaryArray::<Int8Type>::new(
        Int8Array::from(vec![Some(0), Some(1), None, Some(0)]),
        Arc::new(Float64Array::from(vec![Some(0.5), None])),
    ));
    for way in WAYS {
        let bytes = write(&[batch(vec![("y", Arc::clone(&y)), ("x", Arc::clone(&x)), ("z", Arc::clone(&coded))])], way);
        let error = read(&bytes, &columns(&["y", "x"])).unwrap_err();
        assert!(matches!(error, DataError::MissingCell { .. }), "{way:?}: {error}");
        assert!(error.to_string().contains("row 2, column 1 (\"x\"): missing value \"null\""), "{error}");
        let error = read(&bytes, &columns(&["y"])).unwrap_err();
        assert!(error.to_string().contains("row 3, column 0 (\"y\") is 9007199254740993"), "{error}");
        // A null among the values of the dictionary.
        let error = read(&bytes, &columns(&["z"])).unwrap_err();
        assert!(error.to_string().contains("row 1, column 2 (\"z\"): missing value \"null\""), "{error}");
    }
}

#[test]
fn row_names_are_text_in_every_form_numbers_or_dates() {
    let long = "a name of more than twelve bytes";
    let dictionary: DictionaryArray<Int32Type> = ["ann", long, "ann"].into_iter().collect();
    let cases: Vec<(ArrayRef, [&str; 3])> = vec![
        (Arc::new(StringArray::from(vec![Some("ann"), None, Some(long)])), ["ann", "", long]),
        (Arc::new(LargeStringArray::from(vec!["ann", "", long])), ["ann", "", long]),
        (Arc::new(StringViewArray::from(vec![Some("ann"), None, Some(long)])), ["ann", "", long]),
        (Arc::new(dictionary), ["ann", long, "ann"]),
        (Arc::new(Int64Array::from(vec![3, -2, 1])), ["3", "-2", "1"]),
        (Arc::new(Date32Array::from(vec![0, 59, 19_782])), ["1970-01-01", "1970-03-01", "2024-02-29"]),
        (
            Arc::new(TimestampMillisecondArray::from(vec![0, 250, -1])),
            ["1970-01-01T00:00:00", "1970-01-01T00:00:00.25", "1969-12-31T23:59:59.999"],
        ),
    ];
    for (column, expected) in cases {
        // Another column of views in front, whose buffers are not read.
        let views: ArrayRef = Arc::new(StringViewArray::from(vec![long, "b", long]));
        let x: ArrayRef = Arc::new(Float32Array::from(vec![0.5, 1.5, 2.5]));
        for way in WAYS {
            let first = batch(vec![("v", Arc::clone(&views)), ("who", Arc::clone(&column)), ("x", Arc::clone(&x))]);
            let bytes = write(&[first.clone(), first.slice(1, 2)], way);
            let options = TextOptions { id: Some("who".to_owned()), ..columns(&["x"]) };
            let read =
                read(&bytes, &options).unwrap_or_else(|error| panic!("{}, {way:?}: {error}", column.data_type()));
            let all: Vec<&str> = expected.iter().chain(&expected[1..]).copied().collect();
            assert_eq!(read.1, all, "{}, {way:?}", column.data_type());
            assert_eq!(read.0, array![[0.5], [1.5], [2.5], [1.5], [2.5]]);
        }
    }
}

#[test]
fn text_in_the_place_of_a_null_is_not_read_and_an_error_names_its_column() {
    // Longer than any row name.
    let texts = ["ann", &"z".repeat(70_000), "bob"];
    let gap = Int8Array::from(vec![Some(0), None, Some(0)]);
    let (ends, bytes, _) = StringArray::from(texts.to_vec()).into_parts();
    let (views, buffers, _) = StringViewArray::from(texts.to_vec()).into_parts();
    let columns: [ArrayRef; 2] = [
        Arc::new(StringArray::try_new(ends, bytes, gap.nulls().cloned()).unwrap()),
        Arc::new(StringViewArray::try_new(views, buffers, gap.nulls().cloned()).unwrap()),
    ];
    let x: ArrayRef = Arc::new(Float32Array::from(vec![0.5; 3]));
    let wide: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    for way in WAYS {
        for who in &columns {
            let bytes = write(&[batch(vec![("x", Arc::clone(&x)), ("who", Arc::clone(who))])], way);
            assert_eq!(read(&bytes, &named("who")).unwrap().1, ["ann", "", "bob"], "{way:?}");
        }
        let bytes = write(&[batch(vec![("x", Arc::clone(&x)), ("who", Arc::clone(&wide))])], way);
        let error = read(&bytes, &named("who")).unwrap_err().to_string();
        assert!(error.ends_with("column \"who\": a row name of 70000 bytes, at most 4096 are read"), "{error}");
    }
}

#[test]
fn nested_columns_are_stepped_over_and_refused_by_name() {
    let mut lists = ListBuilder::new(PrimitiveBuilder::<Int32Type>::new());
    lists.append_value([Some(1), None]);
    lists.append_null();
    let lists: ArrayRef = Arc::new(lists.finish());
    let inner: ArrayRef = Arc::new(Float64Array::from(vec![7.0, 8.0]));
    let pair: ArrayRef = Arc::new(StructArray::from(vec![
        (Arc::new(Field::new("p", DataType::Float64, true)), Arc::clone(&inner)),
        (Arc::new(Field::new("q", lists.data_type().clone(), true)), Arc::clone(&lists)),
    ]));
    let nulls: ArrayRef = Arc::new(NullArray::new(2));
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"ab"[..], b"c"]));
    let fixed: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter([[1, 2], [3, 4]].into_iter()).unwrap());
    let words: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    for way in WAYS {
        let bytes = write(
            &[batch(vec![
                ("lists", Arc::clone(&lists)),
                ("pair", Arc::clone(&pair)),
                ("nulls", Arc::clone(&nulls)),
                ("bytes", Arc::clone(&bytes)),
                ("fixed", Arc::clone(&fixed)),
                ("words", Arc::clone(&words)),
                ("x", Arc::clone(&inner)),
            ])],
            way,
        );
        assert_eq!(read(&bytes, &columns(&["x"])).unwrap().0, array![[7.0], [8.0]], "{way:?}");
        let error = read(&bytes, &named("words")).unwrap_err().to_string();
        for refused in [
            "column 0 (\"lists\") holds lists",
            "column 1 (\"pair\") holds nested values",
            "column 2 (\"nulls\") holds nothing but nulls",
            "column 3 (\"bytes\") holds bytes",
            "--columns",
        ] {
            assert!(error.contains(refused), "{error}");
        }
        assert!(read(&bytes, &TextOptions { id: Some("lists".to_owned()), ..columns(&["x"]) }).is_err());
    }
}

#[test]
fn the_index_of_pandas_is_left_out_and_words_are_labels() {
    let index: ArrayRef = Arc::new(Int64Array::from(vec![10, 20]));
    let words: ArrayRef = Arc::new(StringArray::from(vec!["dog", "cat"]));
    let x: ArrayRef = Arc::new(Float32Array::from(vec![0.5, 1.5]));
    let plain = batch(vec![("x", x), ("day", index), ("kind", words)]);
    let json = r#"{"index_columns": ["day"]}"#;
    let schema = plain.schema().as_ref().clone().with_metadata([("pandas".to_owned(), json.to_owned())]);
    let table = RecordBatch::try_new(Arc::new(schema), plain.columns().to_vec()).unwrap();
    for way in WAYS {
        let bytes = write(std::slice::from_ref(&table), way);
        let [rows, _] = open::<f64>(&bytes, &named("kind"));
        let rows = rows.unwrap();
        assert_eq!(rows.columns().unwrap(), ["x"]);
        let report = rows.column_report().unwrap().to_string();
        assert!(report.contains("left out: column 1 (\"day\"), the index of the rows"), "{report}");
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("labels.arrow");
        std::fs::write(&path, &bytes).unwrap();
        let labels = read_labels(&path, &columns(&["kind"])).unwrap();
        assert_eq!((labels.classes, labels.codes), (vec!["cat".to_owned(), "dog".to_owned()], vec![1, 0]));
    }
}

/// Files cut at each byte, and with each byte replaced.
#[test]
fn damaged_files_give_errors_and_never_panic() {
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), Some(1.5), Some(2.5)]));
    let gaps: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
    let words: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "a name of more than twelve bytes", "c"]));
    let coded: DictionaryArray<Int8Type> = ["u", "v", "u"].into_iter().collect();
    let table = batch(vec![("x", x), ("gaps", gaps), ("words", words), ("coded", Arc::new(coded))]);
    for way in [WAYS[0], WAYS[3], WAYS[4]] {
        let bytes = write(&[table.clone(), table.slice(0, 2)], way);
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("x.arrow");
        let read = |bytes: &[u8], options: &TextOptions| {
            std::fs::write(&path, bytes).unwrap();
            let file = open_rows::<f64>(&Input::File(path.clone()), options)
                .and_then(|mut rows| collect_named_rows(&mut *rows));
            let stream = open_stream::<f64>("x.arrow", Cursor::new(bytes.to_vec()), options)
                .and_then(|mut rows| collect_rows(&mut *rows));
            if let (Ok((file, _)), Ok(stream)) = (&file, &stream) {
                assert_eq!(file.dim(), stream.dim(), "a stream has other rows");
            }
            file
        };
        let all = TextOptions { id: Some("words".to_owned()), ..columns(&["x"]) };
        let others = TextOptions { id: Some("coded".to_owned()), ..columns(&["gaps"]) };
        let whole = read(&bytes, &all).unwrap();
        assert_eq!(whole.0.nrows(), 5);
        for length in 0..bytes.len() {
            let cut = read(&bytes[..length], &all);
            // A stream may end after any message.
            let between = !way.0 && cut.as_ref().is_ok_and(|(rows, _)| [3, 5].contains(&rows.nrows()));
            assert!(cut.is_err() || between, "{way:?}, {length} bytes");
        }
        for at in 0..bytes.len() {
            let replaced = if at % 2 == 0 { 0xff } else { bytes[at] ^ 1 };
            let mut damaged = bytes.clone();
            damaged[at] = replaced;
            if let Ok((rows, ids)) = read(&damaged, &all) {
                assert_eq!((rows.ncols(), rows.nrows()), (1, ids.len()), "{way:?}, byte {at}");
            }
            let _ = read(&damaged, &others);
        }
    }
}
