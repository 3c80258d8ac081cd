//! The layers that the laws are held against.

mod autoregressive;
mod circular;
mod convolutions;
mod dense;
mod elementwise;
mod expressive;
mod fitted;

pub use autoregressive::random_autoregressive;
pub use circular::random_circular;

use pdmap_core::{Layer, Real, Result};
use rand::Rng;

/// Builds a layer for some number of features (at least 1) with random parameters.
pub type Build<F> = fn(usize, &mut dyn Rng) -> Result<Box<dyn Layer<F>>>;

/// A named constructor of one kind of layer in one configuration.
#[derive(Clone, Copy)]
pub struct Subject<F: Real> {
    /// What the laws report.
    pub name: &'static str,
    /// Builds it.
    pub build: Build<F>,
    /// Maps standard normal numbers into its domain.
    pub domain: fn(F) -> F,
}

impl<F: Real> std::fmt::Debug for Subject<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A subject whose domain is all of R.
macro_rules! subject {
    ($name:literal, $build:expr) => {
        Subject { name: $name, build: $build, domain: |x| x }
    };
}

use subject;

/// Kinds of inverted layers, which only the laws register.
pub(crate) const INVERSES: [&str; 2] = ["inverse-leaky-tanh", "inverse-smooth-leaky-relu"];

/// The least period above 1 that divides a length.
fn divisor(length: usize) -> usize {
    (2..=length).find(|&period| length.is_multiple_of(period)).unwrap_or(1)
}

/// Every layer of the workspace. A new layer is one more line in one of the lists.
pub fn subjects<F: Real>() -> Vec<Subject<F>> {
    let lists = [
        elementwise::elementwise(),
        dense::dense_layers(),
        convolutions::convolutions(),
        expressive::expressive(),
        autoregressive::autoregressive(),
        circular::circular(),
        fitted::fitted(),
    ];
    lists.into_iter().flatten().collect()
}
