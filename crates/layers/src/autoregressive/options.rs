//! Options of an autoregressive layer.

use pdmap_core::{LayerError, LayerSpec, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Order;
use crate::coupling::{Transform, network, numbers};

/// The order of the features, their map, and the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AutoregressiveOptions {
    /// Each feature depends on those before it in this order.
    #[serde(default)]
    pub order: Order,
    /// The map of each feature.
    #[serde(default)]
    pub transform: Transform,
    /// Widths of the hidden layers (at most 5) of a masked perceptron, the default network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<usize>>,
    /// The network: the kind `perceptron` or `residual` and the options of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Map<String, Value>>,
    /// Whether the network reads the condition, if the flow has one.
    #[serde(default = "yes")]
    pub conditioned: bool,
    /// The last so many features are angles in turns: they stay, and the network reads their cosines
    /// and sines.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub angles: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(angles: &usize) -> bool {
    *angles == 0
}

fn yes() -> bool {
    true
}

impl Default for AutoregressiveOptions {
    fn default() -> Self {
        Self {
            order: Order::default(),
            transform: Transform::default(),
            hidden: None,
            network: None,
            conditioned: true,
            angles: 0,
        }
    }
}

/// Maximum number of features, and of numbers of a condition.
const MOST_FEATURES: usize = 1 << 16;

impl AutoregressiveOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`]; [`LayerError::Conflict`] if both hidden layers and a network are
    /// given; [`LayerError::NoFeatures`].
    pub(super) fn validate(&self, features: usize, conditions: usize) -> Result<()> {
        if self.hidden.is_some() && self.network.is_some() {
            return Err(LayerError::Conflict { first: "hidden", second: "network" });
        }
        if features == 0 {
            return Err(LayerError::NoFeatures);
        }
        if self.angles >= features {
            let (value, range) = (self.angles as f64, "fewer than the features of a row");
            return Err(LayerError::Range { what: "angles", value, range });
        }
        if features.max(conditions) > MOST_FEATURES {
            let value = features.max(conditions) as f64;
            return Err(LayerError::Range {
                what: "features of an autoregressive layer",
                value,
                range: "at most 2^16",
            });
        }
        self.transform.validate()
    }

    /// The network as data.
    ///
    /// # Errors
    /// [`LayerError::NotBuildable`] for a network without a kind.
    pub fn network(&self) -> Result<LayerSpec> {
        network("autoregressive", self.hidden.as_deref(), self.network.as_ref())
    }

    /// Upper bound on the network's number of weights, before it is built.
    pub(super) fn numbers(&self, features: usize, conditions: usize) -> usize {
        let outputs = features.saturating_sub(self.angles).saturating_mul(self.transform.parameters());
        let inputs = features.saturating_add(self.angles).saturating_add(conditions);
        numbers(self.hidden.as_deref(), self.network.as_ref(), inputs, outputs)
    }
}
