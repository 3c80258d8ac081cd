//! The timed cases: an arm at a size.

use std::fmt::{Display, Formatter};

use anyhow::Result;
use clap::ValueEnum;
use pdmap::optim::Optimizer;
use pdmap::{Architecture, Preset};
use serde::{Deserialize, Serialize};

/// The update of the linear maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Arm {
    /// Euclidean gradient, explicit inverse.
    Exact,
    /// Relative gradient, parameter space.
    Relative,
    /// Relative gradient, Lie algebra.
    Algebra,
    /// Cayley steps on O(D).
    Orthonormal,
    /// `O·diag·O`: two orthonormal matrices per linear map.
    Svd,
}

impl Arm {
    pub(crate) fn preset(self) -> Preset {
        match self {
            Self::Exact => Preset::DENSE_EXACT,
            Self::Relative => Preset::DENSE_RELATIVE,
            Self::Algebra => Preset::DENSE_RELATIVE_ALGEBRA,
            Self::Orthonormal => Preset::DENSE_ORTHONORMAL,
            Self::Svd => Preset::DENSE_SVD,
        }
    }

    /// Whether its matrices are in O(D).
    pub(crate) fn orthonormal(self) -> bool {
        self.preset().constrained()
    }
}

/// The optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    Adam,
    Sgd,
}

impl Rule {
    /// The learning rate is so low that a benchmark of any length stays in the regime of training:
    /// nothing overflows and no step is halved.
    pub(crate) fn optimizer(self) -> Result<Optimizer> {
        Ok(match self {
            Self::Adam => Optimizer::adam(1e-4)?,
            Self::Sgd => Optimizer::sgd(1e-4)?,
        })
    }

    /// Optimizer state per parameter, in numbers.
    pub(crate) fn slots(self) -> usize {
        match self {
            Self::Adam => 2,
            Self::Sgd => 0,
        }
    }
}

/// Precision of weights and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dtype {
    F32,
    F64,
}

/// One timed case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) arm: Arm,
    pub(crate) features: usize,
    pub(crate) batch: usize,
    pub(crate) dtype: Dtype,
    pub(crate) optimizer: Rule,
}

impl Case {
    /// The number of matrices of the flow; the number of linear maps is the preset's default.
    pub(crate) fn matrices(self) -> usize {
        Architecture::default().depth * if self.arm == Arm::Svd { 2 } else { 1 }
    }

    /// Approximate floating-point operations per step, in 10⁹.
    pub(crate) fn giga_operations(self) -> f64 {
        let (dim, rows) = (self.features as f64, self.batch as f64);
        let products = 8.0 * rows * dim * dim;
        let cubes = match self.arm {
            Arm::Relative => 0.0,
            Arm::Algebra => 2.0,
            Arm::Exact => 2.7,
            Arm::Orthonormal | Arm::Svd => 4.7,
        };
        1e-9 * self.matrices() as f64 * (products + cubes * dim.powi(3))
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { arm, features, batch, dtype, optimizer } = self;
        write!(f, "{arm:?}/{optimizer:?}/{dtype:?}/D{features}/N{batch}")
    }
}
