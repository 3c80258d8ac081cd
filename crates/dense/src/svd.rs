//! The SVD (polar) form of an unconstrained matrix.

use pdmap_core::group::{Group, ScaleDirection};
use pdmap_core::{Layer, Real, Result};
use pdmap_layers::diagonal::Scale;
use rand::Rng;

use crate::{BiasKind, Dense};

/// `W = U·diag(s)·V` with `U`, `V` in O(D) and `s > 0`, as three layers in order of application:
/// `V`, scale, `U` (with the bias). The same class of maps as GL(D), up to the sign of the
/// determinant, with `log|det| = Σ log s` and inverse `Vᵀ diag(1/s) Uᵀ`.
///
/// # Errors
/// A bias that O(D) does not support.
pub fn svd<F: Real>(
    features: usize,
    bias: BiasKind,
    direction: ScaleDirection,
    rng: &mut dyn Rng,
) -> Result<Vec<Box<dyn Layer<F>>>> {
    Ok(vec![
        Box::new(Dense::random(features, Group::Orthonormal, BiasKind::None, rng)?),
        Box::new(Scale::one(features, direction)?),
        Box::new(Dense::random(features, Group::Orthonormal, bias, rng)?),
    ])
}
