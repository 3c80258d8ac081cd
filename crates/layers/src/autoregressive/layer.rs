//! The autoregressive layer.

use ndarray::{Array1, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::contract::ModuleParameters;
use pdmap_core::parallel;
use pdmap_core::prelude::*;

use super::order::{gather, scatter};
use super::{AutoregressiveOptions, Order};
use crate::coupling::{Direction, Engine, Saved, bounded, each_row, in_parts};
use crate::nn::{Degrees, MaskedNetwork, seen as seen_angle, unseen};

/// Each feature changes through an elementwise map whose parameters a masked network computes from
/// the features before it and from the condition c:
///
/// `y_i = g(x_i; θ_i)` with `θ_i = net_i(x_1, …, x_{i−1}, c)`, and `log|det ∂y/∂x| = Σ log dy_i/dx_i`
///
/// in nats, since the Jacobian is triangular (Papamakarios et al. 2017, "Masked autoregressive flow
/// for density estimation", with the masks of Germain et al. 2015, "MADE"). The features are counted
/// in the [order](Order) of the options.
///
/// Rows are `[batch, D]`. The density takes one pass of the network for all features. The inverse
/// learns one feature after the other, each for the whole batch; every hidden unit is computed once
/// there too, as soon as the features that it reads are known.
///
/// The network sees `x/√(1 + (x/6)²)` of each feature, which is bounded. A new layer is the
/// identity. Its parameters follow their Euclidean gradient; masked weights are 0 and stay 0. With
/// a single feature, the parameters depend on the condition alone, and are constants without one.
///
/// Where the last features are angles in turns, they stay, and the network reads `cos 2πx` and
/// `sin 2πx` of each as it reads the condition.
#[derive(Debug, Clone)]
pub struct Autoregressive<F: Real> {
    options: AutoregressiveOptions,
    /// The feature at each position.
    order: Vec<usize>,
    degrees: Degrees,
    network: MaskedNetwork<F>,
}

/// Rows that an evaluation processes at a time.
const ROWS: usize = 1 << 14;

/// Buffers of the tape: network input, network output, the features by position, the result, and
/// log-determinants. The inverse has the network input `[inputs, rows]`, and the others for one
/// position.
const INPUT: usize = 0;
const OUTPUT: usize = 1;
const ORDERED: usize = 2;
const BUFFERS: usize = 5;

impl<F: Real> Autoregressive<F> {
    /// The identity on `features` numbers. The network reads `conditions` numbers of a condition
    /// and takes its parameters from `parameters`.
    ///
    /// # Errors
    /// Options outside their ranges; a network without masks; no features, or more than 2^16;
    /// tensors that are missing, misshapen or not 0 where they are masked.
    pub fn new(
        features: usize,
        conditions: usize,
        options: AutoregressiveOptions,
        parameters: ModuleParameters<'_, F>,
    ) -> Result<Self> {
        options.validate(features, conditions)?;
        let features = features - options.angles;
        let degrees = Degrees { features, conditions: conditions + 2 * options.angles, each: 1 };
        let order = options.order.positions(features);
        let transform = options.transform;
        let start = |at| F::of(transform.identity(at / features));
        let start = Array1::from_shape_fn(transform.parameters() * features, start);
        let network = MaskedNetwork::new(&options.network()?, degrees, start, parameters)?;
        Ok(Self { options, order, degrees, network })
    }

    /// The options.
    pub fn options(&self) -> &AutoregressiveOptions {
        &self.options
    }

    /// The order of the features.
    pub fn order(&self) -> Order {
        self.options.order
    }

    /// The transform of `width` features of a row.
    fn engine(&self, width: usize) -> Engine {
        Engine { transform: self.options.transform, width }
    }

    /// Features that change.
    fn features(&self) -> usize {
        self.degrees.features
    }

    /// Numbers of a row.
    fn width(&self) -> usize {
        self.features() + self.options.angles
    }

    /// Numbers of the condition that the network reads.
    fn given(&self) -> usize {
        self.degrees.conditions - 2 * self.options.angles
    }

    /// Number of network outputs.
    fn outputs(&self) -> usize {
        self.features() * self.options.transform.parameters()
    }

    /// The condition, if the network reads it.
    fn condition<'a, 'b>(&self, input: &'a Input<'b, F>) -> Option<&'a ArrayView2<'b, F>> {
        input.condition.as_ref().filter(|_| self.given() > 0)
    }

    /// Writes the network input of each row: the condition, the angles, then the features by
    /// position.
    fn see(&self, x: &[F], condition: Option<&ArrayView2<'_, F>>, seen: &mut [F]) {
        let inputs = self.degrees.inputs();
        each_row((x, self.width()), (seen, inputs), |row, x, seen| {
            let (given, own) = seen.split_at_mut(self.degrees.conditions);
            let (given, angles) = given.split_at_mut(self.given());
            if let Some(condition) = condition {
                given.iter_mut().zip(condition.row(row)).for_each(|(seen, &value)| *seen = value);
            }
            let pairs = angles.as_chunks_mut::<2>().0;
            pairs.iter_mut().zip(&x[self.features()..]).for_each(|(seen, &angle)| *seen = seen_angle(angle));
            own.iter_mut().zip(&self.order).for_each(|(seen, &feature)| *seen = bounded(x[feature]).0);
        });
    }

    /// Adds the gradient through the network to `∂/∂x`.
    fn add_input_gradients(&self, x: &[F], by_seen: &[F], dx: &mut [F]) {
        let (features, width) = (self.features(), self.width());
        each_row((by_seen, self.degrees.inputs()), (dx, width), |row, by_seen, dx| {
            let x = &x[row * width..][..width];
            let angles = by_seen[self.given()..self.degrees.conditions].as_chunks::<2>().0;
            for (&by, (dx, &angle)) in angles.iter().zip(dx[features..].iter_mut().zip(&x[features..])) {
                *dx += unseen(angle, by);
            }
            for (&by, &feature) in by_seen[self.degrees.conditions..].iter().zip(&self.order) {
                dx[feature] += by * bounded(x[feature]).1;
            }
        });
    }

    /// Copies the features that stay.
    fn keep_angles(&self, from: &[F], to: &mut [F]) {
        if self.options.angles > 0 {
            parallel::copy(to, from);
        }
    }

    fn forward_rows(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, features) = (input.x.nrows(), self.features());
        let (x, y) = (check::slice("input", &input.x)?, flat(&mut y)?);
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [seen, raw, ordered, result, logs, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        self.see(x, self.condition(&input), flat(&mut seen.shaped(rows, self.degrees.inputs()))?);
        let network = self.network.module();
        network.forward(seen.view(), raw.shaped(rows, self.outputs()), &mut children[0])?;
        gather(&self.order, (x, self.width()), flat(&mut ordered.shaped(rows, features))?);
        let (values, raw) = (ordered.view(), raw.view());
        let (values, raw) = (check::slice("ordered", &values)?, check::slice("parameters", &raw)?);
        let asked = log_det.is_some();
        let (mut logs, mut result) = (logs.shaped(rows, usize::from(asked)), result.shaped(rows, features));
        let (logs, result) = (flat(&mut logs)?, flat(&mut result)?);
        self.engine(features).apply(Direction::Forward, values, raw, result, asked.then_some(&mut *logs));
        self.keep_angles(x, y);
        scatter(&self.order, result, (y, self.width()));
        add_logs(log_det, logs);
        Ok(())
    }

    fn inverse_rows(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, each, conditions) = (output.x.nrows(), self.options.transform.parameters(), self.degrees.conditions);
        let given_to = self.given();
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let ([seen, raw, given, found, logs, ..], [child, ..]) = (&mut buffers[..], &mut children[..]) else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        let mut seen = seen.shaped(self.degrees.inputs(), rows);
        seen.fill(F::zero());
        if let Some(condition) = self.condition(&output) {
            seen.slice_axis_mut(Axis(0), Slice::from(..given_to)).assign(&condition.t());
        }
        for (index, column) in (self.features()..self.width()).enumerate() {
            for (row, &angle) in output.x.column(column).iter().enumerate() {
                let [cos, sin] = seen_angle(angle);
                x[[row, column]] = angle;
                (seen[[given_to + 2 * index, row]], seen[[given_to + 2 * index + 1, row]]) = (cos, sin);
            }
        }
        self.network.begin(rows, child);
        let (engine, asked) = (self.engine(1), log_det.is_some());
        for (position, &feature) in self.order.iter().enumerate() {
            self.network.advance(position, seen.view(), child)?;
            self.network.outputs(position, seen.view(), raw.shaped(rows, each), child)?;
            given.shaped(rows, 1).column_mut(0).assign(&output.x.column(feature));
            let (y, parameters) = (given.view(), raw.view());
            let (y, parameters) = (check::slice("output", &y)?, check::slice("parameters", &parameters)?);
            let (mut logs, mut found) = (logs.shaped(rows, usize::from(asked)), found.shaped(rows, 1));
            let (logs, found) = (flat(&mut logs)?, flat(&mut found)?);
            engine.apply(Direction::Inverse, y, parameters, found, asked.then_some(&mut *logs));
            add_logs(log_det.as_deref_mut(), logs);
            let known = x.column_mut(feature).into_iter().zip(seen.row_mut(conditions + position));
            known.zip(found).for_each(|((x, seen), &mut found)| (*x, *seen) = (found, bounded(found).0));
        }
        Ok(())
    }
}

