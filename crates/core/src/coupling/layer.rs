//! The coupling layer.

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewMut2, Axis};
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::CouplingOptions;
use super::network::Network;
use super::split::{Cells, OUTSIDE};
use super::transform::{Backward, Forward, Inverse, Rows};
use crate::optim::{StepReport, UpdateRule};
use crate::parallel::{self, ALONE, GRAIN};
use crate::tape::Buffer;
use crate::{
    Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors,
    check,
};

/// Some features of a row change, each by a map of its own whose parameters a small network gives that looks at the features that stay, and at the condition:
/// `y_a = x_a`, `y_b = g(x_b; net(x_a, c))`, with `log|det| = Σ log dy_b/dx_b` (Dinh et al. 2017, RealNVP; Durkan et al. 2019).
///
/// An ordinary layer on Rᴰ, whose inverse runs the same network. With [`Split::None`](super::Split::None) all features change, by the condition alone. Where
/// [channels](super::Split::Channels) or pixels of a [checkerboard](super::Split::Checkerboard) change, one network serves all positions, and sees a window around each: a
/// convolution.
///
/// What the network sees of a feature is `x/√(1 + (x/6)²)`, which is bounded. A new layer is the identity. Its parameters follow their Euclidean gradient.
#[derive(Debug, Clone)]
pub struct Coupling<F> {
    options: CouplingOptions,
    features: usize,
    /// Numbers of a condition that the network sees.
    conditions: usize,
    cells: Cells,
    rows: Kernel,
    network: Network<F>,
}

/// What of the transform is needed in passes.
#[derive(Debug, Clone, Copy)]
struct Kernel {
    transform: super::Transform,
    width: usize,
}

/// What the specification holds beside tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Saved {
    features: usize,
    conditions: usize,
    #[serde(flatten)]
    options: CouplingOptions,
}

/// Features that a specification alone may ask for.
const MOST_FEATURES: usize = 1 << 20;

/// Cells that an evaluation handles at once.
const CELLS: usize = 1 << 14;

/// Buffers of the tape before those of the network: what the cells see, what the network says, what changes, and gradients.
const SEEN: usize = 0;
const SAID: usize = 1;
const CHANGED: usize = 2;
/// (3 and 4 are the result and the log-determinants.)
const OWN: usize = 5;

