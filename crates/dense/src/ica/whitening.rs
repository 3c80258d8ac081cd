//! Principal axes of rows, with variance 1 along each.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::linalg::{Add, gemm, symmetric_eigen};
use pdmap_core::{LayerError, Result, check};

use super::moments::{Passes, Visit};

/// Smallest ratio of variances along two principal axes that counts as signal, in ε × columns: the
/// accuracy of the eigenvalues of a covariance, relative to the largest.
const VARIANCE: f64 = 8.0;

/// The same for the ratio of deviations, however few the columns are: rows are often stored in `f32`.
const STORED: f64 = 2e-7;

/// Errors of the variances of the coordinates above this are mended by a second pass.
const UNEVEN: f64 = 1e-11;

/// `z = K (x − μ)`, where `z` has mean 0 and the covariance `I`, and `x ≈ μ + K⁺ z`.
#[derive(Debug, Clone)]
pub(super) struct Whitening {
    pub(super) rows: usize,
    pub(super) mean: Array1<f64>,
    /// Standard deviations of the columns.
    pub(super) deviation: Array1<f64>,
    /// `K`, `[k, D]`.
    pub(super) matrix: Array2<f64>,
    /// `K⁺`, `[D, k]`.
    pub(super) inverse: Array2<f64>,
    /// The rank of the correlations of the columns.
    pub(super) rank: usize,
}

/// Which axes are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// How many; all that have variance, without a number.
    pub(super) components: Option<usize>,
    /// Whether those of the correlations are kept, instead of the covariance.
    pub(super) standardize: bool,
}

/// Axes `U` `[D, k]` of `diag(1/s) (x − μ)`, and deviations along them.
struct Axes {
    scale: Array1<f64>,
    basis: Array2<f64>,
    deviation: Array1<f64>,
}

impl Axes {
    /// The axes of a covariance, or for a scale `s` of the columns scaled by it; those without variance
    /// are left out.
    fn new(covariance: &Array2<f64>, scale: Array1<f64>) -> Result<Self> {
        let columns = scale.len();
        let scaled = Array2::from_shape_fn((columns, columns), |(i, j)| covariance[[i, j]] / (scale[i] * scale[j]));
        let (variance, basis) = symmetric_eigen(scaled.view())?;
        let deviation = variance.mapv(|variance| variance.max(0.0).sqrt());
        let least = (VARIANCE * f64::EPSILON * columns as f64).sqrt().max(STORED);
        let largest = deviation.first().copied().unwrap_or(0.0);
        let rank = deviation.iter().take_while(|&&own| own > least * largest).count();
        let kept = Slice::from(..rank);
        let (basis, deviation) = (basis.slice_axis(Axis(1), kept), deviation.slice_axis(Axis(0), kept));
        Ok(Self { scale, basis: basis.to_owned(), deviation: deviation.to_owned() })
    }

    fn rank(&self) -> usize {
        self.deviation.len()
    }
}

impl Whitening {
    /// Two passes, or three where a covariance of a large condition leaves the coordinates uneven.
    ///
    /// Without a number of components, or with as many as the rank, the axes are those of the
    /// correlations, which are accurate in any units and span the same space.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; numbers that are not finite; [`LayerError::Rank`] for more components
    /// than the rank of the columns, or for constant columns alone.
    pub(super) fn fit<E: From<LayerError>>(passes: &mut Passes<'_, E>, kept: Kept) -> Result<Self, E> {
        let (rows, mean) = mean(passes)?;
        let covariance = covariance(passes, &mean, rows)?;
        let deviation = covariance.diag().mapv(f64::sqrt);
        let units = deviation.mapv(|own| if own > 0.0 { own } else { 1.0 });
        let scaled = Axes::new(&covariance, units)?;
        let rank = scaled.rank();
        let axes = match kept.components {
            Some(count) if count < rank && !kept.standardize => Axes::new(&covariance, Array1::ones(mean.len()))?,
            _ => scaled,
        };
        let components = kept.components.unwrap_or(rank);
        if components == 0 || components > axes.rank() {
            let (what, asked) = ("independent components", components.max(1));
            return Err(LayerError::Rank { what, asked, rank: axes.rank() }.into());
        }
        let (scale, sigma, basis) = (&axes.scale, &axes.deviation, &axes.basis);
        let dim = (components, mean.len());
        let matrix = Array2::from_shape_fn(dim, |(i, j)| basis[[j, i]] / (sigma[i] * scale[j]));
        let inverse = Array2::from_shape_fn((dim.1, dim.0), |(j, i)| basis[[j, i]] * sigma[i] * scale[j]);
        let whitening = Self { rows, mean, deviation, matrix, inverse, rank };
        let ratio = (sigma[0] / sigma[components - 1]).powi(2);
        if f64::EPSILON * dim.1 as f64 * ratio <= UNEVEN {
            return Ok(whitening);
        }
        whitening.evened(passes)
    }

