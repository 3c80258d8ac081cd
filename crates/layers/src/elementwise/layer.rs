//! The elementwise layer.

use pdmap_core::contract::InverseBackward;
use pdmap_core::parallel::{self, Pass};
use pdmap_core::prelude::*;

use super::Activation;

/// `y_i = f(x_i)` with `log|det| = Σ_i log f'(x_i)`; any number of features, no parameters.
#[derive(Debug, Clone)]
pub struct Elementwise<A> {
    activation: A,
}

impl<A: Activation> Elementwise<A> {
    /// A layer that applies `activation` to each number.
    ///
    /// # Errors
    /// [`LayerError::Range`](pdmap_core::LayerError::Range) for options outside their ranges.
    pub fn new(activation: A) -> Result<Self> {
        activation.validate()?;
        Ok(Self { activation })
    }

    /// The function.
    pub fn activation(&self) -> &A {
        &self.activation
    }
}

impl<F: Real, A: Activation> Kind<F> for Elementwise<A> {
    const KIND: &'static str = A::KIND;

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        Self::new(spec.parse()?)
    }

    fn restore(spec: &LayerSpec, _: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        Self::new(spec.parse()?)
    }
}

impl<F: Real, A: Activation> Parametric<F> for Elementwise<A> {}

impl<F: Real, A: Activation> Layer<F> for Elementwise<A> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(A::KIND, &self.activation)
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        Ok(input)
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        let (x, columns) = (check::slice("input", &input.x)?, input.x.ncols());
        let (y, f) = (check::slice_mut("output", &mut y)?, &self.activation);
        match log_det {
            None => parallel::map(y, x, &Values(f)),
            Some(log_det) => parallel::map_rows(y, x, columns, log_det, &ValuesAndLogSlopes(f)),
        }
        Ok(())
    }

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        let (y, columns) = (check::slice("output", &output.x)?, output.x.ncols());
        let (x, f) = (check::slice_mut("input", &mut x)?, &self.activation);
        match log_det {
            None => parallel::map(x, y, &Inverses(f)),
            Some(log_det) => parallel::map_rows(x, y, columns, log_det, &InversesAndLogSlopes(f)),
        }
        Ok(())
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        let Some(mut dx) = dx else { return Ok(()) };
        let x = check::slice("input", &at.input.x)?;
        let dy = check::slice("gradient of the output", &dy)?;
        let dx = check::slice_mut("gradient of the input", &mut dx)?;
        parallel::map2(dx, x, dy, &Gradients(&self.activation));
        Ok(())
    }
}

impl<F: Real, A: Activation> InverseBackward<F> for Elementwise<A> {
    fn inverse_backward(
        &self,
        at: ForwardPass<F>,
        dx: In<F>,
        dy: Option<Out<F>>,
        _: &mut [ParamGrad<F>],
    ) -> Result<()> {
        let Some(mut dy) = dy else { return Ok(()) };
        let (y, x) = (check::slice("input", &at.input.x)?, check::slice("output", &at.y)?);
        let dx = check::slice("gradient of the output", &dx)?;
        let dy = check::slice_mut("gradient of the input", &mut dy)?;
        parallel::map3(dy, [y, x, dx], &InverseGradients(&self.activation));
        Ok(())
    }
}

/// `f(x)`.
struct Values<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F])> for Values<'_, A> {
    #[inline(always)]
    fn run(&self, (y, x): (&'a mut [F], &'a [F])) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = self.0.value(x));
    }
}

/// `f(x)`; adds up `log f'(x)`.
struct ValuesAndLogSlopes<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F], &'a mut f64)> for ValuesAndLogSlopes<'_, A> {
    #[inline(always)]
    fn run(&self, (y, x, log_det): (&'a mut [F], &'a [F], &'a mut f64)) {
        let mut lanes = [0.0; parallel::LANES];
        let together = A::LANES.min(parallel::LANES);
        for (y, x) in y.chunks_mut(together).zip(x.chunks(together)) {
            for ((y, &x), lane) in y.iter_mut().zip(x).zip(&mut lanes) {
                let (value, log_slope) = self.0.value_and_log_slope(x);
                *y = value;
                *lane += log_slope;
            }
        }
        *log_det += lanes.iter().sum::<f64>();
    }
}

/// `f⁻¹(y)`; subtracts `log f'` there.
struct InversesAndLogSlopes<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F], &'a mut f64)> for InversesAndLogSlopes<'_, A> {
    #[inline(always)]
    fn run(&self, (x, y, log_det): (&'a mut [F], &'a [F], &'a mut f64)) {
        let mut sum = 0.0;
        for (x, &y) in x.iter_mut().zip(y) {
            let log_slope;
            (*x, log_slope) = self.0.inverse_and_log_slope(y);
            sum += log_slope;
        }
        *log_det -= sum;
    }
}

/// `f⁻¹(y)`.
struct Inverses<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F])> for Inverses<'_, A> {
    #[inline(always)]
    fn run(&self, (x, y): (&'a mut [F], &'a [F])) {
        x.iter_mut().zip(y).for_each(|(x, &y)| *x = self.0.inverse(y));
    }
}

/// `dx = dy·f'(x) + d log f'(x)/dx`.
struct Gradients<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F], &'a [F])> for Gradients<'_, A> {
    #[inline(always)]
    fn run(&self, (dx, x, dy): (&'a mut [F], &'a [F], &'a [F])) {
        for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
            *dx = self.0.gradient(x, dy);
        }
    }
}

/// The gradient through the inverse, with respect to `y`.
struct InverseGradients<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], [&'a [F]; 3])> for InverseGradients<'_, A> {
    #[inline(always)]
    fn run(&self, (dy, [y, x, dx]): (&'a mut [F], [&'a [F]; 3])) {
        for ((dy, &y), (&x, &dx)) in dy.iter_mut().zip(y).zip(x.iter().zip(dx)) {
            *dy = self.0.inverse_gradient(y, x, dx);
        }
    }
}
