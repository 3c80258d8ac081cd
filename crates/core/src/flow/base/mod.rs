//! Base densities.
//!
//! All are symmetric, have independent features and a fixed scale of 1; a linear layer before them
//! learns the scale. A new density takes one file like these and one line in [`register`].

mod draw;
mod elementwise;
mod laplace;
mod logistic;
mod normal;
mod student_t;

pub use draw::draw;
pub use laplace::Laplace;
pub use logistic::Logistic;
pub use normal::Normal;
pub use student_t::StudentT;

use crate::Real;
use crate::contract::Registry;

/// Registers the base densities.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_base("normal", |spec| spec.parse().map(|Normal| Box::new(Normal) as _));
    registry.insert_base("logistic", |spec| spec.parse().map(|Logistic| Box::new(Logistic) as _));
    registry.insert_base("laplace", |spec| spec.parse().map(|Laplace| Box::new(Laplace) as _));
    registry.insert_base("student-t", |spec| Ok(Box::new(StudentT::of(spec)?)));
}
