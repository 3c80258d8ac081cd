//! Gaussian mixtures.

use ndarray::{Array3, Axis};
use pdmap_core::Real;
use pdmap_mixture::{Gaussian, GaussianMixtureBase, PrecisionFactor};

use crate::error::Result;
use crate::graph::{Type, Value};
use crate::pass::Pass;

/// `log Σ_k π_k |det L_k| (2π)^(−D/2) exp(−½‖L_k (z − μ_k)‖²)`.
pub(super) fn log_density<'g, F: Real>(base: &GaussianMixtureBase<F>, pass: &Pass<'g>) -> Result<Value<'g>> {
    let (graph, mixture) = (pass.graph, base.mixture()?);
    let (components, columns) = (mixture.components(), mixture.columns());
    let means = Array3::from_shape_fn((components.len(), 1, columns), |(k, _, i)| F::of(components[k].mean()[i]));
    // [components, rows, columns].
    let apart = pass.x.unsqueeze(0) - graph.array(&means);
    let diagonal: Option<Vec<_>> = components.iter().map(diagonal).collect();
    let y = match diagonal {
        Some(factors) => apart * graph.array(&Array3::from_shape_fn(means.dim(), |(k, _, i)| F::of(factors[k][i]))),
        None => {
            let mut factors = Array3::zeros((components.len(), columns, columns));
            for (mut to, component) in factors.axis_iter_mut(Axis(0)).zip(components) {
                to.assign(&component.factor().matrix().t().mapv(F::of));
            }
            apart.matmul(graph.array(&factors))
        }
    };
    let squares = y.cast(Type::Double).square().sum(2, false).transpose(&[1, 0]);
    let peaks = components.iter().zip(mixture.log_weights()).map(|(component, weight)| weight + component.log_peak());
    Ok((graph.vector(Type::Double, peaks) - 0.5 * squares).log_sum_exp())
}

fn diagonal(component: &Gaussian) -> Option<&ndarray::Array1<f64>> {
    match component.factor() {
        PrecisionFactor::Diagonal(factor) => Some(factor),
        PrecisionFactor::Dense(_) => None,
    }
}
