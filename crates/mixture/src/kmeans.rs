//! Groups of rows to start from.

use ndarray::Array2;
use pdmap_core::check;
use pdmap_core::row_weights::mean;
use rand::{Rng, RngExt};
use rayon::prelude::*;

use crate::error::{MixtureError, Result};
use crate::weighted::WeightedRows;

/// Rows in groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The group of each row.
    pub labels: Vec<usize>,
    /// The mean of each group, `[groups, columns]`.
    pub centres: Array2<f64>,
    /// Mean squared distance of the rows from the means of their groups.
    pub spread: f64,
}

/// Rows among which the first centres are drawn, evenly spaced.
const SEEDS: usize = 1 << 14;

/// Moves of the centres at most.
const MOVES: usize = 20;

/// Least relative decrease of the spread for another move.
const GAIN: f64 = 1e-3;

/// Rows that are assigned together by one thread.
const BLOCK: usize = 512;

/// Puts rows into at most `count` groups by their squared distances: centres drawn by greedy
/// k-means++ (Arthur & Vassilvitskii 2007), then moved by Lloyd's algorithm. There are fewer groups
/// where there are fewer different rows.
///
/// # Errors
/// No rows, no groups, rows that are not finite or not contiguous.
pub fn kmeans<'a>(rows: impl Into<WeightedRows<'a>>, count: usize, rng: &mut dyn Rng) -> Result<Groups> {
    let WeightedRows { rows, weights } = rows.into();
    check::weights(rows.nrows(), weights)?;
    check::finite("rows", rows)?;
    if count == 0 {
        return Err(MixtureError::NoComponents);
    }
    if rows.is_empty() {
        return Err(MixtureError::NoRows);
    }
    let columns = rows.ncols();
    let data = check::slice("rows", &rows)?;
    let mut centres = seeds(data, weights, columns, count, rng);
    let found = centres.len() / columns;
    let mut labels = vec![0; rows.nrows()];
    let mut distances = vec![0.0; rows.nrows()];
    let mut spread = f64::INFINITY;
    for _ in 0..MOVES {
        assign(data, columns, &centres, &mut labels, &mut distances);
        let next = mean(&distances, weights);
        let small = spread - next <= GAIN * next;
        spread = next;
        move_centres((data, weights), columns, &labels, &mut distances, &mut centres);
        if small {
            break;
        }
    }
    assign(data, columns, &centres, &mut labels, &mut distances);
    let spread = mean(&distances, weights);
    let centres = Array2::from_shape_fn((found, columns), |(k, i)| centres[k * columns + i]);
    Ok(Groups { labels, centres, spread })
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Draws an index with a probability in proportion to its share.
fn pick(shares: impl Iterator<Item = f64> + Clone, rng: &mut dyn Rng) -> usize {
    let mut left = rng.random::<f64>() * shares.clone().sum::<f64>();
    // The last one with a share, where rounding leaves something over.
    let mut last = 0;
    for (index, share) in shares.enumerate() {
        left -= share;
        if share > 0.0 {
            last = index;
        }
        if left < 0.0 {
            return last;
        }
    }
    last
}

/// Draws centres among the rows, each with a probability in proportion to the squared distance from
/// the nearest centre so far: the best of a few draws.
fn seeds(data: &[f64], weights: Option<&[f64]>, columns: usize, count: usize, rng: &mut dyn Rng) -> Vec<f64> {
    let rows = data.len() / columns;
    let chosen = rows.min(SEEDS);
    let place = |index: usize| index * rows / chosen;
    let row = |index: usize| &data[place(index) * columns..(place(index) + 1) * columns];
    let weight = |index: usize| weights.map_or(1.0, |weights| weights[place(index)]);
    let first = match weights {
        None => rng.random_range(0..chosen),
        Some(_) => pick((0..chosen).map(weight), rng),
    };
    let mut centres = row(first).to_vec();
    let mut nearest: Vec<f64> = (0..chosen).map(|index| squared(row(index), row(first))).collect();
    let tries = 2 + (count as f64).ln() as usize;
    while centres.len() < count * columns {
        let shares = || nearest.iter().enumerate().map(|(index, distance)| weight(index) * distance);
        if shares().sum::<f64>() <= 0.0 {
            break;
        }
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..tries {
            let pick = pick(shares(), rng);
            let next: Vec<f64> =
                nearest.iter().enumerate().map(|(index, own)| own.min(squared(row(index), row(pick)))).collect();
            let sum = next.iter().enumerate().map(|(index, distance)| weight(index) * distance).sum();
            if best.as_ref().is_none_or(|(least, ..)| sum < *least) {
                best = Some((sum, pick, next));
            }
        }
        let Some((_, pick, next)) = best else { break };
        centres.extend_from_slice(row(pick));
        nearest = next;
    }
    centres
}

/// The nearest centre of each row, and the squared distance from it.
fn assign(data: &[f64], columns: usize, centres: &[f64], labels: &mut [usize], distances: &mut [f64]) {
    let blocks = data.par_chunks(BLOCK * columns).zip(labels.par_chunks_mut(BLOCK));
    blocks.zip(distances.par_chunks_mut(BLOCK)).for_each(|((rows, labels), distances)| {
        for ((row, label), distance) in rows.chunks_exact(columns).zip(labels).zip(distances) {
            (*label, *distance) = (0, f64::INFINITY);
            for (k, centre) in centres.chunks_exact(columns).enumerate() {
                let own = squared(row, centre);
                if own < *distance {
                    (*label, *distance) = (k, own);
                }
            }
        }
    });
}

/// Moves each centre to the mean of its rows, and one without rows to the row that is farthest from
/// its centre.
fn move_centres(
    (data, weights): (&[f64], Option<&[f64]>),
    columns: usize,
    labels: &[usize],
    distances: &mut [f64],
    centres: &mut [f64],
) {
    let mut counts = vec![0.0; centres.len() / columns];
    centres.fill(0.0);
    for (index, (row, &label)) in data.chunks_exact(columns).zip(labels).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[index]);
        counts[label] += weight;
        let centre = &mut centres[label * columns..(label + 1) * columns];
        centre.iter_mut().zip(row).for_each(|(centre, x)| *centre += weight * x);
    }
    for (centre, count) in centres.chunks_exact_mut(columns).zip(&counts) {
        if *count > 0.0 {
            centre.iter_mut().for_each(|centre| *centre /= *count);
            continue;
        }
        let counts = |at: usize| weights.is_none_or(|weights| weights[at] > 0.0);
        let farther = |far: usize, at: usize| if counts(at) && distances[at] > distances[far] { at } else { far };
        let farthest = (0..distances.len()).fold(0, farther);
        distances[farthest] = 0.0;
        centre.copy_from_slice(&data[farthest * columns..(farthest + 1) * columns]);
    }
}
