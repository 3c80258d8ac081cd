//! The layer that any strictly increasing scalar function makes.

use std::fmt::Debug;

use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Serialize, de::DeserializeOwned};

use crate::parallel::Pass;
use crate::{Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Result, Tape, check, parallel};

/// A strictly increasing scalar function with a positive slope everywhere.
pub trait Activation: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// Name in the registry.
    const KIND: &'static str;

    /// Says that the options are in their ranges.
    ///
    /// # Errors
    /// [`crate::LayerError::Range`].
    fn validate(&self) -> Result<()>;

    /// `f(x)`.
    fn value<F: Real>(&self, x: F) -> F;

    /// `f(x)` and `log f'(x)`.
    fn value_and_log_slope<F: Real>(&self, x: F) -> (F, F);

    /// `f'(x)` and `d log f'(x) / dx`.
    fn slope_and_curvature<F: Real>(&self, x: F) -> (F, F);

    /// `f⁻¹(y)`, to full precision.
    fn inverse<F: Real>(&self, y: F) -> F;
}

/// `y_i = f(x_i)` with `log|det| = Σ_i log f'(x_i)`; any number of features, no parameters.
#[derive(Debug, Clone)]
pub struct Elementwise<A> {
    activation: A,
}

impl<A: Activation> Elementwise<A> {
    /// The layer of an activation.
    ///
    /// # Errors
    /// [`crate::LayerError::Range`] for options outside their ranges.
    pub fn new(activation: A) -> Result<Self> {
        activation.validate()?;
        Ok(Self { activation })
    }

    /// The function.
    pub fn activation(&self) -> &A {
        &self.activation
    }
}

impl<F: Real, A: Activation> Layer<F> for Elementwise<A> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(A::KIND, &self.activation)
    }

    fn features(&self) -> Option<usize> {
        None
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, columns) = input.x.dim();
        check::shape("output", (rows, columns), y.dim())?;
        check::log_det(rows, log_det.as_deref())?;
        let x = check::slice("input", &input.x)?;
        let y = check::slice_mut("output", &mut y)?;
        let f = &self.activation;
        match log_det {
            None => parallel::map(y, x, &Values(f)),
            Some(log_det) => parallel::map_rows(y, x, columns, log_det, &ValuesAndLogSlopes(f)),
        }
        Ok(())
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, columns) = output.x.dim();
        check::shape("input", (rows, columns), x.dim())?;
        check::log_det(rows, log_det.as_deref())?;
        let y = check::slice("output", &output.x)?;
        let x = check::slice_mut("input", &mut x)?;
        let f = &self.activation;
        match log_det {
            None => parallel::map(x, y, &Inverses(f)),
            Some(log_det) => parallel::map_rows(x, y, columns, log_det, &InversesAndLogSlopes(f)),
        }
        Ok(())
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        _grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Some(mut dx) = dx else { return Ok(()) };
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        check::shape("gradient of the input", at.input.x.dim(), dx.dim())?;
        let x = check::slice("input", &at.input.x)?;
        let dy = check::slice("gradient of the output", &dy)?;
        parallel::map2(
            check::slice_mut("gradient of the input", &mut dx)?,
            x,
            dy,
            &Gradients(&self.activation),
        );
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
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

/// `f(x)`, and `log f'(x)` added up.
struct ValuesAndLogSlopes<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F], &'a mut f64)> for ValuesAndLogSlopes<'_, A> {
    #[inline(always)]
    fn run(&self, (y, x, log_det): (&'a mut [F], &'a [F], &'a mut f64)) {
        let mut lanes = [0.0; parallel::LANES];
        for (y, x) in y.chunks_mut(parallel::LANES).zip(x.chunks(parallel::LANES)) {
            for ((y, &x), lane) in y.iter_mut().zip(x).zip(&mut lanes) {
                let (value, log_slope) = self.0.value_and_log_slope(x);
                *y = value;
                *lane += log_slope.f64();
            }
        }
        *log_det += lanes.iter().sum::<f64>();
    }
}

/// `f⁻¹(y)`, and `log f'` there subtracted.
struct InversesAndLogSlopes<'a, A>(&'a A);

impl<'a, F: Real, A: Activation> Pass<(&'a mut [F], &'a [F], &'a mut f64)> for InversesAndLogSlopes<'_, A> {
    #[inline(always)]
    fn run(&self, (x, y, log_det): (&'a mut [F], &'a [F], &'a mut f64)) {
        for (x, &y) in x.iter_mut().zip(y) {
            *x = self.0.inverse(y);
            *log_det -= self.0.value_and_log_slope(*x).1.f64();
        }
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
            let (slope, curvature) = self.0.slope_and_curvature(x);
            *dx = dy * slope + curvature;
        }
    }
}
