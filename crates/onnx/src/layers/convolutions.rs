//! Convolutions as products of gathered blocks.

use ndarray::Array1;
use pdmap_conv::{CycledConv, FreeConv};
use pdmap_core::{Layer, LayerError, Real};

use super::{failed, typed};
use crate::error::Result;
use crate::pass::Pass;

/// A product of stages, each of which multiplies all blocks of one period by the same matrix.
pub(super) fn cycled<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let conv: CycledConv<F> = typed(layer, pass)?;
    let side = conv.geometry().side();
    // Where each feature of the flat row stands in the present order.
    let mut present: Vec<usize> = (0..pass.features).collect();
    for (stage, matrix) in conv.stages().iter().enumerate() {
        let covered = conv.blocks(stage) * side;
        let order: Vec<usize> = conv.order(stage).into_iter().map(|feature| feature as usize).collect();
        let gathered = pass.x.take(1, order.iter().map(|&feature| present[feature]));
        let blocks = gathered.slice(1, 0, covered).reshape(&[0, covered / side, side]);
        let product = blocks.matmul(pass.graph.array(&matrix.weight().t())).reshape(&[0, covered]);
        pass.x = match covered < pass.features {
            true => product.beside(1, &[gathered.slice(1, covered, pass.features)]),
            false => product,
        };
        order.into_iter().enumerate().for_each(|(place, feature)| present[feature] = place);
    }
    let order = conv.order(conv.stages().len());
    pass.x = pass.x.take(1, order.into_iter().map(|feature| present[feature as usize]));
    pass.total.add_constant(conv.log_abs_det().map_err(failed(pass))?);
    Ok(())
}

/// Unconstrained kernels on windows of a periodic signal.
pub(super) fn free<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let conv: FreeConv<F> = typed(layer, pass)?;
    let kernels = conv.kernels().map_err(failed(pass))?;
    let size = kernels.grid().size("shape", conv.dims()).map_err(failed(pass))?;
    let windows = kernels.windows(size).map_err(failed(pass))?;
    let (count, width) = (windows.count(), windows.width());
    // Where each number of a window and of a block stands in a row: exact in double precision, since
    // there are at most 2²⁴ features.
    let row: Array1<f64> = Array1::from_iter((0..pass.features).map(|feature| feature as f64));
    let (mut seen, mut blocks) = (vec![0.0; count * width], vec![0.0; pass.features]);
    let flat = row.as_slice().ok_or(LayerError::NoFeatures).map_err(failed(pass))?;
    windows.gather(flat, &mut seen);
    windows.read_blocks(flat, &mut blocks);
    let mut from = vec![0; pass.features];
    blocks.iter().enumerate().for_each(|(place, &feature)| from[feature as usize] = place);
    let seen = pass.x.take(1, seen.into_iter().map(|feature| feature as usize)).reshape(&[0, count, width]);
    let weight = kernels.matrix().t().mapv(F::of);
    pass.x = seen.matmul(pass.graph.array(&weight)).reshape(&[0, pass.features]).take(1, from);
    pass.total.add_constant(conv.log_det().map_err(failed(pass))?);
    Ok(())
}
