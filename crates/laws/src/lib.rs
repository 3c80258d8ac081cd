#![doc = include_str!("../README.md")]

pub mod bases;
pub mod brick_wall;
mod case;
mod circles;
mod deviation;
mod differences;
pub mod laws;
pub mod modules;
mod precisions;
mod random;
mod subjects;
pub mod tolerance;
mod triangular;
mod verdict;
pub mod wrong;

pub use case::Case;
pub use circles::circles;
pub use deviation::worst;
pub(crate) use random::chosen;
pub use random::{badly_conditioned, normal_rows, rng};
pub use subjects::{Build, Subject, random_autoregressive, random_circular, subjects};
pub use triangular::triangular;
pub use verdict::{Broken, Verdict, Violation};

/// The guide for contributors, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../CONTRIBUTING.md")]
#[derive(Debug)]
pub struct Contributing;
