//! Circular splines that are wrong somewhere on the circle.

use pdmap_core::contract::{In, Out, Visit, VisitMut};
use pdmap_core::{ForwardPass, Input, Layer, LayerSpec, ParamGrad, Parametric, Real, Result, Shape, Tape};
use pdmap_layers::circular::Circular;

/// One way to get a map of circles wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircleMistake {
    /// The image of the last angle depends on the turns that another feature has made.
    CountsTurns,
    /// The slope jumps where an angle starts again.
    Jumps,
    /// The log-determinant depends on the turns that an angle has made.
    Drifts,
}

/// Every mistake. The law of circles must reject each.
pub const CIRCLE_MISTAKES: &[CircleMistake] =
    &[CircleMistake::CountsTurns, CircleMistake::Jumps, CircleMistake::Drifts];

/// Circular splines of at least two angles, with one mistake in the forward pass.
#[derive(Debug, Clone)]
pub struct WrongCircle<F: Real> {
    right: Circular<F>,
    mistake: CircleMistake,
}

impl<F: Real> WrongCircle<F> {
    /// A right layer with one mistake.
    pub fn new(right: Circular<F>, mistake: CircleMistake) -> Self {
        Self { right, mistake }
    }
}

impl<F: Real> Parametric<F> for WrongCircle<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.right.parameters(visit)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.right.parameters_mut(visit)
    }
}

impl<F: Real> Layer<F> for WrongCircle<F> {
    fn spec(&self) -> LayerSpec {
        self.right.spec()
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.right.shape(input)
    }

    fn forward(
        &self,
        input: Input<F>,
        mut y: Out<F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.right.forward(input.reborrow(), y.view_mut(), log_det.as_deref_mut(), tape)?;
        let last = input.x.ncols() - 1;
        for (row, x) in input.x.rows().into_iter().enumerate() {
            let (first, own) = (x[last - 1].f64(), x[last].f64());
            let mut add = |by: f64| {
                if let Some(log_det) = &mut log_det {
                    log_det[row] += by;
                }
            };
            match self.mistake {
                CircleMistake::CountsTurns => y[[row, last]] = F::of(y[[row, last]].f64() + 0.01 * first.floor()),
                // As of a spline whose slopes at both ends differ.
                CircleMistake::Jumps => add(0.5 * (own - own.floor())),
                CircleMistake::Drifts => add(0.01 * own),
            }
        }
        Ok(())
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.right.inverse(output, x, log_det, tape)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.right.backward(at, dy, dx, grads)
    }
}
