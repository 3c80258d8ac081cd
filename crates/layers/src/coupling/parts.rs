//! Long batches in parts.

use ndarray::{ArrayViewMut2, Axis};
use pdmap_core::{Input, Real, Result};

/// Calls `body` with at most `at_most` rows at a time, together with their output and their
/// log-determinants.
///
/// # Errors
/// Those of `body`.
pub(crate) fn in_parts<F: Real>(
    at_most: usize,
    input: Input<'_, F>,
    mut out: ArrayViewMut2<'_, F>,
    mut log_det: Option<&mut [f64]>,
    mut body: impl FnMut(Input<'_, F>, ArrayViewMut2<'_, F>, Option<&mut [f64]>) -> Result<()>,
) -> Result<()> {
    let mut rest = input;
    while rest.x.nrows() > at_most {
        let (x, later) = rest.x.split_at(Axis(0), at_most);
        let (given, given_later) = rest.condition.map(|given| given.split_at(Axis(0), at_most)).unzip();
        let (y, out_later) = out.split_at(Axis(0), at_most);
        let (own, log_later) = log_det.map(|log_det| log_det.split_at_mut(at_most)).unzip();
        body(Input::new(x, given), y, own)?;
        (rest, out, log_det) = (Input::new(later, given_later), out_later, log_later);
    }
    body(rest, out, log_det)
}
