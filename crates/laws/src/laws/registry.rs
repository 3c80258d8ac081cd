//! Every kind of the workspace.

use pdmap_core::{Invert, LayerSpec, Real, Registry};
use pdmap_layers::elementwise::{Activation, Elementwise};

use crate::subjects::INVERSES;

/// The registry that knows every layer, module and base density of the workspace, and the kinds that only
/// the subjects of the laws have. Add further kinds to it.
pub fn registry<F: Real>() -> Registry<F> {
    let mut registry = pdmap_core::registry();
    pdmap_layers::register(&mut registry);
    pdmap_dense::register(&mut registry);
    pdmap_conv::register(&mut registry);
    pdmap_mixture::register(&mut registry);
    let [leaky_tanh, smooth_leaky_relu] = INVERSES;
    insert_inverse::<F, pdmap_layers::elementwise::LeakyTanh>(&mut registry, leaky_tanh);
    insert_inverse::<F, pdmap_layers::elementwise::SmoothLeakyRelu>(&mut registry, smooth_leaky_relu);
    registry
}

/// The inverse of an elementwise layer, under a name of its own.
fn insert_inverse<F: Real, A: Activation>(registry: &mut Registry<F>, kind: &'static str) {
    registry.insert(kind, move |spec: &LayerSpec, _, _| {
        Ok(Box::new(Invert::new(Elementwise::<A>::new(spec.parse()?)?, kind)))
    });
}
