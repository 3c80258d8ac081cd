//! Options of a coupling.

use pdmap_core::{LayerError, LayerSpec, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::network::{network, numbers};
use super::{Split, Transform};

/// The split of a row, the map of the features that change, and the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CouplingOptions {
    /// Which features stay and which change.
    #[serde(default)]
    pub split: Split,
    /// Whether to exchange the two parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub swap: bool,
    /// The map of the features that change.
    #[serde(default)]
    pub transform: Transform,
    /// Widths of the hidden layers (at most 5) of a perceptron, the default network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<usize>>,
    /// The network: its kind and the options of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Map<String, Value>>,
    /// Side of the window around a position that the network reads, odd; for channels and
    /// checkerboards.
    #[serde(default = "three")]
    pub window: usize,
    /// `[channels, length]` or `[channels, height, width]`, for channels and checkerboards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Whether the first layer of the network has a bias per position; for channels and
    /// checkerboards.
    #[serde(default = "yes", alias = "places")]
    pub position_bias: bool,
    /// Whether the network reads the condition, if the flow has one.
    #[serde(default = "yes")]
    pub conditioned: bool,
    /// The last so many features are angles in turns: they stay, and the network reads their cosines
    /// and sines. The split is one of the others, and a single other changes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub angles: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(angles: &usize) -> bool {
    *angles == 0
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
            hidden: None,
            network: None,
            window: three(),
            shape: None,
            position_bias: true,
            conditioned: true,
            angles: 0,
        }
    }
}

impl CouplingOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`]; [`LayerError::Conflict`] if both hidden layers and a network are
    /// given.
    pub fn validate(&self) -> Result<()> {
        if self.hidden.is_some() && self.network.is_some() {
            return Err(LayerError::Conflict { first: "hidden", second: "network" });
        }
        self.transform.validate()
    }

    /// The network as data.
    ///
    /// # Errors
    /// [`LayerError::NotBuildable`] for a network without a kind.
    pub fn network(&self) -> Result<LayerSpec> {
        network("coupling", self.hidden.as_deref(), self.network.as_ref())
    }

    /// Upper bound on the network's number of weights, before it is built.
    pub(super) fn numbers(&self, inputs: usize, outputs: usize) -> usize {
        numbers(self.hidden.as_deref(), self.network.as_ref(), inputs, outputs)
    }
}
