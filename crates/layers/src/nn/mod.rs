//! Networks: differentiable maps that need not be invertible. Couplings compute the parameters of
//! their transforms with one.

mod linear;
mod perceptron;
mod residual;
mod swish;

pub use perceptron::Perceptron;
pub use residual::Residual;

use pdmap_core::{Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_module(Perceptron::<F>::KIND, Perceptron::build);
    registry.insert_module(Residual::<F>::KIND, Residual::build);
}
