//! The header of a model file.

use pdmap_core::{BaseSpec, LayerSpec};
use serde::{Deserialize, Deserializer, Serialize};

use crate::categorical::Categories;
use crate::column_map::ColumnMap;
use crate::condition::Condition;
use crate::training_options::TrainConfig;

/// Version of the format that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// Name of the entry of the header that holds it.
pub(super) const ENTRY: &str = "pdmap";

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
    /// A description of the space in which likelihoods are stated.
    pub space: String,
    /// The condition, for a density `p(x | c)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The columns of categories `c`, for a density `p(c) p(x | c)`; their tensors are under
    /// `categories.`, and the flow's condition is a one-hot vector of each column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
    /// The columns of a table that are features, and their offsets. Rows that are given to the flow
    /// itself must have been mapped; the methods of [`AnyModel`](crate::AnyModel) do it.
    #[serde(default, skip_serializing_if = "ColumnMap::is_identity")]
    pub columns: ColumnMap,
    /// The number of preprocessing layers.
    pub preprocessing: usize,
    /// The layers in the order in which they are applied to data; layer `i` has its tensors under
    /// `layers.i.`.
    pub layers: Vec<LayerSpec>,
    /// The base density; its tensors are under `base.`.
    pub base: BaseSpec,
    /// How the model was trained, if it was. A record that this version does not understand, such
    /// as an optimizer of a later one, is ignored.
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
    /// The name of the data.
    pub data: String,
    /// Seed of the initial weights.
    pub seed: u64,
    /// The configuration.
    pub config: TrainConfig,
    /// Steps taken.
    pub steps: u64,
    /// Horizon of the schedule.
    pub horizon: u64,
    /// Step of the weights.
    pub best_step: u64,
    /// Best mean log-likelihood of the validation rows, nats.
    pub best_validation: f64,
    /// The learning curve: steps taken and mean log-likelihood of the validation rows, nats.
    /// [`thinned`](Self::thinned) bounds it.
    #[serde(default)]
    pub curve: Vec<(u64, f64)>,
    /// The members of an ensemble and those that were left out of it, if it was found by
    /// comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Tried>,
    /// Names of the features, if the data had names: columns of CSV are written and read by them.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Names of the other columns of the training rows. Other tables may have them or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The shape of a row: `[channels, height, width]` of an image, `[channels, length]` of a
    /// signal; empty if unknown.
    #[serde(default)]
    pub shape: Vec<usize>,
}

/// A model that was tried as a member of an ensemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The model.
    pub model: String,
    /// The part of the rows that was held out from it, counted from 0.
    pub fold: usize,
    /// Training steps; 0 for a mixture by EM alone.
    pub steps: u64,
    /// Mean log-likelihood of the held-out rows, nats.
    pub held_out: f64,
    /// Weight in the ensemble; 0 if it was left out.
    pub weight: f64,
}

/// Points of a learning curve in a model file at most.
const CURVE: usize = 1000;

impl TrainingRecord {
    /// At most a thousand points of a learning curve, evenly spaced, the first and the last among
    /// them.
    pub fn thinned(curve: &[(u64, f64)]) -> Vec<(u64, f64)> {
        let (count, kept) = (curve.len(), curve.len().min(CURVE));
        let place = |index: usize| if kept < 2 { 0 } else { index * (count - 1) / (kept - 1) };
        (0..kept).map(|index| curve[place(index)]).collect()
    }
}
