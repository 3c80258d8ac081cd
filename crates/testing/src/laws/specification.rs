//! A layer built again from its specification and tensors is the same layer, to the bit.

use ndarray::ArrayView2;
use pdmap_core::{Layer, LayerExt, Real, Registry, Tensors};

use super::{Verdict, at_most};

/// The registry that knows every layer of the workspace.
pub(crate) fn registry<F: Real>() -> Registry<F> {
    let mut registry = Registry::core();
    pdmap_dense::register(&mut registry);
    pdmap_conv::register(&mut registry);
    pdmap_data::preprocess::register(&mut registry);
    crate::Given::register(&mut registry);
    registry
}

/// Through JSON and back.
pub fn specification<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, _seed: u64) -> Verdict {
    let json = serde_json::to_string(&layer.spec()).unwrap_or_default();
    let spec = serde_json::from_str(&json).unwrap_or_else(|_| layer.spec());
    let mut tensors = Tensors::from_iter(layer.tensors());
    let again = registry().restore(&spec, &mut tensors)?;
    tensors.finish()?;
    let ((y, log_det), (y2, log_det2)) = (layer.transform(x.reborrow())?, again.transform(x)?);
    let differences = y.iter().zip(&y2).filter(|(a, b)| a != b).count()
        + log_det.iter().zip(&log_det2).filter(|(a, b)| a != b).count();
    at_most("numbers that changed", differences as f64, 0.0)
}
