//! Mixtures of logistic distributions.

use pdmap_core::{Layer, Real};

use super::{failed, tensors};
use crate::error::Result;
use crate::graph::Type;
use crate::normal::{log_hazard, tail_quantile};
use crate::pass::Pass;

/// `y = Φ⁻¹(F(x))` with `F(x) = Σ_k π_k σ((x − μ_k)/s_k)`, in double precision.
pub(super) fn logistic_mixture<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (graph, mut tensors) = (pass.graph, tensors(layer));
    let mut matrix = |name| tensors.matrix(name, None).map(|matrix| matrix.mapv(F::f64)).map_err(failed(pass));
    let (mut log_weights, means, log_scales) = (matrix("logits")?, matrix("means")?, matrix("log-scales")?);
    for mut row in log_weights.rows_mut() {
        let sum = pdmap_core::special::log_sum_exp(row.iter().copied());
        row.mapv_inplace(|logit| logit - sum);
    }
    let constant = |array| graph.array_as(Type::Double, array);
    let (weights, scales) = (constant(&log_weights), constant(&log_scales));
    let t = (pass.x.cast(Type::Double).unsqueeze(-1) - constant(&means)) / scales.exp();
    let below = (weights - (-t).softplus()).log_sum_exp();
    let above = (weights - t.softplus()).log_sum_exp();
    let log_density = (weights - scales - t.softplus() - (-t).softplus()).log_sum_exp();
    let log_mass = below.min(above);
    let z = tail_quantile(log_mass);
    let y = below.less(above).select(-z, z);
    pass.each(y.cast(Type::of::<F>()), log_density - log_mass - log_hazard(z, log_mass));
    Ok(())
}
