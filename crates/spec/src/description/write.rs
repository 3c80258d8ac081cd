//! A model as a TOML file.

use std::fmt::Write;

use serde_json::Value;

use super::layer_entry::LayerEntry;
use super::model_spec::ModelSpec;

impl ModelSpec {
    /// The description as TOML text: what [`ModelFile`](super::ModelFile) reads.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        if let Some(description) = &self.description {
            line(&mut text, "description", &Value::String(description.clone()));
        }
        if let Some(preprocess) = &self.preprocess {
            line(&mut text, "preprocess", &json(preprocess));
        }
        if !self.columns.is_empty() {
            line(&mut text, "columns", &json(&self.columns));
        }
        if let Some(shape) = &self.shape {
            line(&mut text, "shape", &json(shape));
        }
        line(&mut text, "base", &json(&self.base));
        text.push_str("\nlayers = [\n");
        layers(&mut text, &self.layers, 1);
        text.push_str("]\n");
        if let Value::Object(training) = json(&self.training)
            && !training.is_empty()
        {
            text.push_str("\n[training]\n");
            training.iter().for_each(|(key, value)| line(&mut text, key, value));
        }
        text
    }
}

/// Plain structs of numbers and words always serialize.
fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn line(text: &mut String, key: &str, value: &Value) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{} = {}", bare(key), inline(value));
}

fn layers(text: &mut String, entries: &[LayerEntry], depth: usize) {
    let indent = "  ".repeat(depth);
    for entry in entries {
        match entry.repeat {
            Some(repeat) => {
                let _ = writeln!(text, "{indent}{{ repeat = {repeat}, layers = [");
                layers(text, entry.layers.as_deref().unwrap_or_default(), depth + 1);
                let _ = writeln!(text, "{indent}] }},");
            }
            None => {
                let _ = writeln!(text, "{indent}{},", inline(&json(entry)));
            }
        }
    }
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => quoted(value),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            // The kind of a layer comes first.
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key != "kind");
            let pairs: Vec<String> =
                pairs.into_iter().map(|(key, value)| format!("{} = {}", bare(key), inline(value))).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
    }
}

/// JSON's escapes of a string are TOML's, which wants one character more escaped.
fn quoted(text: &Value) -> String {
    text.to_string().replace('\u{7f}', "\\u007f")
}

/// A key, quoted where it must be.
fn bare(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(plain) { key.to_owned() } else { quoted(&Value::String(key.to_owned())) }
}
