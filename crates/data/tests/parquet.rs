//! Parquet tables of every type, codec and encoding; selection of columns; damaged files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::excessive_precision, missing_docs)]

use crate::columns::{Stored, Table, encoded, floats, pandas, parquet, plain, ways};
use crate::common::{self, blocks_agree, numbers};

use std::sync::Arc;

use ndarray::{Array2, Axis, Slice, array};
use parquet::basic::Encoding;
use pdmap_data::{
    DataError, Element, Format, IndexColumn, TextOptions, collect_named_rows, collect_rows, detect_format, open_stream,
    read_csv, read_labels, write_npy,
};
use tempfile::TempDir;

fn read(bytes: &[u8]) -> Result<Array2<f64>, DataError> {
    Table::of(bytes).read(&TextOptions::default())
}

fn columns(names: &[&str]) -> TextOptions {
    let columns = Some(names.iter().map(|&name| name.to_owned()).collect());
    TextOptions { columns, ..TextOptions::default() }
}

const ABC: &str = "required double a; required double b; required double c;";

#[test]
fn every_type_becomes_the_number_that_it_stands_for() {
    let day = 86_400.0;
    let decimal = |value: i128, length: usize| value.to_be_bytes()[16 - length..].to_vec();
    let cases: Vec<(&str, Stored, [f64; 2])> = vec![
        ("boolean x", Stored::Bool(vec![true, false]), [1.0, 0.0]),
        ("int32 x", Stored::I32(vec![-7, i32::MAX]), [-7.0, 2_147_483_647.0]),
        ("int32 x (INTEGER(8, true))", Stored::I32(vec![-128, 127]), [-128.0, 127.0]),
        ("int32 x (INTEGER(16, false))", Stored::I32(vec![65_535, 0]), [65_535.0, 0.0]),
        ("int32 x (INTEGER(32, false))", Stored::I32(vec![-1, 1]), [4_294_967_295.0, 1.0]),
        ("int32 x (UINT_32)", Stored::I32(vec![-2, 1]), [4_294_967_294.0, 1.0]),
        ("int64 x", Stored::I64(vec![1 << 53, i64::MIN]), [9_007_199_254_740_992.0, -(2.0_f64.powi(63))]),
        ("int64 x (INTEGER(64, false))", Stored::I64(vec![i64::MIN, 3]), [2.0_f64.powi(63), 3.0]),
        ("float x", Stored::F32(vec![0.1, -2.5]), [f64::from(0.1_f32), -2.5]),
        ("double x", Stored::F64(vec![0.1, 1e300]), [0.1, 1e300]),
        ("fixed_len_byte_array(2) x (FLOAT16)", Stored::Fixed(vec![vec![0x00, 0x3e], vec![0x00, 0xc0]]), [1.5, -2.0]),
        ("int32 x (DECIMAL(9, 2))", Stored::I32(vec![12_345, -1]), [123.45, -0.01]),
        ("int64 x (DECIMAL(18, 4))", Stored::I64(vec![12_345, -1]), [1.2345, -0.0001]),
        ("binary x (DECIMAL(20, 3))", Stored::Bytes(vec![decimal(12_345, 3), decimal(-1, 1)]), [12.345, -0.001]),
        (
            "fixed_len_byte_array(16) x (DECIMAL(38, 10))",
            Stored::Fixed(vec![decimal(12_345_678_901, 16), decimal(-5, 16)]),
            [1.2345678901, -5e-10],
        ),
        ("int32 x (DATE)", Stored::I32(vec![19_782, -1]), [19_782.0 * day, -day]),
        ("int32 x (TIME(MILLIS, true))", Stored::I32(vec![1500, 0]), [1.5, 0.0]),
        ("int64 x (TIME(MICROS, false))", Stored::I64(vec![1_500_000, 1]), [1.5, 1e-6]),
        ("int64 x (TIME(NANOS, false))", Stored::I64(vec![1_500_000_000, 1]), [1.5, 1e-9]),
        ("int64 x (TIMESTAMP(MILLIS, true))", Stored::I64(vec![1_700_000_000_250, -1]), [1_700_000_000.25, -0.001]),
        ("int64 x (TIMESTAMP_MICROS)", Stored::I64(vec![1_700_000_000_250_000, 1]), [1_700_000_000.25, 1e-6]),
        (
            "int64 x (TIMESTAMP(NANOS, false))",
            Stored::I64(vec![1_700_000_000_123_456_789, -1]),
            [1_700_000_000.123_456_789, -1e-9],
        ),
        // Ten seconds into 1970-01-01; the day before it.
        ("int96 x", Stored::I96(vec![[0x540b_e400, 2, 2_440_588], [0, 0, 2_440_587]]), [10.0, -day]),
    ];
    for (schema, stored, expected) in cases {
        let expected = Array2::from_shape_vec((2, 1), expected.to_vec()).unwrap();
        for optional in [false, true] {
            for (way, properties) in ways() {
                let repetition = if optional { "optional" } else { "required" };
                let stored = if optional { stored.clone().optional(&[1, 1]) } else { stored.clone() };
                let bytes = parquet(&format!("{repetition} {schema};"), properties, &[vec![stored]]);
                let actual = read(&bytes).unwrap_or_else(|error| panic!("{repetition} {schema}, {way}: {error}"));
                assert_eq!(actual, expected, "{repetition} {schema}, {way}");
            }
        }
    }
}

