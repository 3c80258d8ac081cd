//! The coupling layer.

use ndarray::{Array1, ArrayView2, ArrayViewMut2};
use pdmap_core::contract::{ModuleContext, ModuleParameters};
use pdmap_core::prelude::*;
use pdmap_core::{Module, parallel};

use super::engine::{Direction, Engine};
use super::parts::in_parts;
use super::saved::Saved;
use super::split::{CellFeatures, Cells};
use super::{CouplingOptions, Split};

/// Some features of a row change through an elementwise map whose parameters a network computes
/// from the features that stay and from the condition: `y_a = x_a`, `y_b = g(x_b; net(x_a, c))`,
/// with `log|det| = Σ log dy_b/dx_b` (Dinh et al. 2017, RealNVP; Durkan et al. 2019).
///
/// The inverse runs the same network. With [`Split::None`] all features change, depending on the
/// condition alone. Where [channels](Split::Channels) or pixels of a
/// [checkerboard](Split::Checkerboard) change, one network serves all positions and reads a window
/// around each: a convolution.
///
/// The network sees `x/√(1 + (x/6)²)` of each feature, which is bounded, and `cos 2πx` and `sin
/// 2πx` of those that are angles in turns. A new layer is the identity. Its parameters follow their
/// Euclidean gradient.
#[derive(Debug, Clone)]
pub struct Coupling<F: Real> {
    options: CouplingOptions,
    features: usize,
    /// Width of the condition that the network reads.
    conditions: usize,
    cells: Cells,
    engine: Engine,
    network: Box<dyn Module<F>>,
}

/// Maximum number of features that a specification alone may request.
const MOST_FEATURES: usize = 1 << 20;

/// Cells that an evaluation processes at a time.
const CELLS: usize = 1 << 14;

/// Buffers of the tape: network input, network output, the features that change, the result, and
/// log-determinants.
const INPUT: usize = 0;
const OUTPUT: usize = 1;
const CHANGED: usize = 2;
const BUFFERS: usize = 5;

impl<F: Real> Coupling<F> {
    /// The identity on `features` numbers. The network reads `conditions` numbers of a condition
    /// and takes its parameters from `parameters`; its kind is looked up in the registry.
    ///
    /// # Errors
    /// Options outside their ranges; a split that does not match the features; a network without
    /// input.
    pub fn new(
        features: usize,
        conditions: usize,
        options: CouplingOptions,
        parameters: ModuleParameters<'_, F>,
        registry: &Registry<F>,
    ) -> Result<Self> {
        let cells = plan(features, conditions, &options)?;
        let (width, transform) = (cells.changed_each(), options.transform);
        let start = Array1::from_shape_fn(transform.parameters() * width, |at| F::of(transform.identity(at / width)));
        let positions = if options.position_bias { cells.count } else { 1 };
        let context = ModuleContext::new(cells.inputs_each() + conditions, positions, start, parameters);
        let network = registry.module(&options.network()?, context)?;
        let engine = Engine { transform, width };
        Ok(Self { options, features, conditions, cells, engine, network })
    }

    /// The options.
    pub fn options(&self) -> &CouplingOptions {
        &self.options
    }

    /// Which features the network reads, and which change.
    pub fn cells(&self) -> CellFeatures<'_> {
        let Cells { count, ref seen, ref changed, angles } = self.cells;
        CellFeatures { count, seen, changed, angles }
    }

    /// Number of network inputs per cell.
    fn inputs(&self) -> usize {
        self.cells.inputs_each() + self.conditions
    }

    /// Number of network outputs per cell.
    fn outputs(&self) -> usize {
        self.engine.width * self.engine.transform.parameters()
    }

    /// The condition, if the network reads it.
    fn condition<'a, 'b>(&self, input: &'a Input<'b, F>) -> Option<&'a ArrayView2<'b, F>> {
        input.condition.as_ref().filter(|_| self.conditions > 0)
    }

    /// One pass in either direction: runs the network on the features that stay, then maps the
    /// others.
    fn pass(
        &self,
        direction: Direction,
        input: Input<'_, F>,
        out: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        if tape.is_recording() {
            return self.pass_rows(direction, input, out, log_det, tape);
        }
        // The tape is not read afterwards, so processing a few rows at a time keeps it small.
        let at_most = (CELLS / self.cells.count).max(1);
        in_parts(at_most, input, out, log_det, |input, out, log_det| {
            self.pass_rows(direction, input, out, log_det, tape)
        })
    }

    fn pass_rows(
        &self,
        direction: Direction,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, count, width) = (input.x.nrows(), self.cells.count, self.engine.width);
        let (from, to) = (check::slice("input", &input.x)?, check::slice_mut("output", &mut out)?);
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [seen, raw, changed, result, logs, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        let cells = rows * count;
        let features = self.features;
        let condition = self.condition(&input);
        self.cells.gather_inputs((from, features), condition, flat(&mut seen.shaped(cells, self.inputs()))?);
        self.network.forward(seen.view(), raw.shaped(cells, self.outputs()), &mut children[0])?;
        self.cells.gather((from, features), flat(&mut changed.shaped(cells, width))?);
        let asked = log_det.is_some();
        let (mut logs_view, mut result_view) = (logs.shaped(cells, usize::from(asked)), result.shaped(cells, width));
        let logs = asked.then_some(flat(&mut logs_view)?);
        let (values, raw, result) = (changed.view(), raw.view(), flat(&mut result_view)?);
        let (values, raw) = (check::slice("changed", &values)?, check::slice("parameters", &raw)?);
        self.engine.apply(direction, values, raw, result, logs);
        parallel::copy(to, from);
        self.cells.scatter(result, (to, features));
        if let Some(log_det) = log_det {
            let logs = logs_view.as_slice().unwrap_or(&[]).chunks_exact(count);
            let sum = |logs: &[F]| logs.iter().map(|v| v.f64()).sum::<f64>();
            log_det.iter_mut().zip(logs).for_each(|(log_det, logs)| *log_det += sum(logs));
        }
        Ok(())
    }
}

