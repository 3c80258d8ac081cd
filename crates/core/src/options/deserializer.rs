//! A deserializer over JSON values with structured errors; serde_json's own are text without a
//! path.
//!
//! It is lenient in one way: the bare name of a variant stands for that variant with default
//! options, so `"adam"` reads as `{"adam": {}}`.

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use super::{OptionsError, Segment};

/// Reads typed options.
///
/// # Errors
/// [`OptionsError`] with the path, and the known words if one was unknown.
pub fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, OptionsError> {
    T::deserialize(Node(value))
}

/// A value to read.
#[derive(Clone, Copy)]
struct Node<'de>(&'de Value);

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = OptionsError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OptionsError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let mut read = Items { items, next: 0 };
                let value = visitor.visit_seq(&mut read)?;
                // A pair reads two items; further ones must not be ignored.
                match read.next {
                    count if count == items.len() => Ok(value),
                    count => Err(OptionsError::invalid_length(items.len(), &format!("{count} items").as_str())),
                }
            }
            Value::Object(map) => visitor.visit_map(Entries::of(map)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OptionsError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, OptionsError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OptionsError> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Alternative { name, options: None }),
            Value::Object(map) if map.len() == 1 => match map.iter().next() {
                Some((name, value)) => visitor.visit_enum(Alternative { name, options: Some(value) }),
                None => unreachable!("a map of one"),
            },
            Value::Object(map) => Err(OptionsError::invalid_length(map.len(), &"a name, or one name with its options")),
            other => Err(OptionsError::invalid_type(kind(other), &"a name, or one name with its options")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

fn kind(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

struct Items<'de> {
    items: &'de [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = OptionsError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, OptionsError> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Node(item)).map(Some).map_err(|error| error.within(Segment::Index(index)))
    }
}

struct Entries<'de> {
    entries: serde_json::map::Iter<'de>,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> Entries<'de> {
    fn of(map: &'de Map<String, Value>) -> Self {
        Self { entries: map.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = OptionsError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, OptionsError> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key, value));
        seed.deserialize(text(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, OptionsError> {
        let Some((key, value)) = self.value.take() else {
            return Err(OptionsError::custom("a value without a key"));
        };
        seed.deserialize(Node(value)).map_err(|error| error.within(Segment::Key(key.to_owned())))
    }
}

fn text(word: &str) -> StrDeserializer<'_, OptionsError> {
    word.into_deserializer()
}

struct Alternative<'de> {
    name: &'de str,
    options: Option<&'de Value>,
}

impl<'de> Alternative<'de> {
    fn within<T>(&self, result: Result<T, OptionsError>) -> Result<T, OptionsError> {
        // A bare name adds no level to the path.
        match self.options {
            Some(_) => result.map_err(|error| error.within(Segment::Key(self.name.to_owned()))),
            None => result,
        }
    }
}

impl<'de> EnumAccess<'de> for Alternative<'de> {
    type Error = OptionsError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), OptionsError> {
        Ok((seed.deserialize(text(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Alternative<'de> {
    type Error = OptionsError;

    fn unit_variant(self) -> Result<(), OptionsError> {
        match self.options {
            None | Some(Value::Null) => Ok(()),
            Some(Value::Object(map)) if map.is_empty() => Ok(()),
            Some(other) => self.within(Err(OptionsError::invalid_type(kind(other), &"nothing: it has no options"))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, OptionsError> {
        match self.options {
            Some(value) => self.within(seed.deserialize(Node(value))),
            None => Err(OptionsError::custom(format!("`{}` needs a value: {{ {} = … }}", self.name, self.name))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, OptionsError> {
        let value = self.options.unwrap_or(&Value::Null);
        self.within(Node(value).deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OptionsError> {
        match self.options {
            Some(value) => self.within(Node(value).deserialize_any(visitor)),
            None => {
                let nothing = std::iter::empty::<(&str, &str)>();
                visitor.visit_map(MapDeserializer::<_, OptionsError>::new(nothing))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::options::Problem;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    enum Way {
        Plain,
        Damped {
            #[serde(default)]
            by: f64,
        },
        Limited(f64),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Options {
        way: Way,
        #[serde(default)]
        sizes: Vec<usize>,
        #[serde(default)]
        limit: Option<f64>,
    }

    fn error(value: Value) -> OptionsError {
        parse::<Options>(&value).unwrap_err()
    }

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        for value in [
            json!({"way": "plain", "sizes": [1, 2]}),
            json!({"way": {"damped": {"by": 0.5}}, "limit": 3}),
            json!({"way": {"limited": 2}, "limit": null}),
            json!({"way": {"limited": -2.5}}),
        ] {
            let expected: Options = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(parse::<Options>(&value).unwrap(), expected);
        }
        // A bare name stands for the variant with default options.
        assert_eq!(parse::<Options>(&json!({"way": "damped"})).unwrap().way, Way::Damped { by: 0.0 });
    }

    #[test]
    fn each_mistake_names_its_place_and_what_is_known() {
        let unknown = error(json!({"way": "plain", "szes": []}));
        assert_eq!(unknown.place(), [Segment::Key("szes".into())]);
        assert_eq!(unknown.to_string(), "unknown key `szes`; nearest is `sizes`, known: way, sizes, limit");
        let nested = error(json!({"way": {"damped": {"b": 1}}}));
        assert_eq!(nested.place().len(), 3);
        assert_eq!(nested.to_string(), "unknown key `b` in `way.damped`; nearest is `by`, known: by");
        let name = error(json!({"way": "plian"}));
        assert_eq!(name.to_string(), "`way`: unknown name `plian`; nearest is `plain`, known: plain, damped, limited");
        assert_eq!(error(json!({})).problem, Problem::MissingKey { key: "way" });
        let index = error(json!({"way": "plain", "sizes": [1, -2]}));
        assert_eq!(index.path, [Segment::Key("sizes".into()), Segment::Index(1)]);
        assert_eq!(index.to_string(), "`sizes[1]`: invalid value: integer `-2`, expected usize");
        assert_eq!(
            error(json!({"way": 3})).to_string(),
            "`way`: invalid type: floating point `3.0`, expected a name, or one name with its options"
        );
        assert_eq!(error(json!({"way": "limited"})).to_string(), "`way`: `limited` needs a value: { limited = … }");
        let pair = parse::<(u8, u8)>(&json!([1, 2, 3])).unwrap_err();
        assert_eq!(pair.to_string(), "invalid length 3, expected 2 items");
        assert_eq!(
            error(json!({"way": {"plain": 1}})).to_string(),
            "`way.plain`: invalid type: floating point `1.0`, expected nothing: it has no options"
        );
        assert!(error(json!({"way": {"plain": {}, "damped": {}}})).to_string().contains("invalid length 2"));
    }
}
