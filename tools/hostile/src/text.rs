//! CSV.

use std::io::{Cursor, Write};

use flate2::write::GzEncoder;
use pdmap_data::{
    CsvHeader, IndexColumn, TextEncoding, TextOptions, open_stream, read_categories, read_csv, read_labels,
    read_numbers,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::scratch::with_scratch;

pub(crate) fn csv(bytes: &[u8]) {
    // One of three option sets for each text.
    let options = match bytes.len() % 3 {
        0 => TextOptions::default(),
        1 => TextOptions {
            header: CsvHeader::Yes,
            columns: Some(vec!["x".to_owned(), "1".to_owned()]),
            ..TextOptions::default()
        },
        _ => TextOptions {
            header: CsvHeader::No,
            delimiter: Some(b';'),
            // The seeds for this option set contain only numbers, which can also serve as names.
            id: bytes.len().is_multiple_of(2).then(|| "0".to_owned()),
            ..TextOptions::default()
        },
    };
    with_scratch!("rows.csv", |scratch| {
        let path = scratch.holding(bytes).to_owned();
        let whole = read_csv::<f32>(&path, &options);
        let streamed = open_stream::<f32>("a stream", Cursor::new(bytes.to_vec()), &options)
            .and_then(|mut rows| pdmap_data::collect_rows(&mut *rows));
        match (whole, streamed) {
            (Ok(whole), Ok(streamed)) => assert_eq!(whole, streamed, "a stream gives other rows"),
            (Err(_), Err(_)) => {}
            // A float array also gives rows, but is not text.
            (Err(_), Ok(_)) if bytes.starts_with(b"\x93NUMPY") => {}
            (whole, streamed) => panic!("as a file {whole:?}, as a stream {streamed:?}"),
        }
        let _ = read_numbers(&path);
    });
}

/// How a text is read: four bytes before it choose the options and how it is compressed.
pub(crate) fn dialects(bytes: &[u8]) {
    let Some((&[structure, numbers, lines, columns], text)) = bytes.split_first_chunk::<4>() else { return };
    let one_of = |choice: u8, of: &[u8]| of.get(usize::from(choice) % (of.len() + 1)).copied();
    let options = TextOptions {
        header: [CsvHeader::Auto, CsvHeader::Yes, CsvHeader::No][usize::from(structure) % 3],
        index: [IndexColumn::Auto, IndexColumn::Yes, IndexColumn::No][usize::from(structure / 3) % 3],
        delimiter: one_of(structure / 9, b",;\t| :\"\n\xff"),
        decimal: one_of(numbers, b".,x").map(char::from),
        thousands: one_of(numbers / 4, b",.'_ x").map(char::from),
        comment: one_of(lines, b"#;%1\"").filter(|_| lines & 0x40 == 0),
        skip: usize::from(lines >> 4 & 3),
        encoding: if lines & 0x80 == 0 { TextEncoding::Utf8 } else { TextEncoding::Latin1 },
        columns: (columns & 3 == 1).then(|| vec!["b".to_owned(), "0".to_owned()]),
        id: (columns & 0xc == 4).then(|| "a".to_owned()),
        missing: columns & 0x20 != 0,
        categories: if columns & 0x40 == 0 { vec![] } else { vec!["1".to_owned()] },
        usual: if columns & 0x10 == 0 { vec![] } else { vec!["b".to_owned(), "a".to_owned()] },
    };
    // Compressed here: a checksum would otherwise reject mutated bytes.
    let stored = match columns >> 6 {
        2 => {
            let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text).and_then(|()| packed.finish()).expect("memory takes all bytes")
        }
        3 => compress_to_vec(text, CompressionLevel::Fastest),
        _ => text.to_vec(),
    };
    with_scratch!("dialect.csv", |scratch| {
        let path = scratch.holding(&stored).to_owned();
        let whole = read_csv::<f64>(&path, &options);
        let streamed = open_stream::<f64>("a stream", Cursor::new(stored.clone()), &options)
            .and_then(|mut rows| pdmap_data::collect_rows(&mut *rows));
        match (whole, streamed) {
            (Ok(whole), Ok(streamed)) => assert_eq!(whole, streamed, "a stream gives other rows"),
            (Err(_), Err(_)) => {}
            // Other formats give rows, too, but are not text.
            (Err(_), Ok(_)) if [&b"\x93NUMPY"[..], b"\xff\xff\xff\xff"].iter().any(|m| stored.starts_with(m)) => {}
            (whole, streamed) => panic!("as a file {whole:?}, as a stream {streamed:?}"),
        }
        if columns & 0x20 != 0 {
            let _ = read_labels(&path, &options);
        }
        if !options.categories.is_empty() {
            let _ = read_categories(&path, &options);
        }
    });
}
