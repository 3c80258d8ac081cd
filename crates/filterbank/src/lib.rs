//! Filter banks as data, in `f64`: stages, dense kernels, presets, import and analysis.
//!
//! A bank has a period, a number of channels and [`Stages`]: matrices of side `KC`, applied in
//! order to blocks that alternate between the grid and a shift by half a period.
//! [`Stages::kernels`] composes them into dense [`Kernels`] for convolution, singular values and
//! frequency responses. Kernels may also come from elsewhere; [`Stages::import`] factors them where
//! possible. Not every orthonormal 2-D bank is a product of stages.
//!
//! ```
//! use pdmap_filterbank::{Stages, Window};
//!
//! # fn main() -> pdmap_core::Result<()> {
//! let mdct = Stages::mdct(8, Window::Sine)?;
//! let kernels = mdct.kernels()?;
//! assert_eq!((kernels.taps()[1], kernels.offset()[1]), (16, 4));
//! assert!((kernels.coding_gain(0.95)? - 9.3281).abs() < 1e-4);
//!
//! let signal = ndarray::Array2::from_shape_fn((1, 64), |(_, t)| (0.3 * t as f64).sin());
//! let back = kernels.synthesize(kernels.analyze(signal.view())?.view())?;
//! assert!((back - &signal).iter().all(|error| error.abs() < 1e-14));
//!
//! let again = Stages::import(&kernels)?;
//! assert!(again.stages.matrices().len() == 2 && again.residual < 1e-14);
//! # Ok(())
//! # }
//! ```

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
