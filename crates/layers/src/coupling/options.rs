//! Options of a coupling.

use pdmap_core::{LayerError, LayerSpec, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Split, Transform};
use crate::nn::Perceptron;

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
        }
    }
}

/// Default widths of the hidden layers.
const HIDDEN: [usize; 1] = [64];

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
    /// [`LayerError::Options`] for a network without a kind.
    pub fn network(&self) -> Result<LayerSpec> {
        let Some(network) = &self.network else {
            return Ok(Perceptron::<f64>::spec_of(self.hidden.as_deref().unwrap_or(&HIDDEN)));
        };
        let mut options = network.clone();
        match options.remove("kind") {
            Some(Value::String(kind)) => Ok(LayerSpec { kind, options: Value::Object(options) }),
            _ => Err(LayerError::NotBuildable {
                kind: "coupling".to_owned(),
                reason: "its `network` needs a `kind`, such as \"perceptron\" or \"residual\"",
            }),
        }
    }

    /// Upper bound on the network's number of weights, before it is built.
    pub(super) fn numbers(&self, inputs: usize, outputs: usize) -> usize {
        let product = |a: usize, b: usize| a.saturating_mul(b);
        if let Some(network) = &self.network {
            let number = |key: &str, usual: usize| -> usize {
                let given = network.get(key).and_then(Value::as_u64);
                given.map_or(usual, |value| usize::try_from(value).unwrap_or(usize::MAX))
            };
            // For every kind, the options are widths and numbers of layers.
            let (width, blocks) = (number("width", 64), number("blocks", 2));
            let hidden = network.get("hidden").and_then(Value::as_array).map_or(0, |hidden| {
                let widths = hidden.iter().filter_map(Value::as_u64);
                widths.fold(0, |most, width| most.max(usize::try_from(width).unwrap_or(usize::MAX)))
            });
            let width = width.max(hidden);
            let inner = product(product(width, width), product(2, blocks.max(5)));
            return product(width, inputs.saturating_add(outputs)).saturating_add(inner);
        }
        let hidden = self.hidden.as_deref().unwrap_or(&HIDDEN);
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).chain([outputs]).collect();
        sizes.windows(2).map(|pair| product(pair[0], pair[1])).fold(0, usize::saturating_add)
    }
}
