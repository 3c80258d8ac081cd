//! From rows to independent components: whitening, search, scale, order.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::linalg::Lu;
use pdmap_core::parallel::in_pool;
use pdmap_core::{LayerError, Result};

use super::components::{Component, measured};
use super::moments::{Passes, Visit};
use super::options::IcaOptions;
use super::sample::Sample;
use super::separation::Separation;
use super::solution::Solution;
use super::solve::solve_in_passes;
use super::stability::stability;
use super::whitening::{Kept, Whitening, of_variance_1};

/// The order of sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The largest share of the variance first.
    #[default]
    Variance,
    /// The largest kurtosis, up to its sign, first.
    Kurtosis,
}

/// Options of [`fit`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FitOptions {
    /// The number of sources: as many principal axes of the largest variance are kept [all that have
    /// variance].
    pub components: Option<usize>,
    /// Whether columns count in units of their standard deviations: in the choice of axes and in shares
    /// of variance. For columns in different units.
    pub standardize: bool,
    /// The order of the sources.
    pub order: Order,
    /// The search.
    pub search: IcaOptions,
    /// Runs on resampled rows, for the stability of sources.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

/// Independent components of rows.
#[derive(Debug, Clone)]
pub struct Ica {
    /// The map between rows and sources.
    pub separation: Separation,
    /// `K`, `[k, D]`: the rows `K (x − μ)` have the covariance `I`.
    pub whitening: Array2<f64>,
    /// The sources in their order.
    pub components: Vec<Component>,
    /// Rows.
    pub rows: usize,
    /// The rank of the correlations of the columns.
    pub rank: usize,
    /// The share of the variance of the columns that the kept axes hold.
    pub explained: f64,
    /// The search in whitened coordinates.
    pub solution: Solution,
}

impl Ica {
    /// The sources whose densities are not told from normal ones, if there are at least two: any rotation
    /// among them is as likely.
    pub fn unidentified(&self) -> Vec<usize> {
        let count = self.components.len();
        let normal = self.components.iter().enumerate().filter(|(_, own)| own.looks_normal(count));
        let found: Vec<usize> = normal.map(|(index, _)| index).collect();
        if found.len() < 2 { vec![] } else { found }
    }
}

/// Independent components of rows `[rows, D]`, which are centred and whitened first. Sources have variance
/// 1, and a sign with which their largest entry of the mixing matrix is positive.
///
/// ```
/// use ndarray::Array2;
/// use pdmap_dense::ica::{End, FitOptions, fit};
///
/// # fn main() -> pdmap_core::Result<()> {
/// // Two sources in three columns, of which the last is the sum of the others.
/// let source = |row: usize, k: usize| ((row * (7 + 12 * k) + row * row * 3) % 1009) as f64 / 504.0 - 1.0;
/// let x = Array2::from_shape_fn((1009, 3), |(row, j)| {
///     let (a, b) = (source(row, 0) + 0.5 * source(row, 1), 5.0 - source(row, 1));
///     [a, b, a + b][j]
/// });
/// let ica = fit(x.view(), &FitOptions::default())?;
/// assert_eq!((ica.rank, ica.solution.end), (2, End::Converged));
/// let sources = ica.separation.encode(x.view())?;
/// let back = ica.separation.decode(sources.view())?;
/// assert!((back - x).iter().all(|error| error.abs() < 1e-9));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// No rows; numbers that are not finite; [`LayerError::Rank`] for more components than the rank of the
/// rows, or for constant columns alone; options out of range.
pub fn fit(rows: ArrayView2<'_, f64>, options: &FitOptions) -> Result<Ica> {
    fit_while(rows, options, &|| Ok(()))
}

/// Like [`fit`]; `check` is called before each pass over the rows, and its error ends the search.
///
/// # Errors
/// As [`fit`]; those of `check`.
pub fn fit_while<E: From<LayerError> + Send>(
    rows: ArrayView2<'_, f64>,
    options: &FitOptions,
    check: &(dyn Fn() -> Result<(), E> + Sync),
) -> Result<Ica, E> {
    in_pool(rows.len(), || fit_here(rows, options, check))
}

fn fit_here<E: From<LayerError>>(
    rows: ArrayView2<'_, f64>,
    options: &FitOptions,
    check: &dyn Fn() -> Result<(), E>,
) -> Result<Ica, E> {
    let whitening = Whitening::fit(&mut |visit| blocks(rows, visit), options.kept())?;
    let mut white = Array2::zeros((rows.nrows(), whitening.matrix.nrows()));
    for (rows, to) in rows.axis_chunks_iter(Axis(0), BLOCK).zip(white.axis_chunks_iter_mut(Axis(0), BLOCK)) {
        whitening.coordinates(rows, to)?;
    }
    let mut pass = |visit: &mut Visit<'_>| {
        check()?;
        Ok(visit(white.view())?)
    };
    separate(whitening, &mut pass, options)
}

