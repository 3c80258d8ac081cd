//! The dialects of tables: each reads to the same bits as the plain form, or is refused with the
//! flag that helps; none is misread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{Cursor, Write};

use ndarray::Array2;
use pdmap_data::{CsvHeader, DataError, IndexColumn, TextEncoding, TextOptions, TextReport, collect_rows, open_stream};

/// Rows of a table; enough for an index that counts.
const ROWS: usize = 12;

/// Numbers with signs, zeros and 3 to 6 digits behind the point; one column of integers.
fn table() -> Vec<[f64; 3]> {
    let row = |k: usize| {
        let k = k as f64;
        [(k - 4.0) * 0.123_456, 1000.5 * k + 0.25, (k * 7.0) % 12.0 - 3.0]
    };
    (0..ROWS).map(row).map(|row| row.map(|value| format!("{value:.6}").parse().unwrap())).collect()
}

/// One way to write a table.
#[derive(Clone, Copy, Debug)]
struct Written {
    delimiter: &'static str,
    decimal: char,
    header: Header,
    quoted: bool,
    line_end: &'static str,
    encoding: Encoding,
    index: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Header {
    Words,
    None,
    /// `0`, `1`, `2`, as pandas writes without names.
    Numbers,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16Le,
    Utf16Be,
    Gzip,
}

impl Written {
    fn bytes(&self) -> Vec<u8> {
        let quote = |text: String| if self.quoted { format!("\"{text}\"") } else { text };
        let number = |value: f64| quote(value.to_string().replace('.', &self.decimal.to_string()));
        let mut lines = Vec::new();
        let mut line = |first: Option<String>, cells: [String; 3]| {
            let cells: Vec<String> = first.filter(|_| self.index).into_iter().chain(cells).collect();
            lines.push(cells.join(self.delimiter));
        };
        match self.header {
            Header::None => {}
            Header::Words => line(Some(quote(String::new())), ["größe", "b", "c"].map(|name| quote(name.to_owned()))),
            Header::Numbers => line(Some(quote(String::new())), ["0", "1", "2"].map(|name| quote(name.to_owned()))),
        }
        for (k, row) in table().into_iter().enumerate() {
            line(Some(quote(k.to_string())), row.map(number));
        }
        let text = lines.join(self.line_end) + self.line_end;
        match self.encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Utf8WithMark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Encoding::Utf16Le => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Encoding::Gzip => gzip(text.as_bytes()),
        }
    }

    /// The flag that the refusal must name, for the forms that allow more than one reading.
    fn refused(&self) -> Option<&'static str> {
        match self {
            // Integers above numbers: names, or a row.
            Self { header: Header::Numbers, index: false, .. } => Some("--header yes"),
            _ => None,
        }
    }

    /// Forms that no program can write: a decimal comma that also delimits, an index without a
    /// header, and names that blanks would drop.
    fn exists(&self) -> bool {
        let two_commas = self.delimiter == "," && self.decimal == ',' && !self.quoted;
        let bare_index = self.index && self.header == Header::None;
        let lost_name = self.index && self.delimiter == "  " && !self.quoted;
        !two_commas && !bare_index && !lost_name
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: Vec<u8>, options: &TextOptions) -> Result<(Array2<f64>, TextReport), DataError> {
    let mut rows = open_stream::<f64>("t.csv", Cursor::new(bytes), options)?;
    let report = rows.text_report().expect("a report").clone();
    collect_rows(&mut *rows).map(|rows| (rows, report))
}

fn plain() -> Array2<f64> {
    Array2::from(table())
}

