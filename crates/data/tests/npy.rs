//! `.npy` files: what is read, refused and written.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use crate::common;

use std::path::{Path, PathBuf};
use std::process::Command;

use ndarray::{Array1, Array2, array};
use pdmap_data::{DataError, Format, detect_format, read_npy, write_npy};
use tempfile::TempDir;

/// A version 1 file assembled by hand, so that reader and writer cannot share a mistake.
fn npy(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let length = (dictionary.len() + 1) as u16;
    bytes.extend(length.to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

fn dictionary(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}

fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("x.npy");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn error_of(bytes: &[u8]) -> DataError {
    let folder = TempDir::new().unwrap();
    let error = read_npy::<f64>(&file(&folder, bytes)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("x.npy") && !text.contains('\n'), "{text}");
    error
}

fn f64_bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn c_and_fortran_order_give_the_same_matrix() {
    let folder = TempDir::new().unwrap();
    let expected = array![[1.0, 2.0, 3.0], [4.0, 5.0, -6.5]];
    let c = npy(&dictionary("<f8", "False", "(2, 3)"), &f64_bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, -6.5]));
    assert_eq!(read_npy::<f64>(&file(&folder, &c)).unwrap(), expected);
    let fortran = npy(&dictionary("<f8", "True", "(2, 3)"), &f64_bytes(&[1.0, 4.0, 2.0, 5.0, 3.0, -6.5]));
    let read = read_npy::<f64>(&file(&folder, &fortran)).unwrap();
    assert_eq!(read, expected);
    assert!(read.is_standard_layout());
}

#[test]
fn both_precisions_are_read_as_either_type() {
    let folder = TempDir::new().unwrap();
    let singles: Vec<u8> = [0.1_f32, -2.5].iter().flat_map(|v| v.to_le_bytes()).collect();
    let path = file(&folder, &npy(&dictionary("<f4", "False", "(1, 2)"), &singles));
    assert_eq!(read_npy::<f32>(&path).unwrap(), array![[0.1_f32, -2.5]]);
    assert_eq!(read_npy::<f64>(&path).unwrap(), array![[f64::from(0.1_f32), -2.5]]);
    let path = file(&folder, &npy(&dictionary("<f8", "False", "(2, 1)"), &f64_bytes(&[0.1, 7.0])));
    assert_eq!(read_npy::<f32>(&path).unwrap(), array![[0.1_f32], [7.0]]);
}

#[test]
fn a_declared_trillion_rows_is_refused_by_the_file_length() {
    let bytes = npy(&dictionary("<f8", "False", "(1000000000000, 64)"), &[0; 80]);
    assert!(matches!(error_of(&bytes), DataError::Truncated { expected: 512_000_000_000_000, actual: 80, .. }));
    // A product beyond 64 bits.
    let huge = "(4611686018427387904, 4611686018427387904)";
    assert!(matches!(
        error_of(&npy(&dictionary("<f4", "True", huge), &[0; 8])),
        DataError::Truncated { actual: 8, .. }
    ));
}

#[test]
fn inconsistent_lengths_are_refused() {
    let head = dictionary("<f8", "False", "(2, 2)");
    assert!(matches!(
        error_of(&npy(&head, &f64_bytes(&[1.0, 2.0, 3.0]))),
        DataError::Truncated { expected: 32, actual: 24, .. }
    ));
    assert!(matches!(error_of(&npy(&head, &f64_bytes(&[1.0; 5]))), DataError::Trailing { expected: 32, .. }));
}

#[test]
fn other_types_and_ranks_are_reported() {
    let types = [
        ("<c16", "x.real"),
        ("|O", ".astype('<f8')"),
        ("<U3", "text as CSV"),
        ("|S8", "text as CSV"),
        ("<M8[ns]", ".astype('<i8')"),
        ("<f16", ".astype('<f8')"),
        ("|f8", ".astype('<f8')"),
        ("i4", ".astype('<f8')"),
        ("", ".astype('<f8')"),
        ("ä", ".astype('<f8')"),
    ];
    for (descr, help) in types {
        let error = error_of(&npy(&dictionary(descr, "False", "(1, 1)"), &[0; 16]));
        let text = error.to_string();
        assert!(
            text.contains("bool, integers of 8 to 64 bits or floats of 16 to 64 bits") && text.contains(help),
            "{text}"
        );
        assert!(matches!(error, DataError::WrongDtype { .. }));
    }
    for (shape, rank) in [("()", 0), ("(1, 2, 2)", 3)] {
        let bytes = npy(&dictionary("<f8", "False", shape), &f64_bytes(&[0.0; 4]));
        assert!(matches!(
            error_of(&bytes),
            DataError::WrongRank { expected: 2, actual, .. } if actual == rank
        ));
    }
}

