//! When an ascent ends, and what it remembers.

use pdmap_core::LayerError;

/// Options of [`quasi_newton`](crate::quasi_newton).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuasiNewtonConfig {
    /// Most iterations.
    pub iterations: usize,
    /// The largest slope, in nats a row for a step of 1 in one number, at which the flow has converged.
    pub tolerance: f64,
    /// Pairs of steps and changes of the slopes that L-BFGS remembers.
    pub memory: usize,
    /// Rows that are differentiated together.
    pub batch: usize,
}

impl Default for QuasiNewtonConfig {
    /// At most 200 iterations to a slope of 1e-6, with 20 pairs and 4096 rows at a time.
    fn default() -> Self {
        Self { iterations: 200, tolerance: 1e-6, memory: 20, batch: 4096 }
    }
}

impl QuasiNewtonConfig {
    pub(super) fn check(&self) -> Result<(), LayerError> {
        if self.batch == 0 {
            return Err(LayerError::Range { what: "batch", value: 0.0, range: "at least 1" });
        }
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            let (what, value) = ("tolerance of the slopes", self.tolerance);
            return Err(LayerError::Range { what, value, range: "positive and finite" });
        }
        Ok(())
    }
}