/// The cells; fails if the network would have no input.
fn plan(features: usize, conditions: usize, options: &CouplingOptions) -> Result<Cells> {
    options.validate()?;
    let Some(others) = features.checked_sub(options.angles).filter(|&others| others > 0) else {
        let (value, range) = (options.angles as f64, "fewer than the features of a row");
        return Err(LayerError::Range { what: "angles", value, range });
    };
    // A single feature beside angles depends on these.
    let split = if options.angles > 0 && others == 1 { Split::None } else { options.split };
    let cells = split.cells(others, options.shape.as_deref(), options.swap, options.window)?;
    let cells = Cells { angles: options.angles, ..cells };
    if cells.inputs_each() + conditions > 0 {
        return Ok(cells);
    }
    let (first, second) = ("a coupling that changes all features", "a flow without a condition");
    Err(LayerError::Conflict { first, second })
}

/// The elements of a contiguous matrix.
fn flat<'a, F: Real>(matrix: &'a mut ArrayViewMut2<'_, F>) -> Result<&'a mut [F]> {
    check::slice_mut("buffer", matrix)
}

impl<F: Real> Kind<F> for Coupling<F> {
    const KIND: &'static str = "coupling";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, registry: &Registry<F>) -> Result<Self> {
        let mut options: CouplingOptions = spec.parse()?;
        let shaped = matches!(options.split, Split::Channels | Split::Checkerboard);
        let travelled = context.shape.spatial().map(<[usize]>::to_vec);
        options.shape = options.shape.or(travelled).filter(|_| shaped);
        let conditions = if options.conditioned { context.conditions } else { 0 };
        let cells = plan(context.features, conditions, &options)?;
        let outputs = cells.changed_each() * options.transform.parameters();
        context.reserve_parameters(options.numbers(cells.inputs_each() + conditions, outputs))?;
        Self::new(context.features, conditions, options, ModuleParameters::New(context.rng), registry)
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self> {
        let Saved { features, conditions, options } = Saved::of(spec)?;
        if features > MOST_FEATURES || conditions > MOST_FEATURES {
            let value = features.max(conditions) as f64;
            return Err(LayerError::Range { what: "features of a coupling", value, range: "at most 2^20" });
        }
        Self::new(features, conditions, options, ModuleParameters::Stored(tensors), registry)
    }
}

impl<F: Real> Parametric<F> for Coupling<F> {
    pdmap_core::delegate_parameters!(F, network);
}

impl<F: Real> Layer<F> for Coupling<F> {
    fn spec(&self) -> LayerSpec {
        let Self { features, conditions, ref options, .. } = *self;
        LayerSpec::new(Self::KIND, &Saved { features, conditions, options: options.clone() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features)
    }

    fn conditions(&self) -> usize {
        self.conditions
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.pass(Direction::Forward, input, y, log_det, tape)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.pass(Direction::Inverse, output, x, log_det, tape)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, tape, .. } = at;
        let (cells, width, features) = (input.x.nrows() * self.cells.count, self.engine.width, self.features);
        tape.load(INPUT, cells, self.inputs())?;
        tape.load(OUTPUT, cells, self.outputs())?;
        tape.load(CHANGED, cells, width)?;
        tape.reserve(BUFFERS, 1);
        let Tape { buffers, children, .. } = tape;
        let [seen, raw, changed, result, ..] = &mut buffers[..] else {
            return Err(LayerError::Tape { index: BUFFERS });
        };
        let delta = check::slice("gradient of the output", &dy)?;
        let x = check::slice("input", &input.x)?;
        // δ of the features that change becomes ∂/∂x there, and the network output becomes the
        // gradient with respect to it.
        let mut by_changed = result.shaped(cells, width);
        let by_changed = flat(&mut by_changed)?;
        self.cells.gather((delta, features), by_changed);
        let mut by_raw = raw.shaped(cells, self.outputs());
        let values = changed.view();
        self.engine.backward(check::slice("changed", &values)?, by_changed, flat(&mut by_raw)?);
        let network = &self.network;
        let Some(mut dx) = dx else {
            return network.backward(seen.view(), raw.view(), None, &mut children[0], grads);
        };
        let dx = flat(&mut dx)?;
        parallel::copy(dx, delta);
        self.cells.scatter(by_changed, (dx, features));
        // The features that change are no longer needed; their buffer takes the gradient by the
        // network input.
        let (by_seen, inputs) = (changed, self.inputs());
        let by_input = Some(by_seen.shaped(cells, inputs));
        network.backward(seen.view(), raw.view(), by_input, &mut children[0], grads)?;
        let by_seen = by_seen.view();
        self.cells.scatter_input_gradients((x, features), (check::slice("gradient", &by_seen)?, inputs), dx);
        Ok(())
    }
}
