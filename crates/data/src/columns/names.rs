//! Compares the column names of two tables.

use std::fmt::{Display, Formatter};

/// Characters of a name that are compared when looking for the nearest one.
const COMPARED: usize = 64;

/// Names in a message at most.
const SHOWN: usize = 20;

/// Columns of a table that do not match those expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMismatch {
    /// Expected columns that the table lacks, each with the nearest of the unexpected ones, if any.
    pub missing: Vec<(String, Option<String>)>,
    /// Columns of the table that are not expected.
    pub extra: Vec<String>,
    /// All expected columns.
    pub expected: Vec<String>,
    /// All columns of the table.
    pub actual: Vec<String>,
}

/// The position in `actual` of each expected name, so that another order is matched by name.
/// Columns in `ignored` may be there or not.
///
/// # Errors
/// [`NameMismatch`] if a column is missing, not expected, or there twice.
pub fn match_names(expected: &[String], actual: &[String], ignored: &[String]) -> Result<Vec<usize>, NameMismatch> {
    let place = |name: &String| actual.iter().position(|known| known == name);
    let found: Vec<Option<usize>> = expected.iter().map(place).collect();
    let extra: Vec<String> = actual
        .iter()
        .enumerate()
        .filter(|(place, name)| !found.contains(&Some(*place)) && !ignored.contains(name))
        .map(|(_, name)| name.clone())
        .collect();
    let all: Option<Vec<usize>> = found.iter().copied().collect();
    match all {
        Some(all) if extra.is_empty() => Ok(all),
        _ => {
            let missing = expected.iter().zip(&found).filter(|(_, place)| place.is_none());
            let missing = missing.map(|(name, _)| (name.clone(), nearest(name, &extra))).collect();
            Err(NameMismatch { missing, extra, expected: expected.to_vec(), actual: actual.to_vec() })
        }
    }
}

fn nearest(name: &str, among: &[String]) -> Option<String> {
    let cut = |text: &str| text.chars().take(COMPARED).collect::<String>();
    let name = cut(name);
    among.iter().min_by_key(|known| strsim::levenshtein(&name, &cut(known))).cloned()
}

/// `a, b, c`, or the first of them and how many there are.
fn list(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown}, … ({} columns)", names.len()) } else { shown }
}

impl Display for NameMismatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        for (name, nearest) in self.missing.iter().take(SHOWN) {
            let hint = nearest.as_ref().map(|nearest| format!(" (nearest is `{nearest}`)")).unwrap_or_default();
            parts.push(format!("no column `{name}`{hint}"));
        }
        if !self.extra.is_empty() {
            parts.push(format!("not expected: {}", list(&self.extra)));
        }
        write!(f, "{}; expected columns: {}; found: {}", parts.join(", "), list(&self.expected), list(&self.actual))
    }
}

impl std::error::Error for NameMismatch {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(list: &str) -> Vec<String> {
        list.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    fn matched(expected: &str, actual: &str, ignored: &str) -> Result<Vec<usize>, NameMismatch> {
        match_names(&names(expected), &names(actual), &names(ignored))
    }

    #[test]
    fn another_order_is_matched_and_ignored_columns_may_be_there() {
        assert_eq!(matched("a b c", "c a b", "").unwrap(), [1, 2, 0]);
        assert_eq!(matched("a b", "b id a", "id label").unwrap(), [2, 0]);
    }

    #[test]
    fn missing_renamed_extra_and_repeated_columns_are_refused_with_both_sides() {
        let renamed = matched("height weight", "weight heigth", "").unwrap_err();
        assert_eq!(renamed.missing, [("height".to_owned(), Some("heigth".to_owned()))]);
        let text = renamed.to_string();
        assert_eq!(
            text,
            "no column `height` (nearest is `heigth`), not expected: heigth; expected columns: height, weight; \
             found: weight, heigth"
        );
        assert_eq!(matched("a b", "a", "").unwrap_err().missing, [("b".to_owned(), None)]);
        assert_eq!(matched("a", "a b", "").unwrap_err().extra, ["b"]);
        assert_eq!(matched("a b", "a b a", "").unwrap_err().extra, ["a"]);
    }
}
