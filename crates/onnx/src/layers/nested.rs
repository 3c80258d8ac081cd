//! Layers inside of layers.

use pdmap_core::{Chain, FactorOut, Layer, Real};

use super::typed;
use crate::error::Result;
use crate::pass::Pass;

/// Layers in sequence.
pub(super) fn chain<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let inner: Chain<F> = typed(layer, pass)?;
    super::chain(&inner, pass)
}

/// Layers on the first features.
pub(super) fn factor_out<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let layer: FactorOut<F> = typed(layer, pass)?;
    let (all, features, keep) = (pass.x, pass.features, layer.keep());
    (pass.x, pass.features) = (all.slice(1, 0, keep), keep);
    super::chain(layer.inner(), pass)?;
    if keep < features {
        pass.x = pass.x.beside(1, &[all.slice(1, keep, features)]);
    }
    pass.features = features;
    Ok(())
}
