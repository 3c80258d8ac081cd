//! The logit of numbers in [0, 1].

use ndarray::{ArrayView2, ArrayViewMut2, Zip};
use pdmap_core::{
    Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors, check,
};
use serde::{Deserialize, Serialize};

/// `y = logit(λ + (1 − 2λ)x)` for `x` in [0, 1]; with `u = λ + (1 − 2λ)x`,
/// `log|det| = Σ log(1 − 2λ) − log u − log(1 − u)`.
///
/// λ > 0 keeps the ends finite; MNIST densities in the literature use 1e-6 (Papamakarios et al. 2017).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logit {
    lambda: f64,
}

impl Logit {
    /// Name in the registry.
    pub const KIND: &'static str = "logit";

    /// The layer with margin `lambda`.
    ///
    /// # Errors
    /// [`LayerError::Range`] for λ outside (0, 0.5).
    pub fn new(lambda: f64) -> Result<Self> {
        if lambda > 0.0 && lambda < 0.5 {
            Ok(Self { lambda })
        } else {
            Err(LayerError::Range { what: "lambda", value: lambda, range: "in (0, 0.5)" })
        }
    }

    pub(super) fn restore<F: Real>(
        spec: &LayerSpec,
        _tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Self { lambda } = spec.parse()?;
        Ok(Box::new(Self::new(lambda)?))
    }

    /// `u` and `1 − u`, both without cancellation, and in `f64`: near the ends `f32` has no digits left.
    fn ends(&self, x: f64) -> (f64, f64) {
        let inner = 1.0 - 2.0 * self.lambda;
        (self.lambda + inner * x, self.lambda + inner * (1.0 - x))
    }

    /// `log dy/dx` at `x`.
    fn log_slope(&self, x: f64) -> f64 {
        let (u, v) = self.ends(x);
        (1.0 - 2.0 * self.lambda).ln() - u.ln() - v.ln()
    }
}

impl<F: Real> Layer<F> for Logit {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, self)
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
        check::shape("output", input.x.dim(), y.dim())?;
        check::log_det(input.x.nrows(), log_det.as_deref())?;
        for ((row, column), &x) in input.x.indexed_iter() {
            if !(0.0..=1.0).contains(&x.f64()) {
                return Err(LayerError::Domain { row, column, value: x.f64(), range: "in [0, 1]" });
            }
        }
        Zip::from(&mut y).and(&input.x).for_each(|y, &x| {
            let (u, v) = self.ends(x.f64());
            *y = F::of(u.ln() - v.ln());
        });
        for (log_det, x) in log_det.into_iter().flatten().zip(input.x.rows()) {
            *log_det += x.iter().map(|x| self.log_slope(x.f64())).sum::<f64>();
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
        check::shape("input", output.x.dim(), x.dim())?;
        check::log_det(output.x.nrows(), log_det.as_deref())?;
        let unit = |y: f64| {
            let sigmoid = if y >= 0.0 { 1.0 / (1.0 + (-y).exp()) } else { y.exp() / (1.0 + y.exp()) };
            (sigmoid - self.lambda) / (1.0 - 2.0 * self.lambda)
        };
        Zip::from(&mut x).and(&output.x).for_each(|x, &y| *x = F::of(unit(y.f64())));
        for (log_det, y) in log_det.into_iter().flatten().zip(output.x.rows()) {
            *log_det -= y.iter().map(|y| self.log_slope(unit(y.f64()))).sum::<f64>();
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
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        let Some(mut dx) = dx else { return Ok(()) };
        check::shape("gradient of the input", dy.dim(), dx.dim())?;
        let inner = 1.0 - 2.0 * self.lambda;
        Zip::from(&mut dx).and(&dy).and(&at.input.x).for_each(|dx, &dy, &x| {
            let (u, v) = self.ends(x.f64());
            *dx = F::of(dy.f64() * inner / (u * v) + inner * (u - v) / (u * v));
        });
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
