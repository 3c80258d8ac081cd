//! Errors of questions, with their numbers.

use pdmap_core::LayerError;
use pdmap_mixture::MixtureError;

/// Errors of questions to a density.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A layer mixes columns, so that the others cannot be integrated out in closed form.
    #[error(
        "layer {index} (`{kind}`) mixes columns: marginals and conditionals need a model of monotone maps of \
         single columns in front of a Gaussian mixture, such as `mixture-copula` or `gaussian-mixture`"
    )]
    Mixes {
        /// Index of the layer.
        index: usize,
        /// Its kind.
        kind: String,
    },
    /// A base density without marginals in closed form.
    #[error(
        "the base density is `{kind}`: marginals and conditionals need a Gaussian mixture, as `mixture-copula` and \
         `gaussian-mixture` have"
    )]
    Base {
        /// Its kind.
        kind: String,
    },
    /// A density `p(x | c)`, of which the conditions would have to be given.
    #[error("the model is a density given {conditions} condition(s): marginals and conditionals need one without")]
    Conditional {
        /// Numbers of its condition.
        conditions: usize,
    },
    /// A probability that is none.
    #[error("probability {value}: must be in (0, 1)")]
    Probability {
        /// The number that was given.
        value: f64,
    },
    /// An estimate whose weights have a tail too heavy for it to be trusted.
    #[error(
        "row {row}: the importance weights have a Pareto shape of {pareto_k:.2} and an effective size of \
         {effective:.0}: estimates are refused from a shape of 0.7 on; more draws may help"
    )]
    Unreliable {
        /// Number of the row, from 0.
        row: u64,
        /// `k̂`.
        pareto_k: f64,
        /// `1/Σ w²`.
        effective: f64,
    },
    /// An error of the mixture, such as a column that does not exist.
    #[error(transparent)]
    Mixture(#[from] MixtureError),
    /// An error of a layer.
    #[error(transparent)]
    Core(#[from] LayerError),
}

/// Result of the operations of this crate.
pub type Result<T, E = QueryError> = std::result::Result<T, E>;
