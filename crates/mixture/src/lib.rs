#![doc = include_str!("../README.md")]

pub mod base;
mod covariance;
pub mod em;
mod error;
mod factor;
mod gaussian;
mod kmeans;
mod mixture;
mod mode;
mod patterns;
mod posterior;
mod pull;
mod questions;
mod regression;
mod select;
mod shrunk;
mod standardized;
mod weighted;

pub use base::{FactorKind, GaussianMixtureBase};
pub use covariance::CovarianceForm;
pub use em::{Em, EmOptions, Prior, Progress};
pub use error::{MixtureError, Result};
pub use factor::PrecisionFactor;
pub use gaussian::Gaussian;
pub use kmeans::{Groups, kmeans};
pub use mixture::GaussianMixture;
pub use patterns::{Pattern, patterns};
pub use pull::{Pull, Pulls};
pub use questions::Conditional;
pub use select::{SelectOptions, Selection, Trial, select};
pub use shrunk::ShrunkGaussian;
pub use standardized::Standardized;
pub use weighted::WeightedRows;

use pdmap_core::{Real, Registry};

/// Registers the base density of this crate.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    F::run(&Kinds, registry);
}

/// Compiles the kind of this crate once, here, and not in every crate that builds a flow.
struct Kinds;

pdmap_core::kernel!(Kinds, &'a mut Registry<F>, |_this, registry| base::register(registry));
