//! Ensembles of flows.

use pdmap_core::Real;
use pdmap_core::flow::Ensemble;

use crate::error::Result;
use crate::flow;
use crate::graph::{Type, Value};
use crate::pass::Pass;

/// `log Σ_m w_m p_m(x)`.
pub(super) fn log_density<'g, F: Real>(ensemble: &Ensemble<F>, pass: &Pass<'g>) -> Result<Value<'g>> {
    let mut all = Vec::new();
    for (index, member) in ensemble.members().iter().enumerate() {
        let mut own = pass.on(pass.x, pass.features);
        own.place.push(index);
        all.push(flow::log_prob(member, &mut own)?.unsqueeze(1));
    }
    let weights = pass.graph.vector(Type::Double, ensemble.weights().iter().map(|weight| weight.ln()));
    let joint = match all.split_first() {
        Some((first, rest)) => first.beside(1, rest),
        None => pass.x.cast(Type::Double),
    };
    Ok((joint + weights).log_sum_exp())
}
