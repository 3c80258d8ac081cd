//! Families of arms: one plan entry for all combinations of values along axes.

use pdmap_core::options::{OptionsError, Segment};
use serde_json::{Map, Value};

use super::check::{key, refuse};

/// The key of an entry's axes.
const AXES: &str = "axes";

/// Maximum number of arms in a family.
const MOST: usize = 200;

/// The arms of one entry: itself, or one per combination of values along its `axes`.
///
/// Axes are ordered by name; the last changes fastest. An axis is a table of values by label, or a
/// list of strings and numbers that are their own labels. In the entry, the string `$axis` is
/// replaced by the value, and `{axis}` in the name by the label.
pub(crate) fn family(entry: &Value) -> Result<Vec<Value>, OptionsError> {
    let Some((axes, template)) = split(entry) else { return Ok(vec![entry.clone()]) };
    let place = [key(AXES)];
    let Value::Object(axes) = axes else { return refuse(&place, "expected a table of axes") };
    let mut members = vec![Value::Object(template)];
    for (axis, values) in axes {
        let at = [key(AXES), key(axis)];
        let choices = choices(values, &at)?;
        if choices.is_empty() {
            return refuse(&at, "an axis needs at least one value");
        }
        if members.len() * choices.len() > MOST {
            return refuse(&place, &format!("more than {MOST} arms"));
        }
        members = members
            .iter()
            .flat_map(|member| choices.iter().map(|(label, value)| replaced(member, axis, label, value)))
            .collect();
    }
    Ok(members)
}

fn split(entry: &Value) -> Option<(&Value, Map<String, Value>)> {
    let object = entry.as_object()?;
    let axes = object.get(AXES)?;
    let mut rest = object.clone();
    rest.remove(AXES);
    Some((axes, rest))
}

fn choices(values: &Value, at: &[Segment]) -> Result<Vec<(String, Value)>, OptionsError> {
    match values {
        Value::Object(table) => Ok(table.iter().map(|(label, value)| (label.clone(), value.clone())).collect()),
        Value::Array(list) => list
            .iter()
            .map(|value| match value {
                Value::String(label) => Ok((label.clone(), value.clone())),
                Value::Number(number) => Ok((number.to_string(), value.clone())),
                _ => refuse(
                    at,
                    "a list may contain strings and numbers only; write other values as a table, label = value",
                ),
            })
            .collect(),
        _ => refuse(at, "expected a table of values by label, or a list"),
    }
}

/// A copy with `$axis` replaced in all values and `{axis}` in the name.
fn replaced(value: &Value, axis: &str, label: &str, by: &Value) -> Value {
    match value {
        Value::String(text) if text.strip_prefix('$') == Some(axis) => by.clone(),
        Value::Array(list) => list.iter().map(|value| replaced(value, axis, label, by)).collect(),
        Value::Object(table) => {
            let entry = |(key, value): (&String, &Value)| {
                let new = match value {
                    Value::String(name) if key == "name" => name.replace(&format!("{{{axis}}}"), label).into(),
                    other => replaced(other, axis, label, by),
                };
                (key.clone(), new)
            };
            Value::Object(table.iter().map(entry).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_family_has_one_arm_per_combination() {
        let entry = json!({
            "name": "{group} {rate}",
            "model": { "layers": [{ "kind": "dense", "group": "$group" }] },
            "rate": "$rate",
            "axes": { "group": { "GL": { "general": "relative" }, "O": "orthonormal" }, "rate": [1, 2] },
        });
        let members = family(&entry).unwrap();
        let mut names: Vec<&str> = members.iter().map(|member| member["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["GL 1", "GL 2", "O 1", "O 2"]);
        let second = members.iter().find(|member| member["name"] == "GL 2").unwrap();
        assert_eq!(second["model"]["layers"][0]["group"], json!({ "general": "relative" }));
        assert_eq!(second["rate"], json!(2));
        assert!(second.get("axes").is_none());
        let plain = json!({ "name": "$x" });
        assert_eq!(family(&plain).unwrap(), [plain]);
        for wrong in [json!({ "axes": 3 }), json!({ "axes": { "a": [] } }), json!({ "axes": { "a": [[1]] } })] {
            family(&wrong).unwrap_err();
        }
    }
}
