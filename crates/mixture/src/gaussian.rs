//! One multivariate normal density.

use ndarray::{Array1, ArrayView1, Axis, Slice};
use pdmap_core::{LayerError, check};

use crate::error::Result;
use crate::factor::PrecisionFactor;

/// The normal density `log p(x) = log|det L| − ½‖L(x − μ)‖² − (D/2) log 2π`, in nats, with the
/// precision `Σ⁻¹ = LᵀL`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Array1<f64>,
    factor: PrecisionFactor,
}

/// `½ log 2π`.
pub(crate) const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

impl Gaussian {
    /// The density with mean `μ` and factor `L`.
    ///
    /// # Errors
    /// Sizes that do not match; a mean that is not finite; a factor that is not finite, or whose
    /// diagonal is not positive. A dense factor that is not lower triangular is made so by
    /// [`PrecisionFactor::of_matrix`].
    pub fn new(mean: Array1<f64>, factor: PrecisionFactor) -> Result<Self> {
        let factor = match factor {
            PrecisionFactor::Dense(matrix) if matrix.indexed_iter().any(|((i, j), value)| j > i && *value != 0.0) => {
                PrecisionFactor::of_matrix(matrix.view())?
            }
            other => other,
        };
        check::features("mean of a normal density", factor.dim(), mean.len())?;
        check::finite("mean", mean.view().insert_axis(Axis(0)))?;
        let diagonal = match &factor {
            PrecisionFactor::Dense(factor) => {
                check::shape("factor of a precision", (mean.len(), mean.len()), factor.dim())?;
                check::finite("factor of a precision", factor.view())?;
                factor.diag()
            }
            PrecisionFactor::Diagonal(factor) => factor.view(),
        };
        match diagonal.iter().enumerate().find(|(_, value)| !(**value > 0.0 && value.is_finite())) {
            Some((index, &value)) => Err(LayerError::NotPositive { index, value }.into()),
            None => Ok(Self { mean, factor }),
        }
    }

    /// `μ`.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }

    /// `L`.
    pub fn factor(&self) -> &PrecisionFactor {
        &self.factor
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// `log p(μ)`: the density at its mode, in nats.
    pub fn log_peak(&self) -> f64 {
        self.factor.log_det() - self.columns() as f64 * HALF_LOG_TAU
    }

    /// The density of `offset + scale·x`, with a positive scale for each column.
    pub(crate) fn rescaled(&self, offset: ArrayView1<'_, f64>, scale: ArrayView1<'_, f64>) -> Result<Self> {
        let factor = match &self.factor {
            PrecisionFactor::Dense(factor) => PrecisionFactor::Dense(factor / &scale),
            PrecisionFactor::Diagonal(factor) => PrecisionFactor::Diagonal(factor / &scale),
        };
        Self::new(&offset + &(&scale * &self.mean), factor)
    }

    /// The density of some of the columns, the others integrated out, in the order given. They must
    /// exist and differ.
    ///
    /// # Errors
    /// None for an invertible factor.
    pub(crate) fn marginal(&self, columns: &[usize]) -> Result<Self> {
        Ok(self.split(columns, &[])?.marginal)
    }

    /// Parts the density at `given` columns `b` and the `rest` `a`: `p(x) = p(x_b) p(x_a | x_b)`.
    ///
    /// In the order `b`, `a` the lower-triangular factor reads
    ///
    /// ```text
    /// L = [ L_bb   0  ]     y_b = L_bb d_b            depends on x_b alone
    ///     [ L_ab  L_aa]     y_a = L_ab d_b + L_aa d_a
    /// ```
    ///
    /// with `d = x − μ`. So `L_bb` is the factor of the marginal, `L_aa` that of the conditional,
    /// whose mean is `μ_a − L_aa⁻¹ L_ab (x_b − μ_b)`.
    pub(crate) fn split(&self, given: &[usize], rest: &[usize]) -> Result<Split> {
        let order: Vec<usize> = given.iter().chain(rest).copied().collect();
        let left_out: Vec<usize> = (0..self.columns()).filter(|column| !order.contains(column)).collect();
        let count = given.len();
        // Columns in neither list are integrated out: they come last.
        let all: Vec<usize> = order.iter().chain(&left_out).copied().collect();
        let factor = self.factor.reordered(&all)?;
        let mean = |columns: &[usize]| self.mean.select(Axis(0), columns);
        let (marginal, conditional, across) = match factor {
            PrecisionFactor::Diagonal(factor) => {
                let part = |from: usize, to: usize| factor.slice_axis(Axis(0), Slice::from(from..to)).to_owned();
                let parts = (part(0, count), part(count, order.len()));
                (PrecisionFactor::Diagonal(parts.0), PrecisionFactor::Diagonal(parts.1), None)
            }
            PrecisionFactor::Dense(factor) => {
                let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
                    let part = factor.slice_axis(Axis(0), Slice::from(rows));
                    part.slice_axis(Axis(1), Slice::from(columns)).as_standard_layout().into_owned()
                };
                let rest = count..order.len();
                let across = part(rest.clone(), 0..count);
                let marginal = PrecisionFactor::Dense(part(0..count, 0..count));
                (marginal, PrecisionFactor::Dense(part(rest.clone(), rest)), Some(across))
            }
        };
        Ok(Split {
            marginal: Self { mean: mean(given), factor: marginal },
            conditional: Self { mean: mean(rest), factor: conditional },
            across,
        })
    }
}

/// A normal density in two parts.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    /// `p(x_b)`.
    pub(crate) marginal: Gaussian,
    /// `p(x_a | x_b)` at `x_b = μ_b`.
    conditional: Gaussian,
    /// `L_ab`; none where the columns are independent.
    across: Option<ndarray::Array2<f64>>,
}

impl Split {
    /// `p(x_a | x_b)`.
    pub(crate) fn conditional(&self, values: ArrayView1<'_, f64>) -> Gaussian {
        let Gaussian { mean, factor } = &self.conditional;
        let Some(across) = &self.across else { return self.conditional.clone() };
        let mut shift = across.dot(&(&values - &self.marginal.mean)).insert_axis(Axis(0));
        factor.solve_rows(shift.view_mut());
        Gaussian { mean: mean - &shift.index_axis(Axis(0), 0), factor: factor.clone() }
    }
}