    /// `C^{−1/2} K` for the covariance `C` of the coordinates, which is near `I`.
    fn evened<E: From<LayerError>>(self, passes: &mut Passes<'_, E>) -> Result<Self, E> {
        let none = Array1::zeros(self.matrix.nrows());
        let covariance = covariance(&mut |visit| self.pass(passes, visit), &none, self.rows)?;
        let root = power(&covariance, -0.5)?;
        let back = power(&covariance, 0.5)?;
        Ok(Self { matrix: root.dot(&self.matrix), inverse: self.inverse.dot(&back), ..self })
    }

    /// One pass over the coordinates.
    pub(super) fn pass<E: From<LayerError>>(&self, passes: &mut Passes<'_, E>, visit: &mut Visit<'_>) -> Result<(), E> {
        let mut white = Array2::zeros((0, 0));
        passes(&mut |block| {
            let dim = (block.nrows(), self.matrix.nrows());
            if white.dim() != dim {
                white = Array2::zeros(dim);
            }
            self.coordinates(block, white.view_mut())?;
            visit(white.view())
        })
    }

    /// The coordinates of rows.
    pub(super) fn coordinates(&self, rows: ArrayView2<'_, f64>, to: ArrayViewMut2<'_, f64>) -> Result<()> {
        gemm(1.0, (&rows - &self.mean).view(), self.matrix.t(), Add::No, to)
    }
}

/// Rows of length 1: an unmixing matrix of white rows whose sources have variance 1, so that products of
/// rows are correlations.
pub(super) fn of_variance_1(mut unmixing: Array2<f64>) -> Array2<f64> {
    for mut row in unmixing.rows_mut() {
        let norm = row.dot(&row).sqrt();
        row /= norm;
    }
    unmixing
}

/// `C^p` of a symmetric positive-definite matrix.
pub(super) fn power(matrix: &Array2<f64>, exponent: f64) -> Result<Array2<f64>> {
    let (values, vectors) = symmetric_eigen(matrix.view())?;
    let scaled = &vectors * &values.mapv(|value| value.max(f64::MIN_POSITIVE).powf(exponent));
    Ok(scaled.dot(&vectors.t()))
}

/// `C^−½`; none of a matrix that is singular to rounding.
pub(super) fn inverse_root(matrix: &Array2<f64>) -> Result<Option<Array2<f64>>> {
    let (values, vectors) = symmetric_eigen(matrix.view())?;
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(*value));
    let least = largest * f64::EPSILON * values.len() as f64;
    if values.iter().any(|&value| value <= least) {
        return Ok(None);
    }
    Ok(Some((&vectors * &values.mapv(|value| value.powf(-0.5))).dot(&vectors.t())))
}

fn mean<E: From<LayerError>>(passes: &mut Passes<'_, E>) -> Result<(usize, Array1<f64>), E> {
    let (mut count, mut sum) = (0, Array1::zeros(0));
    passes(&mut |block| {
        if count == 0 {
            sum = Array1::zeros(block.ncols());
        }
        check::features("rows", sum.len(), block.ncols())?;
        check::finite("rows", block.reborrow()).map_err(|error| error.below(count))?;
        count += block.nrows();
        sum += &block.sum_axis(Axis(0));
        Ok(())
    })?;
    if count == 0 {
        return Err(LayerError::NoRows.into());
    }
    Ok((count, sum / count as f64))
}

/// The mean of `(x − μ)(x − μ)ᵀ`.
fn covariance<E: From<LayerError>>(
    passes: &mut Passes<'_, E>,
    mean: &Array1<f64>,
    count: usize,
) -> Result<Array2<f64>, E> {
    let mut covariance = Array2::zeros((mean.len(), mean.len()));
    passes(&mut |block| {
        check::features("rows", mean.len(), block.ncols())?;
        let centred = &block - mean;
        gemm(1.0 / count as f64, centred.t(), centred.view(), Add::Yes, covariance.view_mut())
    })?;
    Ok(covariance)
}
