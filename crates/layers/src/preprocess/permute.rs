//! Columns in another order.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::prelude::*;
use serde::{Deserialize, Serialize};

/// `y_i = x_{order(i)}`, with `log|det| = 0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permute {
    order: Vec<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    order: Vec<usize>,
}

impl Permute {
    /// The column of the input that each column of the output has.
    ///
    /// # Errors
    /// [`LayerError::NoFeatures`]; [`LayerError::Range`] if a column is missing or named twice.
    pub fn new(order: Vec<usize>) -> Result<Self> {
        if order.is_empty() {
            return Err(LayerError::NoFeatures);
        }
        let mut found = vec![false; order.len()];
        for &column in &order {
            match found.get_mut(column) {
                Some(found) if !*found => *found = true,
                _ => {
                    let (value, range) = (column as f64, "each column from 0 on, once");
                    return Err(LayerError::Range { what: "column of an order", value, range });
                }
            }
        }
        Ok(Self { order })
    }

    /// The columns that are not `last`, then those that are, both in their order.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn to_the_end(last: &[bool]) -> Result<Self> {
        let of = |wanted: bool| (0..last.len()).filter(move |&column| last[column] == wanted);
        Self::new(of(false).chain(of(true)).collect())
    }

    /// Whether every column stays where it is.
    pub fn is_identity(&self) -> bool {
        self.order.iter().enumerate().all(|(to, &from)| to == from)
    }

    fn gather<F: Real>(&self, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        for (mut y, x) in y.rows_mut().into_iter().zip(x.rows()) {
            y.iter_mut().zip(&self.order).for_each(|(y, &from)| *y = x[from]);
        }
    }

    fn scatter<F: Real>(&self, y: ArrayView2<'_, F>, mut x: ArrayViewMut2<'_, F>) {
        for (mut x, y) in x.rows_mut().into_iter().zip(y.rows()) {
            y.iter().zip(&self.order).for_each(|(&y, &to)| x[to] = y);
        }
    }
}

impl<F: Real> Kind<F> for Permute {
    const KIND: &'static str = "permute";

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let Options { order } = spec.parse()?;
        Self::new(order)
    }

    fn restore(spec: &LayerSpec, _: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { order } = spec.parse()?;
        Self::new(order)
    }
}

impl<F: Real> Parametric<F> for Permute {}

impl<F: Real> Layer<F> for Permute {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(<Self as Kind<F>>::KIND, &Options { order: self.order.clone() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        // Neighbours are no longer beside each other.
        input.with_features(self.order.len()).map(|shape| shape.features().into())
    }

    fn forward(&self, input: Input<F>, y: Out<F>, _: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.gather(input.x, y);
        Ok(())
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, _: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.scatter(output.x, x);
        Ok(())
    }

    fn backward(&self, _: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        if let Some(dx) = dx {
            self.scatter(dy, dx);
        }
        Ok(())
    }
}
