//! What the covariances of the components have in common.

use serde::{Deserialize, Serialize};

/// The form of the covariances `Σ_k` of the components of a mixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CovarianceForm {
    /// Any positive-definite matrix for each component: `K·D(D+1)/2` numbers.
    Full,
    /// One positive-definite matrix for all components: `D(D+1)/2` numbers.
    Tied,
    /// A variance for each column and component: `K·D` numbers.
    Diagonal,
    /// `Σ_k = diag(ψ_k) + Λ_k Λ_kᵀ` with `rank` columns in `Λ_k`: a mixture of factor analyzers
    /// (Ghahramani & Hinton 1996), `K·D·(rank + 1)` numbers.
    LowRank {
        /// Columns of `Λ_k`.
        rank: usize,
    },
}

impl CovarianceForm {
    /// Numbers that describe `components` covariances of `columns` columns. (A rotation of the
    /// columns of `Λ_k` changes nothing, and is not subtracted.)
    pub fn parameters(self, components: usize, columns: usize) -> usize {
        let full = columns * (columns + 1) / 2;
        match self {
            Self::Full => components * full,
            Self::Tied => full,
            Self::Diagonal => components * columns,
            Self::LowRank { rank } => components * columns * (rank.min(columns) + 1),
        }
    }
}
