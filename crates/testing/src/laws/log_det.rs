//! Law 2: `log_det` is `log|det|` of the dense Jacobian.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::linalg::{Lu, singular_values};
use pdmap_core::{Layer, LayerError, LayerExt, Real};

use super::{Verdict, at_most, distance};
use crate::tolerance::{LOG_DET, differences, step};

/// `∂y/∂x` at one row, by central differences: `[features, features]`, row = output.
///
/// # Errors
/// Those of the layer.
pub fn jacobian<F: Real>(layer: &dyn Layer<F>, x: ArrayView1<'_, F>) -> Result<Array2<f64>, LayerError> {
    let features = x.len();
    let mut jacobian = Array2::zeros((features, features));
    for input in 0..features {
        let h = step::<F>() * x[input].f64().abs().max(1.0);
        let mut moved = x.to_owned().insert_axis(Axis(0));
        moved[[0, input]] = F::of(x[input].f64() + h);
        let (above, at_above) = (layer.transform(&moved)?.0, moved[[0, input]].f64());
        moved[[0, input]] = F::of(x[input].f64() - h);
        let (below, at_below) = (layer.transform(&moved)?.0, moved[[0, input]].f64());
        for output in 0..features {
            jacobian[[output, input]] =
                (above[[0, output]].f64() - below[[0, output]].f64()) / (at_above - at_below);
        }
    }
    Ok(jacobian)
}

/// The largest condition number of the Jacobians at the rows, at least 1.
pub(super) fn condition<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>) -> Result<f64, LayerError> {
    let mut worst = 1.0_f64;
    for row in x.rows() {
        if let [largest, .., smallest] = singular_values(jacobian(layer, row)?.view())[..] {
            worst = worst.max(largest / smallest);
        }
    }
    Ok(worst)
}

/// Log-determinants of all rows against the Jacobian's.
pub fn log_det<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, _seed: u64) -> Verdict {
    let (_, actual) = layer.transform(x.reborrow())?;
    let mut expected = Vec::new();
    for row in x.rows() {
        expected.push(Lu::<f64>::new(jacobian(layer, row)?.view())?.log_det().log_abs);
    }
    let allowed = differences::<F>(x.ncols(), condition(layer, x.reborrow())?, LOG_DET);
    at_most("log|det| − log|det Jacobian|", distance(&actual, &expected), allowed)
}
