//! The coefficients of the monomials in a component's log-density.

use pdmap_core::linalg::{Add, gemm};

use super::design::Design;
use super::scatter::{view, view_mut};
use crate::error::Result;
use crate::gaussian::HALF_LOG_TAU;

/// A component as its coefficients read it.
pub(super) struct Component<'a> {
    pub(super) log_weight: f64,
    /// `log|det L|`.
    pub(super) log_det: f64,
    pub(super) mean: &'a [f64],
}

/// `P = LᵀL`.
pub(super) fn precision(factor: &[f64], dim: usize, out: &mut [f64]) -> Result<()> {
    let factor = view(factor, dim)?;
    gemm(1.0, factor.t(), factor, Add::No, view_mut(out, dim)?)?;
    Ok(())
}

/// Writes `a` with `log(π N(x; μ, P⁻¹)) = a·φ(x)`:
///
/// ```text
/// 1:        log π + log|det L| − (D/2) log 2π − ½ μᵀP μ
/// x_i:      (P μ)_i
/// x_i²:     −½ P_ii        x_i x_j:  −P_ij
/// ```
///
/// The linear design leaves `−½ xᵀP x` out, which tied components have in common. `precision` is
/// `P`, or its diagonal for squares alone.
pub(super) fn write(design: Design, component: &Component<'_>, precision: &[f64], out: &mut [f64]) {
    let Component { log_weight, log_det, mean } = component;
    let columns = mean.len();
    let (constant, rest) = out.split_at_mut(1);
    let (linear, mut quadratic) = rest.split_at_mut(columns);
    let mut square = 0.0;
    for (i, linear) in linear.iter_mut().enumerate() {
        *linear = match design {
            Design::Squares => precision[i] * mean[i],
            _ => precision[i * columns..(i + 1) * columns].iter().zip(*mean).map(|(p, mean)| p * mean).sum(),
        };
        square += *linear * mean[i];
    }
    constant[0] = log_weight + log_det - columns as f64 * HALF_LOG_TAU - 0.5 * square;
    match design {
        Design::Linear => {}
        Design::Squares => quadratic.iter_mut().zip(precision).for_each(|(out, p)| *out = -0.5 * p),
        Design::Products => {
            for i in 0..columns {
                let (own, after) = quadratic.split_at_mut(columns - i);
                let row = &precision[i * columns + i..(i + 1) * columns];
                own.iter_mut().zip(row).for_each(|(out, p)| *out = -p);
                own[0] *= 0.5;
                quadratic = after;
            }
        }
    }
}
