//! CSV.

use std::io::Cursor;

use pdmap_data::{CsvHeader, TextOptions, open_stream, read_csv, read_numbers};

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
