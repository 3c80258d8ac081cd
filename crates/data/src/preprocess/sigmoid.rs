//! From logit space back to numbers in [0, 1].

use ndarray::{ArrayView2, ArrayViewMut2, Zip};
use pdmap_core::{
    Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors, check,
};
use serde::{Deserialize, Serialize};

use super::Logit;

/// `y = (σ(x) − λ)/(1 − 2λ)`: the inverse of [`Logit`], for rows that come in logit space and have their structure (grey levels) in the interval. What lies beyond
/// the logit's image maps to within λ outside of [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigmoid {
    lambda: f64,
}

impl Sigmoid {
    /// Name in the registry.
    pub const KIND: &'static str = "sigmoid";

    /// The inverse of the logit with margin `lambda`.
    ///
    /// # Errors
    /// [`LayerError::Range`](pdmap_core::LayerError::Range) for λ outside (0, 0.5).
    pub fn new(lambda: f64) -> Result<Self> {
        Logit::new(lambda)?;
        Ok(Self { lambda })
    }

    pub(super) fn restore<F: Real>(
        spec: &LayerSpec,
        _tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Self { lambda } = spec.parse()?;
        Ok(Box::new(Self::new(lambda)?))
    }

    /// `σ(x)` and `σ(−x)`, neither as a difference.
    fn ends(x: f64) -> (f64, f64) {
        let e = (-x.abs()).exp();
        let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
        if x >= 0.0 { (large, small) } else { (small, large) }
    }

    fn log_slope(&self, x: f64) -> f64 {
        // log σ(x) + log σ(−x) = −|x| − 2 log(1 + e^{−|x|})
        -x.abs() - 2.0 * (-x.abs()).exp().ln_1p() - (-2.0 * self.lambda).ln_1p()
    }

    /// `x` of a `y` inside of `(−λ/(1−2λ), 1 + λ/(1−2λ))`; what lies beyond has none, and counts as the end.
    fn logit(&self, y: f64) -> f64 {
        let inner = 1.0 - 2.0 * self.lambda;
        let (u, v) = (self.lambda + inner * y, self.lambda + inner * (1.0 - y));
        u.max(f64::MIN_POSITIVE).ln() - v.max(f64::MIN_POSITIVE).ln()
    }
}

impl<F: Real> Layer<F> for Sigmoid {
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
        let inner = 1.0 - 2.0 * self.lambda;
        Zip::from(&mut y).and(&input.x).for_each(|y, &x| {
            *y = F::of((Self::ends(x.f64()).0 - self.lambda) / inner);
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
        Zip::from(&mut x).and(&output.x).for_each(|x, &y| *x = F::of(self.logit(y.f64())));
        for (log_det, y) in log_det.into_iter().flatten().zip(output.x.rows()) {
            *log_det -= y.iter().map(|y| self.log_slope(self.logit(y.f64()))).sum::<f64>();
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
            let (p, q) = Self::ends(x.f64());
            *dx = F::of(dy.f64() * p * q / inner + (q - p));
        });
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
