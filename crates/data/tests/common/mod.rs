//! Shared test helpers.
#![allow(dead_code, clippy::unwrap_used)]

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use ndarray::Array2;
use pdmap_data::{DataError, Element, ReadRows};

/// Reports a skipped test, bypassing the harness, which prints the output of failing tests only.
pub(crate) fn skipped(reason: impl Display) {
    let _ = writeln!(std::io::stderr(), "\nskipped: {reason}");
}

/// Python with NumPy from `scripts/numpy-venv.sh` if it exists, otherwise the system's Python.
fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/numpy-venv/bin/python");
    if made.is_file() { made } else { "python3".into() }
}

/// Python, if it has NumPy; otherwise the test is skipped.
pub(crate) fn numpy() -> Option<PathBuf> {
    let available = Command::new(python()).args(["-c", "import numpy"]).output();
    let available = available.is_ok_and(|output| output.status.success());
    if !available {
        skipped("NumPy is not installed");
    }
    available.then(python)
}

/// Makes a named pipe; without `mkfifo` the test is skipped.
pub(crate) fn made_pipe(path: &Path) -> bool {
    let made = Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success());
    if !made {
        skipped("mkfifo is not available");
    }
    made
}

/// Distinct numbers that are exact in both precisions.
pub(crate) fn numbers(rows: usize, features: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, features), |(i, j)| (i * features + j) as f64 / 8.0 - 3.0)
}

/// A version 1 file of [`numbers`] with elements of `size` bytes, assembled by hand.
pub(crate) fn npy(rows: usize, features: usize, fortran: bool, size: usize) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let dictionary = format!("{{'descr': '<f{size}', 'fortran_order': {order}, 'shape': ({rows}, {features}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    let table = numbers(rows, features);
    let stored = if fortran { table.t() } else { table.view() };
    for &value in stored {
        if size == 4 {
            bytes.extend((value as f32).to_le_bytes());
        } else {
            bytes.extend(value.to_le_bytes());
        }
    }
    bytes
}

/// The dictionary and the data of a version 1 file.
pub(crate) fn npy_parts(bytes: &[u8]) -> (&str, &[u8]) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(start % 64 == 0 && bytes[start - 1] == b'\n');
    (std::str::from_utf8(&bytes[10..start]).unwrap().trim_end(), &bytes[start..])
}

/// The law of block readers: blocks of any size, fixed or varying, give the expected rows, and each
/// block is as long as possible.
pub(crate) fn blocks_agree<F: Element>(
    open: impl Fn() -> Box<dyn ReadRows<F>>,
    expected: &Array2<F>,
) -> Result<(), String> {
    for limits in [&[1][..], &[2], &[7], &[1000], &[usize::MAX], &[3, 1, 5]] {
        let mut reader = open();
        let mut values = Vec::new();
        let mut rows = 0;
        // Not empty: the reader must clear it.
        let mut block = vec![F::zero(); 3];
        for &limit in limits.iter().cycle() {
            let count = reader.read(limit, &mut block).map_err(|error| error.to_string())?;
            if block.len() != count * reader.features() || count > limit {
                return Err(format!("blocks of {limit}: {} elements for {count} rows", block.len()));
            }
            rows += count;
            values.extend_from_slice(&block);
            if count == 0 {
                break;
            }
            if count < limit && rows < expected.nrows() {
                return Err(format!("blocks of {limit}: a short block before the end"));
            }
        }
        if rows != expected.nrows() || values != expected.iter().copied().collect::<Vec<F>>() {
            return Err(format!("blocks of {}: {rows} rows, or other values", limits[0]));
        }
    }
    Ok(())
}

/// Wrong: returns full blocks only.
pub(crate) struct LosesTheRest<F>(pub(crate) Box<dyn ReadRows<F>>);

/// Wrong: swaps the first two rows of a block.
pub(crate) struct SwapsRowsOfABlock<F>(pub(crate) Box<dyn ReadRows<F>>);

macro_rules! wrong {
    ($wrong:ident, |$reader:ident, $limit:ident, $block:ident| $read:expr) => {
        impl<F: Element> ReadRows<F> for $wrong<F> {
            fn name(&self) -> &str {
                self.0.name()
            }
            fn features(&self) -> usize {
                self.0.features()
            }
            fn rows(&self) -> Option<u64> {
                self.0.rows()
            }
            fn columns(&self) -> Option<&[String]> {
                self.0.columns()
            }
            fn read(&mut self, $limit: usize, $block: &mut Vec<F>) -> Result<usize, DataError> {
                let $reader = &mut self.0;
                $read
            }
        }
    };
}

wrong!(LosesTheRest, |reader, limit, block| {
    let count = reader.read(limit, block)?;
    if count == limit || limit > 1000 {
        return Ok(count);
    }
    block.clear();
    Ok(0)
});

wrong!(SwapsRowsOfABlock, |reader, limit, block| {
    let (count, features) = (reader.read(limit, block)?, reader.features());
    if count > 1 {
        (0..features).for_each(|j| block.swap(j, features + j));
    }
    Ok(count)
});
