//! Options of the base density.

use pdmap_core::group::Direction;
use pdmap_core::{LayerError, Result};
use serde::{Deserialize, Serialize};

use super::factors::FactorKind;
use crate::covariance::CovarianceForm;

/// Options in a description and in a model file; the latter has `factor` and `direction` alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Options {
    /// Number of components; by held-out rows where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) components: Option<usize>,
    /// Most components that are tried where their number is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) most_components: Option<usize>,
    /// Form of the covariances that EM fits; by held-out rows where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) covariance: Option<CovarianceForm>,
    /// Rows that the prior of each covariance counts as; by held-out rows where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shrinkage: Option<f64>,
    /// Floating-point operations of EM after which no further candidate is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) operations: Option<f64>,
    /// How factors are trained; by default `tied` and `diagonal` for such covariances, otherwise
    /// `general`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) factor: Option<FactorKind>,
    /// Direction of factors in GL(D).
    #[serde(default = "algebra")]
    pub(super) direction: Direction,
}

/// Equivariant: precise components, whose factors have large entries, move as others do.
fn algebra() -> Direction {
    Direction::Algebra
}

/// Most components of a description.
const MOST: usize = 4096;

impl Options {
    /// The options in a model file.
    pub(super) fn saved(factor: FactorKind, direction: Direction) -> Self {
        Self {
            components: None,
            most_components: None,
            covariance: None,
            shrinkage: None,
            operations: None,
            factor: Some(factor),
            direction,
        }
    }

    /// Checks what does not depend on rows.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(components) = self.components.filter(|count| !(1..=MOST).contains(count)) {
            let (value, range) = (components as f64, "in [1, 4096]");
            return Err(LayerError::Range { what: "components", value, range });
        }
        if let Some(value) = self.most_components.filter(|&count| count == 0) {
            let (value, range) = (value as f64, "at least 1");
            return Err(LayerError::Range { what: "most-components", value, range });
        }
        if let Some(value) = self.shrinkage.filter(|rows| !(*rows >= 0.0 && rows.is_finite())) {
            return Err(LayerError::Range { what: "shrinkage", value, range: "at least 0 and finite" });
        }
        if let Some(value) = self.operations.filter(|count| count.is_nan() || *count < 0.0) {
            return Err(LayerError::Range { what: "operations", value, range: "at least 0" });
        }
        if self.covariance == Some(CovarianceForm::LowRank { rank: 0 }) {
            return Err(LayerError::Range { what: "rank", value: 0.0, range: "at least 1" });
        }
        let own = match self.factor {
            Some(FactorKind::Tied) => Some(CovarianceForm::Tied),
            Some(FactorKind::Diagonal) => Some(CovarianceForm::Diagonal),
            _ => None,
        };
        match (own, self.covariance) {
            (Some(own), Some(other)) if own != other => {
                Err(LayerError::Conflict { first: "this `factor`", second: "this `covariance`" })
            }
            _ => Ok(()),
        }
    }

    /// The forms of covariances to choose from; none if it is any of them.
    pub(super) fn forms(&self) -> Vec<CovarianceForm> {
        match (self.covariance, self.factor) {
            (Some(form), _) => vec![form],
            (None, Some(FactorKind::Tied)) => vec![CovarianceForm::Tied],
            (None, Some(FactorKind::Diagonal)) => vec![CovarianceForm::Diagonal],
            (None, _) => Vec::new(),
        }
    }

    /// How the factors of covariances of this form are trained.
    pub(super) fn factor_of(&self, form: CovarianceForm) -> FactorKind {
        self.factor.unwrap_or(match form {
            CovarianceForm::Tied => FactorKind::Tied,
            CovarianceForm::Diagonal => FactorKind::Diagonal,
            CovarianceForm::Full | CovarianceForm::LowRank { .. } => FactorKind::General,
        })
    }
}
