#![doc = include_str!("../README.md")]

mod analysis;
mod coding_gain;
mod daubechies;
mod grid;
mod import;
mod kernels;
mod lapped;
mod nearest;
mod polish;
pub mod polyphase;
mod pyramid;
mod separable;
pub mod spectrum;
mod stages;
mod stream;
mod transforms;
pub mod windows;

pub use grid::{Alignment, Grid, Period};
pub use import::Imported;
pub use kernels::Kernels;
pub use lapped::Window;
pub use nearest::Nearest;
pub use pyramid::Pyramid;
pub use stages::Stages;
pub use stream::{Analyzer, Synthesizer};
