//! The full-covariance Gaussian.

use ndarray::{ArrayView2, Axis};
use pdmap_core::flow::base::Normal;
use pdmap_core::{Flow, LayerError, LayerExt, ParametricExt, Real, Result, check};
use pdmap_layers::preprocess::{Passes, Standardize, Visit, Whitening};

/// Rows per block.
const BLOCK: usize = 4096;

/// Smallest ratio of standard deviations along two principal axes of the standardized features that
/// counts as signal, in ε of the precision of the rows.
const RANK: f64 = 64.0;

/// The Gaussian with the mean and covariance of some rows, in `f64`: features are standardized, so
/// that their units do not matter, then whitened, before a normal base.
#[derive(Debug, Clone)]
pub struct Gaussian {
    flow: Flow<f64>,
}

impl Gaussian {
    /// Fits mean and covariance (divisor: number of rows) to `rows`, `[rows, features]`.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; [`LayerError::NotPositive`] for a constant feature;
    /// [`LayerError::Dependent`] or [`LayerError::Singular`] for linearly dependent features, or fewer
    /// rows than features.
    pub fn fit<F: Real>(rows: ArrayView2<'_, F>) -> Result<Self> {
        Self::fit_weighted(rows, None)
    }

    /// Like [`fit`](Self::fit), for rows of these weights: one of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); another number of weights than of rows.
    pub fn fit_weighted<F: Real>(rows: ArrayView2<'_, F>, weights: Option<&[f64]>) -> Result<Self> {
        check::weights(rows.nrows(), weights)?;
        let own = |block: usize, count| weights.map(|weights| &weights[block * BLOCK..block * BLOCK + count]);
        Self::fit_in_passes(&mut |visit: &mut Visit<'_, F>| {
            let mut blocks = rows.axis_chunks_iter(Axis(0), BLOCK).enumerate();
            blocks.try_for_each(|(index, block)| visit(block, own(index, block.nrows())))
        })
    }

    /// Like [`fit`](Self::fit), for rows delivered in blocks by five passes.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); those of the passes.
    pub fn fit_in_passes<F: Real, E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        let standardize = Standardize::<f64>::fit_in_passes(&mut |visit: &mut Visit<'_, f64>| {
            passes(&mut |block, weights| visit(block.mapv(F::f64).view(), weights))
        })?;
        let whitening = Whitening::<f64>::fit_in_passes(&mut |visit: &mut Visit<'_, f64>| {
            passes(&mut |block, weights| visit(standardize.transform(block.mapv(F::f64).view())?.0.view(), weights))
        })?;
        // What is left along an axis may be the rounding of the rows, in their own precision.
        let tensors = whitening.tensors();
        let deviation = tensors.iter().filter(|(name, _)| name == "deviation").flat_map(|(_, values)| values);
        let deviation: Vec<f64> = deviation.copied().collect();
        let dim = deviation.len();
        let largest = deviation.iter().copied().fold(0.0, f64::max);
        if let Some(pivot) = deviation.iter().position(|&value| value <= RANK * F::EPS * largest) {
            return Err(LayerError::Singular { dim, pivot, value: deviation[pivot] }.into());
        }
        let flow = Flow::new(dim, vec![Box::new(standardize), Box::new(whitening)], Box::new(Normal))?;
        Ok(Self { flow })
    }

    /// `log p` of each row of `[rows, features]`, in nats, in the space of the rows.
    ///
    /// # Errors
    /// Another number of features; rows without a finite log-likelihood.
    pub fn log_prob<F: Real>(&self, rows: ArrayView2<'_, F>) -> Result<Vec<f64>> {
        let mut all = Vec::with_capacity(rows.nrows());
        for (index, block) in rows.axis_chunks_iter(Axis(0), BLOCK).enumerate() {
            let scores = self.flow.log_prob(&block.mapv(F::f64));
            all.extend(scores.map_err(|error| error.below(index * BLOCK))?);
        }
        Ok(all)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_density_is_that_of_the_formula() {
        let rows = array![[0.0, 1.0], [2.0, 1.0], [1.0, 4.0], [3.0, 7.0], [-1.0, 2.0]];
        let gaussian = Gaussian::fit(rows.view()).unwrap();
        // Mean (1, 3), covariance [[2, 2], [2, 5.2]] with determinant 6.4 and this inverse.
        let (a, b, d) = (5.2 / 6.4, -2.0 / 6.4, 2.0 / 6.4);
        let at = array![[0.5, -1.0], [4.0, 3.0]];
        for (row, score) in at.rows().into_iter().zip(gaussian.log_prob(at.view()).unwrap()) {
            let (x, y) = (row[0] - 1.0, row[1] - 3.0);
            let distance = a * x * x + 2.0 * b * x * y + d * y * y;
            let expected = -0.5 * distance - (2.0 * std::f64::consts::PI).ln() - 0.5 * 6.4f64.ln();
            assert!((score - expected).abs() < 1e-12, "{score} {expected}");
        }
    }

    #[test]
    fn units_do_not_matter_and_passes_give_the_same_bits() {
        let number = |row: usize, column: usize| ((row * row * (column + 3) + 7 * row) % 101) as f64 / 50.0;
        let rows = Array2::from_shape_fn((5000, 3), |(row, column)| number(row, column) + number(row, 5));
        let units = [1e9, 1.0, 1e-9];
        let scaled = Array2::from_shape_fn(rows.dim(), |(row, column)| rows[[row, column]] * units[column]);
        let mean = |rows: &Array2<f64>| {
            let scores = Gaussian::fit(rows.view()).unwrap().log_prob(rows.view()).unwrap();
            scores.iter().sum::<f64>() / scores.len() as f64
        };
        // The product of the units is 1.
        assert!((mean(&rows) - mean(&scaled)).abs() < 1e-9, "{} {}", mean(&rows), mean(&scaled));
        let single = rows.mapv(|value| value as f32);
        let passes = Gaussian::fit_in_passes::<f32, LayerError>(&mut |visit| {
            single.axis_chunks_iter(Axis(0), BLOCK).try_for_each(|block| visit(block, None))
        });
        let scores = passes.unwrap().log_prob(single.view()).unwrap();
        assert_eq!(scores, Gaussian::fit(single.view()).unwrap().log_prob(single.view()).unwrap());
        assert_eq!(scores.len(), 5000);
    }

    #[test]
    fn singular_covariances_are_refused_at_the_precision_of_the_rows() {
        let noise = |row: usize, k: usize| ((row * 7919 * k) % 10_007) as f64 / 10_007.0;
        let rows = Array2::from_shape_fn((1000, 3), |(row, column)| match column {
            2 => noise(row, 3) + noise(row, 5),
            _ => noise(row, 3 + 2 * column),
        });
        let refused =
            |error: Result<Gaussian>| matches!(error, Err(LayerError::Singular { .. } | LayerError::Dependent { .. }));
        assert!(refused(Gaussian::fit(rows.view())));
        // In single precision, rounding leaves a deviation of 1e-8.
        let single = rows.mapv(|value| value as f32);
        assert!(refused(Gaussian::fit(single.view())));
        let constant = Array2::from_shape_fn((10, 2), |(row, column)| (row * (1 - column)) as f64);
        assert!(matches!(Gaussian::fit(constant.view()), Err(LayerError::NotPositive { .. })));
        assert!(Gaussian::fit(Array2::<f64>::eye(3).view()).is_err());
    }
}
