//! Damaged Parquet files.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crate::columns::{Stored, Table, floats, parquet, ways};
use crate::common::numbers;

use pdmap_data::{TextOptions, collect_named_rows};

fn columns(names: &[&str]) -> TextOptions {
    let columns = Some(names.iter().map(|&name| name.to_owned()).collect());
    TextOptions { columns, ..TextOptions::default() }
}

/// Files cut at each byte, and with each byte replaced.
#[test]
fn damaged_files_give_errors_and_never_panic() {
    let table = numbers(9, 3);
    let names = ["a", "bb", "ccc", "dddd", "a", "bb", "ccc", "dddd", "a"];
    // One way of each codec, in turn with and without dictionaries, and in both versions of pages.
    for (way, properties) in ways().into_iter().step_by(5) {
        let mut group = floats(&table);
        group[1] = Stored::F64(vec![0.5; 8]).optional(&[1, 1, 1, 0, 1, 1, 1, 1, 1]);
        group.push(Stored::text(&names));
        let schema = "required double a; optional double b; required double c; required binary who (STRING);";
        let bytes = parquet(schema, properties, &[group]);
        let file = Table::of(&bytes);
        let options = TextOptions { id: Some("who".to_owned()), ..columns(&["a", "c"]) };
        let whole = collect_named_rows(&mut *file.open::<f64>(&options).unwrap()).unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&file.path, bytes).unwrap();
            let every = TextOptions { id: Some("who".to_owned()), ..TextOptions::default() };
            let _ = file.open::<f64>(&every).and_then(|mut rows| collect_named_rows(&mut *rows));
            file.open::<f64>(&options).and_then(|mut rows| collect_named_rows(&mut *rows))
        };
        for length in 0..bytes.len() {
            let error = read(&bytes[..length]).unwrap_err();
            assert!(error.to_string().contains("x.parquet") || length == 0, "{way}, {length} bytes: {error}");
        }
        for at in 0..bytes.len() {
            let replaced = if at % 2 == 0 { 0xff } else { bytes[at] ^ 1 };
            let mut damaged = bytes.clone();
            damaged[at] = replaced;
            // Values may differ; a shape may not.
            if let Ok((rows, ids)) = read(&damaged) {
                assert_eq!((rows.dim(), ids.len()), (whole.0.dim(), whole.1.len()), "{way}, byte {at}");
            }
        }
    }
}
