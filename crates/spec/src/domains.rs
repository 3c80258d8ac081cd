//! Bounds and circles of columns by name, as text.

use std::collections::BTreeMap;

use pdmap_core::options::nearest;
use pdmap_layers::preprocess::Domain;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// The values that a named column can have: `age=0..`, or an angle, `direction=360`.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDomain {
    /// The name of the column, or its index from 0.
    pub column: String,
    /// Its values.
    pub domain: Domain,
}

/// The section `[columns]` of a description, and what flags add to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnDomains(pub Vec<ColumnDomain>);

/// `A..B`, `A..` or `..B`.
fn range(text: &str) -> Result<(f64, f64), String> {
    let expected = || format!("`{text}`: expected bounds such as 0..1, 0.. or ..0");
    let (lower, upper) = text.split_once("..").ok_or_else(expected)?;
    let bound = |text: &str, open: f64| match text.trim() {
        "" => Ok(open),
        text => text.parse::<f64>().map_err(|_| expected()),
    };
    Ok((bound(lower, f64::NEG_INFINITY)?, bound(upper, f64::INFINITY)?))
}

/// A domain by its bounds.
fn bounded(text: &str) -> Result<Domain, String> {
    let (lower, upper) = range(text)?;
    let domain = match (lower, upper) {
        (f64::NEG_INFINITY, f64::INFINITY) => return Err(format!("`{text}`: at least one bound is needed")),
        (lower, f64::INFINITY) => Domain::Above { lower },
        (f64::NEG_INFINITY, upper) => Domain::Below { upper },
        (lower, upper) => Domain::Interval { lower, upper },
    };
    checked(text, domain)
}

/// A circle by its period, from 0, or by its ends.
fn circle(text: &str) -> Result<Domain, String> {
    if let Ok(period) = text.trim().parse() {
        return checked(text, Domain::Angle { from: 0.0, period });
    }
    match range(text) {
        Ok((from, to)) if from.is_finite() && to.is_finite() => {
            checked(text, Domain::Angle { from, period: to - from })
        }
        _ => Err(format!("`{text}`: expected a period such as 360, or a full turn such as -180..180")),
    }
}

fn checked(text: &str, domain: Domain) -> Result<Domain, String> {
    domain.validate().map(|()| domain).map_err(|error| format!("`{text}`: {error}"))
}

fn named(text: &str, domain: fn(&str) -> Result<Domain, String>) -> Result<ColumnDomain, String> {
    // Names may have equals signs, bounds have none.
    let Some((column, values)) = text.rsplit_once('=') else {
        return Err(format!("`{text}`: expected COLUMN=VALUES"));
    };
    Ok(ColumnDomain { column: column.trim().to_owned(), domain: domain(values)? })
}

impl ColumnDomain {
    /// `COLUMN=A..B`, `COLUMN=A..` or `COLUMN=..B`.
    ///
    /// # Errors
    /// What is wrong, in words: bounds that are not numbers, or not in order.
    pub fn bound(text: &str) -> Result<Self, String> {
        named(text, bounded)
    }

    /// `COLUMN=PERIOD`, or `COLUMN=A..B` for one turn.
    ///
    /// # Errors
    /// What is wrong, in words: a period that is not positive.
    pub fn angle(text: &str) -> Result<Self, String> {
        named(text, circle)
    }
}

impl ColumnDomains {
    /// Whether no column is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and those of `other` in the place of those of the same column.
    #[must_use]
    pub fn overridden_by(&self, other: &Self) -> Self {
        let kept = self.0.iter().filter(|own| other.0.iter().all(|new| new.column != own.column));
        Self(kept.chain(&other.0).cloned().collect())
    }

    /// The domain of each of so many columns, which may have `names`; empty if none is named.
    ///
    /// # Errors
    /// What is wrong, in words: a column that does not exist, or that is named twice.
    pub fn of_columns(&self, names: &[String], columns: usize) -> Result<Vec<Domain>, String> {
        if self.is_empty() {
            return Ok(vec![]);
        }
        let mut domains = vec![Domain::Real; columns];
        for ColumnDomain { column, domain } in &self.0 {
            let by_name = names.iter().position(|name| name == column);
            let Some(place) = by_name.or_else(|| column.parse().ok().filter(|&index| index < columns)) else {
                return Err(match nearest(column, names.iter().map(String::as_str)) {
                    Some(nearest) => {
                        let known = names.join(", ");
                        format!("no column `{column}`; nearest is `{nearest}`, the columns are {known}")
                    }
                    None => format!(
                        "no column `{column}`: the rows have no names, and columns 0 to {}",
                        columns.saturating_sub(1)
                    ),
                });
            };
            if domains[place] != Domain::Real {
                return Err(format!("column `{column}` has bounds or a period twice"));
            }
            domains[place] = *domain;
        }
        Ok(domains)
    }
}

