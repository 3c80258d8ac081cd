//! Tables as people have them, one fault each: what is read, and what is refused with which flag.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use ndarray::Array2;
use pdmap_data::{
    DataError, Input, ReadRows, TextOptions, TextReport, collect_rows, detect_format, open_rows, read_csv, read_labels,
};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name)
}

fn open(name: &str, options: &TextOptions) -> Result<Box<dyn ReadRows<f64>>, DataError> {
    open_rows(&Input::File(case(name)), options)
}

fn read(name: &str, options: &TextOptions) -> (Array2<f64>, TextReport) {
    let mut rows = open(name, options).unwrap_or_else(|error| panic!("{error}"));
    let report = rows.text_report().expect("a report of text").clone();
    (collect_rows(&mut *rows).unwrap_or_else(|error| panic!("{error}")), report)
}

fn says(error: &DataError) -> String {
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    text.rsplit_once(".csv: ").expect("the name of the file").1.to_owned()
}

#[test]
fn plain_tables_are_read_as_they_are() {
    for (name, rows, columns) in [
        ("columns.csv", 600, &["a", "b", "c"][..]),
        ("columns-reordered.csv", 600, &["c", "b", "a"]),
        ("hundred-rows.csv", 100, &["a", "b", "c"]),
    ] {
        let (table, report) = read(name, &TextOptions::default());
        assert_eq!(table.dim(), (rows, columns.len()), "{name}");
        let names: Vec<_> = report.columns.iter().map(|column| column.name.as_deref().unwrap()).collect();
        assert_eq!(names, columns);
        assert_eq!(report.to_string(), "columns: 3 (delimiter ',', decimal '.', header on line 1)");
    }
    assert_eq!(read("iris.csv", &TextOptions::default()).0.dim(), (150, 4));
    assert_eq!(read("wine.csv", &TextOptions::default()).0.dim(), (178, 13));
}

#[test]
fn large_offsets_keep_every_digit_in_double_precision() {
    for (name, first) in
        [("offset-1e6.csv", 1000000.1057), ("offset-1e8.csv", 100000000.9064), ("offset-unix-time.csv", 1700000411.82)]
    {
        let (table, _) = read(name, &TextOptions::default());
        assert_eq!(table[[0, 0]].to_bits(), f64::to_bits(first), "{name}");
        let text = std::fs::read_to_string(case(name)).unwrap();
        for (line, row) in text.lines().skip(1).zip(table.rows()) {
            let numbers: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            assert_eq!(numbers, row.to_vec());
        }
    }
}

#[test]
fn decimal_commas_are_read_where_they_are_certain() {
    let (plain, _) = read("columns.csv", &TextOptions::default());
    let (table, report) = read("decimal-comma.csv", &TextOptions::default());
    assert_eq!(table, plain);
    assert_eq!(report.to_string(), "columns: 3 (delimiter ';', decimal ',', header on line 1)");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["decimal"], &json["header-line"]), (&",".into(), &1.into()));
}

#[test]
fn a_column_of_decimal_commas_is_not_two_columns() {
    let name = "decimal-comma-one-column.csv";
    let error = open(name, &TextOptions::default()).err().unwrap();
    let said = says(&error);
    assert!(said.ends_with("is one number with a decimal comma, or two columns; give --decimal , or --delimiter ,"));
    let one = TextOptions { decimal: Some(','), ..TextOptions::default() };
    let (table, _) = read(name, &one);
    assert_eq!((table.ncols(), table[[0, 0]], table[[7, 0]]), (1, 11.356, 12.823));
    let two = TextOptions { delimiter: Some(b','), ..TextOptions::default() };
    let (table, _) = read(name, &two);
    assert_eq!((table.ncols(), table[[0, 0]], table[[0, 1]]), (2, 11.0, 356.0));
}

#[test]
fn an_empty_column_without_a_name_is_left_out_and_named() {
    let (plain, _) = read("columns.csv", &TextOptions::default());
    let (table, report) = read("trailing-empty-column.csv", &TextOptions::default());
    assert_eq!(table, plain);
    assert_eq!(report.notes()[1], "left out: column 3, empty and unnamed");
}

#[test]
fn a_header_without_rows_is_refused_as_such() {
    detect_format(&case("header-only.csv")).unwrap();
    let error = open("header-only.csv", &TextOptions::default()).err().unwrap();
    assert_eq!(says(&error), "no rows below the header on line 1");
}

#[test]
fn class_names_are_labels() {
    let error = open("class-names.csv", &TextOptions::default()).err().or_else(|| {
        let mut rows = open("class-names.csv", &TextOptions::default()).unwrap();
        collect_rows(&mut *rows).err()
    });
    assert!(matches!(error, Some(DataError::TextColumn { .. })), "{error:?}");
    let labels = read_labels(&case("class-names.csv"), &TextOptions::default()).unwrap();
    assert_eq!(labels.classes, ["bird", "cat", "dog"]);
    assert_eq!(labels.codes[..5], [1, 0, 0, 2, 1]);
    let lines = std::fs::read_to_string(case("class-names.csv")).unwrap().lines().count();
    assert_eq!(labels.codes.len(), lines - 1);
}

#[test]
fn labels_are_selected_sorted_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let with = |text: &str, options: &TextOptions| {
        std::fs::write(&path, text).unwrap();
        read_labels(&path, options)
    };
    let default = TextOptions::default();
    let labels = with("10\n9\n10\n", &default).unwrap();
    assert_eq!((labels.classes, labels.codes), (vec!["9".to_owned(), "10".to_owned()], vec![1, 0, 1]));
    let column = TextOptions { columns: Some(vec!["kind".to_owned()]), ..TextOptions::default() };
    let labels = with("x;kind\n1;b\n2; a \n", &column).unwrap();
    assert_eq!((labels.classes, labels.codes), (vec!["a".to_owned(), "b".to_owned()], vec![1, 0]));
    assert!(matches!(with("x;kind\n1;b\n2;a\n", &default), Err(DataError::FeatureMismatch { actual: 2, .. })));
    assert!(matches!(with("label\na\nNA\n", &default), Err(DataError::MissingCell { .. })));
    // Neither is certain: a class with one row, or a name.
    assert!(matches!(with("x\na\nb\na\n", &default), Err(DataError::AmbiguousHeader { .. })));
    let labels = with("a\nb\na\n", &default).unwrap();
    assert_eq!(labels.codes, [0, 1, 0]);
    let many: String = (0..70_000).map(|k| format!("class {k}\n")).collect();
    assert!(matches!(with(&format!("label\n{many}"), &default), Err(DataError::TooManyClasses { .. })));
}

#[test]
fn a_whole_file_and_a_stream_agree() {
    for name in ["decimal-comma.csv", "trailing-empty-column.csv", "wine.csv"] {
        let whole = read_csv::<f64>(&case(name), &TextOptions::default()).unwrap();
        assert_eq!(whole, read(name, &TextOptions::default()).0, "{name}");
    }
}
