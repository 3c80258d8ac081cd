//! Gaussianization of each feature by a mixture of logistic distributions.

mod components;
mod layer;

pub use layer::LogisticMixture;
