//! Networks: differentiable maps that need not be invertible. Couplings and
//! autoregressive layers compute the parameters of their transforms with one.

mod by_degree;
mod degrees;
mod linear;
mod mask;
mod perceptron;
mod residual;
mod swish;
mod turns;
mod weight;

pub(crate) use by_degree::MaskedNetwork;
pub(crate) use degrees::Degrees;
pub use perceptron::Perceptron;
pub use residual::Residual;
pub(crate) use turns::{seen, unseen};

use pdmap_core::{Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_module(Perceptron::<F>::KIND, Perceptron::build);
    registry.insert_module(Residual::<F>::KIND, Residual::build);
}
