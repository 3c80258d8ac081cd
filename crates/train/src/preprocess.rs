//! Preprocessing in front of a flow.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use ndarray::ArrayView2;
use pdmap_core::{Layer, Real};
use pdmap_data::preprocess::{Standardize, Whitening};
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// What stands in front of the trained layers, fitted to the training rows and fixed. It is part of the model, and its log-determinant
/// part of the likelihood: the space in which data are scored does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preprocess {
    /// Nothing.
    None,
    /// Zero mean, unit variance for each feature.
    Standardize,
    /// PCA whitening: an unconstrained linear map, whatever follows.
    Whiten,
}

impl Preprocess {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Standardize, Self::Whiten];

    /// How many layers it is.
    pub fn layers(self) -> usize {
        usize::from(self != Self::None)
    }

    /// The layers, fitted to `rows`.
    ///
    /// # Errors
    /// Constant features; for whitening, a covariance without full rank.
    pub fn fit<F: Real>(self, rows: ArrayView2<'_, F>) -> Result<Vec<Box<dyn Layer<F>>>, TrainError> {
        Ok(match self {
            Self::None => vec![],
            Self::Standardize => vec![Box::new(Standardize::fit(rows)?)],
            Self::Whiten => vec![Box::new(Whitening::fit(rows)?)],
        })
    }
}

impl Display for Preprocess {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Standardize => "standardize",
            Self::Whiten => "whiten",
        })
    }
}

impl FromStr for Preprocess {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(|p| p.to_string()).join(", ");
        Self::ALL
            .into_iter()
            .find(|preprocess| preprocess.to_string() == name)
            .ok_or_else(|| format!("unknown preprocessing `{name}`; known: {}", known()))
    }
}
