//! The modules that the laws are held against.

use ndarray::Array1;
use pdmap_core::contract::{ModuleContext, ModuleParameters};
use pdmap_core::{Module, ParametricExt, Real, Result, Tensors};
use pdmap_layers::nn::{Perceptron, Residual};
use rand::{Rng, RngExt};

/// Makes a module from a context.
type Make<F> = fn(ModuleContext<'_, F>) -> Result<Box<dyn Module<F>>>;

/// A named module in one configuration.
#[derive(Clone, Copy)]
pub struct ModuleSubject<F: Real> {
    /// What the laws report.
    pub name: &'static str,
    /// Rows of one example, one for each position.
    pub positions: usize,
    make: Make<F>,
}

impl<F: Real> std::fmt::Debug for ModuleSubject<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Real> ModuleSubject<F> {
    /// The module with random parameters.
    ///
    /// # Errors
    /// Those of the module.
    pub fn build(&self, inputs: usize, outputs: usize, rng: &mut dyn Rng) -> Result<Box<dyn Module<F>>> {
        let start = Array1::zeros(outputs);
        let parameters = ModuleParameters::New(rng);
        let mut module = (self.make)(ModuleContext::new(inputs, self.positions, start, parameters))?;
        let mut tensors = module.tensors();
        for value in tensors.iter_mut().flat_map(|(_, tensor)| tensor) {
            *value = F::of(value.f64() + rng.random_range(-0.5..0.5));
        }
        module.set_tensors(&mut Tensors::from_iter(tensors))?;
        Ok(module)
    }
}

/// Every module of the workspace. A new one is one more line here.
pub fn subjects<F: Real>() -> Vec<ModuleSubject<F>> {
    let subject = |name, positions, make: Make<F>| ModuleSubject { name, positions, make };
    vec![
        subject("perceptron", 1, |context| Ok(Box::new(Perceptron::new(&[5, 4], context)?))),
        subject("perceptron, positions", 3, |context| Ok(Box::new(Perceptron::new(&[5], context)?))),
        subject("perceptron without hidden layers", 1, |context| {
            Ok(Box::new(Perceptron::new(&[], context)?))
        }),
        subject("residual", 1, |context| Ok(Box::new(Residual::new(5, 2, context)?))),
        subject("residual, positions", 2, |context| Ok(Box::new(Residual::new(4, 1, context)?))),
    ]
}
