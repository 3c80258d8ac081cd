//! Leaky tanh.

use serde::{Deserialize, Serialize};

use super::Activation;
use pdmap_core::special::increasing_root;
use pdmap_core::{LayerError, Real, Result};

/// `f(x) = tanh(a·x) + c·x` with `a, c > 0`; slopes from `c` (tails) to `a + c` (centre).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakyTanh {
    /// Steepness of the tanh.
    pub a: f64,
    /// Slope of the tails.
    pub c: f64,
}

impl Activation for LeakyTanh {
    const KIND: &'static str = "leaky-tanh";

    fn validate(&self) -> Result<()> {
        for (what, value) in [("a", self.a), ("c", self.c)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(LayerError::Range { what, value, range: "positive and finite" });
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn value<F: Real>(&self, x: F) -> F {
        num_traits::Float::tanh(F::of(self.a) * x) + F::of(self.c) * x
    }

    #[inline(always)]
    fn value_and_log_slope<F: Real>(&self, x: F) -> (F, f64) {
        let (a, c) = (F::of(self.a), F::of(self.c));
        let t = num_traits::Float::tanh(a * x);
        (t + c * x, num_traits::Float::ln(a * (F::one() - t * t) + c).f64())
    }

    #[inline(always)]
    fn slope_and_curvature<F: Real>(&self, x: F) -> (F, F) {
        let (a, c) = (F::of(self.a), F::of(self.c));
        let t = num_traits::Float::tanh(a * x);
        let bell = a * (F::one() - t * t);
        (bell + c, -F::of(2.0) * a * t * bell / (bell + c))
    }

    fn inverse<F: Real>(&self, y: F) -> F {
        let (a, c, y) = (self.a, self.c, y.f64());
        // tanh has the sign of x, so |x| lies between 0 and |y|/c.
        let (low, high) = if y < 0.0 { (y / c, 0.0) } else { (0.0, y / c) };
        let x = increasing_root(y, low, high, |x| {
            let t = (a * x).tanh();
            (t + c * x, a * (1.0 - t * t) + c)
        });
        F::of(x)
    }
}