#[test]
fn blocks_of_any_size_give_the_same_rows_in_every_way_of_writing() {
    let table = numbers(50, 3);
    let groups: Vec<Vec<Stored>> =
        [0..20, 20..21, 21..50].map(|rows| floats(&table.slice_axis(Axis(0), Slice::from(rows)).to_owned())).to_vec();
    for (way, properties) in ways() {
        let file = Table::of(&parquet(ABC, properties, &groups));
        blocks_agree(|| file.open::<f64>(&TextOptions::default()).unwrap(), &table)
            .unwrap_or_else(|e| panic!("{way}: {e}"));
        let single = table.mapv(|value| value as f32);
        blocks_agree(|| file.open::<f32>(&TextOptions::default()).unwrap(), &single).unwrap();
    }
    let file = Table::of(&parquet(ABC, plain(), &groups));
    assert_eq!(detect_format(&file.path).unwrap(), Format::Parquet);
    let rows = file.open::<f64>(&TextOptions::default()).unwrap();
    assert_eq!((rows.rows(), rows.features()), (Some(50), 3));
    // The law sees wrong readers.
    let open = || file.open::<f64>(&TextOptions::default()).unwrap();
    assert!(blocks_agree(|| Box::new(common::SwapsRowsOfABlock(open())), &table).is_err());
    assert!(blocks_agree(|| Box::new(common::LosesTheRest(open())), &table).is_err());
}

