//! What a spline layer is made of.

use serde::{Deserialize, Serialize};

use super::raw::{Form, LEAST, Tails};
use pdmap_core::{LayerError, Result};

/// Most bins of a spline.
const MOST_BINS: usize = 256;

/// Which splines a layer has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SplineOptions {
    /// Bins K of each spline, at least 2.
    #[serde(default = "SplineOptions::default_bins")]
    pub bins: usize,
    /// The splines bend within `[−B, B]`: B, or where it starts.
    #[serde(default = "SplineOptions::default_bound")]
    pub bound: f64,
    /// Whether each spline learns its B.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learned_bound: bool,
    /// What lies beyond.
    #[serde(default)]
    pub tails: Tails,
}

impl Default for SplineOptions {
    fn default() -> Self {
        Self {
            bins: Self::default_bins(),
            bound: Self::default_bound(),
            learned_bound: false,
            tails: Tails::default(),
        }
    }
}

/// Which features share a spline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// None: one spline for each feature.
    #[default]
    Feature,
    /// All positions of a channel.
    Channel,
}

/// How new splines start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// As the identity.
    #[default]
    Identity,
    /// As the map of each feature's distribution among the sample rows to the standard normal one, as far as the bins allow.
    Gaussian,
}

impl SplineOptions {
    pub(crate) fn default_bins() -> usize {
        8
    }

    pub(crate) fn default_bound() -> f64 {
        4.0
    }

    /// Says that the options are in their ranges.
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
