//! Invertible preprocessing fitted to the training rows: fixed layers in front of a flow. They are
//! part of the model and of its log-determinant, so a saved model scores data in its stated space.

mod dependence;
mod domain;
mod domain_fit;
mod domains;
mod fixed;
mod histogram;
mod histogram_feature;
mod histogram_fit;
mod passes;
mod permute;
mod quantiles;
mod scale;
mod sorted;
mod standardize;
mod support;
mod whitening;

pub use domain::Domain;
pub use domains::Domains;
pub use histogram::Histogram;
pub use histogram_feature::HistogramFeature;
pub use histogram_fit::{Bins, PRIOR};
pub use passes::{Passes, Visit};
pub use permute::Permute;
pub use scale::Scale;
pub use standardize::Standardize;
pub use support::{CUT, EDGE, Support};
pub use whitening::Whitening;

use pdmap_core::{Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.register::<Domains>();
    registry.register::<Histogram<F>>();
    registry.register::<Permute>();
    registry.register::<Standardize<F>>();
    registry.register::<Whitening<F>>();
}
