//! The swish activation.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::parallel::{self, Pass};
use pdmap_core::{Real, Result, check};

/// `a ← z σ(z)` (Ramachandran et al. 2017).
pub(super) fn swish<F: Real>(z: ArrayView2<'_, F>, mut a: ArrayViewMut2<'_, F>) -> Result<()> {
    parallel::map(check::slice_mut("activation", &mut a)?, check::slice("activation", &z)?, &Swish);
    Ok(())
}

/// `z ← a·d(z σ(z))/dz`, where `a` is the gradient with respect to the activation.
pub(super) fn swish_gradient<F: Real>(mut z: ArrayViewMut2<'_, F>, a: ArrayView2<'_, F>) -> Result<()> {
    parallel::map(check::slice_mut("activation", &mut z)?, check::slice("activation", &a)?, &Gradient);
    Ok(())
}

struct Swish;

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Swish {
    #[inline(always)]
    fn run(&self, (a, z): (&'a mut [F], &'a [F])) {
        a.iter_mut().zip(z).for_each(|(a, &z)| *a = z * sigmoid(z));
    }
}

struct Gradient;

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Gradient {
    #[inline(always)]
    fn run(&self, (z, a): (&'a mut [F], &'a [F])) {
        z.iter_mut().zip(a).for_each(|(z, &a)| {
            let s = sigmoid(*z);
            *z = a * s * (F::one() + *z * (F::one() - s));
        });
    }
}

/// `1/(1 + e^{−z})`.
#[inline(always)]
fn sigmoid<F: Real>(z: F) -> F {
    F::one() / (F::one() + (-z).vector_exp())
}
