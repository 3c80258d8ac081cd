//! Changes of shape, and selections.

use super::nodes::{Attribute, Type, Value};

/// The end of an axis, whatever its length.
const END: i64 = i64::MAX;

impl<'g> Value<'g> {
    /// The numbers in another shape; 0 keeps the size of an axis.
    pub(crate) fn reshape(self, shape: &[usize]) -> Self {
        let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        self.graph().node("Reshape", &[self, self.graph().ints(&shape)], &[], self.ty())
    }

    /// The numbers in one axis.
    pub(crate) fn flatten(self) -> Self {
        self.graph().node("Reshape", &[self, self.graph().ints(&[-1])], &[], self.ty())
    }

    /// A new axis of size 1.
    pub(crate) fn unsqueeze(self, axis: i64) -> Self {
        self.graph().node("Unsqueeze", &[self, self.graph().ints(&[axis])], &[], self.ty())
    }

    /// Without an axis of size 1.
    pub(crate) fn squeeze(self, axis: i64) -> Self {
        self.graph().node("Squeeze", &[self, self.graph().ints(&[axis])], &[], self.ty())
    }

    /// Axes in another order.
    pub(crate) fn transpose(self, order: &[i64]) -> Self {
        self.graph().node("Transpose", &[self], &[Attribute::Ints("perm", order)], self.ty())
    }

    /// The entries of an axis from one index to another.
    pub(crate) fn slice(self, axis: i64, from: usize, to: usize) -> Self {
        self.cut(axis, from as i64, to as i64)
    }

    /// The entries of an axis from an index on.
    pub(crate) fn from(self, axis: i64, from: usize) -> Self {
        self.cut(axis, from as i64, END)
    }

    fn cut(self, axis: i64, from: i64, to: i64) -> Self {
        let graph = self.graph();
        let inputs = [self, graph.ints(&[from]), graph.ints(&[to]), graph.ints(&[axis])];
        graph.node("Slice", &inputs, &[], self.ty())
    }

    /// The entries of an axis with constant indices.
    pub(crate) fn take(self, axis: i64, indices: impl IntoIterator<Item = usize>) -> Self {
        self.gather(axis, self.graph().indices(indices))
    }

    /// One entry of an axis, which disappears.
    pub(crate) fn at(self, axis: i64, index: usize) -> Self {
        self.gather(axis, self.graph().scalar(Type::Int, index as f64))
    }

    /// The entries of an axis with computed indices, whose axes take its place.
    pub(crate) fn gather(self, axis: i64, indices: Self) -> Self {
        self.graph().node("Gather", &[self, indices], &[Attribute::Int("axis", axis)], self.ty())
    }

    /// This and others one after another along an axis.
    pub(crate) fn beside(self, axis: i64, others: &[Self]) -> Self {
        let all: Vec<Self> = std::iter::once(self).chain(others.iter().copied()).collect();
        self.graph().node("Concat", &all, &[Attribute::Int("axis", axis)], self.ty())
    }

    /// With a constant in front of and behind the last of `axes` axes, as often as said.
    pub(crate) fn padded(self, axes: usize, before: usize, behind: usize, number: f64) -> Self {
        let mut pads = vec![0; 2 * axes];
        (pads[axes - 1], pads[2 * axes - 1]) = (before as i64, behind as i64);
        let graph = self.graph();
        graph.node("Pad", &[self, graph.ints(&pads), self.like(number)], &[], self.ty())
    }
}
