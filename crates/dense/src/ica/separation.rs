//! The map between rows and sources.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{LayerError, Result, check};

/// `y = U (x − μ)` and `x ≈ μ + A y`, with `U A = I`: exact where there are as many sources as columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    mean: Array1<f64>,
    unmixing: Array2<f64>,
    mixing: Array2<f64>,
}

/// Largest error of `U A`, in ε × columns × the largest entry of `|U||A|`.
const INVERSE: f64 = 1e6;

impl Separation {
    /// `μ` `[D]`, `U` `[k, D]` and `A` `[D, k]`.
    ///
    /// # Errors
    /// Shapes that do not fit; numbers that are not finite; matrices of which the second does not undo
    /// the first.
    pub fn new(mean: Array1<f64>, unmixing: Array2<f64>, mixing: Array2<f64>) -> Result<Self> {
        let (sources, columns) = unmixing.dim();
        check::shape("mixing matrix", (columns, sources), mixing.dim())?;
        check::features("mean", columns, mean.len())?;
        check::finite("mean", mean.view().insert_axis(Axis(0)))?;
        check::finite("unmixing matrix", unmixing.view())?;
        check::finite("mixing matrix", mixing.view())?;
        let size = unmixing.mapv(f64::abs).dot(&mixing.mapv(f64::abs));
        let residual = unmixing.dot(&mixing) - Array2::<f64>::eye(sources);
        let largest = |of: &Array2<f64>| of.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let (residual, tolerance) = (largest(&residual), INVERSE * f64::EPSILON * columns as f64 * largest(&size));
        if residual.is_nan() || residual > tolerance {
            return Err(LayerError::NotInverse { residual, tolerance });
        }
        Ok(Self { mean, unmixing, mixing })
    }

    /// `D`.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// `k`.
    pub fn sources(&self) -> usize {
        self.unmixing.nrows()
    }

    /// `μ`, `[D]`.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// `U`, `[k, D]`.
    pub fn unmixing(&self) -> &Array2<f64> {
        &self.unmixing
    }

    /// `A`, `[D, k]`.
    pub fn mixing(&self) -> &Array2<f64> {
        &self.mixing
    }

    /// The sources of rows `[rows, D]`: `[rows, k]`.
    ///
    /// # Errors
    /// Rows of another width, or that are not finite.
    pub fn encode(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        check::features("rows", self.columns(), rows.ncols())?;
        check::finite("rows", rows)?;
        let mut sources = Array2::zeros((rows.nrows(), self.sources()));
        gemm(1.0, (&rows - &self.mean).view(), self.unmixing.t(), Add::No, sources.view_mut())?;
        Ok(sources)
    }

    /// The rows of sources `[rows, k]`: `[rows, D]`.
    ///
    /// # Errors
    /// Sources of another width, or that are not finite.
    pub fn decode(&self, sources: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        check::features("sources", self.sources(), sources.ncols())?;
        check::finite("sources", sources)?;
        let mut rows = Array2::zeros((sources.nrows(), self.columns()));
        gemm(1.0, sources, self.mixing.t(), Add::No, rows.view_mut())?;
        Ok(rows + &self.mean)
    }

    /// Rows without the part of some sources: `x − Σ_i a_i y_i` over `left_out`. What no source explains
    /// stays.
    ///
    /// # Errors
    /// As [`encode`](Self::encode); [`LayerError::Range`] for a source that does not exist.
    pub fn without(&self, rows: ArrayView2<'_, f64>, left_out: &[usize]) -> Result<Array2<f64>> {
        if let Some(&unknown) = left_out.iter().find(|&&source| source >= self.sources()) {
            let (what, range) = ("source to leave out", "below the number of sources");
            return Err(LayerError::Range { what, value: unknown as f64, range });
        }
        let mut chosen = left_out.to_vec();
        chosen.sort_unstable();
        chosen.dedup();
        let sources = self.encode(rows)?.select(Axis(1), &chosen);
        let mut cleaned = rows.to_owned();
        let mixing = self.mixing.select(Axis(1), &chosen);
        gemm(-1.0, sources.view(), mixing.t(), Add::Yes, cleaned.view_mut())?;
        Ok(cleaned)
    }
}
