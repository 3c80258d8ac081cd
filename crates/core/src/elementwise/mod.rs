//! Fixed nonlinearities, applied to each number by itself.

mod activation;
mod asinh;
mod leaky_tanh;
mod root;
mod smooth_leaky_relu;

pub use activation::{Activation, Elementwise};
pub use asinh::Asinh;
pub use leaky_tanh::LeakyTanh;
pub use root::increasing_root;
pub use smooth_leaky_relu::SmoothLeakyRelu;

use crate::{Layer, Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    fn add<F: Real, A: Activation>(registry: &mut Registry<F>) {
        registry.insert(A::KIND, |spec, _, _| {
            Elementwise::<A>::new(spec.parse()?).map(|layer| Box::new(layer) as Box<dyn Layer<F>>)
        });
    }
    add::<F, SmoothLeakyRelu>(registry);
    add::<F, LeakyTanh>(registry);
    add::<F, Asinh>(registry);
}
