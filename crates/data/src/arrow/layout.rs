//! The nodes and buffers that a column takes in a message, so that the next column is found.

use polars_arrow_format::ipc::{FieldRef, MetadataVersion, TypeRef, UnionMode};

use crate::columnar::{Outcome, bad};

/// Fields within each other at most.
const DEPTH: usize = 64;

/// Numbers of nodes, buffers, and columns of views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) nodes: usize,
    pub(super) buffers: usize,
    pub(super) views: usize,
}

impl Layout {
    pub(super) fn and(self, other: Self) -> Self {
        Self { nodes: self.nodes + other.nodes, buffers: self.buffers + other.buffers, views: self.views + other.views }
    }
}

/// Walks the fields of a schema.
pub(super) struct Nesting {
    /// Whether unions have flags of nulls, as before version 5 of the metadata.
    flagged_unions: bool,
    /// Fields that may still be visited: a schema can name one field many times, but it cannot
    /// describe more fields than it has bytes.
    fields: usize,
}

impl Nesting {
    pub(super) fn new(version: MetadataVersion, fields: usize) -> Self {
        Self { flagged_unions: (version as i16) < (MetadataVersion::V5 as i16), fields }
    }

    /// What a field takes, with all fields below it.
    pub(super) fn layout(&mut self, field: FieldRef<'_>) -> Outcome<Layout> {
        self.below(field, 0)
    }

    fn below(&mut self, field: FieldRef<'_>, depth: usize) -> Outcome<Layout> {
        let Some(fields) = self.fields.checked_sub(1).filter(|_| depth < DEPTH) else {
            return bad("columns are nested too deeply");
        };
        self.fields = fields;
        let one = |buffers| Layout { nodes: 1, buffers, views: 0 };
        // The values of a dictionary come in a message of their own.
        if field.dictionary()?.is_some() {
            return Ok(one(2));
        }
        let own = match field.type_()? {
            Some(TypeRef::Null(_) | TypeRef::RunEndEncoded(_)) => one(0),
            Some(TypeRef::Struct(_) | TypeRef::FixedSizeList(_)) => one(1),
            Some(TypeRef::Union(found)) => {
                let places = usize::from(found.mode()? == UnionMode::Dense);
                one(1 + places + usize::from(self.flagged_unions))
            }
            Some(
                TypeRef::Int(_)
                | TypeRef::FloatingPoint(_)
                | TypeRef::Bool(_)
                | TypeRef::Decimal(_)
                | TypeRef::Date(_)
                | TypeRef::Time(_)
                | TypeRef::Timestamp(_)
                | TypeRef::Interval(_)
                | TypeRef::Duration(_)
                | TypeRef::FixedSizeBinary(_)
                | TypeRef::List(_)
                | TypeRef::LargeList(_)
                | TypeRef::Map(_),
            ) => one(2),
            Some(
                TypeRef::Binary(_)
                | TypeRef::Utf8(_)
                | TypeRef::LargeBinary(_)
                | TypeRef::LargeUtf8(_)
                | TypeRef::ListView(_)
                | TypeRef::LargeListView(_),
            ) => one(3),
            Some(TypeRef::BinaryView(_) | TypeRef::Utf8View(_)) => Layout { nodes: 1, buffers: 2, views: 1 },
            None => return bad("a column of an unknown type"),
        };
        let mut all = own;
        for child in field.children()?.into_iter().flatten() {
            all = all.and(self.below(child?, depth + 1)?);
        }
        Ok(all)
    }
}
