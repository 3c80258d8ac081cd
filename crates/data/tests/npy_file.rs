//! Random access to the rows of a file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use crate::common;

use std::path::PathBuf;

use common::{npy, numbers};
use ndarray::{Axis, Slice};
use pdmap_data::{DataError, Element, NpyFile};
use tempfile::TempDir;

fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("x.npy");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn every_part<F: Element + std::fmt::Debug>(size: usize) {
    let folder = TempDir::new().unwrap();
    let rows = 13;
    let expected = numbers(rows, 3).mapv(|value| F::from(value).unwrap());
    let open = NpyFile::open(&file(&folder, &npy(rows, 3, false, size))).unwrap();
    assert_eq!((open.rows(), open.features()), (13, 3));
    for first in 0..=rows {
        for count in 0..=rows - first {
            let mut out = vec![F::nan(); count * 3];
            open.read_at(first as u64, &mut out).unwrap();
            let part = expected.slice_axis(Axis(0), Slice::from(first..first + count));
            assert_eq!(out, part.iter().copied().collect::<Vec<F>>(), "{first} {count}");
        }
    }
}

#[test]
fn every_range_of_rows_is_read_in_both_precisions() {
    every_part::<f64>(8);
    every_part::<f64>(4);
    every_part::<f32>(8);
    every_part::<f32>(4);
}

#[test]
fn ranges_longer_than_a_chunk_are_complete() {
    let folder = TempDir::new().unwrap();
    let open = NpyFile::open(&file(&folder, &npy(100_003, 3, false, 8))).unwrap();
    let mut out = vec![0.0; 100_001 * 3];
    open.read_at(1, &mut out).unwrap();
    assert!(numbers(100_003, 3).slice_axis(Axis(0), Slice::from(1..100_002)).iter().eq(&out));
}

#[test]
fn threads_do_not_interfere() {
    let folder = TempDir::new().unwrap();
    let open = NpyFile::open(&file(&folder, &npy(500, 2, false, 8))).unwrap();
    let expected = numbers(500, 2);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (open, expected) = (&open, &expected);
            scope.spawn(move || {
                for step in 0..2000 {
                    let row = (step * 37 + thread * 101) % 500;
                    let mut out = [0.0; 2];
                    open.read_at(row as u64, &mut out).unwrap();
                    assert_eq!(out.as_slice(), expected.row(row).as_slice().unwrap());
                }
            });
        }
    });
}

#[test]
fn rows_out_of_range_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &npy(5, 3, false, 8));
    let open = NpyFile::open(&path).unwrap();
    let error = |first, count: usize| open.read_at(first, &mut vec![0.0; count]).unwrap_err();
    assert!(error(4, 6).to_string().ends_with("x.npy: rows 4..6 requested, the file has 5"));
    assert!(matches!(error(6, 0), DataError::RowsOutOfRange { .. }));
    assert!(error(u64::MAX, 3).to_string().contains("rows 18446744073709551615..18446744073709551616"));
    assert!(matches!(error(0, 4), DataError::PartialRow { features: 3, values: 4, .. }));
    // Shortened after opening.
    let shorter = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    shorter.set_len(std::fs::metadata(&path).unwrap().len() - 24).unwrap();
    open.read_at(0, &mut [0.0; 12]).unwrap();
    assert!(matches!(error(3, 6), DataError::Truncated { expected: 120, .. }));
}

#[test]
fn other_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let error = |bytes: &[u8]| NpyFile::open(&file(&folder, bytes)).unwrap_err();
    assert!(matches!(error(b"1,2\n"), DataError::BadMagic { .. }));
    let fortran = error(&npy(2, 2, true, 8));
    assert!(fortran.to_string().ends_with(
        "x.npy: in Fortran order, which cannot be read row by row; save it in C order (numpy.ascontiguousarray)"
    ));
    let whole = npy(2, 2, false, 8);
    assert!(matches!(error(&whole[..whole.len() - 1]), DataError::Truncated { expected: 32, actual: 31, .. }));
    assert!(matches!(NpyFile::open(folder.path()), Err(DataError::NeedsAFile { .. })));
}
