//! The layer of circular splines.

use ndarray::{Array1, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::contract::ModuleParameters;
use pdmap_core::parallel;
use pdmap_core::prelude::*;

use super::CircularOptions;
use super::passes::{Backward, Forward, Splines};
use crate::coupling::{Saved, each_row, in_parts};
use crate::nn::{Degrees, MaskedNetwork, seen, unseen};
use crate::spline::{LEAST, inverse_softplus};

/// The last `A` features of a row are angles, in turns: `x` and `x + 1` are the same direction. Each
/// goes through a circular rational-quadratic spline (Rezende et al. 2020, "Normalizing Flows on
/// Tori and Spheres", section 2.1.2) with a learned shift, whose parameters a masked network
/// computes from the cosines and sines of the angles before it and from the condition:
///
/// `y_i = f(x_i; net(cos 2πx_1, sin 2πx_1, …, cos 2πx_{i−1}, sin 2πx_{i−1}, c))`,
/// `log|det| = Σ log f'`, nats.
///
/// `f(x + 1) = f(x) + 1` and `f'` is continuous, so a density that is one of directions behind the
/// layer is one in front of it: there is no jump where an angle starts again. The other features
/// stay. A new layer is the identity; its parameters follow their Euclidean gradient.
#[derive(Debug, Clone)]
pub struct Circular<F: Real> {
    options: CircularOptions,
    features: usize,
    /// The angle at each position.
    order: Vec<usize>,
    degrees: Degrees,
    network: MaskedNetwork<F>,
}

/// Rows that an evaluation processes at a time.
const ROWS: usize = 1 << 14;

/// Buffers of the tape: network input, network output, the angles by position, the result, and
/// log-slopes. The inverse has the network input `[inputs, rows]`, and the others for one position.
const INPUT: usize = 0;
const OUTPUT: usize = 1;
const ORDERED: usize = 2;
const BUFFERS: usize = 5;

impl<F: Real> Circular<F> {
    /// The identity on `features` numbers. The network reads `conditions` numbers of a condition
    /// and takes its parameters from `parameters`.
    ///
    /// # Errors
    /// Options outside their ranges; a network without masks; more angles than features; tensors
    /// that are missing, misshapen or not 0 where they are masked.
    pub fn new(
        features: usize,
        conditions: usize,
        options: CircularOptions,
        parameters: ModuleParameters<'_, F>,
    ) -> Result<Self> {
        options.validate(features, conditions)?;
        let angles = options.angles;
        let (order, degrees) = (options.order.positions(angles), Degrees { features: angles, conditions, each: 2 });
        let slopes = 2 * options.bins..3 * options.bins;
        let start = |at: usize| if slopes.contains(&(at / angles)) { inverse_softplus(1.0 - LEAST) } else { 0.0 };
        let start = Array1::from_shape_fn(options.each() * angles, |at| F::of(start(at)));
        let network = MaskedNetwork::new(&options.network()?, degrees, start, parameters)?;
        Ok(Self { options, features, order, degrees, network })
    }

    /// The options.
    pub fn options(&self) -> &CircularOptions {
        &self.options
    }

    fn splines(&self, width: usize) -> Splines {
        Splines { bins: self.options.bins, width }
    }

    fn angles(&self) -> usize {
        self.options.angles
    }

    /// Number of features in front of the angles.
    fn others(&self) -> usize {
        self.features - self.angles()
    }

    fn outputs(&self) -> usize {
        self.angles() * self.options.each()
    }

    /// The condition, if the network reads it.
    fn condition<'a, 'b>(&self, input: &'a Input<'b, F>) -> Option<&'a ArrayView2<'b, F>> {
        input.condition.as_ref().filter(|_| self.degrees.conditions > 0)
    }

    /// Writes the network input of each row: the condition, then cosine and sine of the angles by
    /// position.
    fn see(&self, x: &[F], condition: Option<&ArrayView2<'_, F>>, to: &mut [F]) {
        each_row((x, self.features), (to, self.degrees.inputs()), |row, x, to| {
            let (given, own) = to.split_at_mut(self.degrees.conditions);
            if let Some(condition) = condition {
                given.iter_mut().zip(condition.row(row)).for_each(|(to, &value)| *to = value);
            }
            let angles = &x[self.others()..];
            own.as_chunks_mut::<2>().0.iter_mut().zip(&self.order).for_each(|(to, &angle)| *to = seen(angles[angle]));
        });
    }

    /// The angles by position.
    fn gather(&self, x: &[F], ordered: &mut [F]) {
        each_row((x, self.features), (ordered, self.angles()), |_, x, ordered| {
            ordered.iter_mut().zip(&self.order).for_each(|(to, &angle)| *to = x[self.others() + angle]);
        });
    }

    /// The inverse of [`gather`](Self::gather).
    fn scatter(&self, ordered: &[F], y: &mut [F]) {
        each_row((ordered, self.angles()), (y, self.features), |_, ordered, y| {
            ordered.iter().zip(&self.order).for_each(|(&from, &angle)| y[self.others() + angle] = from);
        });
    }

    fn forward_rows(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, angles) = (input.x.nrows(), self.angles());
        let (x, y) = (check::slice("input", &input.x)?, flat(&mut y)?);
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [read, raw, ordered, result, logs, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        self.see(x, self.condition(&input), flat(&mut read.shaped(rows, self.degrees.inputs()))?);
        self.network.module().forward(read.view(), raw.shaped(rows, self.outputs()), &mut children[0])?;
        self.gather(x, flat(&mut ordered.shaped(rows, angles))?);
        let (mut result, mut logs) = (result.shaped(rows, angles), logs.shaped(rows, angles));
        let (result, log_slopes) = (flat(&mut result)?, flat(&mut logs)?);
        let (values, raw) = (ordered.view(), raw.view());
        let (x_ordered, parameters) = (check::slice("ordered", &values)?, check::slice("parameters", &raw)?);
        self.splines(angles).forward(Forward { x: x_ordered, parameters, y: &mut *result, log_slopes });
        parallel::copy(y, x);
        self.scatter(result, y);
        for (log_det, logs) in log_det.into_iter().flatten().zip(log_slopes.chunks_exact(angles)) {
            *log_det += logs.iter().map(|log| log.f64()).sum::<f64>();
        }
        Ok(())
    }

    fn inverse_rows(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, each, conditions) = (output.x.nrows(), self.options.each(), self.degrees.conditions);
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let ([read, raw, given, found, ..], [child, ..]) = (&mut buffers[..], &mut children[..]) else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        let mut read = read.shaped(self.degrees.inputs(), rows);
        read.fill(F::zero());
        if let Some(condition) = self.condition(&output) {
            read.slice_axis_mut(Axis(0), Slice::from(..conditions)).assign(&condition.t());
        }
        x.assign(&output.x);
        self.network.begin(rows, child);
        let mut logs = vec![0.0; rows];
        for (position, &angle) in self.order.iter().enumerate() {
            let column = self.others() + angle;
            self.network.advance(position, read.view(), child)?;
            self.network.outputs(position, read.view(), raw.shaped(rows, each), child)?;
            given.shaped(rows, 1).column_mut(0).assign(&output.x.column(column));
            let (y, parameters) = (given.view(), raw.view());
            let (y, parameters) = (check::slice("output", &y)?, check::slice("parameters", &parameters)?);
            let mut found = found.shaped(rows, 1);
            let found = flat(&mut found)?;
            self.splines(1).inverse(y, parameters, found, &mut logs);
            log_det.iter_mut().flat_map(|log_det| log_det.iter_mut()).zip(&logs).for_each(|(sum, log)| *sum -= log);
            for (row, &angle) in found.iter().enumerate() {
                let [cos, sin] = seen(angle);
                x[[row, column]] = angle;
                read[[conditions + 2 * position, row]] = cos;
                read[[conditions + 2 * position + 1, row]] = sin;
            }
        }
        Ok(())
    }
}

