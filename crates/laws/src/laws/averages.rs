//! Parameters have means that are parameters again: the mean of equal weights are these weights, and that
//! of the weights along a run makes a layer that can be inverted.

use pdmap_core::contract::NamedTensors;
use pdmap_core::{Layer, LayerError, Real, Tensors};

use super::resumption::moved_by;
use super::round_trip;
use crate::case::tensors;
use crate::verdict::at_most;
use crate::{Case, Verdict};

/// Rounding of a number that is averaged, in ε: logarithms of scales of up to some e⁸ lose that much.
const ROUNDING: f64 = 64.0;

/// Steps between two weights that are averaged.
const APART: usize = 3;

/// Averages equal weights, then different ones.
pub fn averages<F: Real>(case: &Case<'_, F>) -> Verdict {
    let still = average(&[case.layer(), case.layer(), case.layer()])?;
    for ((name, mean), (_, own)) in still.iter().zip(tensors(case.layer())) {
        if mean.shape() != own.shape() {
            let (expected, actual) = (own.shape().to_vec(), mean.shape().to_vec());
            return Err(LayerError::TensorShape { name: name.clone(), expected, actual }.into());
        }
        let apart = mean.iter().zip(&own).map(|(mean, own)| (mean.f64() - own.f64()).abs()).fold(0.0, f64::max);
        let size = own.iter().fold(1.0, |most: f64, own| most.max(own.f64().abs()));
        at_most("mean of equal weights against these", apart, ROUNDING * F::EPS * size * (own.len() as f64).sqrt())?;
    }
    if case.rows().nrows() == 0 {
        return Ok(());
    }
    let later = moved_by(case, APART)?;
    let between = average(&[case.layer(), &*later])?;
    let mut saved = Tensors::from_iter(between);
    let averaged = case.restore(&case.layer().spec(), &mut saved)?;
    saved.finish()?;
    round_trip(&case.with(averaged))
}

/// The mean of the weights of some layers of one specification.
fn average<F: Real>(layers: &[&dyn Layer<F>]) -> Result<NamedTensors<F>, LayerError> {
    let mut means: Vec<Vec<F>> = tensors(layers[0]).iter().map(|(_, tensor)| vec![F::zero(); tensor.len()]).collect();
    for (count, layer) in layers.iter().enumerate() {
        let (share, mut means) = (F::of(1.0 / (count + 1) as f64), means.iter_mut());
        layer.parameters(&mut |_, parameter| means.next().map_or(Ok(()), |mean| parameter.add_to_mean(share, mean)))?;
    }
    let (mut means, mut found) = (means.iter(), NamedTensors::new());
    layers[layers.len() - 1].parameters(&mut |name, parameter| {
        let mean = means.next().map(Vec::as_slice).unwrap_or_default();
        found.push((name.to_string(), parameter.at_mean(mean)?));
        Ok(())
    })?;
    Ok(found)
}