/// Like [`fit`], for rows that are delivered in blocks by repeated passes, such as over a file larger than
/// memory. Results depend on the blocks up to rounding.
///
/// # Errors
/// As [`fit`]; those of the passes.
pub fn fit_in_passes<E: From<LayerError>>(passes: &mut Passes<'_, E>, options: &FitOptions) -> Result<Ica, E> {
    let whitening = Whitening::fit(passes, options.kept())?;
    let own = whitening.clone();
    separate(whitening, &mut |visit| own.pass(passes, visit), options)
}

/// Rows of a block of rows in memory.
const BLOCK: usize = 4096;

/// Numbers of the rows that resamples are drawn from.
const RESAMPLED: usize = 1 << 22;

fn blocks(rows: ArrayView2<'_, f64>, visit: &mut Visit<'_>) -> Result<()> {
    let mut first = 0;
    rows.axis_chunks_iter(Axis(0), BLOCK).try_for_each(|block| {
        let count = block.nrows();
        visit(block).map_err(|error| error.below(first))?;
        first += count;
        Ok(())
    })
}

impl FitOptions {
    fn kept(&self) -> Kept {
        Kept { components: self.components, standardize: self.standardize }
    }
}

/// Solves for whitened rows, and scales, describes and orders the sources.
fn separate<E: From<LayerError>>(
    whitening: Whitening,
    white: &mut Passes<'_, E>,
    options: &FitOptions,
) -> Result<Ica, E> {
    let count = whitening.matrix.nrows();
    let solution = solve_in_passes(white, Array2::eye(count).view(), &options.search)?;
    let units = match options.standardize {
        true => whitening.deviation.mapv(|own| if own > 0.0 { own } else { 1.0 }),
        false => Array1::ones(whitening.mean.len()),
    };
    let (turn, mixing) = scaled(&solution, &whitening, &units)?;
    let variances = Variances { deviation: &whitening.deviation, units: &units };
    let facts = measured(white, turn.view(), whitening.rows)?;
    let stable = resampled(white, &turn, options)?;
    let component = |index: usize| {
        let [kurtosis, contrast, contrast_error] = facts[index];
        let variance = variances.share(mixing.column(index));
        let (sign, stability) = (solution.signs[index], stable.get(index).copied());
        Component { variance, kurtosis, sign, contrast, contrast_error, stability }
    };
    let all: Vec<Component> = (0..count).map(component).collect();
    let explained = whitening.inverse.columns().into_iter().map(|axis| variances.share(axis)).sum();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| options.order.size(&all[b]).total_cmp(&options.order.size(&all[a])));
    let unmixing = turn.select(Axis(0), &order).dot(&whitening.matrix);
    let separation = Separation::new(whitening.mean, unmixing, mixing.select(Axis(1), &order))?;
    let components = order.into_iter().map(|index| all[index]).collect();
    let Whitening { matrix, rows, rank, .. } = whitening;
    Ok(Ica { separation, whitening: matrix, components, rows, rank, explained, solution })
}

impl Order {
    fn size(self, component: &Component) -> f64 {
        match self {
            Self::Variance => component.variance,
            Self::Kurtosis => component.kurtosis.abs(),
        }
    }
}

/// The variances of the columns, in their units.
struct Variances<'v> {
    deviation: &'v Array1<f64>,
    units: &'v Array1<f64>,
}

impl Variances<'_> {
    /// The share of a part of the rows that is a column of numbers times a variable of variance 1.
    fn share(&self, column: ArrayView1<'_, f64>) -> f64 {
        let sum =
            |of: ArrayView1<'_, f64>| of.iter().zip(self.units).map(|(own, unit)| (own / unit).powi(2)).sum::<f64>();
        sum(column) / sum(self.deviation.view())
    }
}

/// The unmixing of the whitened rows and the mixing of the columns, for sources of variance 1 whose largest
/// entry of the mixing matrix, in the given units, is positive.
fn scaled(solution: &Solution, whitening: &Whitening, units: &Array1<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
    let mut turn = of_variance_1(solution.unmixing.clone());
    let inverse = Lu::<f64>::new(turn.view())?.inverse_transposed()?.reversed_axes();
    let mut mixing = whitening.inverse.dot(&inverse);
    for (mut turn, mut mixing) in turn.rows_mut().into_iter().zip(mixing.columns_mut()) {
        let scaled = mixing.iter().zip(units).map(|(entry, unit)| entry / unit);
        let largest = scaled.fold(0.0_f64, |most, entry| if entry.abs() > most.abs() { entry } else { most });
        if largest < 0.0 {
            turn.mapv_inplace(|entry| -entry);
            mixing.mapv_inplace(|entry| -entry);
        }
    }
    Ok((turn, mixing))
}

/// The stability of each source, if it is asked for.
fn resampled<E: From<LayerError>>(
    white: &mut Passes<'_, E>,
    turn: &Array2<f64>,
    options: &FitOptions,
) -> Result<Vec<f64>, E> {
    if options.resamples == 0 {
        return Ok(vec![]);
    }
    let count = turn.nrows();
    let mut sample = Sample::new(count, RESAMPLED / count, options.seed);
    white(&mut |block| {
        sample.visit(block);
        Ok(())
    })?;
    Ok(stability(sample.finish().view(), turn, &options.search, (options.resamples, options.seed))?)
}
