//! Two-band orthonormal wavelets.

use std::f64::consts::{PI, SQRT_2};

use ndarray::{Array4, ArrayView1};
use pdmap_core::{LayerError, Result};

use crate::kernels::Kernels;
use crate::spectrum::Complex;
use crate::stages::Stages;

/// Maximum number of iterations of the root finder, which needs about ten.
const STEPS: usize = 100;

impl Stages {
    /// The Daubechies wavelet with `taps` = 4, 6, … 20 taps and `taps/2` vanishing moments,
    /// extremal phase, as `taps/2` stages with `K = 2`. With 2 taps it is the Haar wavelet.
    ///
    /// The scaling coefficients are computed by spectral factorization (Daubechies 1988,
    /// *Orthonormal bases of compactly supported wavelets*, section 4):
    /// `m(z) ∝ (1 + z)^p Π_k (1 − z_k z)` over the roots `|z_k| < 1` of `P((2 − z − 1/z)/4)` with
    /// `P(y) = Σ_{k<p} C(p−1+k, k) y^k`. They sum to `√2`.
    ///
    /// # Errors
    /// [`LayerError::Range`] for another number of taps.
    pub fn daubechies(taps: usize) -> Result<Self> {
        if !(2..=20).contains(&taps) || !taps.is_multiple_of(2) {
            return Err(LayerError::Range { what: "taps", value: taps as f64, range: "even, from 2 to 20" });
        }
        Self::wavelet(scaling(taps / 2).as_slice().into())
    }

    /// The two-band bank of orthonormal scaling coefficients `h`: kernels `h[j]` and
    /// `(−1)^j h[L−1−j]` of `L` taps, as `L/2` stages found by order reduction. The offset is
    /// `L/2 − 1`, the usual origin of periodic wavelet transforms.
    ///
    /// # Errors
    /// [`LayerError::Range`] for an odd number of coefficients or none; NaN and infinities;
    /// [`LayerError::NotParaunitary`] for coefficients that are not orthonormal to their own even
    /// shifts.
    pub fn wavelet(h: ArrayView1<'_, f64>) -> Result<Self> {
        let taps = h.len();
        if taps == 0 || !taps.is_multiple_of(2) {
            let (value, range) = (taps as f64, "even and at least 2");
            return Err(LayerError::Range { what: "scaling coefficients", value, range });
        }
        let kernels = Array4::from_shape_fn((2, 1, 1, taps), |(k, _, _, j)| match (k, j % 2) {
            (0, _) => h[j],
            (_, 0) => h[taps - 1 - j],
            _ => -h[taps - 1 - j],
        });
        Ok(Self::import(&Kernels::signal(kernels, taps as isize / 2 - 1)?)?.stages)
    }
}

/// Scaling coefficients with `moments` vanishing moments.
fn scaling(moments: usize) -> Vec<f64> {
    let mut polynomial = vec![Complex::from(1.0)];
    let multiply = |polynomial: &mut Vec<Complex>, factor: Complex| {
        polynomial.push(Complex::default());
        for at in (1..polynomial.len()).rev() {
            let before = polynomial[at - 1];
            polynomial[at] += factor * before;
        }
    };
    for y in roots(&halfband(moments)) {
        // z + 1/z = 2 − 4y, and the root inside the unit circle.
        let b = 1.0 - 2.0 * y;
        let root = (b * b - 1.0).sqrt();
        let z = if (b - root).norm() < 1.0 { b - root } else { b + root };
        multiply(&mut polynomial, -z);
    }
    (0..moments).for_each(|_| multiply(&mut polynomial, 1.0.into()));
    // Roots come in conjugate pairs, so imaginary parts are rounding errors.
    let sum: f64 = polynomial.iter().map(|c| c.re).sum();
    polynomial.iter().map(|c| c.re * SQRT_2 / sum).collect()
}

/// `C(p−1+k, k)` for `k < p`.
fn halfband(moments: usize) -> Vec<f64> {
    let next = |(k, c): (usize, f64)| (k + 1, c * (moments + k) as f64 / (k + 1) as f64);
    std::iter::successors(Some((0, 1.0)), |&last| Some(next(last))).take(moments).map(|(_, c)| c).collect()
}

/// All roots of a polynomial with simple roots, by the simultaneous iteration of Ehrlich (1967) and
/// Aberth (1973).
fn roots(coefficients: &[f64]) -> Vec<Complex> {
    let degree = coefficients.len() - 1;
    let start = |at: usize| Complex::from_polar(0.5, 2.0 * PI * (at as f64 + 0.25) / degree as f64);
    let mut roots: Vec<Complex> = (0..degree).map(start).collect();
    for _ in 0..STEPS {
        for at in 0..degree {
            let z = roots[at];
            let (mut value, mut slope) = (Complex::default(), Complex::default());
            for &coefficient in coefficients.iter().rev() {
                (slope, value) = (slope * z + value, value * z + coefficient);
            }
            let newton = value / slope;
            let others = (0..degree).filter(|&other| other != at).map(|other| 1.0 / (z - roots[other]));
            let step = newton / (1.0 - newton * others.sum::<Complex>());
            if step.re.is_finite() && step.im.is_finite() {
                roots[at] -= step;
            }
        }
    }
    roots
}
