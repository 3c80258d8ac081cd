//! One row of the affine transform `y = x·eˢ + t`, with `s` softly limited: `s = ŝ/(1 + |ŝ|/L)`.
//!
//! Numbers are processed in blocks of [`LANES`]. (In a plain loop over four slices, the compiler
//! checks at run time whether they overlap. The interleaved rows of `ŝ` and `t` look as if they did,
//! and the loop then runs without vector instructions.)

use pdmap_core::Real;

use crate::spline::{LANES, load, store};

/// The soft limit: `s` and its slope `ds/dŝ`.
#[inline(always)]
pub(super) fn limited<F: Real>(raw: F, limit: F) -> (F, F) {
    let ratio = F::one() / (F::one() + num_traits::Float::abs(raw) / limit);
    (raw * ratio, ratio * ratio)
}

/// `y ← x·eˢ + t`; returns `Σ s`. `parameters` are all `ŝ`, then all `t`.
#[inline(always)]
pub(super) fn forward<F: Real>(limit: F, x: &[F], parameters: &[F], y: &mut [F]) -> F {
    let (raw, shift) = parameters.split_at(x.len());
    let mut sum = F::zero();
    let blocks = x.chunks(LANES).zip(raw.chunks(LANES)).zip(shift.chunks(LANES));
    for (((x, raw), shift), to) in blocks.zip(y.chunks_mut(LANES)) {
        let (mut s, mut y, shift) = (load(raw), load(x), load(shift));
        for ((s, y), &shift) in s.iter_mut().zip(&mut y).zip(&shift) {
            *s = limited(*s, limit).0;
            *y = *y * s.vector_exp() + shift;
        }
        store(to, &y);
        for &s in s.iter().take(to.len()) {
            sum += s;
        }
    }
    sum
}

/// Replaces `δ` at `y` by that at `x`, and `parameters` by the gradients of `log p`.
#[inline(always)]
pub(super) fn backward<F: Real>(limit: F, x: &[F], delta: &mut [F], parameters: &mut [F]) {
    let (raw, shift) = parameters.split_at_mut(x.len());
    let blocks = x.chunks(LANES).zip(raw.chunks_mut(LANES)).zip(shift.chunks_mut(LANES));
    for (((x, raw), shift), delta) in blocks.zip(delta.chunks_mut(LANES)) {
        let (x, mut dx, mut by_raw) = (load(x), load(delta), load(raw));
        store(shift, &dx);
        for ((&x, dx), by_raw) in x.iter().zip(&mut dx).zip(&mut by_raw) {
            let (s, slope) = limited(*by_raw, limit);
            *dx *= s.vector_exp();
            *by_raw = (*dx * x + F::one()) * slope;
        }
        store(raw, &by_raw);
        store(delta, &dx);
    }
}