/// The elements of a contiguous matrix.
fn flat<'a, F: Real>(matrix: &'a mut ArrayViewMut2<'_, F>) -> Result<&'a mut [F]> {
    check::slice_mut("buffer", matrix)
}

impl<F: Real> Kind<F> for Circular<F> {
    const KIND: &'static str = "circular";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let options: CircularOptions = spec.parse()?;
        let conditions = if options.conditioned { context.conditions } else { 0 };
        options.validate(context.features, conditions)?;
        context.reserve_parameters(options.numbers(conditions))?;
        Self::new(context.features, conditions, options, ModuleParameters::New(context.rng))
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Saved { features, conditions, options } = Saved::of(spec)?;
        Self::new(features, conditions, options, ModuleParameters::Stored(tensors))
    }
}

impl<F: Real> Parametric<F> for Circular<F> {
    pdmap_core::delegate_parameters!(F, network);
}

impl<F: Real> Layer<F> for Circular<F> {
    fn spec(&self) -> LayerSpec {
        let (features, conditions) = (self.features, self.degrees.conditions);
        LayerSpec::new(Self::KIND, &Saved { features, conditions, options: self.options.clone() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features)
    }

    fn conditions(&self) -> usize {
        self.degrees.conditions
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        if tape.is_recording() {
            return self.forward_rows(input, y, log_det, tape);
        }
        // The tape is not read afterwards, so processing a few rows at a time keeps it small.
        in_parts(ROWS, input, y, log_det, |input, y, log_det| self.forward_rows(input, y, log_det, tape))
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        in_parts(ROWS, output, x, log_det, |output, x, log_det| self.inverse_rows(output, x, log_det, tape))
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, tape, .. } = at;
        let (rows, angles, inputs) = (input.x.nrows(), self.angles(), self.degrees.inputs());
        tape.load(INPUT, rows, inputs)?;
        tape.load(OUTPUT, rows, self.outputs())?;
        tape.load(ORDERED, rows, angles)?;
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [read, raw, ordered, result, logs, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        let (delta, x) = (check::slice("gradient of the output", &dy)?, check::slice("input", &input.x)?);
        let mut by_ordered = result.shaped(rows, angles);
        let by_ordered = flat(&mut by_ordered)?;
        self.gather(delta, by_ordered);
        let mut by_raw = raw.shaped(rows, self.outputs());
        let values = ordered.view();
        self.splines(angles).backward(Backward {
            x: check::slice("ordered", &values)?,
            delta: &mut *by_ordered,
            parameters: flat(&mut by_raw)?,
        });
        let network = self.network.module();
        let Some(mut dx) = dx else {
            return network.backward(read.view(), raw.view(), None, &mut children[0], grads);
        };
        let dx = flat(&mut dx)?;
        parallel::copy(dx, delta);
        self.scatter(by_ordered, dx);
        // The log-slopes are no longer needed; their buffer takes the gradient by the network input.
        network.backward(read.view(), raw.view(), Some(logs.shaped(rows, inputs)), &mut children[0], grads)?;
        let by_read = logs.view();
        each_row((check::slice("gradient", &by_read)?, inputs), (dx, self.features), |row, by_read, dx| {
            let x = &x[row * self.features..][self.others()..self.features];
            let pairs = by_read[self.degrees.conditions..].as_chunks::<2>().0;
            for (&by, &angle) in pairs.iter().zip(&self.order) {
                dx[self.others() + angle] += unseen(x[angle], by);
            }
        });
        Ok(())
    }
}
