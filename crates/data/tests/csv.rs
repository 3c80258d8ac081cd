//! CSV files: what is accepted, and the messages of refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{Cursor, Read};
use std::num::NonZeroU64;

use ndarray::{Array2, array};
use pdmap_data::{CsvHeader, DataError, Element, ReadRows, TextOptions, collect_rows, open_stream};

fn open<F: Element>(text: &str, options: &TextOptions) -> Result<Box<dyn ReadRows<F>>, DataError> {
    open_stream("t.csv", Cursor::new(text.as_bytes().to_vec()), options)
}

fn read<F: Element>(text: &str, options: &TextOptions) -> Result<Array2<F>, DataError> {
    collect_rows(&mut *open(text, options)?)
}

fn plain(text: &str) -> Array2<f64> {
    read(text, &TextOptions::default()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refusal(text: &str, options: &TextOptions) -> DataError {
    let error = read::<f64>(text, options).expect_err(text);
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

/// The message of the refusal of a text, without the file name.
fn says(text: &str) -> String {
    let error = refusal(text, &TextOptions::default()).to_string();
    error.strip_prefix("t.csv: ").expect("the name of the file first").to_owned()
}

fn columns(names: &[&str]) -> TextOptions {
    TextOptions { columns: Some(names.iter().map(|&name| name.to_owned()).collect()), ..TextOptions::default() }
}

#[test]
fn a_word_in_the_first_record_indicates_a_header() {
    let expected = array![[1.0, -2.5], [3e3, 4.0]];
    for text in [
        "1,-2.5\n3e3,4\n",
        "a,b\n1,-2.5\n3e3,4\n",
        "a,2\n1,-2.5\n3e3,4\n",
        ",b\n1,-2.5\n3e3,4\n",
        "\u{feff}a,b\r\n1,-2.5\r\n3e3,4",
        "\u{feff}1;-2.5\r\n3e3;4",
        "\"a\nb\",\"c,\"\"d\"\n\"1\",\" -2.5 \"\n3e3,4\n",
        "a\tb\r1\t-2.5\r3e3\t4\r",
        "\n\na|b\n\n1|-2.5\n\n3e3|4\n\n",
    ] {
        assert_eq!(plain(text), expected, "{text:?}");
    }
    let rows = open::<f64>(" a ,\"b\nc\"\r\n1,2\r\n", &TextOptions::default()).unwrap();
    assert_eq!(rows.columns().unwrap(), ["a", "b\nc"]);
    assert_eq!(open::<f64>("1,2\n", &TextOptions::default()).unwrap().columns(), None);
}

#[test]
fn headers_can_be_forced() {
    let with = |header| TextOptions { header, ..TextOptions::default() };
    let numbers = "1,2\n3,4\n";
    assert_eq!(read::<f64>(numbers, &with(CsvHeader::Yes)).unwrap(), array![[3.0, 4.0]]);
    assert_eq!(open::<f64>(numbers, &with(CsvHeader::Yes)).unwrap().columns().unwrap(), ["1", "2"]);
    assert_eq!(read::<f64>(numbers, &with(CsvHeader::No)).unwrap().nrows(), 2);
    let error = refusal("a,b\n1,2\n", &with(CsvHeader::No));
    assert!(
        matches!(&error, DataError::TextColumn { place, .. } if place.row == 0 && place.line == NonZeroU64::new(1)),
        "{error}"
    );
}

#[test]
fn a_missing_value_in_the_first_row_does_not_indicate_a_header() {
    assert_eq!(
        says("1,NA\n3,4\n"),
        "line 1 (row 0), column 1: missing value \"NA\"; fill it in, remove the row, or see --missing marginalize of `train` and `score`"
    );
}

#[test]
fn delimiters_can_be_given() {
    let options = TextOptions { delimiter: Some(b' '), ..TextOptions::default() };
    assert_eq!(read::<f64>("1 2\n3 4\n", &options).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
    for delimiter in [b'"', b'\n', b'\r', 0xe4] {
        let error = refusal("1,2\n", &TextOptions { delimiter: Some(delimiter), ..TextOptions::default() });
        assert!(matches!(error, DataError::BadDelimiter { delimiter: said, .. } if said == delimiter));
    }
    let error = refusal("1,2\n", &TextOptions { delimiter: Some(b'"'), ..TextOptions::default() });
    assert_eq!(
        error.to_string(),
        "t.csv: byte 0x22 cannot delimit cells; use an ASCII character other than a quote or a line end"
    );
}

#[test]
fn missing_values_are_refused_with_their_position() {
    for missing in ["", " ", "NA", "na", "NaN", "null", "NULL", "?", "\"\""] {
        let shown = missing.trim().trim_matches('"');
        assert_eq!(
            says(&format!("a,b\n1,2\n3,{missing}\n")),
            format!(
                "line 3 (row 1), column 1 (\"b\"): missing value {shown:?}; fill it in, remove the row, or see --missing marginalize of `train` and `score`"
            )
        );
    }
}

#[test]
fn line_numbers_match_an_editor_for_all_line_ends_blank_lines_and_quotes() {
    for (text, line) in [
        ("a,b\n1,2\n3,x\n", 3),
        ("a,b\r\n1,2\r\n3,x\r\n", 3),
        ("a,b\r1,2\r3,x\r", 3),
        ("a,b\n1,2\n3,x", 3),
        ("\n\na,b\n\n1,2\n\n\n3,x", 8),
        ("\r\n\r\na,b\r\n\r\n1,2\r\n\r\n\r\n3,x", 8),
        ("\"a\nb\",b\n1,2\n3,x\n", 4),
        ("\"a\r\n\r\nb\",b\r\n1,2\r\n3,\"x\r\ny\"\r\n", 5),
    ] {
        let error = refusal(text, &TextOptions::default());
        assert!(
            matches!(&error, DataError::NotANumber { place, .. }
                if place.line == NonZeroU64::new(line) && place.row == 1 && place.column == 1),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn words_and_infinities_are_refused_with_their_position() {
    assert_eq!(says("a,b\n1,2\n3,4x\n"), "line 3 (row 1), column 1 (\"b\"): \"4x\" is not a number");
    assert_eq!(says("1,2\n3,4x\n"), "line 2 (row 1), column 1: \"4x\" is not a number");
    assert_eq!(
        says("id,b\nada,2\nbob,4\n"),
        "line 2 (row 0), column 0 (\"id\"): \"ada\" is not a number; select the columns that hold numbers with --columns, or train on this one as categories with --categorical"
    );
    assert_eq!(
        says("a,b\n1,2\n-inf,4\n"),
        "line 3 (row 1), column 0 (\"a\"): \"-inf\" is infinite as a 64-bit number; every value must be finite"
    );
    let error = read::<f32>("1,1e39\n", &TextOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: line 1 (row 0), column 1: \"1e39\" is infinite as a 32-bit number; every value must be finite"
    );
    // Messages contain neither line ends nor long texts.
    let long = "y".repeat(1000);
    let said = says(&format!("1,2\n3,\"x\n{long}\"\n"));
    assert_eq!(said, format!("line 2 (row 1), column 1: \"x\\n{}...\" is not a number", "y".repeat(38)));
}

#[test]
fn ragged_rows_are_refused_with_their_counts() {
    assert_eq!(says("a,b,c\n1,2,3\n4,5\n"), "line 3 (row 1): 2 cell(s), expected 3");
    assert_eq!(says("1,2\n3,4\n5,6,7\n"), "line 3 (row 2): 3 cell(s), expected 2");
    assert_eq!(
        says("a,b\n1,2,3\n"),
        "line 2 (row 0): 3 cell(s), expected 2; if the table starts further down, skip the lines above it with --skip N"
    );
    assert!(matches!(refusal("1,2\n3\n", &columns(&["0"])), DataError::RaggedRow { actual: 1, .. }));
}

#[test]
fn a_file_without_rows_is_refused() {
    for text in ["", "\n\n", "\u{feff}"] {
        let error = refusal(text, &TextOptions::default());
        assert!(matches!(error, DataError::TooFewRows { expected: 1, actual: 0, .. }), "{text:?}: {error}");
    }
    for text in ["a,b\n", "a,b", "\na,b\n"] {
        let line = if text.starts_with('a') { 1 } else { 2 };
        assert_eq!(says(text), format!("no rows below the header on line {line}"));
    }
}

#[test]
fn columns_are_selected_by_name_or_index_in_any_order() {
    let text = "id,x,y,3\nada,1,2,3\nbob,4,5,6\n";
    assert_eq!(read::<f64>(text, &columns(&["y", "x"])).unwrap(), array![[2.0, 1.0], [5.0, 4.0]]);
    assert_eq!(read::<f64>(text, &columns(&["2", " x "])).unwrap(), array![[2.0, 1.0], [5.0, 4.0]]);
    // Names take precedence over indices.
    assert_eq!(read::<f64>(text, &columns(&["3"])).unwrap(), array![[3.0], [6.0]]);
    let rows = open::<f64>(text, &columns(&["y", "1"])).unwrap();
    assert_eq!((rows.features(), rows.columns().unwrap()), (2, &["y".to_owned(), "x".to_owned()][..]));
    assert_eq!(read::<f64>("1,2\n3,4\n", &columns(&["1"])).unwrap(), array![[2.0], [4.0]]);
}

#[test]
fn invalid_column_selections_are_refused() {
    let text = "width,height,width\n1,2,3\n";
    for (asked, said) in [
        (&["heigth"][..], "no column \"heigth\", nearest is \"height\""),
        (&["width"], "columns 0 and 2 are both named \"width\"; select by index"),
        (&["3"], "no column 3; there are 3, numbered from 0"),
        (&["height", "1"], "column 1 is selected twice, the second time as \"1\"; a copy has no density"),
        (&[], "rows have no features"),
    ] {
        assert_eq!(refusal(text, &columns(asked)).to_string(), format!("t.csv: {said}"));
    }
    assert_eq!(
        refusal("1,2\n", &columns(&["x"])).to_string(),
        "t.csv: no header row, so no column \"x\"; select by index from 0, there are 2 columns"
    );
}

#[test]
fn invalid_utf8_is_refused_with_its_line() {
    let mut bytes = b"a,b\n".to_vec();
    // Beyond the head that is read for detection.
    bytes.extend(b"1,2\n".repeat(50_000));
    bytes.extend(b"3,\xff\n");
    let stream = |options: &TextOptions| {
        open_stream::<f64>("t.csv", Cursor::new(bytes.clone()), options).and_then(|mut rows| collect_rows(&mut *rows))
    };
    let error = stream(&TextOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: line 50002: not UTF-8 text; if it is Latin-1 or Windows-1252, give --encoding latin-1"
    );
    assert_eq!(stream(&columns(&["a"])).unwrap().nrows(), 50_001);
}

#[test]
fn an_unclosed_quote_does_not_exhaust_memory() {
    let endless = Cursor::new(b"a,b\n1,2\n3,\"".to_vec()).chain(std::io::repeat(b'x'));
    let mut rows = open_stream::<f64>("t.csv", endless, &TextOptions::default()).unwrap();
    let error = collect_rows::<f64>(&mut *rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: the record that starts on line 3 is longer than 67108864 bytes; is there an unclosed quote?"
    );
}

#[test]
fn an_endless_text_is_read_in_blocks() {
    struct Endless(Cursor<Vec<u8>>);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => {
                    self.0.set_position(0);
                    self.0.read(buffer)
                }
                got => Ok(got),
            }
        }
    }
    let mut rows =
        open_stream::<f64>("t.csv", Endless(Cursor::new(b"1,2\n3,4\n".to_vec())), &TextOptions::default()).unwrap();
    let mut block = Vec::new();
    for _ in 0..100 {
        assert_eq!(rows.read(1000, &mut block).unwrap(), 1000);
        assert_eq!(block[..4], [1.0, 2.0, 3.0, 4.0]);
    }
    assert!(block.capacity() <= 4096);
}

/// Reads all rows in blocks of two, with their names.
fn named(text: &str, options: &TextOptions) -> (Vec<f64>, Vec<String>, Option<String>) {
    let mut rows = open::<f64>(text, options).unwrap();
    let (mut values, mut ids, mut block) = (vec![], vec![], vec![]);
    while rows.read(2, &mut block).unwrap() > 0 {
        values.extend_from_slice(&block);
        ids.extend_from_slice(rows.ids());
    }
    (values, ids, rows.id_column().map(str::to_owned))
}

#[test]
fn row_names_accompany_the_rows_and_are_not_features() {
    let id = |id: &str| TextOptions { id: Some(id.to_owned()), ..TextOptions::default() };
    let text = "who,a,b\nann, 1,2\n\"bob, \"\"jr\"\"\",3,4\n 7 ,5,6\n";
    let expected = ["ann", "bob, \"jr\"", "7"].map(str::to_owned).to_vec();
    let (values, ids, name) = named(text, &id("who"));
    assert_eq!((values, ids, name.as_deref()), ((1..7).map(f64::from).collect(), expected, Some("who")));
    // Without a header row, words in the name column do not indicate one.
    let (values, ids, name) = named("1,x\n2,y\n", &id("1"));
    assert_eq!((values, ids.join(""), name.as_deref()), (vec![1.0, 2.0], "xy".to_owned(), Some("id")));
    // Not selected: no names.
    let (_, ids, name) = named("1,2\n", &TextOptions::default());
    assert!(ids.is_empty() && name.is_none());
    // Together with selected columns.
    let both = TextOptions { columns: Some(vec!["b".into()]), ..id("who") };
    assert_eq!(named(text, &both).0, [2.0, 4.0, 6.0]);

    let both = TextOptions { columns: Some(vec!["who".into(), "b".into()]), ..id("who") };
    assert!(matches!(refusal(text, &both), DataError::RepeatedColumn { column: 0, .. }));
    assert!(matches!(refusal(text, &id("whom")), DataError::UnknownColumn { nearest, .. } if nearest == "who"));
    assert!(matches!(refusal("who\nann\n", &id("who")), DataError::ZeroFeatures { .. }));
}

#[test]
fn usual_columns_are_selected_if_the_header_has_all_of_them() {
    let usual = TextOptions { usual: vec!["b".into(), "a".into()], ..TextOptions::default() };
    assert_eq!(named("a,other,b\n1,x,2\n3,y,4\n", &usual).0, [2.0, 1.0, 4.0, 3.0]);
    // Missing or repeated names, no header, or an explicit selection: the usual columns are
    // ignored.
    assert_eq!(named("a,c\n1,2\n", &usual).0, [1.0, 2.0]);
    assert_eq!(named("a,b,b\n1,2,3\n", &usual).0, [1.0, 2.0, 3.0]);
    assert_eq!(named("1,2\n", &usual).0, [1.0, 2.0]);
    let asked = TextOptions { columns: Some(vec!["a".into()]), ..usual };
    assert_eq!(named("a,other,b\n1,5,2\n", &asked).0, [1.0]);
}
