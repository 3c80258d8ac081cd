//! `.npy` and `.npz`.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use pdmap_data::{DataError, NpyFile, ReadRows, TextOptions, open_stream, read_npy, read_npz, read_numbers, write_npy};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::scratch::with_scratch;

/// Rows per block; small, so that even a small file has several blocks.
const BLOCK: usize = 3;

pub(crate) fn npy(bytes: &[u8]) {
    with_scratch!("array.npy", |scratch| {
        let path = scratch.holding(bytes).to_owned();
        let whole = read_npy::<f32>(&path);
        if let Ok(whole) = &whole {
            same_by_parts(&path, whole);
        }
        // Opening files takes most of the time, so each array is read in only one other way.
        if bytes.len().is_multiple_of(2) {
            as_a_stream(bytes, &whole);
        } else {
            let _ = read_numbers(&path);
        }
        if let Ok(whole) = whole {
            let again = path.with_file_name("again.npy");
            written_and_read(&again, &whole);
        }
    });
}

/// A stream must give the same rows as a file.
fn as_a_stream(bytes: &[u8], whole: &Result<Array2<f32>, DataError>) {
    let streamed = open_stream::<f32>("a stream", Cursor::new(bytes.to_vec()), &TextOptions::default())
        .and_then(|mut rows| in_blocks(&mut *rows));
    match (whole, &streamed) {
        (Ok(whole), Ok(streamed)) => assert!(same_bits(whole, streamed), "a stream gives other rows"),
        // Fortran order cannot be streamed.
        (Ok(_), Err(DataError::NeedsAFile { .. })) | (Err(_), Err(_)) => {}
        // A stream of another format may turn out to be text.
        (Err(_), Ok(_)) if !bytes.starts_with(b"\x93NUMPY") => {}
        (Ok(_), Err(error)) => panic!("as a stream: {error}"),
        (Err(error), Ok(_)) => panic!("as a file: {error}"),
    }
}

pub(crate) fn npz(bytes: &[u8]) {
    with_scratch!("arrays.npz", |scratch| {
        let path = scratch.holding(bytes).to_owned();
        let _ = read_npz::<f32>(&path);
        let mut member = path.into_os_string();
        member.push("#a");
        let _ = read_npz::<f64>(&PathBuf::from(member));
    });
}

/// The first byte selects how the entry is stored.
pub(crate) fn npz_entry(bytes: &[u8]) {
    let Some((&method, entry)) = bytes.split_first() else { return };
    let method = if method.is_multiple_of(2) { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let Some(archive) = archive(entry, method) else { return };
    with_scratch!("entry.npz", |scratch| {
        let path = scratch.holding(&archive).to_owned();
        let inside = read_npz::<f64>(&path);
        let plain = read_npy::<f64>(scratch.holding(entry));
        match (inside, plain) {
            (Ok(inside), Ok(plain)) => assert!(same_bits(&inside, &plain), "an archive gives other rows"),
            (Err(_), Err(_)) => {}
            (inside, plain) => panic!("in an archive {inside:?}, by itself {plain:?}"),
        }
    });
}

fn archive(entry: &[u8], method: CompressionMethod) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("a.npy", SimpleFileOptions::default().compression_method(method)).ok()?;
    archive.write_all(entry).ok()?;
    Some(archive.finish().ok()?.into_inner())
}

fn in_blocks(rows: &mut dyn ReadRows<f32>) -> Result<Array2<f32>, DataError> {
    let (mut all, mut block, mut count) = (Vec::new(), Vec::new(), 0);
    loop {
        match rows.read(BLOCK, &mut block)? {
            0 => break,
            more => count += more,
        }
        all.append(&mut block);
    }
    let features = rows.features();
    Array2::from_shape_vec((count, features), all).map_err(|_| DataError::TooLarge { rows: count, features })
}

/// Compares bits, because an array may contain NaN; rows are checked in a separate step.
fn same_bits<F: Copy + Into<f64>>(a: &Array2<F>, b: &Array2<F>) -> bool {
    let bits = |value: &F| (*value).into().to_bits();
    a.dim() == b.dim() && a.iter().map(bits).eq(b.iter().map(bits))
}

/// The last row read on its own must match the whole array.
fn same_by_parts(path: &Path, whole: &Array2<f32>) {
    let Ok(file) = NpyFile::open(path) else { return };
    let (rows, features) = whole.dim();
    let last = rows - 1;
    let mut row = vec![0.0; features];
    match file.read_at(last as u64, &mut row) {
        Ok(()) => assert!(
            row.iter().map(|v: &f32| v.to_bits()).eq(whole.row(last).iter().map(|v| v.to_bits())),
            "the last row read on its own differs"
        ),
        Err(error) => panic!("the last row: {error}"),
    }
}

fn written_and_read(path: &Path, whole: &Array2<f32>) {
    if let Err(error) = write_npy(path, whole) {
        panic!("rows that were read cannot be written: {error}");
    }
    match read_npy::<f32>(path) {
        Ok(again) => assert!(same_bits(whole, &again), "written rows are read back differently"),
        Err(error) => panic!("written rows cannot be read back: {error}"),
    }
}
