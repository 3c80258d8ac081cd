//! Inverse hyperbolic sine.

use serde::{Deserialize, Serialize};

use super::Activation;
use pdmap_core::{Real, Result};

/// `f(x) = asinh(x) = log(x + √(x² + 1))`: linear near 0, logarithmic in the tails. The inverse is
/// `sinh`, which overflows beyond `|y| ≈ 89` in `f32` and 710 in `f64`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asinh {}

impl Activation for Asinh {
    const KIND: &'static str = "asinh";

    fn validate(&self) -> Result<()> {
        Ok(())
    }

    #[inline(always)]
    fn value<F: Real>(&self, x: F) -> F {
        num_traits::Float::asinh(x)
    }

    #[inline(always)]
    fn value_and_log_slope<F: Real>(&self, x: F) -> (F, f64) {
        (self.value(x), -num_traits::Float::ln(num_traits::Float::hypot(F::one(), x)).f64())
    }

    #[inline(always)]
    fn slope_and_curvature<F: Real>(&self, x: F) -> (F, F) {
        let norm = num_traits::Float::hypot(F::one(), x);
        (F::one() / norm, -(x / norm) / norm)
    }

    fn inverse<F: Real>(&self, y: F) -> F {
        num_traits::Float::sinh(y)
    }
}
