//! Linear maps, whose log-determinant is the same for all rows.

use ndarray::Array2;
use pdmap_core::{Layer, LayerExt, Real};

use super::{failed, tensors};
use crate::error::Result;
use crate::pass::Pass;

/// The image of one row of equal numbers, and the log-determinant.
fn image<F: Real>(layer: &dyn Layer<F>, pass: &Pass<'_>, number: f64) -> Result<(Array2<F>, f64)> {
    row(layer, pass, |_| number)
}

fn row<F: Real>(layer: &dyn Layer<F>, pass: &Pass<'_>, number: impl Fn(usize) -> f64) -> Result<(Array2<F>, f64)> {
    let x = Array2::from_shape_fn((1, pass.features), |(_, feature)| F::of(number(feature)));
    let (y, log_det) = layer.transform(&x).map_err(failed(pass))?;
    Ok((y, log_det[0]))
}

/// `y = W x + b`.
pub(super) fn dense<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (_, log_det) = image(layer, pass, 0.0)?;
    let mut tensors = tensors(layer);
    let weight = tensors.square("weight", Some(pass.features)).map_err(failed(pass))?;
    pass.x = pass.x.matmul(pass.graph.array(&weight.t()));
    if let Ok(bias) = tensors.vector("bias", Some(pass.features)) {
        pass.x = pass.x + pass.graph.array(&bias);
    }
    pass.total.add_constant(log_det);
    Ok(())
}

/// `y = s x`, with the scales that a row of ones becomes.
pub(super) fn scale<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (scales, log_det) = image(layer, pass, 1.0)?;
    pass.x = pass.x * pass.graph.array(&scales);
    pass.total.add_constant(log_det);
    Ok(())
}

/// `y = x + t`, with the shifts that a row of zeros becomes.
pub(super) fn shift<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (shifts, _) = image(layer, pass, 0.0)?;
    pass.x = pass.x + pass.graph.array(&shifts);
    Ok(())
}

/// `y = (x − μ)/σ`.
pub(super) fn standardize<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (_, log_det) = image(layer, pass, 0.0)?;
    let mut tensors = tensors(layer);
    let mut vector = |name| tensors.vector(name, Some(pass.features)).map_err(failed(pass));
    let (mean, deviation) = (vector("mean")?, vector("deviation")?);
    pass.x = (pass.x - pass.graph.array(&mean)) / pass.graph.array(&deviation);
    pass.total.add_constant(log_det);
    Ok(())
}

/// `y = Uᵀ((x − μ)/s)/σ`, in some files without `s`.
pub(super) fn whitening<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (_, log_det) = image(layer, pass, 0.0)?;
    let mut tensors = tensors(layer);
    let basis = tensors.square("basis", Some(pass.features)).map_err(failed(pass))?;
    let mut vector = |name| tensors.vector(name, Some(pass.features)).map_err(failed(pass));
    let (mean, deviation, scale) = (vector("mean")?, vector("deviation")?, vector("scale").ok());
    pass.x = pass.x - pass.graph.array(&mean);
    if let Some(scale) = scale {
        pass.x = pass.x / pass.graph.array(&scale);
    }
    pass.x = pass.x.matmul(pass.graph.array(&basis)) / pass.graph.array(&deviation);
    pass.total.add_constant(log_det);
    Ok(())
}

/// `y_i = x_{order(i)}`, with the order that the indices become.
pub(super) fn permutation<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let (order, _) = row(layer, pass, |feature| feature as f64)?;
    pass.x = pass.x.take(1, order.iter().map(|index| index.f64() as usize));
    Ok(())
}
