//! Evaluation of a flow in chunks, with memory reused between calls.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};
use rand::Rng;
use rayon::prelude::*;

use super::model::Flow;
use super::training::Training;
use crate::contract::{Buffer, Draw, Input, Layer, Tape};
use crate::{Real, Result, check};

/// Scores, maps and differentiates rows in memory of its own, which stops growing after the largest
/// block; made by [`Flow::evaluator`].
///
/// Rows are processed in chunks of [`CHUNK`](Self::CHUNK), counted from the first row of each call
/// and distributed over the threads. The results of a chunk depend on its rows alone, so they are
/// the same bits on any number of threads. Splitting rows over several calls also gives the same
/// bits as one call, if every call but the last has a multiple of `CHUNK` rows.
///
/// Errors count rows from the first row of the call; see
/// [`LayerError::below`](crate::LayerError::below).
#[derive(Debug)]
pub struct Evaluator<'f, F: Real> {
    flow: &'f Flow<F>,
    lanes: Vec<Lane<F>>,
}

/// Maximum number of scalars of one intermediate over all threads. The wider the rows, the fewer
/// threads process chunks of their own, and the more share the products inside one chunk.
const HELD: usize = 1 << 23;

/// The memory of one thread.
#[derive(Debug, Default)]
struct Lane<F: Real> {
    /// Copies of rows and conditions that are not contiguous.
    x: Buffer<F>,
    condition: Buffer<F>,
    work: Work<F>,
}

#[derive(Debug)]
struct Work<F: Real> {
    tape: Tape<F>,
    z: Buffer<F>,
    /// Created when a gradient is first requested.
    training: Option<Training<F>>,
}

impl<F: Real> Default for Work<F> {
    fn default() -> Self {
        Self { tape: Tape::scratch(), z: Buffer::default(), training: None }
    }
}

impl<F: Real> Flow<F> {
    /// Memory for repeated evaluations of blocks of rows.
    pub fn evaluator(&self) -> Evaluator<'_, F> {
        Evaluator::new(self)
    }
}

impl<'f, F: Real> Evaluator<'f, F> {
    /// Rows per chunk.
    pub const CHUNK: usize = 1024;

    fn new(flow: &'f Flow<F>) -> Self {
        Self { flow, lanes: Vec::new() }
    }