/// The value of a column in a description.
fn value(domain: Domain) -> Value {
    let open = |bound: f64| if bound.is_finite() { bound.to_string() } else { String::new() };
    match domain {
        Domain::Angle { from: 0.0, period } => json!({ "angle": period }),
        Domain::Angle { from, period } => json!({ "angle": format!("{from}..{}", from + period) }),
        other => {
            let (lower, upper) = other.bounds();
            json!(format!("{}..{}", open(lower), open(upper)))
        }
    }
}

/// The domain that a description gives a column.
fn domain(value: &Value) -> Result<Domain, String> {
    match value {
        Value::String(text) => bounded(text),
        Value::Object(table) if table.len() == 1 => match table.get("angle") {
            Some(Value::String(text)) => circle(text),
            Some(Value::Number(period)) => circle(&period.to_string()),
            _ => Err("expected { angle = 360 }".to_owned()),
        },
        _ => Err("expected bounds such as \"0..1\", or { angle = 360 }".to_owned()),
    }
}

impl Serialize for ColumnDomains {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|own| (&own.column, value(own.domain))))
    }
}

impl<'de> Deserialize<'de> for ColumnDomains {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let of = |(column, value): (String, Value)| match domain(&value) {
            Ok(domain) => Ok(ColumnDomain { column, domain }),
            Err(reason) => Err(serde::de::Error::custom(format!("{column}: {reason}"))),
        };
        named.into_iter().map(of).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_periods_are_read_from_text() {
        let bound = |text: &str| ColumnDomain::bound(text).map(|own| own.domain);
        assert_eq!(bound("a=0..1"), Ok(Domain::Interval { lower: 0.0, upper: 1.0 }));
        assert_eq!(bound("a = -1.5e3.."), Ok(Domain::Above { lower: -1500.0 }));
        assert_eq!(bound("a=..-2"), Ok(Domain::Below { upper: -2.0 }));
        assert_eq!(bound("a=0..inf"), Ok(Domain::Above { lower: 0.0 }));
        assert_eq!(ColumnDomain::bound("a=b=0..1").unwrap().column, "a=b");
        let angle = |text: &str| ColumnDomain::angle(text).map(|own| own.domain);
        assert_eq!(angle("d=360"), Ok(Domain::Angle { from: 0.0, period: 360.0 }));
        assert_eq!(angle("d=-180..180"), Ok(Domain::Angle { from: -180.0, period: 360.0 }));
        for wrong in ["a", "a=", "a=1", "a=..", "a=1..1", "a=2..1", "a=nan..1", "a=0..x", "a=nan.."] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
        for wrong in ["d=0", "d=-1", "d=nan", "d=inf", "d=1..1", "d=0..", "d=x", "d"] {
            assert!(angle(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn columns_are_found_by_name_or_index() {
        let names = ["share".to_owned(), "1".to_owned()];
        let of = |texts: &[&str]| {
            ColumnDomains(texts.iter().map(|text| ColumnDomain::bound(text).unwrap()).collect()).of_columns(&names, 2)
        };
        let above = Domain::Above { lower: 0.0 };
        assert_eq!(of(&["share=0.."]), Ok(vec![above, Domain::Real]));
        assert_eq!((of(&["1=0.."]), of(&["0=0.."])), (Ok(vec![Domain::Real, above]), Ok(vec![above, Domain::Real])));
        assert!(of(&["shar=0.."]).unwrap_err().contains("nearest is `share`"));
        assert!(of(&["share=0..", "0=1.."]).unwrap_err().contains("twice"));
        let unnamed = ColumnDomains(vec![ColumnDomain::bound("2=0..").unwrap()]).of_columns(&[], 2);
        assert!(unnamed.unwrap_err().contains("columns 0 to 1"));
        assert_eq!(ColumnDomains::default().of_columns(&names, 2), Ok(vec![]));
    }

    #[test]
    fn a_description_keeps_them() {
        let texts = ["a=0..1", "b=..2.5", "c=-1.."].map(|text| ColumnDomain::bound(text).unwrap());
        let angles = ["d=360", "e=-180..180"].map(|text| ColumnDomain::angle(text).unwrap());
        let all = ColumnDomains(texts.into_iter().chain(angles).collect());
        let json = serde_json::to_value(&all).unwrap();
        assert_eq!(json["e"], serde_json::json!({ "angle": "-180..180" }));
        assert_eq!(serde_json::from_value::<ColumnDomains>(json).unwrap(), all);
        for wrong in
            [json!({ "a": 1 }), json!({ "a": { "angl": 1 } }), json!({ "a": { "angle": 0 } }), json!({ "a": "1" })]
        {
            assert!(serde_json::from_value::<ColumnDomains>(wrong).is_err());
        }
    }
}
