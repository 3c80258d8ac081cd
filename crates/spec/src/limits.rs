//! Limits of model files, for writing and for reading. A few bytes of a file must not make its
//! reader allocate gigabytes, and whatever is written must be read again.

use pdmap_core::LayerSpec;
use serde_json::Value;

use crate::error::SpecError;

/// Features of a flow where no tensor fixes their number.
pub const UNBACKED_FEATURES: usize = 1 << 16;

/// Features of a layer whose tensors do not fix their number, by kind. Convolutions and `squeeze`
/// have their own limits already when they are made.
pub const FEATURES: [(&str, usize); 3] = [("coupling", 1 << 20), ("radial", 1 << 20), ("spline", 1 << 20)];

/// Whether a flow can be read again; `backed`: some layer fixes the number of features.
///
/// # Errors
/// [`SpecError::TooLarge`].
pub(crate) fn check(features: usize, backed: bool, layers: &[LayerSpec]) -> Result<(), SpecError> {
    if !backed {
        within("features that no tensor fixes:", features, UNBACKED_FEATURES)?;
    }
    layers.iter().try_for_each(|layer| check_layer(features, layer))
}

fn check_layer(features: usize, layer: &LayerSpec) -> Result<(), SpecError> {
    let option = |key: &str| layer.options.get(key);
    let count = |key: &str| option(key).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    if let Some((_, most)) = FEATURES.iter().find(|(kind, _)| *kind == layer.kind) {
        within("features of a layer:", features, *most)?;
        within("numbers of a condition:", count("conditions").unwrap_or(0), *most)?;
    }
    let inner: Vec<LayerSpec> =
        option("layers").and_then(|layers| serde_json::from_value(layers.clone()).ok()).unwrap_or_default();
    let features = count("keep").unwrap_or(features);
    inner.iter().try_for_each(|layer| check_layer(features, layer))
}

fn within(what: &'static str, actual: usize, limit: usize) -> Result<(), SpecError> {
    if actual <= limit {
        return Ok(());
    }
    Err(SpecError::TooLarge { what, limit: limit as u64, actual: actual as u64 })
}
