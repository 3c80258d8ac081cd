//! A layer for the tests of combinators.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::contract::{ForwardPass, Input, Layer, LayerSpec, ParamGrad, Parametric, Shape, Tape};
use crate::{Real, Result};

/// `y = 2x`.
#[derive(Debug, Clone)]
pub(super) struct Twice;

impl<F: Real> Parametric<F> for Twice {}

impl<F: Real> Layer<F> for Twice {
    fn spec(&self) -> LayerSpec {
        LayerSpec::plain("twice")
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        Ok(input)
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _: &mut Tape<F>,
    ) -> Result<()> {
        y.zip_mut_with(&input.x, |y, &x| *y = x + x);
        let own = input.x.ncols() as f64 * std::f64::consts::LN_2;
        log_det.into_iter().flatten().for_each(|log_det| *log_det += own);
        Ok(())
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _: &mut Tape<F>,
    ) -> Result<()> {
        x.zip_mut_with(&output.x, |x, &y| *x = y * F::of(0.5));
        let own = output.x.ncols() as f64 * std::f64::consts::LN_2;
        log_det.into_iter().flatten().for_each(|log_det| *log_det -= own);
        Ok(())
    }

    fn backward(
        &self,
        _: ForwardPass<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        _: &mut [ParamGrad<F>],
    ) -> Result<()> {
        if let Some(mut dx) = dx {
            dx.zip_mut_with(&dy, |dx, &dy| *dx = dy + dy);
        }
        Ok(())
    }
}
