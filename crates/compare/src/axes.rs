//! Arms that differ along axes: one entry of a plan for all of them.

use pdmap_core::options::{OptionsError, Segment};
use serde_json::{Map, Value};

use crate::check::{key, refuse};

/// Where the axes of an entry stand.
const AXES: &str = "axes";

/// Members of a family at most.
const MOST: usize = 200;

/// The arms of one entry: itself, or one for each choice of a value on each of its `axes`, axes in the order of their
/// names and the last changing fastest. An axis is a table of values by label, or a list of strings and numbers that are their own labels. In the entry, a string that is `$axis` is replaced by the
/// value, and `{axis}` in the name by the label.
pub(crate) fn family(entry: &Value) -> Result<Vec<Value>, OptionsError> {
    let Some((axes, template)) = split(entry) else { return Ok(vec![entry.clone()]) };
    let place = [key(AXES)];
    let Value::Object(axes) = axes else { return refuse(&place, "a table of axes is expected") };
    let mut members = vec![Value::Object(template)];
    for (axis, values) in axes {
        let at = [key(AXES), key(axis)];
        let choices = choices(values, &at)?;
        if choices.is_empty() {
            return refuse(&at, "an axis has at least one value");
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
        Value::Object(table) => {
            Ok(table.iter().map(|(label, value)| (label.clone(), value.clone())).collect())
        }
        Value::Array(list) => list
            .iter()
            .map(|value| match value {
                Value::String(label) => Ok((label.clone(), value.clone())),
                Value::Number(number) => Ok((number.to_string(), value.clone())),
                _ => refuse(
                    at,
                    "strings and numbers are their own labels; other values want a table, label = value",
                ),
            })
            .collect(),
        _ => refuse(at, "a table of values by label, or a list, is expected"),
    }
}

/// A copy with `$axis` replaced everywhere, and `{axis}` in the name.
fn replaced(value: &Value, axis: &str, label: &str, by: &Value) -> Value {
    match value {
        Value::String(text) if text.strip_prefix('$') == Some(axis) => by.clone(),
        Value::Array(list) => list.iter().map(|value| replaced(value, axis, label, by)).collect(),
        Value::Object(table) => {
            let entry = |(key, value): (&String, &Value)| {
                let new = match value {
                    Value::String(name) if key == "name" => {
                        name.replace(&format!("{{{axis}}}"), label).into()
                    }
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
    fn a_family_has_a_member_for_each_choice() {
        let entry = json!({
            "name": "{group} {rate}",
            "model": { "layers": [{ "kind": "dense", "group": "$group" }] },
            "rate": "$rate",
            "axes": { "group": { "free": { "general": "relative" }, "O": "orthonormal" }, "rate": [1, 2] },
        });
        let members = family(&entry).unwrap();
        let mut names: Vec<&str> = members.iter().map(|member| member["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["O 1", "O 2", "free 1", "free 2"]);
        let free = members.iter().find(|member| member["name"] == "free 2").unwrap();
        assert_eq!(free["model"]["layers"][0]["group"], json!({ "general": "relative" }));
        assert_eq!(free["rate"], json!(2));
        assert!(free.get("axes").is_none());
        let plain = json!({ "name": "$x" });
        assert_eq!(family(&plain).unwrap(), [plain]);
        for wrong in [json!({ "axes": 3 }), json!({ "axes": { "a": [] } }), json!({ "axes": { "a": [[1]] } })]
        {
            family(&wrong).unwrap_err();
        }
    }
}
