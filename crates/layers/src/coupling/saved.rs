//! Options of a saved layer.

use pdmap_core::{LayerSpec, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The options of a description, and the sizes that a saved layer has besides.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Saved<O> {
    pub(crate) features: usize,
    pub(crate) conditions: usize,
    #[serde(flatten)]
    pub(crate) options: O,
}

impl<O: DeserializeOwned> Saved<O> {
    /// Options of a specification. (Flattened options would ignore unknown keys.)
    ///
    /// # Errors
    /// Options that do not parse.
    pub(crate) fn of(spec: &LayerSpec) -> Result<Self> {
        let mut options = spec.clone();
        let mut take = |key: &str| -> usize {
            let value = options.options.as_object_mut().and_then(|map| map.remove(key));
            value.and_then(|value| value.as_u64()).map_or(0, |value| usize::try_from(value).unwrap_or(usize::MAX))
        };
        let (features, conditions) = (take("features"), take("conditions"));
        Ok(Self { features, conditions, options: options.parse()? })
    }
}
