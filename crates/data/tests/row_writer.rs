//! Writing rows in blocks: round trips, and no trace of unfinished files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use crate::common;

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use common::numbers;
use pdmap_data::{
    DataError, Element, Input, Output, RowFormat, RowShape, RowWriter, TextOptions, open_rows, read_csv, read_npy,
};
use tempfile::TempDir;

const MATRIX: RowShape = RowShape::Matrix { features: 3 };

/// A stream whose bytes can be inspected.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn entries(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}

fn file<F: Element>(path: &Path, format: RowFormat, rows: Option<u64>) -> Result<RowWriter<F>, DataError> {
    RowWriter::create(&Output::File(path.to_path_buf()), format, MATRIX, rows, None)
}

fn written_is_read<F: Element + std::fmt::Debug>() {
    let folder = TempDir::new().unwrap();
    for rows in [0, 1, 2, 7, 30_001] {
        // Not dyadic, so every bit matters.
        let table = numbers(rows, 3).mapv(|value| F::from(value / 7.0).unwrap());
        let values = table.as_slice().unwrap();
        for (format, announced, block) in [
            (RowFormat::Npy, true, 1),
            (RowFormat::Npy, false, 2),
            (RowFormat::Npy, false, 100_000),
            (RowFormat::Csv, true, 5),
            (RowFormat::Csv, false, 100_000),
        ] {
            let path = folder.path().join("out");
            let announced = announced.then_some(rows as u64);
            let shared = Shared::default();
            let stream = Box::new(shared.clone());
            let mut to_stream = RowWriter::<F>::to_stream("stream", stream, format, MATRIX, announced, None).unwrap();
            let mut to_file = file::<F>(&path, format, announced).unwrap();
            for block in values.chunks(3 * block) {
                to_file.write(block).unwrap();
                to_stream.write(block).unwrap();
            }
            assert_eq!(to_file.finish().unwrap(), rows as u64);
            assert_eq!(to_stream.finish().unwrap(), rows as u64);
            let bytes = std::fs::read(&path).unwrap();
            assert!(*shared.0.lock().unwrap() == bytes, "the stream differs from the file");
            let read = match format {
                RowFormat::Npy => read_npy::<F>(&path),
                RowFormat::Csv => read_csv::<F>(&path, &TextOptions::default()),
            };
            match read {
                Ok(read) => assert!(read == table, "{rows} {format:?} {announced:?}"),
                Err(DataError::TooFewRows { .. }) => assert_eq!(rows, 0),
                Err(error) => panic!("{error}"),
            }
            if format == RowFormat::Npy {
                assert_eq!(bytes.len(), 128 + rows * 3 * size_of::<F>());
            }
        }
    }
    assert_eq!(entries(&folder), 1);
}

#[test]
fn doubles_are_read_back_bit_for_bit() {
    written_is_read::<f64>();
}

#[test]
fn singles_are_read_back_bit_for_bit() {
    written_is_read::<f32>();
}

#[test]
fn numbers_of_any_magnitude_keep_their_bits_in_csv() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.csv");
    let doubles = [f64::MAX, f64::MIN_POSITIVE, 5e-324, 0.1 + 0.2, -1e16, 1e-7];
    let mut writer = file::<f64>(&path, RowFormat::Csv, None).unwrap();
    writer.write(&doubles).unwrap();
    writer.finish().unwrap();
    let read = read_csv::<f64>(&path, &TextOptions::default()).unwrap();
    assert_eq!(read.as_slice().unwrap(), doubles);
    let singles = [f32::MAX, 1e-45, 0.1, 16_777_217.0, -3.402_823e38, 1.0 / 3.0];
    let mut writer = file::<f32>(&path, RowFormat::Csv, None).unwrap();
    writer.write(&singles).unwrap();
    writer.finish().unwrap();
    assert_eq!(read_csv::<f32>(&path, &TextOptions::default()).unwrap().as_slice().unwrap(), singles);
    // Shortest digits: not those of the double nearest to a tenth in single precision.
    assert!(std::fs::read_to_string(&path).unwrap().contains(",0.1\n"));
}

