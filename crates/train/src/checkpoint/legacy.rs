//! Checkpoints of earlier versions: names that have changed since.
//!
//! The optimizer's memory was once stored along the tree of gradients, and is now stored along the
//! names of the tensors. The two differ for convolutions (`layers.3.0.stage` became
//! `layers.3.stages.0`) and inside of `factor-out`, then called `kept`, whose layers were one level
//! deeper (`layers.3.0.2.weight` became `layers.3.2.weight`).

use std::collections::BTreeMap;

use ndarray::ArrayD;
use pdmap_core::{LayerSpec, Real, State, Training};
use serde_json::{Map, Value};

use super::header::MEMORY;

/// The arrays and numbers of a state, under the names that `training` expects.
pub(super) fn state<F: Real>(
    arrays: BTreeMap<String, ArrayD<F>>,
    numbers: BTreeMap<String, u64>,
    layers: &[LayerSpec],
    training: &Training<F>,
) -> State<F> {
    let mut expected = State::default();
    expected.scoped(MEMORY, |state| training.save_memory(state));
    if expected.numbers.keys().all(|name| numbers.contains_key(name)) {
        return State::new(arrays, numbers);
    }
    State::new(renamed(arrays, layers), renamed(numbers, layers))
}

fn renamed<T>(entries: BTreeMap<String, T>, layers: &[LayerSpec]) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, value)| (current_name(&name, layers).unwrap_or(name), value)).collect()
}

/// The present name of a piece of the optimizer's memory; none where it has not changed.
fn current_name(name: &str, layers: &[LayerSpec]) -> Option<String> {
    let prefix = format!("{MEMORY}layers.");
    Some(prefix.clone() + &in_list(name.strip_prefix(&prefix)?, layers)?)
}

/// A path below a list of layers: the index of a layer, and what is below that.
fn in_list(path: &str, layers: &[LayerSpec]) -> Option<String> {
    let (index, below) = path.split_once('.')?;
    let layer = layers.get(index.parse::<usize>().ok()?)?;
    let inner = || -> Option<Vec<LayerSpec>> { serde_json::from_value(layer.options.get("layers")?.clone()).ok() };
    let below = match layer.kind.as_str() {
        "cycled-conv" => {
            let (stage, below) = below.split_once('.')?;
            format!("stages.{stage}.{}", below.strip_prefix("stage.")?)
        }
        "kept" | "factor-out" => {
            let below = below.strip_prefix("0.")?;
            in_list(below, &inner()?).unwrap_or_else(|| below.to_owned())
        }
        "chain" => in_list(below, &inner()?)?,
        _ => return None,
    };
    Some(format!("{index}.{below}"))
}

/// A part of an identity with the present names of kinds and options of layers.
pub(super) fn current(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(current).collect(),
        Value::Object(object) => {
            let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
            Value::Object(object.iter().map(|(key, value)| entry(kind, key, value)).collect())
        }
        other => other.clone(),
    }
}

fn entry(kind: &str, key: &str, value: &Value) -> (String, Value) {
    let value = match (kind, key, value) {
        ("kept", "kind", _) => Value::String("factor-out".to_owned()),
        ("coupling", "options", Value::Object(options)) => {
            let renamed = |(key, value): (&String, &Value)| {
                let key = if key == "places" { "position-bias" } else { key };
                (key.to_owned(), current(value))
            };
            Value::Object(options.iter().map(renamed).collect::<Map<_, _>>())
        }
        (_, _, other) => current(other),
    };
    (key.to_owned(), value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn layers() -> Vec<LayerSpec> {
        let spec = |kind: &str, options: Value| LayerSpec { kind: kind.to_owned(), options };
        let shift = json!({ "kind": "shift", "options": {} });
        let chain = json!({ "kind": "chain", "options": { "layers": [
            { "kind": "dense", "options": {} },
            { "kind": "kept", "options": { "keep": 4, "layers": [shift] } },
            { "kind": "cycled-conv", "options": {} },
        ] } });
        vec![
            spec("dense", json!({})),
            spec("cycled-conv", json!({})),
            spec("kept", json!({ "keep": 8, "layers": [shift, chain, { "kind": "coupling", "options": {} }] })),
            spec("chain", json!({ "layers": [{ "kind": "cycled-conv", "options": {} }, shift] })),
        ]
    }

    #[test]
    fn memory_is_found_under_its_present_name() {
        for (old, new) in [
            ("1.0.stage.0", "1.stages.0.0"),
            ("1.12.stage.slots", "1.stages.12.slots"),
            ("2.0.0.shift.1", "2.0.shift.1"),
            ("2.0.1.0.weight.steps", "2.1.0.weight.steps"),
            ("2.0.1.1.0.0.shift.0", "2.1.1.0.shift.0"),
            ("2.0.1.2.3.stage.0", "2.1.2.stages.3.0"),
            ("2.0.2.bias-0.1", "2.2.bias-0.1"),
            ("3.0.1.stage.1", "3.0.stages.1.1"),
        ] {
            let found = current_name(&format!("memory.layers.{old}"), &layers());
            assert_eq!(found.as_deref(), Some(format!("memory.layers.{new}").as_str()), "{old}");
        }
        for same in
            ["memory.layers.0.weight.0", "memory.base.log_nu.0", "layers.1.stages.0.drift", "memory.layers.3.1.shift.0"]
        {
            assert_eq!(current_name(same, &layers()), None, "{same}");
        }
    }

    #[test]
    fn kinds_and_options_are_compared_by_their_present_names() {
        let coupling = json!({ "kind": "coupling", "options": { "places": true, "hidden": [6] } });
        let old = json!({ "kind": "kept", "options": { "keep": 8, "layers": [coupling] } });
        let coupling = json!({ "kind": "coupling", "options": { "position-bias": true, "hidden": [6] } });
        let new = json!({ "kind": "factor-out", "options": { "keep": 8, "layers": [coupling] } });
        assert_eq!(current(&old), new);
        assert_eq!(current(&new), new);
        assert_eq!(current(&json!({ "places": 3, "kind": "other" })), json!({ "places": 3, "kind": "other" }));
    }
}
