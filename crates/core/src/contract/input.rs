//! Input of a layer.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::Tape;
use crate::Real;

/// A `[batch, features]` matrix that a layer reads, contiguous in row-major order.
pub type In<'a, F> = ArrayView2<'a, F>;

/// A `[batch, features]` matrix that a layer writes, likewise.
pub type Out<'a, F> = ArrayViewMut2<'a, F>;

/// Rows that enter a layer, and their condition.
///
/// `x` is `[batch, features]`, contiguous in row-major order. If a flow models `log p(x | c)`,
/// `condition` is `[batch, conditions]`, the same for every layer of the flow.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Input<'a, F> {
    /// The rows.
    pub x: ArrayView2<'a, F>,
    /// One row of conditions for each row of `x`.
    pub condition: Option<ArrayView2<'a, F>>,
}

impl<'a, F: Real> Input<'a, F> {
    /// Rows with an optional condition.
    pub fn new(x: ArrayView2<'a, F>, condition: Option<ArrayView2<'a, F>>) -> Self {
        Self { x, condition }
    }

    /// Other rows with the same condition: the input of the next layer.
    pub fn with<'b>(self, x: ArrayView2<'b, F>) -> Input<'b, F>
    where
        'a: 'b,
    {
        Input { x, condition: self.condition.map(|condition| condition.reborrow()) }
    }

    /// The same rows, borrowed for a shorter time.
    pub fn reborrow<'b>(self) -> Input<'b, F>
    where
        'a: 'b,
    {
        let x = self.x.reborrow();
        self.with(x)
    }

    /// The same rows with a condition.
    pub fn given(self, condition: ArrayView2<'a, F>) -> Self {
        Self { condition: Some(condition), ..self }
    }
}

impl<'a, F> From<ArrayView2<'a, F>> for Input<'a, F> {
    fn from(x: ArrayView2<'a, F>) -> Self {
        Self { x, condition: None }
    }
}

impl<'a, F> From<&'a Array2<F>> for Input<'a, F> {
    fn from(x: &'a Array2<F>) -> Self {
        Self { x: x.view(), condition: None }
    }
}

/// A recorded forward pass: the point at which `backward` differentiates.
#[derive(Debug)]
pub struct ForwardPass<'a, F> {
    /// Input of the layer.
    pub input: Input<'a, F>,
    /// Output of the layer.
    pub y: ArrayView2<'a, F>,
    /// The tape that `forward` recorded.
    pub tape: &'a mut Tape<F>,
}