#[test]
fn every_encoding_of_integers_floats_and_text_is_read() {
    let steps: Vec<i64> = (0..400_i64).map(|k| (k * k * 7919) % 1000 - 500 + (k / 130) * (1 << 33)).collect();
    let expected = Array2::from_shape_fn((400, 1), |(row, _)| steps[row] as f64);
    for encoding in [Encoding::PLAIN, Encoding::DELTA_BINARY_PACKED, Encoding::BYTE_STREAM_SPLIT] {
        let narrow: Vec<i32> = steps.iter().map(|&value| value as i32).collect();
        let bytes = parquet("required int64 x;", encoded(encoding), &[vec![Stored::I64(steps.clone())]]);
        assert_eq!(read(&bytes).unwrap(), expected, "{encoding}");
        let bytes = parquet("required int32 x;", encoded(encoding), &[vec![Stored::I32(narrow.clone())]]);
        let narrow = Array2::from_shape_fn((400, 1), |(row, _)| f64::from(narrow[row]));
        assert_eq!(read(&bytes).unwrap(), narrow, "{encoding}");
    }
    let reals: Vec<f64> = steps.iter().map(|&value| value as f64 * 0.37).collect();
    let expected = Array2::from_shape_fn((400, 1), |(row, _)| reals[row]);
    let bytes = parquet("required double x;", encoded(Encoding::BYTE_STREAM_SPLIT), &[vec![Stored::F64(reals)]]);
    assert_eq!(read(&bytes).unwrap(), expected);
    let names: Vec<String> = (0..100).map(|k| format!("name {}{}", "x".repeat(k % 5), k / 3)).collect();
    for encoding in [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        let text = Stored::Bytes(names.iter().map(|name| name.clone().into_bytes()).collect());
        let properties = encoded(encoding).set_column_encoding("x".into(), Encoding::PLAIN);
        let bytes = parquet(
            "required binary who (STRING); required float x;",
            properties,
            &[vec![text, Stored::F32((0..100_u8).map(f32::from).collect())]],
        );
        let options = TextOptions { id: Some("who".to_owned()), ..TextOptions::default() };
        let file = Table::of(&bytes);
        let (rows, ids) = collect_named_rows(&mut *file.open::<f32>(&options).unwrap()).unwrap();
        assert_eq!((rows.dim(), &ids), ((100, 1), &names), "{encoding}");
    }
    let flags: Vec<bool> = (0..100).map(|k| k % 7 == 0 || k > 60).collect();
    for (way, properties) in ways() {
        let bytes = parquet("required boolean x;", properties, &[vec![Stored::Bool(flags.clone())]]);
        let expected = Array2::from_shape_fn((100, 1), |(row, _)| f64::from(u8::from(flags[row])));
        assert_eq!(read(&bytes).unwrap(), expected, "{way}");
    }
}

