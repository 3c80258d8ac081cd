//! Options of circular splines.

use pdmap_core::{LayerError, LayerSpec, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::autoregressive::Order;
use crate::coupling::{network, numbers};

/// The angles, their splines and the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CircularOptions {
    /// The last so many features are angles in turns; the others stay.
    #[serde(default = "one")]
    pub angles: usize,
    /// Bins of a circle, 2 to 16.
    #[serde(default = "eight")]
    pub bins: usize,
    /// Each angle depends on those before it in this order.
    #[serde(default)]
    pub order: Order,
    /// Widths of the hidden layers (at most 5) of a masked perceptron, the default network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<usize>>,
    /// The network: the kind `perceptron` or `residual` and the options of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Map<String, Value>>,
    /// Whether the network reads the condition, if the flow has one.
    #[serde(default = "yes")]
    pub conditioned: bool,
}

fn one() -> usize {
    1
}

fn eight() -> usize {
    8
}

fn yes() -> bool {
    true
}

/// Maximum number of bins.
pub(super) const MOST_BINS: usize = 16;

/// Maximum number of features, and of numbers of a condition.
const MOST_FEATURES: usize = 1 << 16;

impl CircularOptions {
    /// Eight bins for each of so many angles.
    pub fn new(angles: usize) -> Self {
        Self { angles, bins: eight(), order: Order::default(), hidden: None, network: None, conditioned: true }
    }

    /// Parameters of the spline of an angle: shares of width and height, slopes, the shift.
    pub(super) fn each(&self) -> usize {
        3 * self.bins + 1
    }

    pub(super) fn validate(&self, features: usize, conditions: usize) -> Result<()> {
        if self.hidden.is_some() && self.network.is_some() {
            return Err(LayerError::Conflict { first: "hidden", second: "network" });
        }
        let within = |what, value: usize, least: usize, most: usize, range| match value {
            value if (least..=most).contains(&value) => Ok(()),
            value => Err(LayerError::Range { what, value: value as f64, range }),
        };
        within("bins", self.bins, 2, MOST_BINS, "in [2, 16]")?;
        within("features of circular splines", features.max(conditions), 1, MOST_FEATURES, "in [1, 2^16]")?;
        within("angles", self.angles, 1, features, "at least 1 and at most the features of a row")
    }

    /// The network as data.
    ///
    /// # Errors
    /// [`LayerError::NotBuildable`] for a network without a kind.
    pub fn network(&self) -> Result<LayerSpec> {
        network("circular", self.hidden.as_deref(), self.network.as_ref())
    }

    /// Upper bound on the network's number of weights, before it is built.
    pub(super) fn numbers(&self, conditions: usize) -> usize {
        let outputs = self.angles.saturating_mul(self.each());
        let inputs = self.angles.saturating_mul(2).saturating_add(conditions);
        numbers(self.hidden.as_deref(), self.network.as_ref(), inputs, outputs)
    }
}
