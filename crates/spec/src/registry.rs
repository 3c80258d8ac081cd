//! All kinds of layers.

use pdmap_core::{Real, Registry};

/// Every kind of layer of the project.
pub fn registry<F: Real>() -> Registry<F> {
    let mut registry = Registry::core();
    pdmap_dense::register(&mut registry);
    pdmap_conv::register(&mut registry);
    pdmap_data::preprocess::register(&mut registry);
    registry
}
