//! The Jacobian of a flow at a point.

use ndarray::{Array2, ArrayView1};
use pdmap_core::{Flow, ForwardPass, Layer, LayerError, ParametricExt, Real, Tape};

/// `∂z/∂x` at `x`, `[D, D]`.
///
/// A backward pass from `δ` yields `Jᵀδ` plus the gradient of the log-determinant. A second pass,
/// from 0, yields the latter alone, which is subtracted.
pub(crate) fn jacobian<F: Real>(flow: &Flow<F>, x: ArrayView1<'_, F>) -> Result<Array2<f64>, LayerError> {
    let features = flow.features();
    let rows = Array2::from_shape_fn((features + 1, features), |(_, feature)| x[feature]);
    let (mut z, mut dx) = (Array2::zeros(rows.dim()), Array2::zeros(rows.dim()));
    let mut tape = Tape::recording();
    let chain = flow.chain();
    chain.forward((&rows).into(), z.view_mut(), None, &mut tape)?;
    let at = ForwardPass { input: (&rows).into(), y: z.view(), tape: &mut tape };
    let delta: Array2<F> = Array2::from_shape_fn(rows.dim(), |(i, j)| if i == j { F::one() } else { F::zero() });
    chain.backward(at, delta.view(), Some(dx.view_mut()), &mut chain.new_grads().params)?;
    let log_det = dx.row(features).mapv(F::f64);
    Ok(Array2::from_shape_fn((features, features), |(i, j)| dx[[i, j]].f64() - log_det[j]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use pdmap_train::{Architecture, Preprocess, Preset};

    #[test]
    fn the_jacobian_matches_central_differences() {
        let x = Array2::from_shape_fn((200, 3), |(i, j)| ((i * 7 + j * 13) % 17) as f64 - 8.0);
        let flow = Preset::DENSE_SVD
            .build(x.view(), Preprocess::Standardize, Architecture { depth: 3, alpha: 0.2 }, 5)
            .unwrap();
        let point = x.row(3);
        let found = jacobian(&flow, point).unwrap();
        for feature in 0..3 {
            let moved = |by: f64| {
                let mut row = point.to_owned();
                row[feature] += by;
                flow.encode(&row.insert_axis(ndarray::Axis(0))).unwrap()
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            for output in 0..3 {
                assert!((difference[[0, output]] - found[[output, feature]]).abs() < 1e-8);
            }
        }
    }
}