#[test]
fn names_become_a_quoted_header() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.csv");
    let output = Output::File(path.clone());
    let names = ["a".to_owned(), "b, \"c\"".to_owned(), "d".to_owned()];
    let mut writer = RowWriter::create(&output, RowFormat::Csv, MATRIX, None, Some(&names)).unwrap();
    writer.write(&[1.0, 2.5, -3.0]).unwrap();
    writer.finish().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a,\"b, \"\"c\"\"\",d\n1.0,2.5,-3.0\n");
    let error = RowWriter::<f64>::create(&output, RowFormat::Csv, RowShape::Vector, None, Some(&names)).unwrap_err();
    assert!(error.to_string().ends_with("x.csv: 3 features, expected 1"));
    let none = RowShape::Matrix { features: 0 };
    let error = RowWriter::<f64>::create(&output, RowFormat::Npy, none, None, None).unwrap_err();
    assert!(matches!(error, DataError::ZeroFeatures { .. }));
}

#[test]
fn a_vector_has_rank_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.npy");
    for rows in [None, Some(2)] {
        let output = Output::File(path.clone());
        let mut writer = RowWriter::create(&output, RowFormat::Npy, RowShape::Vector, rows, None).unwrap();
        writer.write(&[1.5_f32]).unwrap();
        writer.write(&[f32::NEG_INFINITY]).unwrap();
        writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (dictionary, data) = common::npy_parts(&bytes);
        assert_eq!(dictionary, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
        assert_eq!(data, [1.5_f32.to_le_bytes(), f32::NEG_INFINITY.to_le_bytes()].concat());
    }
}

/// Reads [`numbers`] of three features without the reader of the crate.
fn agrees(bytes: &[u8], rows: usize) {
    let (dictionary, data) = common::npy_parts(bytes);
    assert_eq!(dictionary, format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, 3), }}"));
    let expected: Vec<u8> = numbers(rows, 3).iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(data, expected);
}

#[test]
fn another_reader_agrees() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.npy");
    let mut writer = file::<f64>(&path, RowFormat::Npy, None).unwrap();
    writer.write(numbers(5, 3).as_slice().unwrap()).unwrap();
    writer.finish().unwrap();
    agrees(&std::fs::read(&path).unwrap(), 5);
}

#[test]
fn an_unfinished_writer_leaves_nothing_and_keeps_the_old_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.npy");
    std::fs::write(&path, "old").unwrap();
    for rows in [None, Some(9)] {
        let mut writer = file::<f64>(&path, RowFormat::Npy, rows).unwrap();
        writer.write(&[0.0; 30_000][..27]).unwrap();
        assert_eq!(entries(&folder), 2, "the temporary file exists");
        drop(writer);
    }
    let mut writer = file::<f64>(&path, RowFormat::Npy, Some(2)).unwrap();
    writer.write(&[0.0; 3]).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(error.to_string().ends_with("x.npy: 1 row(s) to write, 2 announced"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(entries(&folder), 1);
}

#[test]
fn incomplete_rows_are_refused_before_anything_is_written() {
    let shared = Shared::default();
    let stream = Box::new(shared.clone());
    let mut writer = RowWriter::<f64>::to_stream("s", stream, RowFormat::Csv, MATRIX, Some(1), None).unwrap();
    assert_eq!(writer.write(&[1.0; 4]).unwrap_err().to_string(), "s: 4 numbers are not whole rows of 3 features");
    assert!(matches!(writer.write(&[1.0; 6]), Err(DataError::RowCount { expected: 1, actual: 2, .. })));
    writer.write(&[1.0; 3]).unwrap();
    assert_eq!(writer.finish().unwrap(), 1);
    assert_eq!(*shared.0.lock().unwrap(), b"1.0,1.0,1.0\n");
}

#[test]
fn a_closed_pipe_is_reported_as_broken_pipe() {
    /// A stream without a reader.
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for (format, rows) in [(RowFormat::Npy, Some(1)), (RowFormat::Npy, None), (RowFormat::Csv, None)] {
        let mut writer = RowWriter::<f64>::to_stream("s", Box::new(Closed), format, MATRIX, rows, None).unwrap();
        let error = writer.write(&[1.0; 3]).and_then(|()| writer.finish()).unwrap_err();
        assert!(matches!(&error, DataError::Io { source, .. } if source.kind() == ErrorKind::BrokenPipe), "{error}");
    }
}

#[test]
fn unwritable_paths_are_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("none").join("x.npy");
    assert!(matches!(file::<f64>(&missing, RowFormat::Npy, None), Err(DataError::NotFound { .. })));
    let error = file::<f64>(folder.path(), RowFormat::Npy, None).unwrap_err();
    assert!(matches!(error, DataError::Io { source, .. } if source.kind() == ErrorKind::IsADirectory));
    assert_eq!(Output::parse("-"), Output::Stdout);
    assert_eq!(Output::parse("x.npy").to_string(), "x.npy");
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_written_to_and_not_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    if !common::made_pipe(&path) {
        return;
    }
    let reading = path.clone();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(reading).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut writer = file::<f64>(&path, RowFormat::Npy, None).unwrap();
    writer.write(numbers(4, 3).as_slice().unwrap()).unwrap();
    writer.finish().unwrap();
    agrees(&reader.join().unwrap(), 4);
    assert!(!std::fs::metadata(&path).unwrap().is_file());
}

