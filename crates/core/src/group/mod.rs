//! Matrix groups, the directions that stay in them, and parameters that never leave theirs.
//!
//! With `δ = ∂ log p/∂y` of each row and `y = W x` (before any bias), the Euclidean gradient of the
//! mean log-likelihood is `G = mean(δ xᵀ) + W⁻ᵀ`. Multiplying by `Wᵀ` on the right gives the
//! relative gradient
//!
//! ```text
//! E = G Wᵀ = mean(δ yᵀ) + I,
//! ```
//!
//! an element of the Lie algebra gl(D) that contains no inverse (Cardoso & Laheld 1996; Amari 1998;
//! Gresele et al. 2020). Unconstrained and orthonormal maps differ only in which part of `E` is
//! used and how it is applied: on GL(D) all of it, added; on O(D) its skew part, through the Cayley
//! transform.
//!
//! **δ yᵀ, not y δᵀ.** `δ` is the gradient at the layer's output, so it indexes the rows of `G` and
//! `W` and stands on the left. Equation 15 of Gresele et al., read literally, exchanges the two
//! factors. The finite-difference tests accept the form above and reject the exchanged one.

pub mod curvature;
mod drift;
mod fixed;
mod free;
mod general;
mod guard;
mod low_rank;
mod matrix;
mod member;
mod motion;
mod orthonormal;
mod panels;
mod parts;
mod polar;
mod positive;
mod start;
mod thin_cayley;
mod tracked;
mod values;

pub use fixed::Fixed;
pub(crate) use fixed::constant;
pub use free::Free;
pub use general::Direction;
pub use matrix::{Activations, GroupMatrix};
pub use orthonormal::{ORTHONORMALITY, cayley, haar, recentre};
pub use positive::{Positive, ScaleDirection};
pub use start::Start;

use serde::{Deserialize, Serialize};

/// The group that a matrix belongs to, and how it moves there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// GL(D), unconstrained: any invertible matrix, moved along the given direction.
    General(Direction),
    /// O(D): `W ← cayley(η·opt(A)) W` with `A = (E − Eᵀ)/2`, hence `W⁻¹ = Wᵀ` and `log|det W| = 0`
    /// always. The sign of the determinant never changes.
    Orthonormal,
}
