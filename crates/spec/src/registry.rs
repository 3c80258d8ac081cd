//! All kinds of layers and base densities.

use pdmap_core::{Real, Registry};

/// Every kind of layer and base density of the project.
pub fn registry<F: Real>() -> Registry<F> {
    let mut registry = pdmap_core::registry();
    pdmap_dense::register(&mut registry);
    pdmap_conv::register(&mut registry);
    pdmap_layers::register(&mut registry);
    pdmap_mixture::register(&mut registry);
    registry
}
