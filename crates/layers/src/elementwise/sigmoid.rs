//! Sigmoid and logit between the real line and the unit interval.

use pdmap_core::{Invert, LayerError, Real, Result};
use serde::{Deserialize, Serialize};

use super::{Activation, Elementwise};

/// `f(x) = (σ(x) − λ)/(1 − 2λ)`: from logit space back to [0, 1], for rows whose structure (grey
/// levels) is in the interval. Numbers beyond the image of the [`Logit`] map to within λ outside
/// [0, 1].
///
/// The inverse is `logit(λ + (1 − 2λ)y)` with `log|det| = Σ log(1 − 2λ) − log u − log(1 − u)`,
/// where `u = λ + (1 − 2λ)y`. λ > 0 keeps the ends finite; MNIST densities in the literature use
/// 1e-6 (Papamakarios et al. 2017). Computed in `f64`, since `f32` loses all digits near the ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigmoid {
    /// Margin λ at either end.
    pub lambda: f64,
}

/// `y = logit(λ + (1 − 2λ)x)` for `x` in [0, 1]: the inverse of a [`Sigmoid`] layer.
pub type Logit = Invert<Elementwise<Sigmoid>>;

/// The logit layer with margin `lambda`. It rejects numbers outside [0, 1].
///
/// # Errors
/// [`LayerError::Range`] for λ outside (0, 0.5).
pub fn logit(lambda: f64) -> Result<Logit> {
    Ok(Invert::new(Elementwise::new(Sigmoid { lambda })?, "logit").within(0.0, 1.0, "in [0, 1]"))
}

impl Sigmoid {
    /// `σ(x)` and `σ(−x)`, neither computed as a difference from 1.
    fn ends(x: f64) -> (f64, f64) {
        let e = (-x.abs()).exp();
        let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
        if x >= 0.0 { (large, small) } else { (small, large) }
    }

    /// `u = λ + (1 − 2λ)y` and `1 − u`, both without cancellation. Numbers beyond the image are
    /// clamped to its ends.
    fn inner(&self, y: f64) -> (f64, f64) {
        let inner = 1.0 - 2.0 * self.lambda;
        let (u, v) = (self.lambda + inner * y, self.lambda + inner * (1.0 - y));
        (u.max(f64::MIN_POSITIVE), v.max(f64::MIN_POSITIVE))
    }
}

impl Activation for Sigmoid {
    const KIND: &'static str = "sigmoid";
    const LANES: usize = 1;

    fn validate(&self) -> Result<()> {
        if self.lambda > 0.0 && self.lambda < 0.5 {
            return Ok(());
        }
        Err(LayerError::Range { what: "lambda", value: self.lambda, range: "in (0, 0.5)" })
    }

    fn value<F: Real>(&self, x: F) -> F {
        F::of((Self::ends(x.f64()).0 - self.lambda) / (1.0 - 2.0 * self.lambda))
    }

    fn value_and_log_slope<F: Real>(&self, x: F) -> (F, f64) {
        // log σ(x) + log σ(−x) = −|x| − 2 log(1 + e^{−|x|})
        let size = x.f64().abs();
        (self.value(x), -size - 2.0 * (-size).exp().ln_1p() - (-2.0 * self.lambda).ln_1p())
    }

    fn slope_and_curvature<F: Real>(&self, x: F) -> (F, F) {
        let (p, q) = Self::ends(x.f64());
        (F::of(p * q / (1.0 - 2.0 * self.lambda)), F::of(q - p))
    }

    fn inverse<F: Real>(&self, y: F) -> F {
        let (u, v) = self.inner(y.f64());
        F::of(u.ln() - v.ln())
    }

    fn inverse_and_log_slope<F: Real>(&self, y: F) -> (F, f64) {
        let (u, v) = self.inner(y.f64());
        let (log_u, log_v) = (u.ln(), v.ln());
        (F::of(log_u - log_v), -((1.0 - 2.0 * self.lambda).ln() - log_u - log_v))
    }

    fn gradient<F: Real>(&self, x: F, dy: F) -> F {
        let (p, q) = Self::ends(x.f64());
        F::of(dy.f64() * p * q / (1.0 - 2.0 * self.lambda) + (q - p))
    }

    fn inverse_gradient<F: Real>(&self, y: F, _: F, dx: F) -> F {
        let inner = 1.0 - 2.0 * self.lambda;
        let (u, v) = self.inner(y.f64());
        F::of(dx.f64() * inner / (u * v) + inner * (u - v) / (u * v))
    }
}
