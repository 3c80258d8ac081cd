//! Reading in blocks: the same rows for every block size, format, precision and storage order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use crate::common;

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use common::{LosesTheRest, SwapsRowsOfABlock, blocks_agree, npy, numbers};
use ndarray::Array2;
use pdmap_data::{
    DataError, Element, Input, ReadRows, TextOptions, collect_rows, open_rows, open_stream, read_csv, read_npy,
};
use tempfile::TempDir;

/// Every kind of file that holds `numbers(rows, features)`: its name, its bytes, and whether a pipe
/// can provide it.
fn kinds(rows: usize, features: usize) -> Vec<(&'static str, Vec<u8>, bool)> {
    let csv = |delimiter: &str, end: &str| {
        let table = numbers(rows, features);
        let lines = table.rows().into_iter().map(|row| {
            let cells: Vec<String> = row.iter().map(|value| format!("{value:?}")).collect();
            cells.join(delimiter) + end
        });
        lines.collect::<String>().into_bytes()
    };
    vec![
        ("c64.npy", npy(rows, features, false, 8), true),
        ("c32.npy", npy(rows, features, false, 4), true),
        ("f64.npy", npy(rows, features, true, 8), false),
        ("f32.npy", npy(rows, features, true, 4), false),
        ("commas.csv", csv(",", "\n"), true),
        ("semicolons.csv", csv(";", "\r\n"), true),
        ("tabs.csv", csv("\t", "\r"), true),
    ]
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn open<F: Element>(path: &Path) -> Box<dyn ReadRows<F>> {
    open_rows(&Input::File(path.to_path_buf()), &TextOptions::default()).unwrap()
}

fn every_kind<F: Element + std::fmt::Debug>() {
    let folder = TempDir::new().unwrap();
    for (rows, features) in [(1, 1), (1, 5), (2, 1), (7, 3), (14, 2), (1003, 4)] {
        // Dyadic numbers are identical in both precisions.
        let expected = numbers(rows, features).mapv(|value| F::from(value).unwrap());
        for (name, bytes, streams) in kinds(rows, features) {
            let path = write(&folder, name, &bytes);
            blocks_agree(|| open::<F>(&path), &expected).unwrap_or_else(|what| panic!("{name}: {what}"));
            let whole = if name.ends_with(".npy") {
                read_npy::<F>(&path)
            } else {
                read_csv::<F>(&path, &TextOptions::default())
            };
            assert_eq!(whole.unwrap(), expected, "{name}");
            let pipe = || open_stream::<F>("a pipe", Cursor::new(bytes.clone()), &TextOptions::default());
            if streams {
                blocks_agree(|| pipe().unwrap(), &expected).unwrap_or_else(|what| panic!("{name}: {what}"));
            } else {
                let error = pipe().err().unwrap();
                assert!(matches!(error, DataError::NeedsAFile { .. }), "{error}");
                assert_eq!(
                    error.to_string(),
                    "a pipe: cannot read an array in Fortran order (its first row ends near the end of the data) from a pipe; \
                     write it to a file first"
                );
            }
        }
    }
}

#[test]
fn blocks_of_any_size_give_the_same_doubles() {
    every_kind::<f64>();
}

#[test]
fn blocks_of_any_size_give_the_same_singles() {
    every_kind::<f32>();
}

#[test]
fn readers_that_lose_or_swap_rows_are_detected() {
    let bytes = npy(15, 2, false, 8);
    let right = || open_stream::<f64>("x", Cursor::new(bytes.clone()), &TextOptions::default()).unwrap();
    let expected = numbers(15, 2);
    blocks_agree(right, &expected).unwrap();
    let loses = || Box::new(LosesTheRest(right())) as Box<dyn ReadRows<f64>>;
    assert!(blocks_agree(loses, &expected).unwrap_err().contains("blocks of 2"));
    let swaps = || Box::new(SwapsRowsOfABlock(right())) as Box<dyn ReadRows<f64>>;
    assert!(blocks_agree(swaps, &expected).is_err());
}

#[test]
fn arrays_larger_than_a_chunk_are_complete_in_both_orders() {
    // 2.4 MB: more than two conversion chunks, the last of them not full.
    let (rows, features) = (100_003, 3);
    let folder = TempDir::new().unwrap();
    for fortran in [false, true] {
        let path = write(&folder, "x.npy", &npy(rows, features, fortran, 8));
        assert_eq!(read_npy::<f64>(&path).unwrap(), numbers(rows, features), "fortran: {fortran}");
        blocks_agree(|| open::<f64>(&path), &numbers(rows, features)).unwrap();
    }
}

#[test]
fn headers_state_what_they_can() {
    let folder = TempDir::new().unwrap();
    for (name, bytes, _) in kinds(7, 3) {
        let path = write(&folder, name, &bytes);
        let rows = open::<f64>(&path);
        assert_eq!(rows.name(), path.display().to_string());
        assert_eq!(rows.features(), 3);
        assert_eq!(rows.rows(), name.ends_with(".npy").then_some(7));
        assert_eq!(rows.columns(), None);
    }
}

#[test]
fn a_pipe_that_ends_early_or_late_is_an_error_with_counts() {
    let whole = npy(5, 2, false, 8);
    let start = whole.len() - 80;
    for cut in 0..80 {
        let bytes = whole[..start + cut].to_vec();
        for limit in [1, 2, 7, usize::MAX] {
            let mut rows = open_stream::<f64>("pipe", Cursor::new(bytes.clone()), &TextOptions::default()).unwrap();
            let mut block = Vec::new();
            let error = loop {
                match rows.read(limit, &mut block) {
                    Ok(0) => panic!("{cut} of 80 bytes passed as complete"),
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert!(
                matches!(error, DataError::Truncated { expected: 80, actual, .. } if actual == cut as u128),
                "{cut} {limit}: {error}"
            );
        }
    }
    let mut long = whole;
    long.push(0);
    let mut rows = open_stream::<f64>("pipe", Cursor::new(long), &TextOptions::default()).unwrap();
    let error = collect_rows(&mut *rows).unwrap_err();
    assert!(matches!(error, DataError::Trailing { expected: 80, .. }));
    assert_eq!(error.to_string(), "pipe: more data than the 80 bytes that the header declares");
}

#[test]
fn a_pipe_that_declares_too_much_allocates_only_what_arrives() {
    for shape in ["(1000000000000, 64)", "(3, 1000000000000)", "(9223372036854775807, 9223372036854775807)"] {
        for limit in [1, 1000, usize::MAX] {
            let mut bytes = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n").into_bytes();
            let mut file = b"\x93NUMPY\x01\x00".to_vec();
            file.extend((bytes.len() as u16).to_le_bytes());
            file.append(&mut bytes);
            file.extend([0; 800]);
            let mut rows = open_stream::<f32>("pipe", Cursor::new(file), &TextOptions::default()).unwrap();
            let mut block = Vec::new();
            let error = loop {
                match rows.read(limit, &mut block) {
                    Ok(count) => assert!(count > 0),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, DataError::Truncated { actual: 800, .. }), "{shape}: {error}");
            assert!(block.capacity() <= 1000, "{shape}: {} elements were allocated", block.capacity());
        }
    }
}

#[test]
fn inputs_without_rows_are_identified() {
    let folder = TempDir::new().unwrap();
    let error = |name: &str, bytes: &[u8]| {
        let path = write(&folder, name, bytes);
        let error = open_rows::<f64>(&Input::File(path), &TextOptions::default()).err().unwrap();
        let text = error.to_string();
        assert!(text.contains(name) && !text.contains('\n'), "{text}");
        (error, text)
    };
    let (_, text) = error("x.idx", &[0, 0, 8, 3, 0, 0, 0, 1]);
    assert!(
        text.ends_with("an IDX file of images, not rows of numbers; give an .npy, .npz, CSV, Parquet or Arrow file")
    );
    assert!(error("x.wav", b"RIFF\x10\0\0\0WAVEfmt ").1.contains("a WAV file"));
    assert!(matches!(error("x.bin", &[1, 2, 3, 0xff]).0, DataError::UnknownFormat { .. }));
    let (latin, text) = error("x.latin1", b"Gr\xf6\xdfe,b\n1,2\n");
    assert!(matches!(latin, DataError::NotUtf8 { line: 1, .. }) && text.ends_with("give --encoding latin-1"), "{text}");
    assert!(matches!(error("x.empty", b"").0, DataError::TooFewRows { expected: 1, actual: 0, .. }));
    assert!(matches!(error("x.zero", &npy(0, 3, false, 8)).0, DataError::TooFewRows { actual: 0, .. }));
    let folder = Input::File(folder.path().to_path_buf());
    let error = open_rows::<f64>(&folder, &TextOptions::default()).err().unwrap();
    assert!(matches!(error, DataError::NotRows { found: "a folder", .. }));
    let missing = open_rows::<f64>(&Input::parse("/no/such/file"), &TextOptions::default()).err().unwrap();
    assert!(matches!(missing, DataError::NotFound { .. }));
}

#[test]
fn columns_and_members_of_an_array_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "x.npy", &npy(2, 2, false, 8));
    let options = TextOptions { columns: Some(vec!["0".into()]), ..TextOptions::default() };
    let error = open_rows::<f64>(&Input::File(path.clone()), &options).err().unwrap();
    assert!(
        error.to_string().ends_with("columns can be selected in CSV, Parquet and Arrow only, and this is an array")
    );
    let member = Input::File(PathBuf::from(format!("{}#a", path.display())));
    let error = open_rows::<f64>(&member, &TextOptions::default()).err().unwrap();
    assert!(matches!(&error, DataError::NotAnArchive { member, .. } if member == "a"));
    assert!(error.to_string().ends_with("x.npy: not an .npz archive, so it has no array \"a\""));
}

#[test]
fn an_interrupted_pipe_reports_the_cause() {
    /// Ends with a system error.
    struct Breaks(Cursor<Vec<u8>>);
    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::ErrorKind::ConnectionReset.into()),
                got => Ok(got),
            }
        }
    }
    for bytes in [npy(3, 2, false, 8)[..110].to_vec(), b"1,2\n3,4\n".to_vec()] {
        let error = open_stream::<f64>("pipe", Breaks(Cursor::new(bytes)), &TextOptions::default())
            .and_then(|mut rows| collect_rows(&mut *rows))
            .unwrap_err();
        assert!(
            matches!(&error, DataError::Io { source, .. } if source.kind() == std::io::ErrorKind::ConnectionReset),
            "{error}"
        );
    }
}

