//! A layer of angles is a map of circles, and so smooth that a density has no jump.

use ndarray::{Array2, Axis};
use pdmap_core::{LayerExt, Real};

use crate::tolerance::{ROUND_TRIP, rounding};
use crate::verdict::at_most;
use crate::{Case, Verdict};

/// Points of a turn.
const POINTS: usize = 1024;

/// The largest change of `log|det|` from one point to the next. It is less than `POINTS` times this on
/// the way around for any spline worth its name, and a jump is as large as it is.
const JUMP: f64 = 0.1;

/// The last `angles` features are angles in turns. A whole turn of one of them changes its own
/// image by a whole turn and nothing else, neither other images nor `log|det|`; and on its way
/// around, `log|det|` does not jump.
///
/// # Errors
/// What was violated, and by how much.
pub fn circles<F: Real>(case: &Case<'_, F>, angles: usize) -> Verdict {
    let (layer, x) = (case.layer(), case.rows());
    let allowed = rounding::<F>(x.ncols(), 4.0, ROUND_TRIP);
    let (y, log_det) = layer.transform(x)?;
    for angle in x.ncols() - angles..x.ncols() {
        let mut turned = x.to_owned();
        turned.column_mut(angle).mapv_inplace(|x| F::of(x.f64() + 1.0));
        let (mut image, turned_det) = layer.transform(turned.view())?;
        image.column_mut(angle).mapv_inplace(|y| F::of(y.f64() - 1.0));
        let apart = image.iter().zip(&y).map(|(a, b)| (a.f64() - b.f64()).abs()).fold(0.0, f64::max);
        at_most(format!("images after a turn of feature {angle}"), apart, allowed)?;
        let apart = turned_det.iter().zip(&log_det).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        at_most(format!("log-det after a turn of feature {angle}"), apart, allowed)?;
        let Some(row) = x.axis_iter(Axis(0)).next() else { continue };
        let around = Array2::from_shape_fn((POINTS + 1, x.ncols()), |(point, column)| match column == angle {
            true => F::of(point as f64 / POINTS as f64 - 0.5),
            false => row[column],
        });
        let (_, log_det) = layer.transform(around.view())?;
        let jump = log_det.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        at_most(format!("a jump of log-det on the way around feature {angle}"), jump, JUMP)?;
    }
    Ok(())
}