#[test]
fn numpy_reads_the_written_file() {
    let Some(python) = common::numpy() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.npy");
    for rows in [None, Some(2)] {
        let mut writer = file::<f32>(&path, RowFormat::Npy, rows).unwrap();
        writer.write(&[1.0, 2.0, 3.0, 4.5, 5.0, 6.0]).unwrap();
        writer.finish().unwrap();
        let script = "import sys, numpy as n\n\
            a = n.load(sys.argv[1])\n\
            assert a.dtype == n.float32 and a.tolist() == [[1.0, 2.0, 3.0], [4.5, 5.0, 6.0]]";
        assert!(Command::new(&python).args(["-c", script]).arg(&path).status().unwrap().success());
    }
}

#[test]
fn rows_follow_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let labels = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>();
    let names = labels(&["who", "a", "b"]);
    let shape = RowShape::Matrix { features: 2 };
    let mut writer = RowWriter::<f64>::create_labelled(&Output::File(path.clone()), shape, Some(&names)).unwrap();
    writer.write_labelled(&labels(&["ann", "bob, \"jr\""]), &[1.5, -0.0, 1e300, 2.0]).unwrap();
    writer.write_labelled(&labels(&["line\nbreak"]), &[0.1, 3.0]).unwrap();
    for wrong in [labels(&[]), labels(&["one", "two"])] {
        let error = writer.write_labelled(&wrong, &[1.0, 2.0]).unwrap_err();
        assert!(matches!(error, DataError::RowCount { expected: 1, .. }), "{error}");
    }
    assert_eq!(writer.finish().unwrap(), 3);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "who,a,b\nann,1.5,-0.0\n\"bob, \"\"jr\"\"\",1e300,2.0\n\"line\nbreak\",0.1,3.0\n");
    // Reading returns the same names and rows.
    let options = TextOptions { id: Some("who".into()), ..TextOptions::default() };
    let mut rows = open_rows::<f64>(&Input::File(path), &options).unwrap();
    let mut block = vec![];
    assert_eq!(rows.read(9, &mut block).unwrap(), 3);
    assert_eq!((rows.ids()[2].as_str(), &block[2..4]), ("line\nbreak", &[1e300, 2.0][..]));

    let few = RowWriter::<f64>::create_labelled(&Output::Stdout, shape, Some(&names[1..])).unwrap_err();
    assert!(matches!(few, DataError::FeatureMismatch { expected: 3, actual: 2, .. }), "{few}");
    // A writer created without names accepts none.
    let output = Output::File(folder.path().join("y.csv"));
    let mut plain = RowWriter::<f64>::create(&output, RowFormat::Csv, shape, None, None).unwrap();
    assert!(plain.write_labelled(&labels(&["ann"]), &[1.0, 2.0]).is_err());
}
