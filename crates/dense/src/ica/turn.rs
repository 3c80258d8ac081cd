//! Moves of the unmixing matrix.

use ndarray::{Array2, Axis};
use pdmap_core::Result;
use pdmap_core::group::haar;
use pdmap_core::linalg::{Add, Lu, gemm};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::options::Constraint;

/// Seed of random rotations.
const SEED: u64 = 0;

/// A matrix in the group, and `log|det|` of it.
#[derive(Debug, Clone)]
pub(super) struct Unmixing {
    pub(super) matrix: Array2<f64>,
    pub(super) log_det: f64,
}

impl Unmixing {
    /// # Errors
    /// A singular matrix.
    pub(super) fn new(matrix: Array2<f64>) -> Result<Self> {
        let log_det = Lu::<f64>::new(matrix.view())?.log_det().log_abs;
        Ok(Self { matrix, log_det })
    }

    /// `W` with the given rows turned among themselves by a random rotation.
    ///
    /// # Errors
    /// A singular matrix.
    pub(super) fn turned(&self, rows: &[usize]) -> Result<Self> {
        let rotation = haar::<f64>(rows.len(), &mut ChaCha8Rng::seed_from_u64(SEED));
        let turned = rotation.dot(&self.matrix.select(Axis(0), rows));
        let mut matrix = self.matrix.clone();
        for (row, turned) in rows.iter().zip(turned.rows()) {
            matrix.row_mut(*row).assign(&turned);
        }
        Self::new(matrix)
    }

    /// `(I + E) W`, or for a skew `E` the Cayley step `(I − E/2)⁻¹ (I + E/2) W`, which agrees with
    /// `exp(E) W` to the second order and stays orthonormal.
    ///
    /// # Errors
    /// A singular matrix.
    pub(super) fn moved(&self, step: &Array2<f64>, constraint: Constraint) -> Result<Self> {
        let factor = match constraint {
            Constraint::Unconstrained => 1.0,
            Constraint::Orthonormal => 0.5,
        };
        let mut matrix = self.matrix.clone();
        gemm(factor, step.view(), self.matrix.view(), Add::Yes, matrix.view_mut())?;
        if constraint == Constraint::Unconstrained {
            return Self::new(matrix);
        }
        let mut left = step * -0.5;
        left.diag_mut().iter_mut().for_each(|value| *value += 1.0);
        Lu::<f64>::new(left.view())?.solve_left(matrix.view_mut())?;
        Ok(Self { matrix, log_det: self.log_det })
    }
}
