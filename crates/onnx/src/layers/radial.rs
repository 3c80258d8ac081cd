//! Radial layers.

use pdmap_core::{Layer, Real};
use pdmap_layers::radial::Radial;

use super::splines;
use super::{tensors, typed};
use crate::error::Result;
use crate::graph::Type;
use crate::pass::Pass;

/// `y = x e^{f(u) − u}` with `u = log(r/√D)` of each group of features, and
/// `log|det| = log f'(u) + D (f(u) − u)`.
pub(super) fn radial<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Radial<F> = typed(layer, pass)?;
    let (graph, members) = (pass.graph, own.members());
    let (count, largest) = (members.len(), members.iter().map(Vec::len).max().unwrap_or(0));
    // Smaller groups are filled up with the zero behind the row.
    let places = members.iter().flat_map(|group| (0..largest).map(|at| group.get(at).copied()));
    let places: Vec<usize> = places.map(|feature| feature.unwrap_or(pass.features)).collect();
    let squares = pass.x.cast(Type::Double).square().padded(2, 0, 1, 0.0);
    let sums = squares.take(1, places).reshape(&[0, count, largest]).sum(2, false);
    let sizes = graph.vector(Type::Double, members.iter().map(|group| group.len() as f64));
    let mean = sums / sizes;
    let u = (0.5 * mean.max(mean.like(f64::MIN_POSITIVE)).ln()).cast(Type::of::<F>());
    let units = (0..count).map(|group| if own.is_shared() { 0 } else { group });
    let (v, log_slopes) = splines::apply(u, units, own.options(), &mut tensors(layer), pass)?;
    pass.add_log_slopes(log_slopes);
    pass.add_log_slopes(sizes * (v.cast(Type::Double) - u.cast(Type::Double)));
    let mut group_of = vec![0; pass.features];
    for (group, features) in members.iter().enumerate() {
        features.iter().for_each(|&feature| group_of[feature] = group);
    }
    pass.x = pass.x * (v - u).exp().take(1, group_of);
    Ok(())
}
