//! How far a matrix is from orthonormal.

use ndarray::{Array2, ArrayView2};

use super::gemm::{Add, gemm};
use crate::Real;

/// `max|WᵀW − I|` in `f64`.
pub fn orthonormality_residual<F: Real>(w: ArrayView2<'_, F>) -> f64 {
    let wide = w.mapv(F::f64).as_standard_layout().into_owned();
    let mut gram = Array2::zeros((w.ncols(), w.ncols()));
    if gemm(1.0, wide.t(), wide.view(), Add::No, gram.view_mut()).is_err() {
        unreachable!("both factors are the same matrix");
    }
    gram.diag_mut().iter_mut().for_each(|diagonal| *diagonal -= 1.0);
    // NaN must not pass for orthonormal.
    let larger = |worst: f64, &value: &f64| {
        if worst.is_nan() || value.is_nan() { f64::NAN } else { worst.max(value.abs()) }
    };
    gram.iter().fold(0.0, larger)
}
