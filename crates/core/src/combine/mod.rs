//! Combinators: layers made of layers.

mod chain;
mod conditioned;
mod delegate;
mod factor_out;
mod invert;
#[cfg(test)]
mod testing;

pub use chain::Chain;
pub use conditioned::Conditioned;
pub use factor_out::FactorOut;
pub use invert::Invert;

use crate::Real;
use crate::contract::Registry;

/// Registers the combinators that may appear in a description.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.register::<Chain<F>>();
    registry.register::<FactorOut<F>>();
    registry.register_as::<FactorOut<F>>(FactorOut::<F>::FORMER_KIND);
}
