//! The columns of a Parquet file, from its schema.

use super::footer::{Element, Logical};
use super::leaf::{Leaf, Physical};
use crate::columnar::{Field, Kind, Outcome, bad};

/// Bytes of the longest integers that are read: those of decimal numbers.
const WIDEST: i64 = 16;

/// A column of the table: a child of the root of the schema.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) field: Field,
    /// How its values are stored; `None` if the column is nested.
    pub(super) leaf: Option<Leaf>,
    /// Its place, or that of its first leaf, among the columns of a row group.
    pub(super) place: usize,
}

/// The columns of the table, and the number of columns in each row group.
pub(super) fn columns(schema: &[Element]) -> Outcome<(Vec<Column>, usize)> {
    let Some((root, mut rest)) = schema.split_first() else { return bad("it has no schema") };
    let (mut columns, mut place) = (Vec::new(), 0);
    for _ in 0..root.children {
        let Some((top, below)) = rest.split_first() else { return bad("its schema ends early") };
        rest = below;
        let column = match top.physical {
            Some(physical) if top.children == 0 && top.repetition != 2 => {
                let (physical, kind) = meaning(top, physical)?;
                let leaf = Some(Leaf { physical, kind, optional: top.repetition == 1 });
                Column { field: Field { name: top.name.clone(), kind }, leaf, place }
            }
            _ => {
                let kind = Kind::Other(if top.repetition == 2 || is_list(top) { "lists" } else { "nested values" });
                Column { field: Field { name: top.name.clone(), kind }, leaf: None, place }
            }
        };
        columns.push(column);
        // All that is below a group: a node closes one place and opens one for each child.
        let mut open = top.children;
        place += usize::from(open == 0);
        while open > 0 {
            let Some((node, below)) = rest.split_first() else { return bad("its schema ends early") };
            rest = below;
            place += usize::from(node.children == 0);
            let next = open.checked_add(node.children).filter(|_| node.children >= 0);
            let Some(next) = next else { return bad("its schema has an invalid number of children") };
            open = next - 1;
        }
    }
    if !rest.is_empty() || root.children < 0 {
        return bad("its schema has an invalid number of children");
    }
    Ok((columns, place))
}

fn is_list(group: &Element) -> bool {
    group.converted == Some(3)
}

