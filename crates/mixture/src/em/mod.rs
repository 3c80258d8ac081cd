//! Expectation maximization (Dempster, Laird & Rubin 1977).
//!
//! A normal density is an exponential family: with the monomials `φ(x) = (1, x, x_i x_j)`,
//! `log(π_k N(x; μ_k, Σ_k)) = a_k·φ(x)`. So for blocks of rows the E-step is one matrix product
//! `A Φᵀ`, and the sums that the M-step needs are another, `R Φ`, with the posterior
//! `R` of the components. Both take `2·N·K·(D+1)(D+2)/2` operations, about half of those by factors
//! `L_k (x − μ_k)`, in two large products instead of 2·K small ones.

mod coefficients;
mod design;
mod expectation;
mod filled;
mod fit;
mod maximization;
mod observed;
mod prior;
mod scatter;
mod state;

pub(crate) use filled::filled;
pub use fit::{Em, EmOptions, Progress};
pub use prior::Prior;
