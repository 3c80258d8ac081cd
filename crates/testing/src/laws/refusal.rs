//! Law 6: wrong shapes, NaN and infinities get a typed error that carries the numbers.

use ndarray::{Array2, ArrayView2};
use pdmap_core::{Layer, LayerError, LayerExt, Real};

use super::{Verdict, Violation};

/// Refusals of one layer.
pub fn refuses<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, _seed: u64) -> Verdict {
    let (rows, features) = x.dim();
    if let Some(expected) = layer.features() {
        let wide = Array2::<F>::zeros((2, features + 1));
        for result in [layer.transform(&wide), layer.untransform(&wide)] {
            match result {
                Err(LayerError::Features { expected: e, actual, .. })
                    if e == expected && actual == features + 1 => {}
                other => return accepted("one feature too many", other),
            }
        }
    }
    for (row, column, bad) in [(0, features / 2, f64::NAN), (rows / 2, 0, f64::INFINITY)] {
        let mut x = x.to_owned();
        let Some(cell) = x.get_mut((row, column)) else { continue };
        *cell = F::of(bad);
        for result in [layer.transform(&x), layer.untransform(&x)] {
            match result {
                Err(LayerError::NonFinite { row: r, column: c, .. }) if (r, c) == (row, column) => {}
                other => return accepted("a value that is not finite", other),
            }
        }
    }
    let mut short = vec![0.0; rows + 1];
    let mut y = Array2::zeros(x.raw_dim());
    match layer.forward(x.into(), y.view_mut(), Some(&mut short), &mut pdmap_core::Tape::scratch()) {
        Err(LayerError::Shape { .. }) => Ok(()),
        other => accepted("one log-determinant too many", other),
    }
}

fn accepted<T: std::fmt::Debug>(what: &'static str, instead: Result<T, LayerError>) -> Verdict {
    let instead = match instead {
        Ok(_) => "it was accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Violation::Accepted { what, instead })
}
