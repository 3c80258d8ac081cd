//! Smooth leaky ReLU.

use serde::{Deserialize, Serialize};

use super::Activation;
use pdmap_core::special::increasing_root;
use pdmap_core::{LayerError, Real, Result};

/// `f(x) = αx + (1 − α)·softplus(x)` with `1e-30 ≤ α ≤ 1`; slopes from α (left) to 1 (right).
///
/// Gresele et al. 2020 use α = 0.01 on MNIST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmoothLeakyRelu {
    /// Slope as `x → −∞`.
    pub alpha: f64,
}

/// `log(1 + eˣ)`, without overflow.
#[inline(always)]
fn softplus<F: Real>(x: F) -> F {
    let positive = if x > F::zero() { x } else { F::zero() };
    positive + (-num_traits::Float::abs(x)).vector_exp().vector_ln_1p()
}

impl Activation for SmoothLeakyRelu {
    const KIND: &'static str = "smooth-leaky-relu";

    fn validate(&self) -> Result<()> {
        // For smaller α, α is not a normal number in single precision.
        if (1e-30..=1.0).contains(&self.alpha) {
            Ok(())
        } else {
            Err(LayerError::Range { what: "alpha", value: self.alpha, range: "in [1e-30, 1]" })
        }
    }

    #[inline(always)]
    fn value<F: Real>(&self, x: F) -> F {
        let alpha = F::of(self.alpha);
        alpha * x + (F::one() - alpha) * softplus(x)
    }

    #[inline(always)]
    fn value_and_log_slope<F: Real>(&self, x: F) -> (F, f64) {
        let alpha = F::of(self.alpha);
        // One exponential for both: σ(x) and softplus(x) in terms of e^{−|x|}.
        let e = (-num_traits::Float::abs(x)).vector_exp();
        let (positive, numerator) = if x > F::zero() { (x, F::one()) } else { (F::zero(), e) };
        let slope = alpha + (F::one() - alpha) * numerator / (F::one() + e);
        let softplus = positive + e.vector_ln_1p();
        (alpha * x + (F::one() - alpha) * softplus, slope.vector_ln().f64())
    }

    #[inline(always)]
    fn slope_and_curvature<F: Real>(&self, x: F) -> (F, F) {
        let alpha = F::of(self.alpha);
        // σ = n/t with t = 1 + e^{−|x|}. With q = αt + (1 − α)n the slope is q/t and the curvature
        // (1 − α)n(t − n)/(tq): one division.
        let e = (-num_traits::Float::abs(x)).vector_exp();
        let t = F::one() + e;
        let n = if x < F::zero() { e } else { F::one() };
        let free = (F::one() - alpha) * n;
        let q = alpha * t + free;
        let r = F::one() / (t * q);
        // q·(q·r), not q²·r, which would underflow for the smallest α.
        (q * (q * r), free * (t - n) * r)
    }

    fn inverse<F: Real>(&self, y: F) -> F {
        let (alpha, y) = (self.alpha, y.f64());
        // max(αx, x) ≤ f(x) ≤ max(αx, x) + (1 − α) log 2, and the left side has this inverse:
        let unkinked = |v: f64| if v > 0.0 { v } else { v / alpha };
        let low = unkinked(y - (1.0 - alpha) * std::f64::consts::LN_2);
        let x = increasing_root(y, low, unkinked(y), |x| {
            // One number at a time, the library's functions are faster.
            let e = (-x.abs()).exp();
            let (positive, numerator) = if x > 0.0 { (x, 1.0) } else { (0.0, e) };
            let sigmoid = numerator / (1.0 + e);
            (alpha * x + (1.0 - alpha) * (positive + e.ln_1p()), alpha + (1.0 - alpha) * sigmoid)
        });
        F::of(x)
    }
}
