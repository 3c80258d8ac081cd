//! Fixed elementwise nonlinearities.

mod activation;
mod asinh;
mod layer;
mod leaky_tanh;
mod sigmoid;
mod smooth_leaky_relu;

pub use activation::Activation;
pub use asinh::Asinh;
pub use layer::Elementwise;
pub use leaky_tanh::LeakyTanh;
pub use sigmoid::{Logit, Sigmoid, logit};
pub use smooth_leaky_relu::SmoothLeakyRelu;

use pdmap_core::{LayerSpec, Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.register::<Elementwise<SmoothLeakyRelu>>();
    registry.register::<Elementwise<LeakyTanh>>();
    registry.register::<Elementwise<Asinh>>();
    registry.register::<Elementwise<Sigmoid>>();
    registry.insert("logit", |spec: &LayerSpec, _, _| {
        let Sigmoid { lambda } = spec.parse()?;
        Ok(Box::new(logit(lambda)?))
    });
}
