//! Synthetic data, named `synthetic:NAME?key=value&key=value`.
//!
//! | name | options | a row | density | entropy, nats |
//! |---|---|---|---|---|
//! | [`leaves`](Leaves) | `images=300` `size=128` `patch=8` `rmin=1` `rmax=64` | a patch of dead leaves | unknown | unknown |
//! | [`ica`](Ica) | `dim=16` `source=laplace` `condition=10` | `A s` of independent sources | closed form | `dim h + ln abs(det A)` |
//! | [`moons`](Moons) | `noise=0.1` | two half circles | an integral over the arc | quadrature, `1e-8` |
//! | [`ar1`](Ar1) | `rho=0.95` `length=256` | a stretch of a Gaussian series | closed form | `n/2 ln(2 pi e) + (n - 1)/2 ln(1 - rho^2)` |
//! | [`checkerboard`](Checkerboard) | `cells=4` | uniform on dark cells | closed form | `ln 32` |
//! | [`rings`](Rings) | `rings=4` `noise=0.08` | concentric circles | Bessel function `I0` | quadrature, `1e-9` |
//! | [`2spirals`](Spirals) | `noise=0.1` | two spiral arms | an integral over the arm | quadrature, `1e-8` |
//! | [`8gaussians`](Gaussians) | `noise=0.5` | Gaussians on a circle | closed form | quadrature, `1e-8` |
//! | [`sine`](Sine) | `noise=0.1` | `y = 2.5 sin x` with noise | closed form | `ln 5 + ln(2 pi e noise^2) / 2` |
//!
//! If the density is known, [`Generator::log_density`] evaluates it per row.
//! [`DataFacts`](crate::DataFacts) then holds minus the entropy (`true_log_likelihood`) and the
//! mean true log-density over the test rows (`test_truth`). Compare a model's log-likelihood on the
//! same rows with `test_truth`: the sampling error of the test set affects both and cancels in the
//! difference.

mod ar1;
mod checkerboard;
mod density;
mod gaussians;
mod generator;
mod ica;
mod leaves;
mod moons;
mod noise;
mod numerics;
mod render;
mod rings;
mod rows;
mod settings;
mod sine;
mod source;
mod spirals;

pub use ar1::Ar1;
pub use checkerboard::Checkerboard;
pub use gaussians::Gaussians;
pub use generator::Generator;
pub use ica::{Ica, IcaTruth};
pub use leaves::Leaves;
pub use moons::Moons;
pub use rings::Rings;
pub use sine::Sine;
pub use source::Source;
pub use spirals::Spirals;
