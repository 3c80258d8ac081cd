//! Options of a spline layer.

use serde::{Deserialize, Serialize};

use super::raw::{Form, LEAST, Tails};
use pdmap_core::{LayerError, Result};

/// Maximum number of bins.
const MOST_BINS: usize = 256;

/// The shape of the splines of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SplineOptions {
    /// Number of bins K of each spline, at least 2.
    #[serde(default = "SplineOptions::default_bins")]
    pub bins: usize,
    /// Bound B of the interval `[−B, B]` with knots; the initial value if the bound is learned.
    #[serde(default = "SplineOptions::default_bound")]
    pub bound: f64,
    /// Whether each spline learns its bound.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learned_bound: bool,
    /// The map outside the interval.
    #[serde(default)]
    pub tails: Tails,
}

impl Default for SplineOptions {
    fn default() -> Self {
        Self { bins: Self::default_bins(), bound: Self::default_bound(), learned_bound: false, tails: Tails::default() }
    }
}

/// Which features share a spline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// None: one spline for each feature.
    #[default]
    Feature,
    /// All positions of a channel share one.
    Channel,
}

/// Initialization of splines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The identity.
    #[default]
    Identity,
    /// The map from each feature's distribution in the sample to the standard normal one, as
    /// closely as the bins allow.
    Gaussian,
}

impl SplineOptions {
    pub(crate) fn default_bins() -> usize {
        8
    }

    pub(crate) fn default_bound() -> f64 {
        4.0
    }

    /// Checks that the options are in their ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(&self) -> Result<()> {
        if !(2..=MOST_BINS).contains(&self.bins) {
            return Err(LayerError::Range { what: "bins", value: self.bins as f64, range: "in [2, 256]" });
        }
        if !(1e-3..=1e3).contains(&self.bound) {
            return Err(LayerError::Range { what: "bound", value: self.bound, range: "in [1e-3, 1e3]" });
        }
        debug_assert!(LEAST * (MOST_BINS as f64) < 1.0);
        Ok(())
    }

    pub(crate) fn form(&self) -> Form {
        Form { bins: self.bins, tails: self.tails }
    }
}
