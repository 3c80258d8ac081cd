//! A layer for the tests of combinators.

use crate::contract::{ForwardPass, In, Input, Layer, LayerSpec, Out, ParamGrad, Parametric, Shape, Tape};
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

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        y.zip_mut_with(&input.x, |y, &x| *y = x + x);
        let own = input.x.ncols() as f64 * std::f64::consts::LN_2;
        log_det.into_iter().flatten().for_each(|log_det| *log_det += own);
        Ok(())
    }

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        x.zip_mut_with(&output.x, |x, &y| *x = y * F::of(0.5));
        let own = output.x.ncols() as f64 * std::f64::consts::LN_2;
        log_det.into_iter().flatten().for_each(|log_det| *log_det -= own);
        Ok(())
    }

    fn backward(&self, _: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        if let Some(mut dx) = dx {
            dx.zip_mut_with(&dy, |dx, &dy| *dx = dy + dy);
        }
        Ok(())
    }
}
