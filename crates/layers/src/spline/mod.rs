//! Monotone rational-quadratic splines: `y_i = f_i(x_i)` with learned `f_i`.

mod fit;
mod kernels;
mod layer;
mod options;
mod parameters;
mod passes;
mod rational;
mod raw;
mod table;

pub use layer::Spline;
pub use options::{Sharing, SplineOptions, Start};
pub use raw::{LEAST, Tails};

pub(crate) use parameters::Parameters;
pub(crate) use rational::{Bin, FIELDS, LANES, Lanes, inverse};
pub(crate) use raw::{Form, inverse_softplus};
pub(crate) use table::{load, store};