impl<F: Real> Coupling<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "coupling";

    /// The identity on `features` numbers, with a network of random hidden weights that may see `conditions` numbers of a condition.
    ///
    /// # Errors
    /// Options outside their ranges; a split that does not fit; nothing to look at.
    pub fn new(
        features: usize,
        conditions: usize,
        options: CouplingOptions,
        rng: &mut dyn Rng,
    ) -> Result<Self> {
        let (cells, sizes) = plan(features, conditions, &options)?;
        let width = cells.changed_each();
        let count = options.transform.parameters();
        let start = Array1::from_shape_fn(count * width, |at| F::of(options.transform.identity(at / width)));
        let places = if options.places { cells.count } else { 1 };
        let network = Network::new(&sizes, places, start, rng)?;
        let rows = Kernel { transform: options.transform, width };
        Ok(Self { options, features, conditions, cells, rows, network })
    }

    fn build(spec: &LayerSpec, fresh: &mut Fresh<'_, F>, _: &Registry<F>) -> Result<Box<dyn Layer<F>>> {
        let mut options: CouplingOptions = spec.parse()?;
        let shaped = matches!(options.split, super::Split::Channels | super::Split::Checkerboard);
        options.shape = options.shape.or_else(|| fresh.shape.map(<[usize]>::to_vec)).filter(|_| shaped);
        let conditions = if options.conditioned { fresh.conditions } else { 0 };
        let (_, sizes) = plan(fresh.features, conditions, &options)?;
        fresh.claim(
            sizes.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).fold(0, usize::saturating_add),
        )?;
        Ok(Box::new(Self::new(fresh.features, conditions, options, &mut *fresh.rng)?))
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Box<dyn Layer<F>>> {
        let Saved { features, conditions, options } = saved(spec)?;
        if features > MOST_FEATURES || conditions > MOST_FEATURES {
            let value = features.max(conditions) as f64;
            return Err(LayerError::Range { what: "features of a coupling", value, range: "at most 2^20" });
        }
        let (cells, sizes) = plan(features, conditions, &options)?;
        let places = if options.places { cells.count } else { 1 };
        let network = Network::restore(&sizes, places, tensors)?;
        let rows = Kernel { transform: options.transform, width: cells.changed_each() };
        Ok(Box::new(Self { options, features, conditions, cells, rows, network }))
    }

    fn check(&self, input: &Input<'_, F>, to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.features, input.x.ncols())?;
        check::shape("output", input.x.dim(), to)?;
        check::log_det(input.x.nrows(), log_det)?;
        if self.conditions > 0 {
            let Some(condition) = &input.condition else {
                return Err(LayerError::Conditions { expected: self.conditions, actual: 0 });
            };
            check::shape("condition", (input.x.nrows(), self.conditions), condition.dim())?;
        }
        Ok(())
    }

    /// Numbers that the network sees of a cell.
    fn inputs(&self) -> usize {
        self.cells.seen_each() + self.conditions
    }

    /// Writes what each cell of each row sees: features that stay, then the condition.
    fn look(&self, x: &[F], condition: Option<&ArrayView2<'_, F>>, seen: &mut [F]) {
        let (each, inputs, count) = (self.cells.seen_each(), self.inputs(), self.cells.count);
        each_row(x, self.features, seen, count * inputs, |row, x, seen| {
            for (seen, places) in seen.chunks_exact_mut(inputs).zip(self.cells.seen_by()) {
                for (seen, &place) in seen.iter_mut().zip(places) {
                    *seen = if place == OUTSIDE { F::zero() } else { bounded(x[place as usize]).0 };
                }
                if let Some(condition) = condition.filter(|_| self.conditions > 0) {
                    let given = condition.row(row);
                    seen[each..].iter_mut().zip(given).for_each(|(seen, &value)| *seen = value);
                }
            }
        });
    }

    /// Writes the features that change, cell by cell.
    fn gather(&self, x: &[F], changed: &mut [F]) {
        each_row(x, self.features, changed, self.cells.changed.len(), |_, x, changed| {
            changed.iter_mut().zip(&self.cells.changed).for_each(|(to, &place)| *to = x[place as usize]);
        });
    }

    /// Puts the features that change back to their places.
    fn scatter(&self, changed: &[F], y: &mut [F]) {
        each_row(changed, self.cells.changed.len(), y, self.features, |_, changed, y| {
            changed.iter().zip(&self.cells.changed).for_each(|(&from, &place)| y[place as usize] = from);
        });
    }

    /// Either way: what the network says of the features that stay, then the map of the others.
    fn pass(
        &self,
        way: Way,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(&input, out.dim(), log_det.as_deref())?;
        let at_once = (CELLS / self.cells.count).max(1);
        if tape.is_recording() || input.x.nrows() <= at_once {
            return self.pass_at_once(way, input, out, log_det, tape);
        }
        // Nobody reads the tape: a few rows at a time keep it small.
        let (mut rest, mut log_det) = (input, log_det);
        while rest.x.nrows() > 0 {
            let rows = at_once.min(rest.x.nrows());
            let (x, later) = rest.x.split_at(Axis(0), rows);
            let (given, given_later) = rest.condition.map(|given| given.split_at(Axis(0), rows)).unzip();
            let (y, out_later) = out.split_at(Axis(0), rows);
            let (own, log_later) = log_det.map(|log_det| log_det.split_at_mut(rows)).unzip();
            self.pass_at_once(way, Input { x, condition: given }, y, own, tape)?;
            (rest, out, log_det) = (Input { x: later, condition: given_later }, out_later, log_later);
        }
        Ok(())
    }

    fn pass_at_once(
        &self,
        way: Way,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, count, width) = (input.x.nrows(), self.cells.count, self.rows.width);
        let (from, to) = (check::slice("input", &input.x)?, check::slice_mut("output", &mut out)?);
        tape.reserve(OWN + self.network.buffers(), 0);
        let [seen, said, changed, result, logs, hidden @ ..] = &mut tape.buffers[..] else {
            return Err(LayerError::Tape { index: OWN });
        };
        let cells = rows * count;
        self.look(from, input.condition.as_ref(), flat(&mut seen.shaped(cells, self.inputs()))?);
        self.network.forward(seen.view(), hidden, said.shaped(cells, self.network.outputs()))?;
        self.gather(from, flat(&mut changed.shaped(cells, width))?);
        let asked = log_det.is_some();
        let (mut logs_view, mut result_view) =
            (logs.shaped(cells, usize::from(asked)), result.shaped(cells, width));
        let logs = asked.then_some(flat(&mut logs_view)?);
        let (values, said, result) = (changed.view(), said.view(), flat(&mut result_view)?);
        let (values, said) = (check::slice("changed", &values)?, check::slice("parameters", &said)?);
        self.rows.apply(way, values, said, result, logs);
        parallel::copy(to, from);
        self.scatter(result, to);
        if let Some(log_det) = log_det {
            let logs = logs_view.as_slice().unwrap_or(&[]).chunks_exact(count);
            log_det
                .iter_mut()
                .zip(logs)
                .for_each(|(sum, logs)| *sum += logs.iter().map(|v| v.f64()).sum::<f64>());
        }
        Ok(())
    }
}

