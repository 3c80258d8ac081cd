//! Values of flags that a description would hold as TOML.

use pdmap_core::options;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::document::Document;

/// Reads a flag: a TOML value such as `{ norm = 10.0 }`, or a bare name such as `adam`.
pub(crate) fn flag<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let value = Document::parse("flag", &format!("value = {text}"))
        .ok()
        .and_then(|document| document.value.get("value").cloned())
        .unwrap_or_else(|| Value::String(text.to_owned()));
    options::parse(&value).map_err(|error| error.to_string())
}