/// Adds the log-determinants of the transform.
fn add_logs<F: Real>(log_det: Option<&mut [f64]>, logs: &[F]) {
    log_det.into_iter().flatten().zip(logs).for_each(|(log_det, log)| *log_det += log.f64());
}

/// The elements of a contiguous matrix.
fn flat<'a, F: Real>(matrix: &'a mut ArrayViewMut2<'_, F>) -> Result<&'a mut [F]> {
    check::slice_mut("buffer", matrix)
}

impl<F: Real> Kind<F> for Autoregressive<F> {
    const KIND: &'static str = "autoregressive";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let options: AutoregressiveOptions = spec.parse()?;
        let conditions = if options.conditioned { context.conditions } else { 0 };
        options.validate(context.features, conditions)?;
        context.reserve_parameters(options.numbers(context.features, conditions))?;
        Self::new(context.features, conditions, options, ModuleParameters::New(context.rng))
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Saved { features, conditions, options } = Saved::of(spec)?;
        Self::new(features, conditions, options, ModuleParameters::Stored(tensors))
    }
}

impl<F: Real> Parametric<F> for Autoregressive<F> {
    pdmap_core::delegate_parameters!(F, network);
}

impl<F: Real> Layer<F> for Autoregressive<F> {
    fn spec(&self) -> LayerSpec {
        let (features, conditions) = (self.width(), self.given());
        LayerSpec::new(Self::KIND, &Saved { features, conditions, options: self.options.clone() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.width())
    }

    fn conditions(&self) -> usize {
        self.given()
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
        let (rows, features, inputs) = (input.x.nrows(), self.features(), self.degrees.inputs());
        tape.load(INPUT, rows, inputs)?;
        tape.load(OUTPUT, rows, self.outputs())?;
        tape.load(ORDERED, rows, features)?;
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [seen, raw, ordered, result, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        let (delta, x) = (check::slice("gradient of the output", &dy)?, check::slice("input", &input.x)?);
        // δ by position becomes ∂/∂x there, and the network output becomes the gradient with
        // respect to it.
        let mut by_ordered = result.shaped(rows, features);
        let by_ordered = flat(&mut by_ordered)?;
        gather(&self.order, (delta, self.width()), by_ordered);
        let mut by_raw = raw.shaped(rows, self.outputs());
        let values = ordered.view();
        self.engine(features).backward(check::slice("ordered", &values)?, by_ordered, flat(&mut by_raw)?);
        let network = self.network.module();
        let Some(mut dx) = dx else {
            return network.backward(seen.view(), raw.view(), None, &mut children[0], grads);
        };
        let dx = flat(&mut dx)?;
        self.keep_angles(delta, dx);
        scatter(&self.order, by_ordered, (dx, self.width()));
        // The features are no longer needed; their buffer takes the gradient by the network input.
        let by_input = Some(ordered.shaped(rows, inputs));
        network.backward(seen.view(), raw.view(), by_input, &mut children[0], grads)?;
        let by_seen = ordered.view();
        self.add_input_gradients(x, check::slice("gradient", &by_seen)?, dx);
        Ok(())
    }
}