/// What the network sees of a feature, and its derivative: `x/√(1 + (x/L)²)` with `L` = [`SIGHT`]. It loses nothing, and a row far from all that was trained on meets a
/// network that says nothing worse than at the edge of what was: without it one patch in 250,000 had a density of e^{−10⁷} (photographs, ten layers).
#[inline(always)]
fn bounded<F: Real>(x: F) -> (F, F) {
    // Beyond, the bound is reached to the last digit, and the square would leave the range.
    let x = num_traits::Float::min(num_traits::Float::max(x, F::of(-REACHED)), F::of(REACHED));
    let ratio = x / F::of(SIGHT);
    let per_root = F::one() / num_traits::Float::sqrt(F::one() + ratio * ratio);
    (x * per_root, per_root * per_root * per_root)
}

/// Bound of what a network sees, in units of features that are standardized.
const SIGHT: f64 = 6.0;

/// Where the bound is reached in either precision.
const REACHED: f64 = 1e10;

/// Which way a pass goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Inverse,
}

/// Cells, and the sizes of the network.
fn plan(features: usize, conditions: usize, options: &CouplingOptions) -> Result<(Cells, Vec<usize>)> {
    options.validate()?;
    let cells = options.split.cells(features, options.shape.as_deref(), options.swap, options.window)?;
    let inputs = cells.seen_each() + conditions;
    if inputs == 0 {
        return Err(LayerError::Conflict {
            first: "a coupling that changes all features",
            second: "a flow without a condition",
        });
    }
    let outputs = cells.changed_each() * options.transform.parameters();
    let sizes = std::iter::once(inputs).chain(options.hidden.iter().copied()).chain([outputs]).collect();
    Ok((cells, sizes))
}

/// Options, and what stands beside them in a saved layer. (Unknown keys of flattened options would go unseen.)
fn saved(spec: &LayerSpec) -> Result<Saved> {
    let mut options = spec.clone();
    let mut take = |key: &str| -> usize {
        let value = options.options.as_object_mut().and_then(|map| map.remove(key));
        value.and_then(|value| value.as_u64()).map_or(0, |value| usize::try_from(value).unwrap_or(usize::MAX))
    };
    let (features, conditions) = (take("features"), take("conditions"));
    Ok(Saved { features, conditions, options: options.parse()? })
}

/// The elements of a matrix that is contiguous.
fn flat<'a, F: Real>(matrix: &'a mut ArrayViewMut2<'_, F>) -> Result<&'a mut [F]> {
    check::slice_mut("buffer", matrix)
}

