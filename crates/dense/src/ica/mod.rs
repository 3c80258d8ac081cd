//! Independent component analysis by quasi-Newton steps in the algebra.
//!
//! For rows `x` of D numbers, `y = W x` and independent sources of densities `p_i`, ICA maximizes
//!
//! ```text
//! L(W) = log|det W| + Σ_i E log p_i(y_i),   nats a row,
//! ```
//!
//! over GL(D) ([`Constraint::Unconstrained`]) or over O(D) ([`Constraint::Orthonormal`], for
//! whitened rows). Steps move `W` in its algebra, `W ← (I + E) W` or `W ← exp(K) W` with a skew
//! `K`: the relative gradient, made a relative L-BFGS and preconditioned by the blocks that the
//! Hessian has for independent sources (Ablin, Cardoso & Gramfort 2018, "Faster independent
//! component analysis by preconditioning with Hessian approximations", IEEE Trans. Signal
//! Processing 66; and 2018, "Faster ICA under orthogonal constraint", ICASSP).
//!
//! [`fit`] is the whole analysis: it centres, whitens and reduces rows of any rank, solves, and orders
//! and describes the sources. [`solve`](solve()) is the search alone.

mod components;
mod curvature;
mod density;
mod doubt;
mod fit;
mod moments;
mod options;
mod pass;
mod sample;
mod search;
mod separation;
mod solution;
mod solve;
mod stability;
mod turn;
mod whitening;

pub use components::Component;
pub use density::SourceDensity;
pub use fit::{FitOptions, Ica, Order, fit, fit_in_passes, fit_while};
pub use moments::{Passes, Visit};
pub use options::{Constraint, IcaOptions};
pub use separation::Separation;
pub use solution::{End, Iteration, Solution};
pub use solve::{solve, solve_in_passes};
