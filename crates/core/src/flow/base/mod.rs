//! Base densities.
//!
//! All but the torus are symmetric, have independent features and a fixed scale of 1; a linear layer
//! before them learns the scale. A new density takes one file like these and one line in [`register`].

mod draw;
mod elementwise;
mod laplace;
mod logistic;
mod normal;
mod student_t;
mod torus;

pub use draw::draw;
pub(crate) use draw::draw_given;
pub use laplace::Laplace;
pub use logistic::Logistic;
pub use normal::Normal;
pub use student_t::StudentT;
pub use torus::Torus;

use serde::Deserialize;

use crate::Real;
use crate::contract::{Base, Registry};

/// The options of a density without any.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

fn plain<F: Real>(registry: &mut Registry<F>, kind: &'static str, base: impl Base<F> + Clone + 'static) {
    registry.insert_base(kind, move |spec| {
        let NoOptions {} = spec.parse()?;
        Ok(Box::new(base.clone()))
    });
}

/// Registers the base densities.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    plain(registry, "normal", Normal);
    plain(registry, "logistic", Logistic);
    plain(registry, "laplace", Laplace);
    registry.insert_base("student-t", |spec| Ok(Box::new(StudentT::of(spec)?)));
    torus::register(registry);
}