/// `body(row, a, b)` for each row, `b` to be written.
fn each_row<F: Real>(
    a: &[F],
    width_a: usize,
    b: &mut [F],
    width_b: usize,
    body: impl Fn(usize, &[F], &mut [F]) + Sync,
) {
    if width_a == 0 || width_b == 0 {
        return;
    }
    if b.len().max(a.len()) <= ALONE {
        let rows = a.chunks_exact(width_a).zip(b.chunks_exact_mut(width_b));
        rows.enumerate().for_each(|(row, (a, b))| body(row, a, b));
        return;
    }
    let task = (GRAIN / width_a.max(width_b)).max(1);
    a.par_chunks(task * width_a).zip(b.par_chunks_mut(task * width_b)).enumerate().for_each(
        |(index, (a, b))| {
            let rows = a.chunks_exact(width_a).zip(b.chunks_exact_mut(width_b));
            rows.enumerate().for_each(|(row, (a, b))| body(index * task + row, a, b));
        },
    );
}

impl Cells {
    /// What each cell sees.
    fn seen_by(&self) -> impl Iterator<Item = &[u32]> {
        let each = self.seen_each();
        (0..self.count).map(move |cell| &self.seen[cell * each..(cell + 1) * each])
    }
}

impl Kernel {
    fn rows(self) -> Rows {
        Rows { transform: self.transform, width: self.width }
    }

    /// Rows of one task.
    fn task(self) -> usize {
        (GRAIN / (self.width * self.transform.parameters())).max(1)
    }

    fn apply<F: Real>(self, way: Way, from: &[F], said: &[F], to: &mut [F], logs: Option<&mut [F]>) {
        let (rows, said_each) = (self.rows(), self.width * self.transform.parameters());
        let run = |from: &[F], parameters: &[F], to: &mut [F], log_det: Option<&mut [F]>| match way {
            Way::Forward => F::coupling_forward(&rows, Forward { x: from, parameters, y: to, log_det }),
            Way::Inverse => F::coupling_inverse(&rows, Inverse { y: from, parameters, x: to, log_det }),
        };
        if said.len() <= ALONE {
            return run(from, said, to, logs);
        }
        let task = self.task();
        let parts = to
            .par_chunks_mut(task * self.width)
            .zip(from.par_chunks(task * self.width).zip(said.par_chunks(task * said_each)));
        match logs {
            None => parts.for_each(|(to, (from, said))| run(from, said, to, None)),
            Some(logs) => parts
                .zip(logs.par_chunks_mut(task))
                .for_each(|((to, (from, said)), logs)| run(from, said, to, Some(logs))),
        }
    }

    fn backward<F: Real>(self, x: &[F], delta: &mut [F], parameters: &mut [F]) {
        let (rows, said_each) = (self.rows(), self.width * self.transform.parameters());
        if parameters.len() <= ALONE {
            return F::coupling_backward(&rows, Backward { x, delta, parameters });
        }
        let task = self.task();
        x.par_chunks(task * self.width)
            .zip(delta.par_chunks_mut(task * self.width).zip(parameters.par_chunks_mut(task * said_each)))
            .for_each(|(x, (delta, parameters))| {
                F::coupling_backward(&rows, Backward { x, delta, parameters })
            });
    }
}

