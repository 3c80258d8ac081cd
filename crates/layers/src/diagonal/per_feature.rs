//! One number per feature.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::{ParamGrad, Real, Result, Shape, parallel};
use serde_json::{Map, Value};

use super::Sharing;

/// Every feature has its own number.
#[derive(Debug, Clone, Copy)]
pub struct PerFeature {
    pub(super) features: usize,
}

impl<F: Real> Sharing<F> for PerFeature {
    const PREFIX: &'static str = "";

    fn options(&self) -> Map<String, Value> {
        Map::new()
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features)
    }

    fn positions(&self) -> Vec<f64> {
        Vec::new()
    }

    fn prepare(&self, numbers: &[F], prepared: &mut Vec<F>) {
        prepared.clear();
        prepared.extend_from_slice(numbers);
    }

    fn map(
        &self,
        prepared: &[F],
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        f: impl Fn(F, F) -> F + Sync,
    ) -> Result<()> {
        for (mut to, from) in to.rows_mut().into_iter().zip(from.rows()) {
            for ((to, &from), &number) in to.iter_mut().zip(from).zip(prepared) {
                *to = f(from, number);
            }
        }
        Ok(())
    }

    fn add_sums(&self, delta: &[F], grad: &mut ParamGrad<F>) -> Result<()> {
        parallel::add_column_sums(grad.flat_mut()?, delta);
        Ok(())
    }

    fn add_products(&self, delta: &[F], x: &[F], grad: &mut ParamGrad<F>) -> Result<()> {
        parallel::add_column_products(grad.flat_mut()?, delta, x);
        Ok(())
    }
}
