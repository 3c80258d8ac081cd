//! Each kind of layer as operators.

mod activations;
mod autoregressive;
mod bins;
mod circular;
mod convolutions;
mod coupling;
mod domains;
mod histogram;
mod linear;
mod mixture;
mod nested;
mod networks;
mod radial;
mod splines;
mod transforms;

use pdmap_core::contract::ParametricExt;
use pdmap_core::{Chain, Kind, Layer, LayerError, Real, Tensors};
use pdmap_spec::registry;

use crate::error::{OnnxError, Result};
use crate::pass::Pass;

/// Writes the layers of a chain one after another.
pub(crate) fn chain<F: Real>(chain: &Chain<F>, pass: &mut Pass<'_>) -> Result<()> {
    for (index, layer) in chain.layers().iter().enumerate() {
        pass.place.push(index);
        one(&**layer, pass)?;
        pass.place.pop();
    }
    Ok(())
}

/// Writes one layer.
fn one<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    match layer.spec().kind.as_str() {
        "dense" => linear::dense(layer, pass),
        "scale" | "subband-scale" => linear::scale(layer, pass),
        "shift" | "subband-shift" => linear::shift(layer, pass),
        "standardize" => linear::standardize(layer, pass),
        "whitening" => linear::whitening(layer, pass),
        "permute" | "squeeze" => linear::permutation(layer, pass),
        "cycled-conv" => convolutions::cycled(layer, pass),
        "free-conv" => convolutions::free(layer, pass),
        "smooth-leaky-relu" => activations::smooth_leaky_relu(layer, pass),
        "leaky-tanh" => activations::leaky_tanh(layer, pass),
        "asinh" => activations::asinh(pass),
        "sigmoid" => activations::sigmoid(layer, pass),
        "logit" => activations::logit(layer, pass),
        "spline" => splines::spline(layer, pass),
        "radial" => radial::radial(layer, pass),
        "coupling" => coupling::coupling(layer, pass),
        "autoregressive" => autoregressive::autoregressive(layer, pass),
        "circular" => circular::circular(layer, pass),
        "logistic-mixture" => mixture::logistic_mixture(layer, pass),
        "histogram" => histogram::histogram(layer, pass),
        "domain" => domains::domains(layer, pass),
        "chain" => nested::chain(layer, pass),
        "factor-out" | "kept" => nested::factor_out(layer, pass),
        kind => Err(OnnxError::Layer { layer: pass.place(), kind: kind.to_owned() }),
    }
}

/// A copy of a layer of a known type.
fn typed<F: Real, L: Kind<F>>(layer: &dyn Layer<F>, pass: &Pass<'_>) -> Result<L> {
    let found = L::restore(&layer.spec(), &mut tensors(layer), &registry());
    found.map_err(failed(pass))
}

/// Copies of the tensors of a layer.
fn tensors<F: Real>(layer: &dyn Layer<F>) -> Tensors<F> {
    Tensors::from_iter(layer.tensors())
}

/// An error of a layer, with its place.
fn failed(pass: &Pass<'_>) -> impl Fn(LayerError) -> OnnxError + use<> {
    let layer = pass.place();
    move |source| OnnxError::Read { layer: layer.clone(), source: Box::new(source) }
}