    /// Writes `log p(x)` of each row, in nats.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities, a singular matrix.
    pub fn log_prob_into<'a>(&mut self, x: impl Into<Input<'a, F>>, log_prob: &mut [f64]) -> Result<()> {
        let input = x.into();
        check::log_det(input.x.nrows(), Some(log_prob))?;
        self.chunks(input, log_prob, 1, |flow, input, log_prob, work| {
            log_prob.fill(0.0);
            let mut z = work.z.shaped(input.x.nrows(), flow.features());
            flow.chain().forward(input.reborrow(), z.view_mut(), Some(log_prob), &mut work.tape)?;
            flow.base().add_log_density(input.with(z.view()), log_prob)?;
            check::finite("log-likelihood", ArrayView1::from(&*log_prob).insert_axis(Axis(1)))
        })
    }

    /// Writes `z = f(x)`.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities; `z` that is not contiguous.
    pub fn encode_into<'a>(&mut self, x: impl Into<Input<'a, F>>, z: ArrayViewMut2<'_, F>) -> Result<()> {
        self.map("code", x.into(), z, |flow, input, z, work| flow.chain().forward(input, z, None, &mut work.tape))
    }

    /// Writes `x = f⁻¹(z)`.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities (also in the result, where the inverse overflows), a
    /// singular matrix; `x` that is not contiguous.
    pub fn decode_into<'a>(&mut self, z: impl Into<Input<'a, F>>, x: ArrayViewMut2<'_, F>) -> Result<()> {
        self.map("decoded row", z.into(), x, |flow, input, x, work| {
            flow.chain().inverse(input, x, None, &mut work.tape)
        })
    }

    /// Writes `∂ log p / ∂x` of each row, in nats per unit of each feature. The parameter gradients
    /// that the backward pass also computes are discarded after each chunk.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities; `gradient` that is not contiguous.
    pub fn input_gradient_into<'a>(
        &mut self,
        x: impl Into<Input<'a, F>>,
        gradient: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        self.map("gradient", x.into(), gradient, |flow, input, gradient, work| {
            let training = work.training.get_or_insert_with(|| flow.training());
            let result = flow.differentiate(input, training, Some(gradient));
            training.clear();
            result.map(drop)
        })
    }

    /// Fills `x` with samples from the model at temperature `T`: `x = f⁻¹(z)`, with `z` drawn by
    /// [`Base::sample_into`](crate::Base::sample_into). The buffer `z` holds the draws.
    ///
    /// Draws continue from the state of the generator, so sampling in blocks gives the rows of a
    /// single call.
    ///
    /// # Errors
    /// [`LayerError::Range`](crate::LayerError::Range) for a temperature that is negative or not
    /// finite; as [`decode_into`](Self::decode_into).
    pub fn sample_into(
        &mut self,
        temperature: f64,
        rng: &mut dyn Rng,
        z: &mut Buffer<F>,
        x: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        self.flow.base().sample_into(temperature.into(), rng, z.shaped(x.nrows(), x.ncols()))?;
        self.decode_into(z.view(), x)
    }

    /// Samples from `p(x | c)`: one row for each row of `condition`.
    ///
    /// # Errors
    /// As [`sample_into`](Self::sample_into); another number of rows.
    pub fn sample_given_into(
        &mut self,
        temperature: f64,
        condition: ArrayView2<'_, F>,
        rng: &mut dyn Rng,
        z: &mut Buffer<F>,
        x: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        let given = Draw { temperature, condition: Some(condition.reborrow()) };
        self.flow.base().sample_into(given, rng, z.shaped(x.nrows(), x.ncols()))?;
        let input: Input<'_, F> = z.view().into();
        self.decode_into(input.given(condition), x)
    }

    fn map(
        &mut self,
        what: &'static str,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        body: impl Fn(&Flow<F>, Input<'_, F>, ArrayViewMut2<'_, F>, &mut Work<F>) -> Result<()> + Sync,
    ) -> Result<()> {
        check::shape("output", input.x.dim(), out.dim())?;
        let features = self.flow.features();
        let values = check::slice_mut("output", &mut out)?;
        self.chunks(input, values, features, |flow, input, values, work| {
            let dim = input.x.dim();
            let out = ArrayViewMut2::from_shape(dim, &mut *values).map_err(|_| unfit(dim))?;
            body(flow, input, out, work)?;
            check::finite(what, ArrayView2::from_shape(dim, values).map_err(|_| unfit(dim))?)
        })
    }

    /// Calls `body` for each chunk of the rows with the matching part of `out`, which has `width`
    /// numbers per row.
    fn chunks<O: Send>(
        &mut self,
        input: Input<'_, F>,
        out: &mut [O],
        width: usize,
        body: impl Fn(&Flow<F>, Input<'_, F>, &mut [O], &mut Work<F>) -> Result<()> + Sync,
    ) -> Result<()> {
        let flow = self.flow;
        flow.check("input", &input)?;
        let chunks = input.x.nrows().div_ceil(Self::CHUNK);
        if chunks == 0 {
            return Ok(());
        }
        let room = (HELD / (Self::CHUNK * flow.features())).max(1);
        let lanes = chunks.min(rayon::current_num_threads()).min(room);
        // Each lane processes consecutive chunks, so the first error of the first failing lane is
        // that of the first failing row.
        let share = chunks.div_ceil(lanes) * Self::CHUNK;
        if self.lanes.len() < lanes {
            self.lanes.resize_with(lanes, Lane::default);
        }
        let lane = |(index, (lane, out)): (usize, (&mut Lane<F>, &mut [O]))| {
            let Lane { x, condition, work } = lane;
            for (chunk, out) in out.chunks_mut(Self::CHUNK * width).enumerate() {
                let from = index * share + chunk * Self::CHUNK;
                let to = from + out.len() / width;
                let rows = contiguous(slice(&input.x, from, to), x);
                let given = input.condition.as_ref().map(|given| slice(given, from, to));
                let given = given.map(|given| contiguous(given, condition));
                body(flow, Input::new(rows, given), out, work).map_err(|error| error.below(from))?;
            }
            Ok(())
        };
        let parts = out.chunks_mut(share * width);
        if lanes == 1 {
            return self.lanes.iter_mut().zip(parts).enumerate().try_for_each(lane);
        }
        let ended: Vec<Result<()>> =
            self.lanes.par_iter_mut().zip(out.par_chunks_mut(share * width)).enumerate().map(lane).collect();
        ended.into_iter().collect()
    }
}

/// Rows `from..to`.
fn slice<'a, F>(rows: &'a ArrayView2<'_, F>, from: usize, to: usize) -> ArrayView2<'a, F> {
    rows.slice_axis(Axis(0), Slice::from(from..to))
}

/// The rows in contiguous row-major order, copied if necessary.
fn contiguous<'a, F: Real>(rows: ArrayView2<'a, F>, copy: &'a mut Buffer<F>) -> ArrayView2<'a, F> {
    if rows.is_standard_layout() {
        return rows;
    }
    copy.shaped(rows.nrows(), rows.ncols()).assign(&rows);
    copy.view()
}

/// The error for output that does not divide into chunks; sizes are checked before, so it does not
/// occur.
fn unfit((rows, columns): (usize, usize)) -> crate::LayerError {
    crate::LayerError::Shape { what: "output", expected: vec![rows, columns], actual: vec![] }
}
