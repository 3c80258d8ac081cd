//! Keys that plans and arms have in common.

use pdmap_core::Registry;
use pdmap_core::options::{self, OptionsError, Segment};
use pdmap_train::description::{Document, LayerEntry, TrainingSpec};
use pdmap_train::{ModelSpec, Preprocess, SpecError};
use serde_json::{Value, json};

use super::check::key;

/// `"whiten"` is `["whiten"]`.
pub(crate) fn preprocess(steps: &Value) -> Result<Vec<Preprocess>, OptionsError> {
    let read = match steps {
        Value::Array(_) => options::parse(steps),
        one => options::parse(one).map(|step| vec![step]),
    };
    read.map_err(|error| error.within(key("preprocess")))
}

/// Checks the section `training` at a place of the document.
pub(crate) fn check_training(
    document: &Document,
    at: &[Segment],
    training: &TrainingSpec,
    registry: &Registry<f64>,
) -> Result<(), SpecError> {
    // A layer without options, so that only the training can be wrong.
    let layers = vec![LayerEntry::layer("shift", json!({}))];
    ModelSpec { training: training.clone(), ..ModelSpec::new(layers) }.check(document, at, registry)
}
