//! Synthetic data, named `synthetic:NAME?key=value&key=value`.
//!
//! | name | options | a row | density | entropy, nats |
//! |---|---|---|---|---|
//! | [`leaves`](Leaves) | `images=300` `size=128` `patch=8` `rmin=1` `rmax=64` | a patch of dead leaves | not known | not known |
//! | [`ica`](Ica) | `dim=16` `source=laplace` `condition=10` | `A s` of independent sources | closed form | `dim h + ln abs(det A)` |
//! | [`moons`](Moons) | `noise=0.1` | two half circles | an integral over the arc | quadrature, `1e-8` |
//! | [`ar1`](Ar1) | `rho=0.95` `length=256` | a stretch of a Gaussian series | closed form | `n/2 ln(2 pi e) + (n - 1)/2 ln(1 - rho^2)` |
//! | [`checkerboard`](Checkerboard) | `cells=4` | uniform on dark cells | closed form | `ln 32` |
//! | [`rings`](Rings) | `rings=4` `noise=0.08` | concentric circles | Bessel function `I0` | quadrature, `1e-9` |
//! | [`2spirals`](Spirals) | `noise=0.1` | two spiral arms | an integral over the arm | quadrature, `1e-8` |
//! | [`8gaussians`](Gaussians) | `noise=0.5` | Gaussians on a circle | closed form | quadrature, `1e-8` |
//! | [`sine`](Sine) | `noise=0.1` | `y = 2.5 sin x` with noise | closed form | `ln 5 + ln(2 pi e noise^2) / 2` |
//!
//! Where the density is known, [`Generator::log_density`] gives it row by row, and
//! [`DataFacts`](crate::DataFacts) hold minus the entropy (`true_log_likelihood`) and the mean of
//! the true log-density over the test rows (`test_truth`). The second is what a model's likelihood
//! of those rows is compared with: the luck of the draw is in both and cancels in the difference.

mod ar1;
mod bessel;
mod checkerboard;
mod density;
mod gaussians;
mod generator;
mod ica;
mod leaves;
mod legendre;
mod moons;
mod nearest;
mod noise;
mod options;
mod peaked;
mod plane_entropy;
mod render;
mod rings;
mod rows;
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
