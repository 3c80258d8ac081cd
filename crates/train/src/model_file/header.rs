//! What the header of a model file says.

use pdmap_core::{BaseSpec, LayerSpec};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Condition, CurvePoint, TrainConfig};

/// Version of the format that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// A flow as data, beside its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub format: u32,
    /// Version of the library that wrote the file.
    pub version: String,
    /// Precision of the tensors: `f32` or `f64`.
    pub dtype: String,
    /// Features a row.
    pub features: usize,
    /// The space in which likelihoods are stated, in words.
    pub space: String,
    /// What rows are conditioned on, where the flow is a density `p(x | c)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// How many of the layers are preprocessing.
    pub preprocessing: usize,
    /// The layers in the order in which they are applied to data; layer `i` has its tensors under `layers.i.`.
    pub layers: Vec<LayerSpec>,
    /// The base density; its tensors are under `base.`.
    pub base: BaseSpec,
    /// How the model was trained, where it was. What this version does not understand about it (an optimizer of a later one) keeps no model from being
    /// read.
    #[serde(default, deserialize_with = "understood")]
    pub training: Option<TrainingRecord>,
}

fn understood<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TrainingRecord>, D::Error> {
    let record = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(record.and_then(|record| serde_json::from_value(record).ok()))
}

/// How a model was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// The data, as they were named.
    pub data: String,
    /// Seed of the initial weights.
    pub seed: u64,
    /// The configuration.
    pub config: TrainConfig,
    /// Steps taken.
    pub steps: u64,
    /// Steps that the schedule was laid out for.
    pub horizon: u64,
    /// Step of the weights.
    pub best_step: u64,
    /// Best mean log-likelihood of the validation rows, nats.
    pub best_validation: f64,
    /// The learning curve: steps taken and mean log-likelihood of the validation rows, nats. [`thinned`](Self::thinned) keeps it short.
    #[serde(default)]
    pub curve: Vec<(u64, f64)>,
    /// Names of the features, where the data had names: CSV is written with them, and read by them.
    #[serde(default)]
    pub columns: Vec<String>,
    /// What a row of the data is: `[channels, height, width]` of a picture, `[channels, length]` of a signal; empty where nobody said.
    #[serde(default)]
    pub shape: Vec<usize>,
}

/// Points of a learning curve that a model file keeps.
const CURVE: usize = 1000;

impl TrainingRecord {
    /// At most a thousand points of a learning curve, evenly spaced, the first and the last among them.
    pub fn thinned(curve: &[CurvePoint]) -> Vec<(u64, f64)> {
        let (count, kept) = (curve.len(), curve.len().min(CURVE));
        let place = |index: usize| if kept < 2 { 0 } else { index * (count - 1) / (kept - 1) };
        (0..kept).map(|index| &curve[place(index)]).map(|point| (point.step, point.validation)).collect()
    }
}
