//! Independent rows, generated in parallel; the result does not depend on the number of threads.

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::element::{Element, cast, into_rows, zeroed};
use crate::error::DataError;
use crate::protocol::Counts;
use crate::random::{Purpose, stream};

/// Rows per random stream. Changing it changes the generated numbers.
const CHUNK: usize = 1024;

/// Generates `count` rows; `draw` fills one row of `features` values.
pub(crate) fn rows<F: Element>(
    count: usize,
    features: usize,
    seed: u64,
    purpose: Purpose,
    draw: impl Fn(&mut ChaCha8Rng, &mut [f64]) + Sync,
) -> Result<Array2<F>, DataError> {
    let mut values = zeroed::<F>(count, features)?;
    values.par_chunks_mut(CHUNK * features).enumerate().for_each(|(chunk, values)| {
        let mut rng = stream(seed, purpose, chunk);
        let mut row = vec![0.0; features];
        for out in values.chunks_exact_mut(features) {
            draw(&mut rng, &mut row);
            for (out, &value) in out.iter_mut().zip(&row) {
                *out = cast(value);
            }
        }
    });
    into_rows(values, count, features)
}

/// The training, validation and test rows of one density.
pub(crate) fn three_parts<F: Element>(
    counts: Counts,
    features: usize,
    seed: u64,
    draw: impl Fn(&mut ChaCha8Rng, &mut [f64]) + Sync,
) -> Result<[Array2<F>; 3], DataError> {
    Ok([
        rows(counts.train, features, seed, Purpose::Train, &draw)?,
        rows(counts.validation, features, seed, Purpose::Validation, &draw)?,
        rows(counts.test, features, seed, Purpose::Test, &draw)?,
    ])
}

/// A note with the counts and the seed.
pub(crate) fn counts_note(counts: Counts, seed: u64) -> String {
    format!("rows: {} train, {} validation, {} test; seed {seed}", counts.train, counts.validation, counts.test)
}
