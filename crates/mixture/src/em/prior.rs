//! What is known of covariances before any row.

use ndarray::Array2;

/// A prior of the covariances, in the coordinates of [`Standardized`](crate::Standardized) rows:
/// each component is fitted as if it had seen `rows` more rows around its mean, whose covariance is
/// `target`.
///
/// EM then maximizes the penalized log-likelihood
///
/// ```text
/// Σ_n log p(x_n) − ½ Σ_k (ν log det Σ_k + tr(Σ_k⁻¹ (ν Σ_0 + c I)))
/// ```
///
/// with ν = `rows` and Σ_0 = `target`: the mode under an inverse Wishart prior (Fraley & Raftery
/// 2007). `c = floor·N/K` for N rows and K components keeps every variance above 0, whatever
/// the rows are: a component with its share `N/K` of the rows has variances of at least `floor`, one
/// with fewer rows of more.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// ν ≥ 0.
    pub rows: f64,
    /// Σ_0, `[D, D]`.
    pub target: Array2<f64>,
    /// Least variance of a component of average weight, above 0.
    pub floor: f64,
}

/// The least variance of a component of average weight where none is given, in units of the
/// variance of the column.
pub(crate) const FLOOR: f64 = 1e-6;

impl Prior {
    /// Hardly any: variances are kept above 0, and nothing else.
    pub fn floor(columns: usize) -> Self {
        Self { rows: 0.0, target: Array2::zeros((columns, columns)), floor: FLOOR }
    }

    /// `rows` rows of covariance `target`, and the floor of [`floor`](Self::floor).
    pub fn new(rows: f64, target: Array2<f64>) -> Self {
        Self { rows, target, floor: FLOOR }
    }
}
