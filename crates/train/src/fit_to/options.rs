//! Options of a fit to a density.

use pdmap_core::LayerError;
use pdmap_spec::description::LayerEntry;
use serde_json::json;

/// Options of [`fit_to`](crate::fit_to).
#[derive(Debug, Clone, PartialEq)]
pub struct FitToConfig {
    /// Training steps.
    pub steps: u64,
    /// Draws of the base density for each step.
    pub batch: usize,
    /// Learning rate of Adam, which falls as a cosine.
    pub rate: f64,
    /// Seed of initial weights and of draws.
    pub seed: u64,
    /// The layers that map draws of the normal density to draws of the target; by default couplings of
    /// splines, which start as the identity, then a scale and a shift for each feature.
    pub layers: Vec<LayerEntry>,
}

/// Couplings: two for each binary digit of the features' indices.
const DIGITS: usize = 3;

impl Default for FitToConfig {
    /// 4,000 steps of 256 draws at a rate of 2e-3.
    fn default() -> Self {
        let coupling = |digit: usize, swap: bool| {
            let transform = json!({ "spline": { "bins": 16, "bound": 5.0 } });
            let split = json!({ "digit": digit });
            LayerEntry::layer(
                "coupling",
                json!({ "transform": transform, "split": split, "swap": swap, "hidden": [64, 64] }),
            )
        };
        let couplings = (0..DIGITS).flat_map(|digit| [coupling(digit, false), coupling(digit, true)]);
        let ends = ["scale", "shift"].map(|kind| LayerEntry::layer(kind, json!({})));
        Self { steps: 4000, batch: 256, rate: 2e-3, seed: 0, layers: couplings.chain(ends).collect() }
    }
}

impl FitToConfig {
    pub(super) fn check(&self) -> Result<(), LayerError> {
        match self.batch {
            0 => Err(LayerError::Range { what: "batch", value: 0.0, range: "at least 1" }),
            _ => Ok(()),
        }
    }
}
