//! Parquet and Arrow IPC.

use std::io::Cursor;

use ndarray::Array2;
use pdmap_data::{DataError, IndexColumn, Input, ReadRows, TextOptions, open_rows, open_stream, read_labels};

use crate::scratch::with_scratch;

/// Rows per block; small, so that even a small file has several blocks.
const BLOCK: usize = 3;

/// More rows than seeds have. A few bytes can state millions of equal rows, which are read in bounded
/// memory, but not in a moment.
const ROWS: usize = 1 << 12;

/// One of three option sets for each file: those of the seeds.
fn options(bytes: &[u8]) -> TextOptions {
    let named = |id: &str| TextOptions { id: Some(id.to_owned()), ..TextOptions::default() };
    match bytes.len() % 3 {
        0 => TextOptions::default(),
        1 => TextOptions { columns: Some(vec!["x".to_owned()]), ..named("who") },
        _ => TextOptions { index: IndexColumn::Yes, ..TextOptions::default() },
    }
}

/// The first rows and their names.
type Rows = Result<(Array2<f64>, Vec<String>), DataError>;

fn read(rows: Result<Box<dyn ReadRows<f64>>, DataError>, block: usize) -> Rows {
    let mut rows = rows?;
    let (mut all, mut names, mut values, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0);
    while count < ROWS {
        match rows.read(block.min(ROWS - count), &mut values)? {
            0 => break,
            more => count += more,
        }
        all.append(&mut values);
        names.extend_from_slice(rows.ids());
    }
    let features = rows.features();
    let table = Array2::from_shape_vec((count, features), all);
    Ok((table.map_err(|_| DataError::TooLarge { rows: count, features })?, names))
}

/// Panics if two readings of the same rows differ. NaN is compared by its bits.
fn same(one: &Rows, other: &Rows) {
    let bits = |rows: &Array2<f64>| rows.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    match (one, other) {
        (Ok((a, a_names)), Ok((b, b_names))) => {
            assert!(a.dim() == b.dim() && bits(a) == bits(b) && a_names == b_names, "two readings differ");
        }
        (Err(_), Err(_)) => {}
        (one, other) => panic!("{one:?} and {other:?}"),
    }
}

pub(crate) fn parquet(bytes: &[u8]) {
    with_scratch!("table.parquet", |scratch| {
        let input = Input::File(scratch.holding(bytes).to_owned());
        let options = options(bytes);
        let whole = read(open_rows(&input, &options), ROWS);
        same(&whole, &read(open_rows(&input, &options), BLOCK));
        if let (Input::File(path), 0) = (&input, bytes.len() % 2) {
            let _ = read_labels(path, &TextOptions::default());
        }
    });
}

pub(crate) fn arrow(bytes: &[u8]) {
    with_scratch!("table.arrow", |scratch| {
        let input = Input::File(scratch.holding(bytes).to_owned());
        let options = options(bytes);
        let whole = read(open_rows(&input, &options), ROWS);
        same(&whole, &read(open_rows(&input, &options), BLOCK));
        let stream = || read(open_stream("a stream", Cursor::new(bytes.to_vec()), &options), ROWS);
        match (&whole, stream()) {
            // A file needs its end, which a pipe does not provide.
            (_, Err(DataError::NeedsAFile { .. })) => {}
            (whole, stream) => same(whole, &stream),
        }
    });
}