#[test]
fn a_null_is_a_missing_value_with_row_column_and_name() {
    for (way, properties) in ways() {
        let present: Vec<i16> = (0..30).map(|row| i16::from(row != 17 && row != 25)).collect();
        let x = Stored::F64((0..28).map(f64::from).collect()).optional(&present);
        let y = Stored::I32((0..30).collect());
        let bytes = parquet("required int32 y; optional double x;", properties, &[vec![y, x]]);
        for block in [1, 5, 1000] {
            let file = Table::of(&bytes);
            let mut rows = file.open::<f64>(&TextOptions::default()).unwrap();
            let mut values = Vec::new();
            let error = loop {
                match rows.read(block, &mut values) {
                    Ok(0) => panic!("a null was read"),
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            let text = error.to_string();
            assert!(matches!(error, DataError::MissingCell { .. }), "{way}: {text}");
            assert!(
                text.ends_with("row 17, column 1 (\"x\"): missing value \"null\"; fill it in, remove the row, or see --missing marginalize of `train` and `score`"),
                "{text}"
            );
        }
        assert_eq!(Table::of(&bytes).read(&columns(&["y"])).unwrap().dim(), (30, 1));
    }
}

#[test]
fn integers_that_are_no_floats_are_refused_with_row_and_column() {
    let odd = (1_i64 << 53) + 1;
    let bytes = parquet(
        "required double a; required int64 b;",
        plain(),
        &[vec![Stored::F64(vec![1.0, 2.0, 3.0]), Stored::I64(vec![1, odd, odd])]],
    );
    let error = read(&bytes).unwrap_err();
    assert!(matches!(error, DataError::InexactInteger { value, .. } if value == odd.into()), "{error}");
    let expected = "row 1, column 1 (\"b\") is 9007199254740993, which no 64-bit float holds exactly; select other \
                    columns with --columns, or name the rows with --id";
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn a_page_of_nulls_is_read_whatever_the_type() {
    // Pages of nine rows.
    let present: Vec<i16> = (0..20).map(|row| i16::from(row >= 18)).collect();
    let group = vec![
        Stored::text(&["ann", "bob"]).optional(&present),
        Stored::Bool(vec![true, false]).optional(&present),
        Stored::F64(vec![0.5; 20]),
    ];
    let schema = "optional binary who (STRING); optional boolean flag; required double y;";
    for (way, properties) in ways() {
        let file = Table::of(&parquet(schema, properties, std::slice::from_ref(&group)));
        for (id, last) in [("who", ["ann", "bob"]), ("flag", ["1", "0"])] {
            let options = TextOptions { id: Some(id.to_owned()), ..columns(&["y"]) };
            let read = file.open::<f64>(&options).and_then(|mut rows| collect_named_rows(&mut *rows));
            let (_, ids) = read.unwrap_or_else(|error| panic!("{way}: {error}"));
            assert_eq!(ids, [&[""; 18][..], &last].concat(), "{way}");
        }
    }
}

#[test]
fn an_error_about_values_names_their_column() {
    let group = vec![Stored::F64(vec![0.5]), Stored::text(&["x".repeat(5000).as_str()])];
    let file = Table::of(&parquet("required double a; required binary who (STRING);", plain(), &[group]));
    let error = file.read(&TextOptions { id: Some("who".to_owned()), ..columns(&["a"]) }).unwrap_err().to_string();
    assert!(error.ends_with("Parquet: column \"who\": a row name of 5000 bytes, at most 4096 are read"), "{error}");
}

#[test]
fn columns_are_selected_and_the_index_of_pandas_is_left_out() {
    let schema = "required double a; required binary who (STRING); required int64 __index_level_0__; required float b;";
    let group = vec![
        Stored::F64(vec![1.0, 2.0]),
        Stored::text(&["ann", " bob "]),
        Stored::I64(vec![0, 1]),
        Stored::F32(vec![0.5, 1.5]),
    ];
    let json = r#"{"index_columns": ["__index_level_0__"], "column_indexes": [], "pandas_version": "2.2.2"}"#;
    for properties in [plain(), pandas(json), pandas("not JSON")] {
        let file = Table::of(&parquet(schema, properties, std::slice::from_ref(&group)));
        let who = TextOptions { id: Some("who".to_owned()), ..TextOptions::default() };
        let mut rows = file.open::<f64>(&who).unwrap();
        assert_eq!(rows.columns().unwrap(), ["a", "b"]);
        assert_eq!(rows.all_columns().unwrap(), ["a", "who", "b"]);
        assert_eq!(rows.id_column(), Some("who"));
        let notes = rows.column_report().unwrap().notes();
        assert_eq!(
            notes,
            [
                "columns: 2 (Parquet, 2 rows, 4 in the file)",
                "row names: column 1 (\"who\")",
                "left out: column 2 (\"__index_level_0__\"), the index of the rows (--index yes: row names; no: a feature)",
            ]
        );
        let (table, ids) = collect_named_rows(&mut *rows).unwrap();
        assert_eq!((table, ids), (array![[1.0, 0.5], [2.0, 1.5]], vec!["ann".to_owned(), "bob".to_owned()]));
        assert_eq!(file.read(&columns(&["b", "0"])).unwrap(), array![[0.5, 1.0], [1.5, 2.0]]);
        let index = TextOptions { index: IndexColumn::Yes, ..columns(&["a"]) };
        let (_, ids) = collect_named_rows(&mut *file.open::<f64>(&index).unwrap()).unwrap();
        assert_eq!(ids, ["0", "1"]);
        let no = TextOptions { index: IndexColumn::No, ..who };
        assert_eq!(file.open::<f64>(&no).unwrap().features(), 3);
        let usual = TextOptions { usual: vec!["b".to_owned()], ..TextOptions::default() };
        assert_eq!(file.open::<f64>(&usual).unwrap().columns().unwrap(), ["b"]);
        let error = file.read(&TextOptions::default()).unwrap_err();
        assert!(
            error.to_string().ends_with(
                "column 1 (\"who\") holds text, not numbers; select others with --columns, name the rows with --id, or train on text as categories with --categorical"
            ),
            "{error}"
        );
        assert!(
            matches!(file.read(&columns(&["why"])), Err(DataError::UnknownColumn { nearest, .. }) if nearest == "who")
        );
    }
}

#[test]
fn nested_columns_are_refused_by_name_and_can_be_left_out() {
    let schema = "required double a; optional group tags (LIST) { repeated group list { optional int32 element; } } \
                  repeated int32 many; required group pair { required double x; required double y; } \
                  required fixed_len_byte_array(16) id (UUID); required double b;";
    let schema = Arc::new(parquet::schema::parser::parse_message_type(&format!("message t {{ {schema} }}")).unwrap());
    let mut writer =
        parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Arc::new(plain().build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in 0..7 {
        use parquet::data_type::{DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type};
        let mut open = group.next_column().unwrap().unwrap();
        match column {
            1 => open.typed::<Int32Type>().write_batch(&[1, 2, 3], Some(&[3, 3, 3]), Some(&[0, 1, 0])).map(|_| ()),
            2 => open.typed::<Int32Type>().write_batch(&[1], Some(&[1, 0]), Some(&[0, 0])).map(|_| ()),
            5 => {
                let ids: Vec<FixedLenByteArray> =
                    (0..2).map(|k| parquet::data_type::ByteArray::from(vec![k; 16]).into()).collect();
                open.typed::<FixedLenByteArrayType>().write_batch(&ids, None, None).map(|_| ())
            }
            k => open.typed::<DoubleType>().write_batch(&[f64::from(k), 0.5], None, None).map(|_| ()),
        }
        .unwrap();
        open.close().unwrap();
    }
    group.close().unwrap();
    let file = Table::of(&writer.into_inner().unwrap());
    let error = file.read(&TextOptions::default()).unwrap_err().to_string();
    let refused = "column 1 (\"tags\") holds lists, column 2 (\"many\") holds lists, column 3 (\"pair\") holds nested \
                   values, column 4 (\"id\") holds UUIDs, not numbers";
    assert!(error.contains(refused), "{error}");
    assert_eq!(file.read(&columns(&["a", "b"])).unwrap(), array![[0.0, 6.0], [0.5, 0.5]]);
}

#[test]
fn the_same_table_gives_the_same_bits_as_csv_and_npy() {
    let table =
        Array2::from_shape_fn((40, 2), |(i, j)| ((i * 31 + j * 17) as f64).sin() * 10_f64.powi(i as i32 % 9 - 4));
    let folder = TempDir::new().unwrap();
    let text: String = std::iter::once("x,y\n".to_owned())
        .chain(table.rows().into_iter().map(|row| format!("{},{}\n", row[0], row[1])))
        .collect();
    std::fs::write(folder.path().join("x.csv"), text).unwrap();
    write_npy(&folder.path().join("x.npy"), &table).unwrap();
    let file = Table::of(&parquet("required double x; required double y;", plain(), &[floats(&table)]));
    fn bits<F: Element>(rows: &Array2<F>) -> Vec<u64> {
        rows.iter().map(|value| value.to_f64().unwrap().to_bits()).collect()
    }
    macro_rules! same {
        ($float:ty) => {
            let own: Array2<$float> = collect_rows(&mut *file.open(&TextOptions::default()).unwrap()).unwrap();
            let csv: Array2<$float> = read_csv(&folder.path().join("x.csv"), &TextOptions::default()).unwrap();
            let npy: Array2<$float> = pdmap_data::read_npy(&folder.path().join("x.npy")).unwrap();
            assert_eq!(bits(&own), bits(&npy));
            assert_eq!(bits(&own), bits(&csv));
        };
    }
    same!(f64);
    same!(f32);
    // Times and decimal numbers as their text.
    let csv = "day,time,money\n2024-02-29,2023-11-14 22:13:20.123456789,123.45\n1969-12-31,2000-01-01 00:00:00,-0.01\n";
    std::fs::write(folder.path().join("t.csv"), csv).unwrap();
    let schema =
        "required int32 day (DATE); required int64 time (TIMESTAMP(NANOS,false)); required int64 money (DECIMAL(9,2));";
    let group = vec![
        Stored::I32(vec![19_782, -1]),
        Stored::I64(vec![1_700_000_000_123_456_789, 946_684_800_000_000_000]),
        Stored::I64(vec![12_345, -1]),
    ];
    let file = Table::of(&parquet(schema, plain(), &[group]));
    let csv: Array2<f64> = read_csv(&folder.path().join("t.csv"), &TextOptions::default()).unwrap();
    assert_eq!(bits(&file.read(&TextOptions::default()).unwrap()), bits(&csv));
    let report = file.open::<f64>(&TextOptions::default()).unwrap();
    let report = report.column_report().unwrap().to_string();
    assert!(
        report.contains("dates: column 0 (\"day\"), column 1 (\"time\"), read as seconds since 1970-01-01 UTC"),
        "{report}"
    );
    assert!(report.contains("decimals: column 2 (\"money\")"), "{report}");
}

#[test]
fn a_column_of_words_holds_labels() {
    let schema = "required binary kind (STRING); required int64 __index_level_0__;";
    let group = vec![Stored::text(&["dog", "cat", "dog"]), Stored::I64(vec![5, 6, 7])];
    for (way, properties) in ways() {
        let file = Table::of(&parquet(schema, properties, &[group.clone(), group.clone()]));
        let labels = read_labels(&file.path, &TextOptions::default()).unwrap();
        assert_eq!(
            (labels.classes, labels.codes),
            (vec!["cat".to_owned(), "dog".to_owned()], vec![1, 0, 1, 1, 0, 1]),
            "{way}"
        );
    }
    let group = vec![Stored::I64(vec![5, 6]), Stored::text(&["a"]).optional(&[1, 0])];
    let null = parquet("required int64 __index_level_0__; optional binary kind (STRING);", plain(), &[group]);
    let error = read_labels(&Table::of(&null).path, &TextOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::MissingCell { ref place, .. } if place.line.is_none()), "{error}");
    assert!(error.to_string().contains(": row 1, column 1 (\"kind\"): missing value"), "{error}");
    let two = Table::of(&parquet(ABC, plain(), &[floats(&numbers(2, 3))]));
    assert!(matches!(read_labels(&two.path, &TextOptions::default()), Err(DataError::FeatureMismatch { .. })));
}

#[test]
fn empty_tables_pipes_and_encrypted_files_are_refused() {
    assert!(matches!(read(&parquet(ABC, plain(), &[])), Err(DataError::TooFewRows { .. })));
    let bytes = parquet(ABC, plain(), &[floats(&numbers(2, 3))]);
    let piped = open_stream::<f64>("standard input", std::io::Cursor::new(bytes.clone()), &TextOptions::default());
    let error = piped.err().unwrap();
    assert_eq!(
        error.to_string(),
        "standard input: cannot read Parquet (its columns are described at the end) from a pipe; write it to a file first"
    );
    let mut encrypted = bytes.clone();
    let end = encrypted.len() - 4;
    encrypted[end..].copy_from_slice(b"PARE");
    let error = read(&encrypted).unwrap_err();
    assert!(matches!(error, DataError::BadTable { .. }) && error.to_string().ends_with("it is encrypted"), "{error}");
}

#[cfg(unix)]
#[test]
fn labels_in_a_named_pipe_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    if !common::made_pipe(&path) {
        return;
    }
    let bytes = parquet("required binary kind (STRING);", plain(), &[vec![Stored::text(&["dog", "cat"])]]);
    let writing = path.clone();
    let writer = std::thread::spawn(move || std::fs::write(writing, bytes));
    let error = read_labels(&path, &TextOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::NeedsAFile { .. }), "{error}");
    writer.join().unwrap().unwrap();
}
