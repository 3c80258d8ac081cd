//! The stages of a solution: parts of the rows, then all of them; on O(D), then in the group that is asked for.

use ndarray::{Array2, ArrayView2};
use pdmap_core::parallel::in_pool;
use pdmap_core::{LayerError, Result, check};

use super::moments::{Passes, Rows};
use super::options::{Constraint, IcaOptions};
use super::sample::spread;
use super::search::{Search, enough};
use super::solution::{Iteration, Solution};
use super::whitening::inverse_root;

/// Maximizes the likelihood of rows `[rows, D]` of mean 0 over unmixing matrices, from `start`. On
/// O(D) the rows have to be white and the start orthonormal, as after
/// [`Whitening`](pdmap_layers::preprocess::Whitening).
///
/// ```
/// use ndarray::{Array2, array};
/// use pdmap_dense::ica::{IcaOptions, End, solve};
///
/// # fn main() -> pdmap_core::Result<()> {
/// // Two sources, uniform and of two values with noise, mixed.
/// let source = |row: usize, k: usize| ((row * (7 + 12 * k) + row * row * 3) % 1009) as f64 / 504.0 - 1.0;
/// let x = Array2::from_shape_fn((1009, 2), |(row, j)| {
///     let (a, b) = (source(row, 0), source(row, 1));
///     if j == 0 { a + 0.5 * b } else { 0.3 * a - b }
/// });
/// let solution = solve(x.view(), Array2::eye(2).view(), &IcaOptions::default())?;
/// assert_eq!(solution.end, End::Converged);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// No rows; numbers that are not finite; a start of another size, or singular.
pub fn solve(rows: ArrayView2<'_, f64>, start: ArrayView2<'_, f64>, options: &IcaOptions) -> Result<Solution> {
    let rows = rows.as_standard_layout();
    in_pool(rows.len(), || solve_in_passes(&mut |visit| visit(rows.view()), start, options))
}

/// Like [`solve`], for rows that are delivered in blocks by repeated passes, such as over a file.
/// Results depend on the blocks up to rounding.
///
/// On many rows the search starts on parts of them, evenly spread, of which each is four times as
/// large as the one before: the matrix that a part gives is within its sampling error of that of all
/// rows, which then takes a few passes. Where the signs of densities follow the rows, the searches before
/// the last are on O(D) of the whitened rows: with free scales and correlations, wrong signs reinforce
/// themselves.
///
/// # Errors
/// As [`solve`]; those of the passes.
pub fn solve_in_passes<E: From<LayerError>>(
    passes: &mut Passes<'_, E>,
    start: ArrayView2<'_, f64>,
    options: &IcaOptions,
) -> Result<Solution, E> {
    options.validate()?;
    let columns = start.nrows();
    check::shape("start of the unmixing matrix", (columns, columns), start.dim())?;
    let (mut rows, sample) = Rows::new(passes, columns, options.density, SAMPLE)?;
    let (mut start, mut record, mut passes) = (start.to_owned(), vec![], 0);
    for count in parts(rows.count(), sample.nrows(), columns) {
        let part = spread(&sample, count);
        let visit: &mut Passes<'_> = &mut |visit| visit(part.view());
        let (mut rows, _) = Rows::new(visit, columns, options.density, 0)?;
        let found = roughly(&mut rows, start, options)?;
        start = found.unmixing;
        record.extend(found.record.into_iter().map(|at| Iteration { passes: 0, ..at }));
    }
    if options.starts_orthonormal() {
        let found = roughly(&mut rows, start, options)?;
        passes = found.last().passes;
        start = found.unmixing;
        record.extend(found.record);
    }
    let found = Search::new(&mut rows, options).run(start)?;
    record.extend(found.record.into_iter().map(|at| Iteration { passes: passes + at.passes, ..at }));
    Ok(Solution { record, ..found })
}

/// A search that ends within the sampling error of the rows.
fn roughly<E: From<LayerError>>(
    rows: &mut Rows<'_, '_, E>,
    start: Array2<f64>,
    options: &IcaOptions,
) -> Result<Solution, E> {
    let rough = IcaOptions { tolerance: options.tolerance.max(enough(rows)), ..*options };
    let root = match options.starts_orthonormal() {
        true => inverse_root(&start.dot(rows.covariance()).dot(&start.t()))?,
        false => None,
    };
    match root {
        Some(root) => {
            let orthonormal = IcaOptions { constraint: Constraint::Orthonormal, ..rough };
            Search::new(rows, &orthonormal).run(root.dot(&start))
        }
        None => Search::new(rows, &rough).run(start),
    }
}

/// Least rows of a part, and least rows for each column.
const LEAST_PART: usize = 1024;
const LEAST_PER_COLUMN: usize = 32;

/// Numbers of the rows that parts are taken from.
const SAMPLE: usize = 1 << 21;

/// Ratio of the rows of one part and the next.
const GROWTH: usize = 4;

/// The numbers of rows of the parts on which a search starts, ascending.
fn parts(all: usize, sampled: usize, columns: usize) -> impl Iterator<Item = usize> {
    let least = LEAST_PART.max(LEAST_PER_COLUMN.saturating_mul(columns));
    let most = sampled.min(all / GROWTH);
    std::iter::successors(Some(least), |count| count.checked_mul(GROWTH)).take_while(move |&count| count <= most)
}