#[test]
fn empty_arrays_are_refused() {
    let error = |shape| error_of(&npy(&dictionary("<f8", "False", shape), &[]));
    assert!(matches!(error("(0, 3)"), DataError::TooFewRows { actual: 0, .. }));
    assert!(matches!(error("(1000000000000, 0)"), DataError::ZeroFeatures { .. }));
}

#[test]
fn hostile_and_foreign_headers_are_refused() {
    assert!(matches!(error_of(b"hello, world"), DataError::BadMagic { .. }));
    assert!(matches!(error_of(b""), DataError::BadMagic { .. }));
    assert!(matches!(error_of(b"\x93NUMPY\x01\x00\xff"), DataError::Truncated { .. }));
    assert!(matches!(error_of(&npy("no dictionary", &[])), DataError::BadHeader { .. }));
    // A recursive parser would overflow its stack, which cannot be caught.
    let nested = format!("{{'shape': {}", "(".repeat(9000));
    assert!(matches!(error_of(&npy(&nested, &[])), DataError::HeaderTooDeep { actual: 9001, .. }));
    // Few brackets, but each doubles the parsing time (found by fuzzing: more than ten seconds).
    let doubling = format!("{{'descr': {}", "{ ".repeat(15));
    assert!(matches!(error_of(&npy(&doubling, &[])), DataError::HeaderTooDeep { actual: 16, .. }));
    // Version 2 with a header of 4 GiB.
    assert!(matches!(
        error_of(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}"),
        DataError::HeaderTooLong { actual: 4_294_967_295, .. }
    ));
    assert!(matches!(read_npy::<f64>(Path::new("/no/such/file.npy")), Err(DataError::NotFound { .. })));
}

#[test]
fn written_arrays_are_read_back_with_their_element_type() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("y.npy");
    let doubles = Array2::from_shape_fn((70, 33), |(i, j)| (i as f64) / 7.0 - j as f64);
    // A transposed view is written in logical order, not in memory order.
    write_npy(&path, &doubles.t()).unwrap();
    assert_eq!(read_npy::<f64>(&path).unwrap(), doubles.t());
    let singles = doubles.mapv(|v| v as f32);
    write_npy(&path, &singles).unwrap();
    assert_eq!(read_npy::<f32>(&path).unwrap(), singles);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 128 + 70 * 33 * 4);
    assert_eq!(detect_format(&path).unwrap(), Format::Npy);

    write_npy(&path, &Array1::from_vec(vec![1.0_f64, 2.0])).unwrap();
    assert_eq!(read_npy::<f64>(&path).unwrap(), array![[1.0], [2.0]]);
    // No temporary file is left behind.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_failed_write_names_the_path_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing").join("y.npy");
    let error = write_npy(&missing, &array![[1.0_f64]]).unwrap_err();
    assert!(matches!(error, DataError::NotFound { path } if path == missing));
    // A folder blocks the rename; the temporary file is removed.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("inside")).unwrap();
    assert!(write_npy(&taken, &array![[1.0_f64]]).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn numpy_agrees() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("z.npy");
    write_npy(&path, &array![[1.0_f32, 2.0], [3.0, 4.5]]).unwrap();
    let script = "import sys, numpy as n\n\
        a = n.load(sys.argv[1])\n\
        assert a.dtype == n.float32 and a.tolist() == [[1.0, 2.0], [3.0, 4.5]]\n\
        n.save(sys.argv[1], n.asfortranarray(a.astype(n.float64)))";
    let Some(python) = common::numpy() else { return };
    let status = Command::new(&python).args(["-c", script]).arg(&path).status().unwrap();
    assert!(status.success());
    assert_eq!(read_npy::<f64>(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.5]]);
}
