//! Precision matrices by a factor.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::linalg::{Add, Cholesky, Lu, gemm, orthonormal_factor};
use pdmap_core::{LayerError, check};

use crate::error::Result;

/// A factor `L` of the precision `Σ⁻¹ = LᵀL` of a normal density: `y = L(x − μ)` is standard normal.
#[derive(Debug, Clone, PartialEq)]
pub enum PrecisionFactor {
    /// A lower-triangular matrix with a positive diagonal.
    Dense(Array2<f64>),
    /// The diagonal: `1/σ` of each column.
    Diagonal(Array1<f64>),
}

impl PrecisionFactor {
    /// The factor of a covariance: the inverse of its Cholesky factor.
    ///
    /// # Errors
    /// A covariance that is not square or not positive definite.
    pub fn of_covariance(covariance: ArrayView2<'_, f64>) -> Result<Self> {
        let cholesky = Cholesky::new(covariance.reborrow())?;
        let mut factor = Array2::zeros(covariance.dim());
        cholesky.inverse_into(factor.view_mut())?;
        Ok(Self::Dense(factor))
    }

    /// The factor of uncorrelated columns with these variances.
    ///
    /// # Errors
    /// [`LayerError::NotPositive`] for a variance that is not positive and finite.
    pub fn of_variances(variances: ArrayView1<'_, f64>) -> Result<Self> {
        for (index, &value) in variances.iter().enumerate() {
            if !(value > 0.0 && value.is_finite()) {
                return Err(LayerError::NotPositive { index, value }.into());
            }
        }
        Ok(Self::Diagonal(variances.mapv(|variance| 1.0 / variance.sqrt())))
    }

    /// The lower-triangular factor of the precision `AᵀA` for any invertible `A`: with the rotation
    /// `Q` of `A = Q L`, which changes no length.
    ///
    /// # Errors
    /// A matrix that is not square, not finite or singular.
    pub fn of_matrix(a: ArrayView2<'_, f64>) -> Result<Self> {
        let dim = a.nrows();
        check::shape("factor of a precision", (dim, dim), a.dim())?;
        check::finite("factor of a precision", a.reborrow())?;
        // Refuses a singular matrix.
        Lu::<f64>::new(a.reborrow())?;
        // The columns in reverse order turn an upper-triangular factor into a lower-triangular one.
        let reversed = Array2::from_shape_fn((dim, dim), |(i, j)| a[[i, dim - 1 - j]]);
        let q = orthonormal_factor(reversed.view())?;
        let mut upper = Array2::zeros((dim, dim));
        gemm(1.0, q.t(), reversed.view(), Add::No, upper.view_mut())?;
        Ok(Self::Dense(Array2::from_shape_fn(
            (dim, dim),
            |(i, j)| {
                if j <= i { upper[[dim - 1 - i, dim - 1 - j]] } else { 0.0 }
            },
        )))
    }

    /// Columns of the density.
    pub fn dim(&self) -> usize {
        match self {
            Self::Dense(factor) => factor.nrows(),
            Self::Diagonal(factor) => factor.len(),
        }
    }

    /// `log|det L| = −½ log det Σ`.
    pub fn log_det(&self) -> f64 {
        match self {
            Self::Dense(factor) => factor.diag().iter().map(|value| value.ln()).sum(),
            Self::Diagonal(factor) => factor.iter().map(|value| value.ln()).sum(),
        }
    }

    /// `L` as a matrix.
    pub fn matrix(&self) -> Array2<f64> {
        match self {
            Self::Dense(factor) => factor.clone(),
            Self::Diagonal(factor) => Array2::from_diag(factor),
        }
    }

    /// `Σ⁻¹ = LᵀL`.
    pub fn precision(&self) -> Array2<f64> {
        let factor = self.matrix();
        factor.t().dot(&factor)
    }

    /// `Σ = L⁻¹ L⁻ᵀ`.
    pub fn covariance(&self) -> Array2<f64> {
        match self {
            Self::Dense(factor) => {
                // L⁻ᵀ, since rows are solved for.
                let mut root = Array2::eye(factor.nrows());
                self.solve_rows(root.view_mut());
                root.t().dot(&root)
            }
            Self::Diagonal(factor) => Array2::from_diag(&factor.mapv(|value| 1.0 / (value * value))),
        }
    }

    /// `Y = X Lᵀ` for centred rows `[rows, columns]`.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn apply(&self, x: ArrayView2<'_, f64>, mut y: ArrayViewMut2<'_, f64>) -> Result<()> {
        match self {
            Self::Dense(factor) => gemm(1.0, x, factor.t(), Add::No, y)?,
            Self::Diagonal(factor) => {
                check::shape("result", x.dim(), y.dim())?;
                y.assign(&x);
                y.rows_mut().into_iter().for_each(|mut row| row *= factor);
            }
        }
        Ok(())
    }

    /// Replaces each row `y` by `L⁻¹ y`.
    pub fn solve_rows(&self, mut y: ArrayViewMut2<'_, f64>) {
        for mut row in y.rows_mut() {
            match self {
                Self::Dense(factor) => {
                    for i in 0..row.len() {
                        let known: f64 = (0..i).map(|j| factor[[i, j]] * row[j]).sum();
                        row[i] = (row[i] - known) / factor[[i, i]];
                    }
                }
                Self::Diagonal(factor) => row /= factor,
            }
        }
    }

    /// The factor for columns in another order: `order[j]` is the old index of new column `j`. All
    /// columns must be there.
    ///
    /// # Errors
    /// None for an invertible factor.
    pub(crate) fn reordered(&self, order: &[usize]) -> Result<Self> {
        match self {
            Self::Dense(factor) => Self::of_matrix(factor.select(Axis(1), order).view()),
            Self::Diagonal(factor) => Ok(Self::Diagonal(factor.select(Axis(0), order))),
        }
    }
}