/// The physical type of a leaf, and what its values stand for.
fn meaning(leaf: &Element, physical: i64) -> Outcome<(Physical, Kind)> {
    let Element { logical, converted, .. } = *leaf;
    let scale = |scale: i64| match i32::try_from(scale) {
        Ok(scale) => Ok(Kind::Decimal { scale }),
        Err(_) => bad(format!("a scale of {scale}")),
    };
    let decimal = match (logical, converted) {
        (Some(Logical::Decimal { scale: places }), _) => Some(scale(places)?),
        (None, Some(5)) => Some(scale(leaf.scale)?),
        _ => None,
    };
    if logical == Some(Logical::Nulls) {
        return Ok((Physical::of(physical, leaf.length)?, Kind::Other("nothing but nulls")));
    }
    let stored = Physical::of(physical, leaf.length)?;
    let kind = match (stored, logical, converted) {
        (Physical::Bool | Physical::F32 | Physical::F64, ..) => Kind::Number,
        (Physical::I96, ..) => Kind::Time { per_second: 1_000_000_000 },
        (Physical::I32 | Physical::I64, ..) if decimal.is_some() => decimal.unwrap_or(Kind::Number),
        (Physical::I32, Some(Logical::Date), _) | (Physical::I32, None, Some(6)) => Kind::Date,
        (Physical::I32 | Physical::I64, Some(Logical::Time { per_second }), _) => Kind::Span { per_second },
        (Physical::I32, None, Some(7)) => Kind::Span { per_second: 1000 },
        (Physical::I64, None, Some(8)) => Kind::Span { per_second: 1_000_000 },
        (Physical::I64, Some(Logical::Timestamp { per_second }), _) => Kind::Time { per_second },
        (Physical::I64, None, Some(9)) => Kind::Time { per_second: 1000 },
        (Physical::I64, None, Some(10)) => Kind::Time { per_second: 1_000_000 },
        (Physical::I32, Some(Logical::Integer { signed: false }), _) | (Physical::I32, None, Some(11..=13)) => {
            return Ok((Physical::U32, Kind::Number));
        }
        (Physical::I64, Some(Logical::Integer { signed: false }), _) | (Physical::I64, None, Some(14)) => {
            return Ok((Physical::U64, Kind::Number));
        }
        (Physical::I32 | Physical::I64 | Physical::U32 | Physical::U64, ..) => Kind::Number,
        (Physical::Bytes | Physical::Fixed(_), ..) if decimal.is_some() => match decimal {
            Some(decimal) if leaf.length <= WIDEST => decimal,
            _ => Kind::Other("decimal numbers of more than 128 bits"),
        },
        (Physical::Fixed(2), Some(Logical::Half), _) => return Ok((Physical::Half, Kind::Number)),
        (Physical::Bytes, Some(Logical::Text), _) | (Physical::Bytes, None, Some(0 | 4 | 19)) => Kind::Text,
        (_, Some(Logical::Uuid), _) => Kind::Other("UUIDs"),
        (_, None, Some(21)) => Kind::Other("intervals"),
        (Physical::Bytes | Physical::Fixed(_) | Physical::Half, ..) => Kind::Other("bytes"),
    };
    Ok((stored, kind))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn leaf(name: &str, physical: i64) -> Element {
        Element { name: name.to_owned(), physical: Some(physical), repetition: 1, ..Element::default() }
    }

    fn node(name: &str, children: i64) -> Element {
        Element { name: name.to_owned(), children, repetition: 1, ..Element::default() }
    }

    #[test]
    fn nested_columns_are_one_column_of_the_table() {
        let list = Element { converted: Some(3), ..node("list", 1) };
        let schema = [
            node("root", 4),
            leaf("a", 5),
            list,
            node("element", 1),
            leaf("item", 5),
            node("pair", 2),
            leaf("x", 1),
            leaf("y", 1),
            Element { repetition: 0, ..leaf("b", 2) },
        ];
        let (found, leaves) = columns(&schema).unwrap();
        let shown: Vec<_> = found.iter().map(|c| (c.field.name.as_str(), c.place, c.leaf.is_some())).collect();
        assert_eq!(shown, [("a", 0, true), ("list", 1, false), ("pair", 2, false), ("b", 4, true)]);
        assert_eq!(leaves, 5);
        assert!(found[0].leaf.unwrap().optional && !found[3].leaf.unwrap().optional);
        for length in 0..schema.len() {
            assert!(columns(&schema[..length]).is_err(), "{length}");
        }
        assert!(columns(&[&schema[..], &schema[1..2]].concat()).is_err());
        assert!(columns(&[node("root", 1), node("a", i64::MAX), node("b", i64::MAX)]).is_err());
        assert!(columns(&[node("root", 1), node("a", 2), node("b", -1)]).is_err());
    }

    #[test]
    fn logical_types_come_before_converted_types() {
        let of = |physical, length, converted, logical| {
            let element = Element { length, converted, logical, scale: 2, ..leaf("x", physical) };
            meaning(&element, physical).unwrap().1
        };
        assert_eq!(of(1, 0, Some(6), None), Kind::Date);
        assert_eq!(of(1, 0, Some(5), None), Kind::Decimal { scale: 2 });
        assert_eq!(of(1, 0, Some(5), Some(Logical::Decimal { scale: 3 })), Kind::Decimal { scale: 3 });
        assert_eq!(of(7, 16, Some(5), None), Kind::Decimal { scale: 2 });
        assert_eq!(of(7, 17, Some(5), None), Kind::Other("decimal numbers of more than 128 bits"));
        assert_eq!(of(2, 0, Some(9), None), Kind::Time { per_second: 1000 });
        assert_eq!(of(2, 0, Some(9), Some(Logical::Timestamp { per_second: 7 })), Kind::Time { per_second: 7 });
        assert_eq!(of(3, 0, None, None), Kind::Time { per_second: 1_000_000_000 });
        assert_eq!(of(6, 0, Some(0), None), Kind::Text);
        assert_eq!(of(6, 0, None, None), Kind::Other("bytes"));
        assert_eq!(of(7, 2, None, Some(Logical::Half)), Kind::Number);
        assert_eq!(of(7, 16, None, Some(Logical::Uuid)), Kind::Other("UUIDs"));
        assert!(meaning(&leaf("x", 8), 8).is_err() && meaning(&leaf("x", 7), 7).is_err());
    }
}
