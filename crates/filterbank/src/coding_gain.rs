//! Coding gain for a first-order autoregressive source.

use pdmap_core::{LayerError, Result};

use crate::kernels::Kernels;

/// Largest paraunitary residual of kernels that count as orthonormal; kernels trained in `f32` meet
/// it.
const RESIDUAL: f64 = 1e-4;

impl Kernels {
    /// The coding gain in decibels for an AR(1) source of unit variance and correlation `rho`:
    /// `G = −10 · mean_k log₁₀(h_kᵀ R h_k)` with `R_jl = ρ^|j−l|`, the ratio of arithmetic to
    /// geometric mean of the subband variances (Jayant & Noll 1984, *Digital Coding of Waveforms*,
    /// section 12.2; here the arithmetic mean is 1). Channels are independent sources. On images
    /// the source is separable, `R = R_h ⊗ R_w`. Signals are taken to be long, so that nothing
    /// wraps.
    ///
    /// # Errors
    /// [`LayerError::Range`] for `|rho| ≥ 1`; [`LayerError::NotParaunitary`] for kernels that are
    /// not orthonormal to 1e-4, for which the formula does not hold.
    pub fn coding_gain(&self, rho: f64) -> Result<f64> {
        if rho.is_nan() || rho.abs() >= 1.0 {
            return Err(LayerError::Range { what: "rho", value: rho, range: "between −1 and 1" });
        }
        let residual = self.residual();
        if residual.is_nan() || residual > RESIDUAL {
            return Err(LayerError::NotParaunitary { residual, tolerance: RESIDUAL });
        }
        let (height, width, out, channels, u, v) = self.values().dim();
        let values: Vec<f64> = self.values().iter().copied().collect();
        let kernels = values.chunks_exact(channels * u * v);
        let logs: f64 = kernels.map(|kernel| variance(kernel, u, v, rho).log10()).sum();
        Ok(-10.0 * logs / (height * width * out) as f64)
    }
}

/// `Σ_i h_iᵀ (R_h ⊗ R_w) h_i` over planes `h_i` of `u × v` taps.
fn variance(kernel: &[f64], u: usize, v: usize, rho: f64) -> f64 {
    let mut filtered = kernel.to_vec();
    for plane in filtered.chunks_exact_mut(u * v) {
        (0..u).for_each(|row| correlate(plane, row * v, 1, v, rho));
        (0..v).for_each(|column| correlate(plane, column, v, u, rho));
    }
    kernel.iter().zip(&filtered).map(|(h, r)| h * r).sum()
}

/// `x ← R x` with `R_jl = ρ^|j−l|` for `count` numbers at stride `step` from `start`, by one
/// recursion in each direction.
fn correlate(plane: &mut [f64], start: usize, step: usize, count: usize, rho: f64) {
    let x: Vec<f64> = plane.iter().skip(start).step_by(step).take(count).copied().collect();
    let mut sums = vec![0.0; count];
    let (mut before, mut behind) = (0.0, 0.0);
    for at in 0..count {
        before = rho * before + x[at];
        sums[at] += before;
        let back = count - 1 - at;
        // The diagonal term is already in the other sum.
        sums[back] += rho * behind;
        behind = rho * behind + x[back];
    }
    plane.iter_mut().skip(start).step_by(step).zip(sums).for_each(|(to, sum)| *to = sum);
}
