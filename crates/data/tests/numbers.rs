//! One number per row, in every storage format.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ndarray::{Array1, Array2};
use pdmap_data::{DataError, read_numbers, write_npy};

#[test]
fn vector_column_and_text_give_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let expected = vec![-1.5, 0.25, 1e-300];
    write_npy(&path, &Array1::from(expected.clone())).unwrap();
    assert_eq!(read_numbers(&path).unwrap(), expected);
    // For one axis, C and Fortran order coincide.
    let bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(5).position(|word| word == b"False").unwrap();
    let fortran = [&bytes[..at], b"True ", &bytes[at + 5..]].concat();
    std::fs::write(&path, fortran).unwrap();
    assert_eq!(read_numbers(&path).unwrap(), expected);
    write_npy(&path, &Array2::from_shape_vec((3, 1), expected.clone()).unwrap()).unwrap();
    assert_eq!(read_numbers(&path).unwrap(), expected);
    std::fs::write(&path, "log_prob\n-1.5\n0.25\n1e-300\n").unwrap();
    assert_eq!(read_numbers(&path).unwrap(), expected);
    write_npy(&path, &Array1::from(vec![-1.5_f32, 0.25])).unwrap();
    assert_eq!(read_numbers(&path).unwrap(), [-1.5, 0.25]);
}

#[test]
fn anything_but_a_vector_of_numbers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    write_npy(&path, &Array2::<f64>::zeros((3, 2))).unwrap();
    assert!(matches!(read_numbers(&path), Err(DataError::FeatureMismatch { expected: 1, actual: 2, .. })));
    write_npy(&path, &Array1::from(vec![0.0, f64::NEG_INFINITY])).unwrap();
    assert!(matches!(read_numbers(&path), Err(DataError::NonFinite { row: 1, column: 0, .. })));
    write_npy(&path, &ndarray::Array3::<f64>::zeros((1, 1, 1))).unwrap();
    assert!(matches!(read_numbers(&path), Err(DataError::WrongRank { actual: 3, .. })));
    write_npy(&path, &Array1::<f64>::zeros(0)).unwrap();
    assert!(matches!(read_numbers(&path), Err(DataError::TooFewRows { .. })));
}