impl<F: Real> Layer<F> for Coupling<F> {
    fn spec(&self) -> LayerSpec {
        let Self { features, conditions, ref options, .. } = *self;
        LayerSpec::new(Self::KIND, &Saved { features, conditions, options: options.clone() })
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn conditions(&self) -> usize {
        self.conditions
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(Way::Forward, input, y, log_det, tape)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(Way::Inverse, output, x, log_det, tape)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, tape, .. } = at;
        self.check(&input, dy.dim(), None)?;
        let (rows, count, width) = (input.x.nrows(), self.cells.count, self.rows.width);
        let cells = rows * count;
        tape.load(SEEN, cells, self.inputs())?;
        tape.load(SAID, cells, self.network.outputs())?;
        tape.load(CHANGED, cells, width)?;
        tape.reserve(OWN + self.network.buffers(), 0);
        let [seen, said, changed, result, _, hidden @ ..] = &mut tape.buffers[..] else {
            return Err(LayerError::Tape { index: OWN });
        };
        grads.rows += rows;
        let delta = check::slice("gradient of the output", &dy)?;
        let x = check::slice("input", &input.x)?;
        // δ of what changes becomes ∂/∂x there, and what the network said becomes the gradient by it.
        let mut by_changed = result.shaped(cells, width);
        let by_changed = flat(&mut by_changed)?;
        self.gather(delta, by_changed);
        let mut by_said = again(said, cells, self.network.outputs());
        let values = changed.view();
        self.rows.backward(check::slice("changed", &values)?, by_changed, flat(&mut by_said)?);
        let Some(mut dx) = dx else {
            return self.network.backward(seen.view(), hidden, said.view(), None, &mut grads.params);
        };
        check::shape("gradient of the input", input.x.dim(), dx.dim())?;
        let dx = flat(&mut dx)?;
        parallel::copy(dx, delta);
        self.scatter(by_changed, dx);
        // The gradient by what was seen comes in a matrix that is of no use any more once it is known what changes.
        let inputs = self.inputs();
        let by_seen = changed;
        self.network.backward(
            seen.view(),
            hidden,
            said.view(),
            Some(by_seen.shaped(cells, inputs)),
            &mut grads.params,
        )?;
        let by_seen = by_seen.view();
        each_row(
            check::slice("gradient", &by_seen)?,
            count * inputs,
            dx,
            self.features,
            |row, by_seen, dx| {
                let x = &x[row * self.features..][..self.features];
                for (by_seen, places) in by_seen.chunks_exact(inputs).zip(self.cells.seen_by()) {
                    for (&by, &place) in by_seen.iter().zip(places) {
                        if place != OUTSIDE {
                            dx[place as usize] += by * bounded(x[place as usize]).1;
                        }
                    }
                }
            },
        );
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        LayerGrads::of(self.network.new_grads())
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let rows = grads.some_rows()?;
        grads.params.iter_mut().try_for_each(|param| param.write_mean(rows))
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        self.network.update(rule, &mut grads.params)?;
        Ok(StepReport::default())
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        self.network.gradients(&grads.params, grads.some_rows()?)
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.network.tensors()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        let (cells, sizes) = plan(self.features, self.conditions, &self.options)?;
        let places = if self.options.places { cells.count } else { 1 };
        self.network = Network::restore(&sizes, places, tensors)?;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

/// A buffer as it was last written, for writing in place.
fn again<F: Real>(buffer: &mut Buffer<F>, rows: usize, columns: usize) -> ArrayViewMut2<'_, F> {
    buffer.shaped(rows, columns)
}

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(Coupling::<F>::KIND, Coupling::restore, Coupling::build);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a network sees: each number by itself, nearly as it is where data are, and never beyond the bound.
    #[test]
    fn what_a_network_sees_is_bounded_and_loses_nothing() {
        for (x, seen) in [
            (0.0, 0.0),
            (0.5, 0.5 / (1.0 + 0.25 / 36.0_f64).sqrt()),
            (6.0, 6.0 / 2.0_f64.sqrt()),
            (1e30, 6.0),
        ] {
            for sign in [1.0, -1.0] {
                let (value, slope) = bounded(sign * x);
                assert!((value - sign * seen).abs() <= 4.0 * f64::EPSILON * seen, "{x}: {value}");
                assert!((slope - (1.0 + (x / SIGHT).powi(2)).powf(-1.5)).abs() < 1e-15, "{x}: {slope}");
            }
        }
        assert!(bounded(-3.0_f32).0 < bounded(-2.0_f32).0 && bounded(2.0_f32).0 < bounded(3.0_f32).0);
    }
}
