//! The Hessian for independent sources, which preconditions steps.

use ndarray::Array2;

use pdmap_core::group::curvature::{raised, solve_pair};

use super::options::{Constraint, IcaOptions};

/// `E ψ'(y_i)`, `E y_i²`, `E ψ(y_i) y_i` and `E ψ'(y_i) y_i²` of one source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) slope: f64,
    pub(super) variance: f64,
    pub(super) score: f64,
    pub(super) slope_square: f64,
}

/// Blocks of the Hessian of `−L` in the algebra.
#[derive(Debug, Clone)]
pub(super) struct Curvature {
    constraint: Constraint,
    /// `h_ij = E ψ'(y_i) E y_j²` with `1 + E ψ'(y_i) y_i²` on the diagonal, or κ on O(D).
    entries: Array2<f64>,
}

impl Curvature {
    /// On GL(D), the second derivative of `−L` along `W ← (I + tE) W` is, for independent sources,
    ///
    /// ```text
    /// Σ_{i≠j} h_ij E_ij² + Σ_{i≠j} E_ij E_ji + Σ_i (1 + E ψ'(y_i) y_i²) E_ii²:
    /// ```
    ///
    /// blocks `[[h_ij, 1], [1, h_ji]]`, whose smaller eigenvalue is raised to the least curvature
    /// by adding to both diagonal entries. On O(D), along `exp(tK) W`, it is `Σ_{i≠j} κ_ij K_ij²`
    /// with `κ_ij = ½(E ψ'_i E y_j² + E ψ'_j E y_i² − E ψ_i y_i − E ψ_j y_j)`, raised to the least
    /// curvature.
    pub(super) fn new(sources: &[Source], options: &IcaOptions) -> Self {
        let (count, least) = (sources.len(), options.least_curvature);
        let mut entries = Array2::zeros((count, count));
        for i in 0..count {
            let a = sources[i];
            entries[[i, i]] = (1.0 + a.slope_square).max(least);
            for j in 0..i {
                let b = sources[j];
                let (h, g) = (a.slope * b.variance, b.slope * a.variance);
                (entries[[i, j]], entries[[j, i]]) = match options.constraint {
                    Constraint::Orthonormal => {
                        let kappa = (0.5 * (h + g - a.score - b.score)).max(least);
                        (kappa, kappa)
                    }
                    Constraint::Unconstrained => raised([h, g], least).into(),
                };
            }
        }
        Self { constraint: options.constraint, entries }
    }

    /// `G ← H⁻¹ G` for a matrix `G`, row after row.
    pub(super) fn solve(&self, gradient: &mut Vec<f64>) {
        let (h, size) = (&self.entries, self.entries.nrows());
        let g = std::mem::take(gradient);
        let at = |(i, j): (usize, usize)| (i, j, g[i * size + j], g[j * size + i]);
        let entries = (0..size).flat_map(|i| (0..size).map(move |j| (i, j))).map(at);
        *gradient = match self.constraint {
            Constraint::Orthonormal => {
                entries.map(|(i, j, own, _)| if i == j { 0.0 } else { own / h[[i, j]] }).collect()
            }
            Constraint::Unconstrained => {
                let solved = |(i, j, own, other): (usize, usize, f64, f64)| match i == j {
                    true => own / h[[i, i]],
                    false => solve_pair([h[[i, j]], h[[j, i]]], [own, other])[0],
                };
                entries.map(solved).collect()
            }
        };
    }
}
