//! One named constant for each law. A tolerance is `ε × problem size × condition number × constant`. Laws
//! that differentiate numerically replace `ε` by `ε^(2/3)`, the error of a central difference at its best
//! step.

use pdmap_core::Real;

/// Round trips `f⁻¹(f(x)) = x`.
pub const ROUND_TRIP: f64 = 64.0;
/// Log-determinants against the dense Jacobian, by central differences.
pub const LOG_DET: f64 = 64.0;
/// Log-determinant of the inverse against that of the forward map.
pub const LOG_DET_INVERSE: f64 = 64.0;
/// Gradients against central differences.
pub const GRADIENT: f64 = 256.0;
/// Sums of gradients over batches against the gradient of all rows.
pub const ACCUMULATE: f64 = 64.0;
/// Single rows against rows in a batch.
pub const ROWS: f64 = 32.0;
/// Directions against their definition.
pub const DIRECTION: f64 = 128.0;
/// Integrals of densities against 1, in ε a point of the quadrature.
pub const INTEGRAL: f64 = 4.0;
/// Scores and gradients of densities, which are a handful of operations.
pub const SCORE: f64 = 32.0;

/// Log-determinants against exact ones: the backward error of an LU factorization.
pub const LOG_DET_REFERENCE: f64 = 4.0;
/// Extreme rows, relative to the largest number that enters or leaves.
pub const EXTREMES: f64 = 256.0;

/// `ε × size × condition × constant`.
pub fn rounding<F: Real>(size: usize, condition: f64, constant: f64) -> f64 {
    F::EPS * size.max(1) as f64 * condition.max(1.0) * constant
}

/// `ε^(2/3) × size × condition × constant`.
pub fn differences<F: Real>(size: usize, condition: f64, constant: f64) -> f64 {
    F::EPS.powf(2.0 / 3.0) * size.max(1) as f64 * condition.max(1.0) * constant
}

/// The step of a central difference at a point of size 1.
pub fn step<F: Real>() -> f64 {
    F::EPS.cbrt()
}
