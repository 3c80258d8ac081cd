//! Matrix groups, the directions that stay in them, and matrices that never leave theirs.
//!
//! With `δ = ∂ log p/∂y` of each row and `y = W x` (before any bias), the Euclidean gradient of the mean log-likelihood is
//! `G = mean(δ xᵀ) + W⁻ᵀ`. Multiplied by `Wᵀ` on the right it becomes the relative gradient
//!
//! ```text
//! E = G Wᵀ = mean(δ yᵀ) + I,
//! ```
//!
//! an element of the Lie algebra gl(D) with no inverse left in it (Cardoso & Laheld 1996; Amari 1998; Gresele et al.
//! 2020). The two forms that this project compares differ only in which part of `E` is used and how it is applied: all
//! of it, added, on GL(D); its skew part, through the Cayley transform, on O(D).
//!
//! **δ yᵀ, not y δᵀ.** With `δ` the gradient at the layer's output, `G` has the rows of `W`, so `δ` stands on the left; the paper's
//! equation 15, read literally, has them exchanged. The finite-difference laws of this project accept the form above and
//! reject the exchanged one.

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
mod positive;
mod thin_cayley;
mod tracked;
mod values;

pub use fixed::Fixed;
pub use free::Free;
pub use general::Direction;
pub use matrix::{Activations, GroupMatrix};
pub use orthonormal::{ORTHONORMALITY, cayley, haar, recentre};
pub use positive::{Positive, ScaleDirection};

use serde::{Deserialize, Serialize};

/// The group that a matrix stays in, and how it moves there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// GL(D), unconstrained: any invertible matrix, moved in the given direction.
    General(Direction),
    /// O(D): `W ← cayley(η·opt(A)) W` with `A = (E − Eᵀ)/2`; `W⁻¹ = Wᵀ` and `log|det W| = 0` forever. The sign of the
    /// determinant never changes.
    Orthonormal,
}
