//! Conformance laws for pdmap layers.
//!
//! A layer registers once in [`subjects`] and every [law](laws) runs over it, in `f32` and `f64`. Each law has a committed wrong
//! implementation in [`wrong`] that it must reject. Tolerances are `ε × size × condition × one named constant` ([`tolerance`]).

pub mod brick_wall;
mod deviation;
mod given;
pub mod laws;
mod random;
mod subjects;
pub mod tolerance;
pub mod wrong;

pub use deviation::worst;
pub use given::Given;
pub use random::{badly_conditioned, normal_rows, rng};
pub use subjects::{Build, Subject, subjects};

/// The guide for contributors, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../CONTRIBUTING.md")]
#[derive(Debug)]
pub struct Contributing;
