//! Wrong implementations, each with the law that must reject it. If one of them ever passes, its law has gone blind.

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::diagonal::{Scale, ScaleDirection};
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Result, Tape, Tensors};

/// One way to get a scale layer wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The log-determinant is left out.
    NoLogDet,
    /// The log-determinant has the wrong sign in both directions.
    LogDetSign,
    /// The log-determinant of the inverse has the sign of the forward's.
    InverseLogDetSign,
    /// The log-determinant overwrites what is there instead of adding to it.
    LogDetOverwrites,
    /// The inverse multiplies instead of dividing.
    InverseMultiplies,
    /// `backward` overwrites gradients instead of accumulating.
    GradientOverwrites,
    /// `backward` forgets `1/s`, the log-determinant's own gradient.
    NoLogDetGradient,
    /// The gradient of the input is not multiplied by the scale.
    InputGradient,
    /// The first row leaks into the others.
    RowsLeak,
    /// The update goes downhill.
    Descends,
    /// The update does nothing.
    StandsStill,
    /// The first row's log-determinant and the first entry of `∂/∂x` are NaN, with right numbers behind them.
    NanInFirstRow,
    /// Wrong shapes and values are not looked at: `features` says that anything fits.
    AcceptsAnything,
    /// The specification forgets the scales.
    ForgetsTensors,
    /// Every third update is skipped, and which one is next is not saved.
    ForgetsState,
    /// Numbers are squared on the way, which leaves the range.
    Squares,
}

/// Every mistake, and the name of the law that must find it.
pub const MISTAKES: &[(Mistake, &str)] = &[
    (Mistake::NoLogDet, "log-det"),
    (Mistake::LogDetSign, "log-det"),
    (Mistake::InverseLogDetSign, "round trip"),
    (Mistake::LogDetOverwrites, "chain"),
    (Mistake::InverseMultiplies, "round trip"),
    (Mistake::GradientOverwrites, "batches"),
    (Mistake::NoLogDetGradient, "gradient of parameters"),
    (Mistake::InputGradient, "gradient of input"),
    (Mistake::RowsLeak, "batches"),
    (Mistake::Descends, "ascends"),
    (Mistake::StandsStill, "ascends"),
    (Mistake::NanInFirstRow, "log-det"),
    (Mistake::NanInFirstRow, "round trip"),
    (Mistake::NanInFirstRow, "gradient of input"),
    (Mistake::AcceptsAnything, "refuses"),
    (Mistake::ForgetsTensors, "specification"),
    (Mistake::ForgetsState, "resumption"),
    (Mistake::Squares, "extremes"),
];

/// A scale layer with one mistake.
#[derive(Debug, Clone)]
pub struct WrongScale<F: Real> {
    right: Scale<F>,
    mistake: Mistake,
    updates: usize,
}

impl<F: Real> WrongScale<F> {
    /// Scales 0.5, 1, 1.5, … with one mistake.
    ///
    /// # Errors
    /// None.
    pub fn new(features: usize, mistake: Mistake) -> Result<Self> {
        let scales = Array1::from_shape_fn(features, |i| F::of(0.5 * (i + 1) as f64));
        Ok(Self { right: Scale::new(scales, ScaleDirection::Euclidean)?, mistake, updates: 0 })
    }

    fn is(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }
}

impl<F: Real> Layer<F> for WrongScale<F> {
    fn spec(&self) -> LayerSpec {
        Layer::<F>::spec(&self.right)
    }

    fn features(&self) -> Option<usize> {
        if self.is(Mistake::AcceptsAnything) { None } else { self.right.features() }
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        if self.is(Mistake::AcceptsAnything) {
            y.assign(&input.x);
            return Ok(());
        }
        let mut own = vec![0.0; log_det.as_ref().map_or(input.x.nrows(), |log_det| log_det.len())];
        self.right.forward(input.reborrow(), y.view_mut(), Some(&mut own), tape)?;
        if self.is(Mistake::Squares) {
            y.iter_mut().filter(|y| **y != F::zero()).for_each(|y| *y = *y * *y / *y);
        }
        if self.is(Mistake::NanInFirstRow) {
            own.iter_mut().take(1).for_each(|own| *own = f64::NAN);
        }
        for (out, own) in log_det.into_iter().flatten().zip(own) {
            match self.mistake {
                Mistake::NoLogDet => {}
                Mistake::LogDetSign => *out -= own,
                Mistake::LogDetOverwrites => *out = own,
                _ => *out += own,
            }
        }
        if self.is(Mistake::RowsLeak) {
            let first = input.x.rows().into_iter().next().map(|row| row.to_owned());
            for (mut row, first) in y.rows_mut().into_iter().zip(std::iter::repeat(first)).skip(1) {
                row.iter_mut().zip(first.iter().flatten()).for_each(|(y, &first)| *y += first * F::of(1e-2));
            }
        }
        Ok(())
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        if self.is(Mistake::AcceptsAnything) {
            x.assign(&output.x);
            return Ok(());
        }
        let mut own = vec![0.0; output.x.nrows()];
        self.right.inverse(output.reborrow(), x.view_mut(), Some(&mut own), tape)?;
        if self.is(Mistake::InverseMultiplies) {
            self.right.forward(output, x, None, tape)?;
        }
        for (out, own) in log_det.into_iter().flatten().zip(own) {
            let wrong = matches!(self.mistake, Mistake::LogDetSign | Mistake::InverseLogDetSign);
            *out += if wrong { -own } else { own };
        }
        Ok(())
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        if self.is(Mistake::GradientOverwrites) && dy.nrows() > 0 {
            let rows = grads.rows;
            grads.clear();
            grads.rows = rows;
        }
        match dx {
            Some(mut dx) if self.is(Mistake::InputGradient) => {
                dx.assign(&dy);
                self.right.backward(at, dy, None, grads)
            }
            Some(mut dx) if self.is(Mistake::NanInFirstRow) => {
                self.right.backward(at, dy, Some(dx.view_mut()), grads)?;
                dx.iter_mut().take(1).for_each(|dx| *dx = F::of(f64::NAN));
                Ok(())
            }
            dx => self.right.backward(at, dy, dx, grads),
        }
    }

    fn new_grads(&self) -> LayerGrads<F> {
        self.right.new_grads()
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        self.right.direct(grads)?;
        if self.is(Mistake::Descends) {
            let [param] = grads.params_mut()?;
            param.direction.iter_mut().for_each(|direction| *direction = -*direction);
        }
        Ok(())
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        self.updates += 1;
        if self.is(Mistake::StandsStill) || self.is(Mistake::ForgetsState) && self.updates.is_multiple_of(3) {
            return Ok(StepReport::default());
        }
        self.right.update(rule, grads)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        if self.is(Mistake::NoLogDetGradient) {
            let mean = grads.param(0)?.mean(grads.some_rows()?)?;
            return Ok(vec![("scale".into(), Array1::from(mean).into_dyn())]);
        }
        self.right.gradients(grads)
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let mut tensors = self.right.tensors();
        if self.is(Mistake::ForgetsTensors) {
            tensors.iter_mut().for_each(|(_, tensor)| tensor.fill(F::one()));
        }
        tensors
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.right.set_tensors(tensors)
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
