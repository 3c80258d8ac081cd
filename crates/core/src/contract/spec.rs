//! Layers and modules as data.

use serde::{Deserialize, Serialize};

use crate::options;
use crate::{LayerError, Result};

/// A layer or module as data; its tensors complete it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerSpec {
    /// Name in the [`Registry`](crate::Registry), for example `"dense"`.
    pub kind: String,
    /// Options of that kind.
    #[serde(default = "no_options")]
    pub options: serde_json::Value,
}

fn no_options() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

impl LayerSpec {
    /// A specification from anything that serializes.
    pub fn new(kind: &str, options: &impl Serialize) -> Self {
        // Options are plain structs of numbers and strings, so serialization does not fail.
        Self { kind: kind.to_owned(), options: serde_json::to_value(options).unwrap_or_default() }
    }

    /// A specification without options.
    pub fn plain(kind: &str) -> Self {
        Self { kind: kind.to_owned(), options: no_options() }
    }

    /// The options, parsed into the layer's own type.
    ///
    /// # Errors
    /// [`LayerError::Options`] with the key, and the nearest known one.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        options::parse(&self.options)
            .map_err(|problem| LayerError::Options { kind: self.kind.clone(), problem: Box::new(problem) })
    }
}

/// One diagnostic of a layer's present state, for `inspect` and for reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    /// Name, for example `max|W'W-I|`.
    pub name: String,
    /// Its value.
    pub value: f64,
}
