//! Densities with independent features, each given by a function of one number.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::parallel::{self, Pass};
use crate::{Real, Result, check};

/// Adds `columns·constant + Σ log_kernel(z)` of each row, in nats.
pub(super) fn add_log_density<F: Real>(
    z: ArrayView2<'_, F>,
    out: &mut [f64],
    constant: f64,
    log_kernel: impl Fn(f64) -> f64,
) -> Result<()> {
    check::log_det(z.nrows(), Some(out))?;
    let columns = z.ncols().max(1);
    let (data, constant) = (check::slice("base rows", &z)?, columns as f64 * constant);
    for (out, row) in out.iter_mut().zip(data.chunks_exact(columns)) {
        *out += constant + row.iter().map(|z| log_kernel(z.f64())).sum::<f64>();
    }
    Ok(())
}

/// `delta ← pass(z)`.
pub(super) fn score<F: Real>(
    z: ArrayView2<'_, F>,
    mut delta: ArrayViewMut2<'_, F>,
    pass: &impl for<'a> Pass<(&'a mut [F], &'a [F])>,
) -> Result<()> {
    check::shape("delta", z.dim(), delta.dim())?;
    let data = check::slice("base rows", &z)?;
    parallel::map(check::slice_mut("delta", &mut delta)?, data, pass);
    Ok(())
}

/// A pass that applies a function to each number.
pub(super) struct Each<S>(pub(super) S);

/// `δ = d log p/dz` at one number.
pub(super) trait Score: Sync {
    fn at<F: Real>(&self, z: F) -> F;
}

impl<'a, F: Real, S: Score> Pass<(&'a mut [F], &'a [F])> for Each<S> {
    #[inline(always)]
    fn run(&self, (delta, z): (&'a mut [F], &'a [F])) {
        delta.iter_mut().zip(z).for_each(|(delta, &z)| *delta = self.0.at(z));
    }
}
