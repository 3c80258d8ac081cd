//! The layer that any strictly increasing scalar function makes.

use std::fmt::Debug;

use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Serialize, de::DeserializeOwned};

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
            None => parallel::rows_mut(y, columns, |row, y| {
                for (y, &x) in y.iter_mut().zip(&x[row * columns..]) {
                    *y = f.value(x);
                }
            }),
            Some(log_det) => parallel::rows_mut_with(y, columns, log_det, |row, y, log_det| {
                let mut sum = 0.0;
                for (y, &x) in y.iter_mut().zip(&x[row * columns..]) {
                    let (value, log_slope) = f.value_and_log_slope(x);
                    *y = value;
                    sum += log_slope.f64();
                }
                *log_det += sum;
            }),
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
            None => parallel::rows_mut(x, columns, |row, x| {
                for (x, &y) in x.iter_mut().zip(&y[row * columns..]) {
                    *x = f.inverse(y);
                }
            }),
            Some(log_det) => parallel::rows_mut_with(x, columns, log_det, |row, x, log_det| {
                let mut sum = 0.0;
                for (x, &y) in x.iter_mut().zip(&y[row * columns..]) {
                    *x = f.inverse(y);
                    sum -= f.value_and_log_slope(*x).1.f64();
                }
                *log_det += sum;
            }),
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
        let columns = at.input.x.ncols();
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        check::shape("gradient of the input", at.input.x.dim(), dx.dim())?;
        let x = check::slice("input", &at.input.x)?;
        let dy = check::slice("gradient of the output", &dy)?;
        let f = &self.activation;
        parallel::rows_mut(check::slice_mut("gradient of the input", &mut dx)?, columns, |row, dx| {
            let from = row * columns;
            for ((dx, &x), &dy) in dx.iter_mut().zip(&x[from..]).zip(&dy[from..]) {
                let (slope, curvature) = f.slope_and_curvature(x);
                *dx = dy * slope + curvature;
            }
        });
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