#[test]
fn a_limit_of_zero_reads_nothing_and_loses_nothing() {
    for (name, bytes, streams) in kinds(4, 2) {
        if streams {
            let mut rows = open_stream::<f64>(name, Cursor::new(bytes), &TextOptions::default()).unwrap();
            let mut block = vec![1.0];
            assert_eq!(rows.read(0, &mut block).unwrap(), 0);
            assert!(block.is_empty());
            let rest: Array2<f64> = collect_rows(&mut *rows).unwrap();
            assert_eq!(rest, numbers(4, 2));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_as_a_stream() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    if !common::made_pipe(&path) {
        return;
    }
    for (name, bytes, streams) in kinds(40_000, 3) {
        let writing = path.clone();
        // A reader that refuses closes the pipe, so the write may be incomplete.
        let writer = std::thread::spawn(move || std::fs::write(writing, bytes));
        let opened = open_rows::<f64>(&Input::File(path.clone()), &TextOptions::default());
        match opened {
            Ok(mut rows) => {
                assert!(streams, "{name}");
                assert_eq!(collect_rows(&mut *rows).unwrap(), numbers(40_000, 3), "{name}");
                writer.join().unwrap().unwrap();
            }
            Err(error) => {
                assert!(!streams && matches!(error, DataError::NeedsAFile { .. }), "{name}: {error}");
                let _ = writer.join().unwrap();
            }
        }
    }
}
