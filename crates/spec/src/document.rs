//! TOML as values, each with its line.

use std::collections::HashMap;
use std::path::Path;

use pdmap_core::options::{self, OptionsError, Problem, Segment};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::SpecError;

/// Bytes of a description at most: a thousand times a large one.
const LIMIT: u64 = 4 << 20;

/// The line of each key and list item of a file, counted from 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lines {
    lines: HashMap<Vec<Segment>, usize>,
}

impl Lines {
    /// The line of a place, or of the innermost enclosing table in the file; 1 for the file as a
    /// whole.
    pub fn of(&self, place: &[Segment]) -> usize {
        (0..=place.len()).rev().find_map(|length| self.lines.get(&place[..length])).copied().unwrap_or(1)
    }
}

/// A parsed TOML file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The file, for messages.
    pub name: String,
    /// Its contents.
    pub value: Value,
    /// The line of each value.
    pub lines: Lines,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SpecError::Io`]; [`SpecError::DescriptionTooLong`]; [`SpecError::DescriptionSyntax`] with line and column.
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        let io = |source| SpecError::Io { path: path.to_owned(), source };
        let mut text = String::new();
        let mut file = std::io::Read::take(std::fs::File::open(path).map_err(io)?, LIMIT + 1);
        std::io::Read::read_to_string(&mut file, &mut text).map_err(io)?;
        if text.len() as u64 > LIMIT {
            return Err(SpecError::DescriptionTooLong { file: path.display().to_string(), limit: LIMIT });
        }
        Self::parse(&path.display().to_string(), &text)
    }

    /// Parses the text of the file called `name`.
    ///
    /// # Errors
    /// [`SpecError::DescriptionSyntax`] with line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self, SpecError> {
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let (line, column) = position(text, start);
            let reason = error.message().replace('\n', " ");
            SpecError::DescriptionSyntax { file: name.to_owned(), line, column, reason }
        })?;
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut reader = Reader { starts, lines: HashMap::new() };
        let value = reader.table(table.get_ref(), &mut Vec::new());
        let lines = Lines { lines: reader.lines };
        let value = value.map_err(|error| described(name, &lines, error))?;
        Ok(Self { name: name.to_owned(), value, lines })
    }

    /// The contents as a type.
    ///
    /// # Errors
    /// [`SpecError::Description`] with the line, the key and the nearest known one.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        options::parse(&self.value).map_err(|error| self.error(error))
    }

    /// An error about a place of this file.
    pub fn error(&self, source: OptionsError) -> SpecError {
        described(&self.name, &self.lines, source)
    }
}

fn described(name: &str, lines: &Lines, source: OptionsError) -> SpecError {
    SpecError::Description { file: name.to_owned(), line: lines.of(&source.place()), source: Box::new(source) }
}

/// Line and column of a byte, from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

struct Reader {
    /// The first byte of each line.
    starts: Vec<usize>,
    lines: HashMap<Vec<Segment>, usize>,
}

impl Reader {
    fn mark(&mut self, place: &[Segment], byte: usize) {
        self.lines.insert(place.to_vec(), self.starts.partition_point(|&start| start <= byte));
    }

    fn table(&mut self, table: &DeTable<'_>, place: &mut Vec<Segment>) -> Result<Value, OptionsError> {
        let mut map = Map::new();
        for (key, value) in table {
            place.push(Segment::Key(key.get_ref().to_string()));
            self.mark(place, key.span().start);
            map.insert(key.get_ref().to_string(), self.value(value, place)?);
            place.pop();
        }
        Ok(Value::Object(map))
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, place: &mut Vec<Segment>) -> Result<Value, OptionsError> {
        let invalid = |reason: &str| OptionsError {
            path: place.clone(),
            problem: Problem::Invalid { reason: reason.to_owned() },
        };
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(integer) => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix()).map(Number::from);
                let number =
                    number.or_else(|_| u64::from_str_radix(integer.as_str(), integer.radix()).map(Number::from));
                Value::Number(number.map_err(|_| invalid(&format!("{integer} is too large")))?)
            }
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(Number::from_f64);
                Value::Number(number.ok_or_else(|| invalid(&format!("{float} is no finite number")))?)
            }
            DeValue::Datetime(date) => {
                return Err(invalid(&format!("{date} is a date; no option takes one")));
            }
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    place.push(Segment::Index(index));
                    self.mark(place, item.span().start);
                    list.push(self.value(item, place)?);
                    place.pop();
                }
                Value::Array(list)
            }
            DeValue::Table(table) => self.table(table, place)?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_item_has_its_line() {
        let text = "a = 1\n\n[[b]]\nc = [\n  2,\n  { d = 3.5 },\n]\n";
        let document = Document::parse("x.toml", text).unwrap();
        assert_eq!(document.value, serde_json::json!({"a": 1, "b": [{"c": [2, {"d": 3.5}]}]}));
        let key = |key: &str| Segment::Key(key.to_owned());
        let line = |place: &[Segment]| document.lines.of(place);
        assert_eq!(line(&[key("a")]), 1);
        assert_eq!(line(&[key("b"), Segment::Index(0)]), 3);
        assert_eq!(line(&[key("b"), Segment::Index(0), key("c")]), 4);
        assert_eq!(line(&[key("b"), Segment::Index(0), key("c"), Segment::Index(1), key("d")]), 6);
        // A missing key has the line of its table.
        assert_eq!(line(&[key("b"), Segment::Index(0), key("e")]), 3);
        assert_eq!(line(&[key("z")]), 1);
    }

    #[test]
    fn syntax_errors_have_a_line_and_a_column() {
        for (text, line, words) in [
            ("a = 1\nb = \n", 2, "x.toml:2:"),
            ("a = 1\na = 2\n", 2, "duplicate"),
            ("a = 1\nb = 1979-05-27\n", 2, "is a date"),
            ("a = inf\n", 1, "no finite number"),
            ("\na = 99999999999999999999\n", 2, "too large"),
        ] {
            let error = Document::parse("x.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("x.toml:{line}")) && error.contains(words), "{error}");
        }
    }
}
