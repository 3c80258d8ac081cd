//! Base densities as data.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::options;
use crate::{LayerError, Result};

/// A base density as data: `"normal"`, or `{ student-t = { nu = 5.0 } }`.
#[derive(Debug, Clone, PartialEq)]
pub struct BaseSpec {
    /// Name in the [`Registry`](crate::Registry).
    pub kind: String,
    /// Options of that kind.
    pub options: Map<String, Value>,
}

impl Default for BaseSpec {
    /// The standard normal density.
    fn default() -> Self {
        Self::plain("normal")
    }
}

impl BaseSpec {
    /// A density without options.
    pub fn plain(kind: &str) -> Self {
        Self { kind: kind.to_owned(), options: Map::new() }
    }

    /// A density with options, from anything that serializes to a map.
    pub fn new(kind: &str, options: &impl Serialize) -> Self {
        let options = match serde_json::to_value(options) {
            Ok(Value::Object(options)) => options,
            _ => Map::new(),
        };
        Self { kind: kind.to_owned(), options }
    }

    /// The options, parsed into the density's own type.
    ///
    /// # Errors
    /// [`LayerError::Options`] with the key, and the nearest known one.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        options::parse(&Value::Object(self.options.clone()))
            .map_err(|problem| LayerError::Options { kind: self.kind.clone(), problem: Box::new(problem) })
    }
}

impl Serialize for BaseSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.options.is_empty() {
            return serializer.serialize_str(&self.kind);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.kind, &self.options)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for BaseSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;

        impl<'de> Visitor<'de> for Named {
            type Value = BaseSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a base density, such as \"normal\" or { student-t = { nu = 5.0 } }")
            }

            fn visit_str<E: serde::de::Error>(self, kind: &str) -> Result<BaseSpec, E> {
                Ok(BaseSpec::plain(kind))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BaseSpec, A::Error> {
                use serde::de::Error;
                let Some((kind, options)) = map.next_entry::<String, Map<String, Value>>()? else {
                    return Err(A::Error::custom("is empty: expected the name of a base density"));
                };
                if let Some(more) = map.next_key::<String>()? {
                    return Err(A::Error::custom(format!("names two base densities, {kind} and {more}")));
                }
                Ok(BaseSpec { kind, options })
            }
        }

        deserializer.deserialize_any(Named)
    }
}
