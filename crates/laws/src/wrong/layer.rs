//! Wrong layers.

use ndarray::{Array1, ArrayD};
use pdmap_core::contract::{Geometry, In, Out, Reads, Rule, StepReport, Visit, VisitMut};
use pdmap_core::group::Positive;
use pdmap_core::{ForwardPass, Input, Layer, LayerSpec, ParamGrad, Parametric, Real, Result, Shape, Tape};
use pdmap_layers::diagonal::{Scale, ScaleDirection};

mistakes! {
    /// One way to get a scale layer wrong.
    Mistake, MISTAKES:
    /// The log-determinant is left out.
    NoLogDet: "log-det";
    /// The log-determinant has the wrong sign in both directions.
    LogDetSign: "log-det";
    /// The log-determinant of the inverse has the sign of the forward's.
    InverseLogDetSign: "round trip";
    /// The log-determinant overwrites what is there instead of adding to it.
    LogDetOverwrites: "chain";
    /// The inverse multiplies instead of dividing.
    InverseMultiplies: "round trip";
    /// `backward` overwrites gradients instead of accumulating.
    GradientOverwrites: "batches";
    /// `backward` forgets `1/s`, the log-determinant's own gradient.
    NoLogDetGradient: "gradient of parameters";
    /// The gradient of the input is not multiplied by the scale.
    InputGradient: "gradient of input";
    /// The first row leaks into the others.
    RowsLeak: "batches";
    /// The update goes downhill.
    Descends: "ascends";
    /// The update does nothing.
    StandsStill: "ascends";
    /// The first row's log-determinant and the first entry of `∂/∂x` are NaN; the others are right.
    NanInFirstRow: "log-det", "round trip", "gradient of input";
    /// Rows of any width and any number of gradients are accepted.
    AcceptsAnything: "shapes", "refuses";
    /// The list of parameters holds other scales.
    ForgetsTensors: "specification";
    /// Every third update is skipped, and which one is next is not saved.
    ForgetsState: "resumption";
    /// The mean of logarithms is taken for a scale.
    MeanOfLogs: "averages";
    /// The derivatives along the directions are halved.
    HalvedSlopes: "slopes";
    /// Intermediate squares overflow.
    Squares: "extremes";
}

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

    /// The gradients that the right layer would accept.
    fn own<'g>(&self, grads: &'g mut [ParamGrad<F>]) -> &'g mut [ParamGrad<F>] {
        let most = if self.is(Mistake::AcceptsAnything) { grads.len().min(1) } else { grads.len() };
        &mut grads[..most]
    }
}

impl<F: Real> Parametric<F> for WrongScale<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        if self.is(Mistake::ForgetsTensors) {
            let ones = Array1::ones(self.right.scale().len());
            return visit(&"scale", &Positive::new(ones, ScaleDirection::Euclidean)?);
        }
        if self.is(Mistake::MeanOfLogs) {
            return self.right.parameters(&mut |name, scale| visit(name, &LogMean(scale)));
        }
        if self.is(Mistake::HalvedSlopes) {
            return self.right.parameters(&mut |name, scale| visit(name, &HalfSlopes(scale)));
        }
        self.right.parameters(visit)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.right.parameters_mut(visit)
    }

    fn direct(&self, rows: usize, reads: Reads, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let grads = self.own(grads);
        self.right.direct(rows, reads, grads)?;
        if self.is(Mistake::Descends) {
            let directions = grads.iter_mut().flat_map(|grad| &mut grad.direction);
            directions.for_each(|direction| *direction = -*direction);
        }
        Ok(())
    }

    fn update(&mut self, rule: &mut dyn Rule<F>, grads: &mut [ParamGrad<F>]) -> Result<StepReport> {
        self.updates += 1;
        if self.is(Mistake::StandsStill) || self.is(Mistake::ForgetsState) && self.updates.is_multiple_of(3) {
            return Ok(StepReport::default());
        }
        self.right.update(rule, grads)
    }

    fn euclidean(&self, rows: usize, grads: &[ParamGrad<F>]) -> Result<Vec<(String, ArrayD<F>)>> {
        if let (Mistake::NoLogDetGradient, [grad]) = (self.mistake, grads) {
            return Ok(vec![("scale".into(), Array1::from(grad.mean(rows)?).into_dyn())]);
        }
        self.right.euclidean(rows, grads)
    }
}

impl<F: Real> Layer<F> for WrongScale<F> {
    fn spec(&self) -> LayerSpec {
        self.right.spec()
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        if self.is(Mistake::AcceptsAnything) { Ok(input) } else { self.right.shape(input) }
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let mut own = vec![0.0; input.x.nrows()];
        self.right.forward(input, y.view_mut(), Some(&mut own), tape)?;
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

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let mut own = vec![0.0; output.x.nrows()];
        self.right.inverse(output, x.view_mut(), Some(&mut own), tape)?;
        if self.is(Mistake::InverseMultiplies) {
            self.right.forward(output, x, None, tape)?;
        }
        for (out, own) in log_det.into_iter().flatten().zip(own) {
            let wrong = matches!(self.mistake, Mistake::LogDetSign | Mistake::InverseLogDetSign);
            *out += if wrong { -own } else { own };
        }
        Ok(())
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        if self.is(Mistake::GradientOverwrites) && dy.nrows() > 0 {
            for grad in grads.iter_mut() {
                grad.flat_mut()?.fill(F::zero());
            }
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
}

/// A parameter that behaves like another one, but for what is given here.
macro_rules! differs {
    ($name:ident, $what:literal, $($method:item)*) => {
        #[doc = $what]
        struct $name<'p, F>(&'p dyn Geometry<F>);

        impl<F: Real> Geometry<F> for $name<'_, F> {
            fn tensor(&self) -> ArrayD<F> {
                self.0.tensor()
            }

            fn set_tensor(&mut self, _: &str, _: ArrayD<F>) -> Result<()> {
                Ok(())
            }

            fn new_grad(&self, name: String) -> ParamGrad<F> {
                self.0.new_grad(name)
            }

            fn direct(&self, rows: usize, reads: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
                self.0.direct(rows, reads, grad)
            }

            fn step(&mut self, _: &mut dyn Rule<F>, _: &mut ParamGrad<F>) -> Result<StepReport> {
                Ok(StepReport::default())
            }

            fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
                self.0.euclidean(rows, grad)
            }

            $($method)*
        }
    };
}

differs! {
    LogMean, "Adds its logarithms to a mean, and takes the mean as it is.",
    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        self.0.add_to_mean(share, mean)
    }
}

differs! {
    HalfSlopes, "Halves its slopes.",
    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        self.0.add_to_mean(share, mean)
    }

    fn at_mean(&self, mean: &[F]) -> Result<ArrayD<F>> {
        self.0.at_mean(mean)
    }

    fn slopes(&self, rows: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        let first = slopes.len();
        self.0.slopes(rows, grad, slopes)?;
        slopes[first..].iter_mut().for_each(|slope| *slope *= 0.5);
        Ok(())
    }
}