fn all() -> Vec<Written> {
    let mut all = Vec::new();
    for delimiter in [",", ";", "\t", "|", "  "] {
        for decimal in ['.', ','] {
            for header in [Header::Words, Header::None, Header::Numbers] {
                for quoted in [false, true] {
                    for line_end in ["\n", "\r\n", "\r"] {
                        for encoding in [
                            Encoding::Utf8,
                            Encoding::Utf8WithMark,
                            Encoding::Utf16Le,
                            Encoding::Utf16Be,
                            Encoding::Gzip,
                        ] {
                            for index in [false, true] {
                                // Numbers as names without an index are one form among many: as
                                // plain text only.
                                let rare = header == Header::Numbers && !index;
                                if !(rare && (encoding != Encoding::Utf8 || quoted)) {
                                    all.push(Written { delimiter, decimal, header, quoted, line_end, encoding, index });
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    all.retain(Written::exists);
    all
}

#[test]
fn every_dialect_reads_to_the_same_bits_or_is_refused_with_a_flag() {
    let (all, expected) = (all(), plain());
    assert!(all.len() >= 200, "{}", all.len());
    let mut refused = 0;
    for written in &all {
        match (read(written.bytes(), &TextOptions::default()), written.refused()) {
            (Ok((rows, report)), None) => {
                let bits = |rows: &Array2<f64>| rows.mapv(f64::to_bits);
                assert_eq!(bits(&rows), bits(&expected), "{written:?}\n{report}");
                let header = (written.header != Header::None).then_some(1);
                assert_eq!((report.header_line, report.decimal), (header, written.decimal), "{written:?}");
                assert_eq!(report.index.len(), usize::from(written.index), "{written:?}");
            }
            (Err(error), Some(flag)) => {
                assert!(error.to_string().contains(flag), "{written:?}: {error}");
                refused += 1;
            }
            (Ok((rows, report)), Some(_)) => panic!("{written:?}: read as {report}\n{rows}"),
            (Err(error), None) => panic!("{written:?}: {error}"),
        }
    }
    assert!(refused > 0 && refused * 10 <= all.len(), "{refused} of {} refused", all.len());
}

#[test]
fn single_precision_and_zstd_agree_too() {
    let text: String = table().iter().map(|row| format!("{};{};{}\n", row[0], row[1], row[2])).collect();
    let frame = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let (rows, report) = read(frame, &TextOptions::default()).unwrap();
    assert_eq!(rows, plain());
    assert_eq!(report.to_string(), "columns: 3 (delimiter ';', decimal '.', no header, zstd)");
    let mut rows = open_stream::<f32>("t.csv", Cursor::new(gzip(text.as_bytes())), &TextOptions::default()).unwrap();
    assert_eq!(collect_rows(&mut *rows).unwrap(), plain().mapv(|value| value as f32));
    // Damage is found, and compressed binary data are not text.
    let mut damaged = gzip(text.as_bytes());
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    assert!(matches!(read(damaged, &TextOptions::default()), Err(DataError::Io { .. })));
    assert!(matches!(read(gzip(&[0, 1, 2]), &TextOptions::default()), Err(DataError::UnknownFormat { .. })));
}

#[test]
fn a_decompression_bomb_is_read_in_blocks() {
    // 32 MB of rows in a few kilobytes, and a line without an end.
    let rows = gzip(&b"1,2.5\n".repeat(5 << 20));
    assert!(rows.len() < 100_000);
    let mut reader = open_stream::<f64>("t.csv", Cursor::new(rows), &TextOptions::default()).unwrap();
    let (mut block, mut count) = (Vec::new(), 0);
    loop {
        match reader.read(1000, &mut block).unwrap() {
            0 => break,
            more => count += more,
        }
        assert!(block.capacity() <= 4096);
    }
    assert_eq!(count, 5 << 20);
    let endless = gzip(&[b"1,\"".to_vec(), vec![b'7'; 70 << 20]].concat());
    let error = read(endless, &TextOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::RecordTooLong { .. }), "{error}");
}

#[test]
fn every_form_says_what_was_done() {
    let read = |text: &str, options: &TextOptions| {
        read(text.as_bytes().to_vec(), options).map(|(rows, report)| (rows.into_raw_vec_and_offset().0, report.notes()))
    };
    let default = TextOptions::default();
    for (text, numbers, notes) in [
        (
            "# made by x\n# 2024\na,b\n1,2\n3,4.5\n",
            &[1.0, 2.0, 3.0, 4.5][..],
            &["columns: 2 (delimiter ',', decimal '.', header on line 3)", "comments: 2 line(s) above the table"][..],
        ),
        (
            "# a b\n1.0 2.0\n3.0 4.5\n",
            &[1.0, 2.0, 3.0, 4.5],
            &["columns: 2 (delimiter: blanks, decimal '.', header on line 1)", "comments: 1 line(s) above the table"],
        ),
        ("sep=;\na;b\n1,5;2\n", &[1.5, 2.0], &["columns: 2 (delimiter ';', decimal ',', header on line 2)"]),
        (
            "a;b\n1.234,5;2\n-12,5;3\n",
            &[1234.5, 2.0, -12.5, 3.0],
            &["columns: 2 (delimiter ';', decimal ',', thousands '.', header on line 1)"],
        ),
        (
            "a,b\n\"1,234,567\",2\n\"12,345\",3\n",
            &[1_234_567.0, 2.0, 12345.0, 3.0],
            &["columns: 2 (delimiter ',', decimal '.', thousands ',', header on line 1)"],
        ),
        (
            "when,x\n1970-01-02,1\n1970-01-01 00:00:30,2\n",
            &[86400.0, 1.0, 30.0, 2.0],
            &[
                "columns: 2 (delimiter ',', decimal '.', header on line 1)",
                "dates: column 0 (\"when\"), read as seconds since 1970-01-01 UTC",
            ],
        ),
        (
            "Unnamed: 0,x,\n0,1.5,\n1,2.5,\n",
            &[1.5, 2.5],
            &[
                "columns: 1 (delimiter ',', decimal '.', header on line 1)",
                "left out: column 0 (\"Unnamed: 0\"), the index of the rows (--index yes: row names; no: a feature)",
                "left out: column 2, empty and unnamed",
            ],
        ),
        (
            "1,2\n3,4\n",
            &[1.0, 2.0, 3.0, 4.0],
            &[
                "columns: 2 (delimiter ',', decimal '.', no header)",
                "read as two columns; if the comma is a decimal point, give --decimal ,",
            ],
        ),
    ] {
        let found = read(text, &default).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(found, (numbers.to_vec(), notes.iter().map(|&note| note.to_owned()).collect()), "{text:?}");
    }
    let skip = TextOptions { skip: 2, ..TextOptions::default() };
    let (numbers, notes) = read("Title\n\na,b\n1,2\n", &skip).unwrap();
    assert_eq!((numbers, notes[1].as_str()), (vec![1.0, 2.0], "skipped: 2 line(s) above the table"));
}

#[test]
fn doubtful_forms_are_refused_with_the_flag_that_decides() {
    let says = |text: &str, options: &TextOptions| {
        let error = read(text.as_bytes().to_vec(), options).expect_err(text).to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    for (text, flags) in [
        ("11,356\n9,851\n6,027\n", &["--decimal ,", "--delimiter ,"][..]),
        ("x\n1,5\n2,5\n", &["--decimal ,", "--delimiter ,"]),
        ("a;b\n1,234;2\n5,678;3\n", &["--decimal ,", "--thousands ,"]),
        ("2019,2020,2021\n1.5,2.5,3\n2.5,1.5,4\n", &["--header yes", "--header no"]),
        ("ada,2\nbob,4\n", &["--header yes", "--header no"]),
        (",x\n17,1.5\n3,2.5\n", &["--index yes", "--index no"]),
        (",x\n2024-01-01,1.5\n2024-01-02,2.5\n", &["--index yes", "--index no"]),
        ("Title\na,b\n1,2\n3,4\n", &["--skip"]),
        ("a,b\n1,2\n#3,4\n", &["--comment '#'"]),
        ("a;b\n1.5;2\n3,5;4\n", &["--decimal ,"]),
    ] {
        let error = says(text, &TextOptions::default());
        assert!(flags.iter().all(|flag| error.contains(flag)), "{text:?}: {error}");
    }
    // What the head of the file promised is checked to its end.
    let index: String = (0..50_000).map(|k| format!("{k},{k}.5\n")).collect();
    let error = says(&format!(",x\n{index}7,1\n"), &TextOptions::default());
    assert!(error.contains("line 50002 (row 50000)") && error.contains("expected 50000"), "{error}");
    let empty = "1.5,2,\n".repeat(50_000);
    let error = says(&format!("{empty}1,2,3\n"), &TextOptions::default());
    assert!(error.contains("line 50001 (row 50000), column 2: \"3\""), "{error}");
    let error = says("when\n2024-01-01\n5\n", &TextOptions::default());
    assert!(error.contains("\"5\" is not a date"), "{error}");
    assert!(says("a\n1\n", &TextOptions { skip: 9, ..TextOptions::default() }).contains("cannot skip 9 lines"));
}

#[test]
fn the_flags_decide() {
    let default = TextOptions::default;
    for (text, options, expected) in [
        ("11,356\n9,851\n", TextOptions { decimal: Some(','), ..default() }, &[11.356, 9.851][..]),
        ("11,356\n9,851\n", TextOptions { thousands: Some(','), ..default() }, &[11356.0, 9851.0]),
        ("11,356\n9,851\n", TextOptions { decimal: Some('.'), ..default() }, &[11.0, 356.0, 9.0, 851.0]),
        ("1 234\n5 678\n", TextOptions { thousands: Some(' '), ..default() }, &[1234.0, 5678.0]),
        ("a;b\n1,234;2\n", TextOptions { decimal: Some(','), ..default() }, &[1.234, 2.0]),
        ("2019,2020\n1.5,2.5\n", TextOptions { header: CsvHeader::Yes, ..default() }, &[1.5, 2.5]),
        (
            "1,2\n1.5,2.5\n3.5,4.5\n",
            TextOptions { header: CsvHeader::No, ..default() },
            &[1.0, 2.0, 1.5, 2.5, 3.5, 4.5],
        ),
        (",x\n17,1.5\n3,2.5\n", TextOptions { index: IndexColumn::No, ..default() }, &[17.0, 1.5, 3.0, 2.5]),
        (",x\n17,1.5\n3,2.5\n", TextOptions { index: IndexColumn::Yes, ..default() }, &[1.5, 2.5]),
        ("a,b\n1,2\n%3,4\n5,6\n", TextOptions { comment: Some(b'%'), ..default() }, &[1.0, 2.0, 5.0, 6.0]),
        ("a,b,c\n1,2,3,\n4,5,6,\n", default(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("#,x\n0,5\n1,6\n", default(), &[5.0, 6.0]),
    ] {
        let (rows, _) = read(text.as_bytes().to_vec(), &options).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(rows.into_raw_vec_and_offset().0, expected, "{text:?}");
    }
    let latin = b"gr\xf6\xdfe;b\n1;2\n".to_vec();
    assert!(matches!(read(latin.clone(), &default()), Err(DataError::NotUtf8 { line: 1, .. })));
    let (_, report) = read(latin, &TextOptions { encoding: TextEncoding::Latin1, ..default() }).unwrap();
    assert_eq!((report.columns[0].name.as_deref(), report.encoding), (Some("größe"), "Latin-1"));
    // Lines count comments and skipped lines.
    let options = TextOptions { skip: 1, comment: Some(b'%'), ..default() };
    let error = read(b"t\n% c\na,b\n1,2\n% d\n3,x\n".to_vec(), &options).unwrap_err();
    assert!(error.to_string().contains("line 6 (row 1)"), "{error}");
    // Row names of an index accompany the rows.
    let options = TextOptions { index: IndexColumn::Yes, ..default() };
    let text = Cursor::new(b",x\nann,1.5\nbob,2.5\n");
    let mut rows = open_stream::<f64>("t.csv", text, &options).unwrap();
    rows.read(2, &mut Vec::new()).unwrap();
    assert_eq!((rows.ids(), rows.id_column()), (&["ann".to_owned(), "bob".to_owned()][..], Some("id")));
}
