//! What a coupling is made of.

use serde::{Deserialize, Serialize};

use super::network::MOST_HIDDEN;
use super::{Split, Transform};
use crate::{LayerError, Result};

/// The split of a row, the map of what changes, and the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CouplingOptions {
    /// What stays and what changes.
    #[serde(default)]
    pub split: Split,
    /// Whether the two are exchanged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub swap: bool,
    /// How what changes does so.
    #[serde(default)]
    pub transform: Transform,
    /// Widths of the hidden layers, at most 5 of them.
    #[serde(default = "hidden")]
    pub hidden: Vec<usize>,
    /// Side of the window that a position looks at, odd; for channels and checkerboards.
    #[serde(default = "three")]
    pub window: usize,
    /// `[channels, length]` or `[channels, height, width]`, for channels and checkerboards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Whether the first layer of the network has a bias for each position, which then knows where it is; for channels and checkerboards.
    #[serde(default = "yes")]
    pub places: bool,
    /// Whether the network sees the condition, where the flow has one.
    #[serde(default = "yes")]
    pub conditioned: bool,
}

fn hidden() -> Vec<usize> {
    vec![64]
}

fn three() -> usize {
    3
}

fn yes() -> bool {
    true
}

impl Default for CouplingOptions {
    fn default() -> Self {
        Self {
            split: Split::default(),
            swap: false,
            transform: Transform::default(),
            hidden: hidden(),
            window: three(),
            shape: None,
            places: true,
            conditioned: true,
        }
    }
}

/// Most units of a hidden layer.
const MOST_UNITS: usize = 1 << 14;

impl CouplingOptions {
    /// Says that the options are in their ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(&self) -> Result<()> {
        if self.hidden.len() > MOST_HIDDEN {
            let value = self.hidden.len() as f64;
            return Err(LayerError::Range { what: "hidden layers", value, range: "at most 5" });
        }
        if let Some(&units) = self.hidden.iter().find(|&&units| !(1..=MOST_UNITS).contains(&units)) {
            let value = units as f64;
            return Err(LayerError::Range { what: "units of a hidden layer", value, range: "in [1, 16384]" });
        }
        self.transform.validate()
    }
}
