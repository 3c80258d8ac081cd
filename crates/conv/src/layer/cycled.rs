//! The brick-wall convolution.

use std::sync::{Arc, OnceLock};

use ndarray::{Array2, ArrayView2};
use pdmap_core::group::{Group, GroupMatrix, haar};
use pdmap_core::linalg::Lu;
use pdmap_core::{LayerError, Real, Result, Tape, check};
use rand::Rng;

use super::geometry::Geometry;
use super::order::Order;
use super::pass::{Source, map, reorder};
use super::route::Routes;
use super::tasks::Blocks;

/// A convolution that cycles through a set of K kernels, so that K outputs replace K inputs and the
/// map is a bijection; built as a product of M stages.
///
/// Each stage multiplies every block of `K` positions × `C` channels, flattened position-major
/// (`t·C + c`, with `t = u·K_w + v` in 2-D), by one shared matrix of side `K·C` in a [`Group`]. The
/// blocks of the last stage begin at 0; going back, the grid alternates between 0 and a shift of
/// `⌊K/2⌋` positions along each axis. (With period 1, the first `⌊C/2⌋` channels of a block come
/// from the next position instead, in an image along columns and rows alternately.) The composed
/// kernels have length `K·M` and `offset = K·⌊M/2⌋ − (⌊K/2⌋ if M is even)`:
///
/// ```text
/// y[o, bK + k] = Σ_i Σ_j h[k, o, i, j] · x[i, bK + j − offset]
/// log|det| = Σ_stages B·log|det W_s|          for B blocks; 0 with every stage in O(KC)
/// ```
///
/// With every stage in O(KC) this is the half-rank paraunitary lattice (Vaidyanathan 1993, chapter
/// 14; Malvar 1992): it is orthonormal to rounding at every length, its inverse is the transposed
/// convolution with the same kernels, and every training step preserves this. With every stage in
/// GL(KC) it is the unconstrained convolution, whose inverse is local too. The relative gradient is
/// exact at each stage: `E = mean(δ yᵀ) + I`, with the mean over rows and blocks, so that learning
/// rates do not depend on the signal's length.
///
/// Training never changes the sign of a determinant or the ranks of the polyphase factors; the
/// initialization determines them. Not every 2-D paraunitary bank is such a product.
#[derive(Debug, Clone)]
pub struct CycledConv<F: Real> {
    pub(super) geometry: Geometry,
    pub(super) stages: Vec<GroupMatrix<F>>,
    /// Built for the first batch, so that a specification alone allocates nothing.
    routes: OnceLock<Arc<Routes>>,
    /// `W⁻ᵀ` of every stage on GL, made when the first row is mapped back and dropped when a stage moves.
    pub(super) inverses: OnceLock<Arc<[Array2<F>]>>,
}

/// Buffers of a tape: after the activations of `stages` stages, two for gathered blocks and two
/// used alternately.
pub(super) struct TapeSlots {
    pub(super) gathered: [usize; 2],
    alternating: [usize; 2],
}

impl TapeSlots {
    pub(super) fn of(stages: usize) -> Self {
        Self { gathered: [stages, stages + 1], alternating: [stages + 2, stages + 3] }
    }

    pub(super) fn alternating(&self, stage: usize) -> usize {
        self.alternating[stage % 2]
    }

    pub(super) fn count(&self) -> usize {
        self.alternating[1] + 1
    }
}

/// The map of a backward sweep through the stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    Adjoint,
    Inverse,
}

impl<F: Real> CycledConv<F> {
    /// The given stages in order of application, each `[K·C, K·C]`.
    ///
    /// # Errors
    /// An inconsistent geometry; no stages; a stage of another size, not finite or, for O(KC), not
    /// orthonormal ([`LayerError::Stage`] with its index).
    pub fn new(geometry: Geometry, stages: Vec<Array2<F>>, group: Group) -> Result<Self> {
        let geometry = geometry.checked()?;
        if stages.is_empty() {
            return Err(LayerError::Range { what: "stages", value: 0.0, range: "at least 1" });
        }
        let side = geometry.side();
        let matrix = |(stage, weight): (usize, Array2<F>)| {
            let checked = check::shape("matrix of a stage", (side, side), weight.dim());
            checked.and_then(|()| GroupMatrix::new(weight, group)).map_err(at(stage))
        };
        let stages = stages.into_iter().enumerate().map(matrix).collect::<Result<_>>()?;
        Ok(Self { geometry, stages, routes: OnceLock::new(), inverses: OnceLock::new() })
    }

    /// Stages drawn from the Haar measure on O(KC), a well-conditioned start in either group.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn random(geometry: Geometry, stages: usize, group: Group, rng: &mut dyn Rng) -> Result<Self> {
        let side = geometry.checked()?.side();
        Self::new(geometry, (0..stages).map(|_| haar(side, rng)).collect(), group)
    }

    /// Identity stages.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn identity(geometry: Geometry, stages: usize, group: Group) -> Result<Self> {
        let side = geometry.checked()?.side();
        Self::new(geometry, (0..stages).map(|_| Array2::eye(side)).collect(), group)
    }

    /// The same stages on signals or images of another size.
    ///
    /// # Errors
    /// As [`new`](Self::new); another number of channels or another period, as a mismatch of the
    /// size of the stages.
    pub fn resized(&self, geometry: Geometry) -> Result<Self> {
        let geometry = geometry.checked()?;
        let side = self.geometry.side();
        check::shape("matrix of a stage", (geometry.side(), geometry.side()), (side, side))?;
        Ok(Self { geometry, stages: self.stages.clone(), routes: OnceLock::new(), inverses: OnceLock::new() })
    }

    /// Shape, period, boundary and output layout.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The stages in order of application.
    pub fn stages(&self) -> &[GroupMatrix<F>] {
        &self.stages
    }

    /// The group of every stage.
    pub fn group(&self) -> Group {
        self.stages.first().map_or(Group::Orthonormal, GroupMatrix::group)
    }

    /// Number of blocks per row in stage `stage`.
    pub fn blocks(&self, stage: usize) -> usize {
        let [down, across] = self.geometry.blocks(self.geometry.grid(stage, self.stages.len()));
        down * across
    }

    /// The feature at each place of the order in which stage `stage` takes a row: its blocks one
    /// after the other, each position-major, then what no block covers. For the number of stages,
    /// the order of the outputs.
    pub fn order(&self, stage: usize) -> Vec<u32> {
        let stages = self.stages.len();
        let order = if stage < stages {
            Order::Blocks(self.geometry.grid(stage, stages))
        } else {
            Order::of(self.geometry.output())
        };
        order.permutation(&self.geometry)
    }

    /// `log|det|` of the whole map in nats, the same for every row.
    ///
    /// # Errors
    /// A singular stage, with its index.
    pub fn log_abs_det(&self) -> Result<f64> {
        let of = |(stage, matrix): (usize, &GroupMatrix<F>)| {
            Ok(self.blocks(stage) as f64 * matrix.log_abs_det().map_err(at(stage))?)
        };
        self.stages.iter().enumerate().map(of).sum()
    }

    /// The transposed map on each row; for O(KC) the inverse, computed by the same code.
    ///
    /// # Errors
    /// Another number of features; NaN and infinities.
    pub fn adjoint(&self, y: ArrayView2<'_, F>) -> Result<Array2<F>> {
        check::features("output", self.geometry.features(), y.ncols())?;
        check::finite("output", y.view())?;
        let mut x = Array2::zeros(y.raw_dim());
        let (y, mut out) = (y.as_standard_layout(), x.view_mut());
        let (rows, y) = (y.nrows(), y.view());
        let (from, to) = (check::slice("output", &y)?, check::slice_mut("input", &mut out)?);
        self.go_back(Back::Adjoint, rows, from, to, &mut Tape::scratch())?;
        Ok(x)
    }

    pub(super) fn routes(&self) -> &Routes {
        self.routes.get_or_init(|| Arc::new(Routes::new(&self.geometry, self.stages.len())))
    }

    pub(super) fn blocks_of(&self, stage: usize) -> Blocks {
        let (side, features) = (self.geometry.side(), self.geometry.features());
        Blocks { side, count: self.blocks(stage), features }
    }

    /// `y = f(x)`. A recorded pass keeps the outputs of all stages but the last in the tape.
    pub(super) fn go_forward(&self, rows: usize, x: &[F], y: &mut [F], tape: &mut Tape<F>) -> Result<()> {
        let (routes, count, features) = (self.routes(), self.stages.len(), self.geometry.features());
        let slots = TapeSlots::of(count);
        let keep = tape.is_recording();
        tape.reserve(slots.count(), 0);
        let direct = routes.forward_route(count).is_identity();
        let slot = |stage: usize| if keep && stage + 1 < count { stage } else { slots.alternating(stage) };
        let mut gathered = std::mem::take(&mut tape.buffers[slots.gathered[0]]);
        for (stage, matrix) in self.stages.iter().enumerate() {
            let blocks = self.blocks_of(stage);
            let read =
                stage.checked_sub(1).map(|before| (slot(before), std::mem::take(&mut tape.buffers[slot(before)])));
            let source = read.as_ref().map(|(_, buffer)| buffer.view());
            let data = match &source {
                Some(view) => check::slice("tape", view)?,
                None => x,
            };
            let from = Source { data, route: routes.forward_route(stage) };
            let mut gathered = gathered.shaped(if blocks.is_small() { 0 } else { rows }, features);
            let gathered = check::slice_mut("tape", &mut gathered)?;
            let weight = matrix.weight();
            if direct && stage + 1 == count {
                map(blocks, rows, weight.t(), from, y, gathered)?;
            } else {
                let mut to = tape.buffers[slot(stage)].shaped(rows, features);
                map(blocks, rows, weight.t(), from, check::slice_mut("tape", &mut to)?, gathered)?;
            }
            if let Some((slot, buffer)) = read {
                tape.buffers[slot] = buffer;
            }
        }
        tape.buffers[slots.gathered[0]] = gathered;
        if !direct {
            let last = tape.load(slot(count - 1), rows, features)?;
            let from = Source { data: check::slice("tape", &last)?, route: routes.forward_route(count) };
            reorder(features, rows, from, y);
        }
        Ok(())
    }

    /// `x = f⁻¹(y)`.
    pub(super) fn go_inverse(&self, rows: usize, y: &[F], x: &mut [F], tape: &mut Tape<F>) -> Result<()> {
        let back = if self.group() == Group::Orthonormal { Back::Adjoint } else { Back::Inverse };
        self.go_back(back, rows, y, x, tape)
    }

    /// One matrix serves all blocks of all rows, so the cost of the explicit inverses is negligible.
    fn inverses(&self) -> Result<&[Array2<F>]> {
        if let Some(inverses) = self.inverses.get() {
            return Ok(inverses);
        }
        let stages = self.stages.iter().enumerate();
        let inverses = stages.map(|(stage, matrix)| inverse_transposed(matrix).map_err(at(stage)));
        let inverses = inverses.collect::<Result<Arc<[_]>>>()?;
        Ok(self.inverses.get_or_init(|| inverses))
    }

    fn go_back(&self, back: Back, rows: usize, y: &[F], x: &mut [F], tape: &mut Tape<F>) -> Result<()> {
        let (routes, count, features) = (self.routes(), self.stages.len(), self.geometry.features());
        let slots = TapeSlots::of(count);
        tape.reserve(slots.count(), 0);
        let direct = routes.backward_route(0).is_identity();
        let inverses = if back == Back::Inverse { Some(self.inverses()?) } else { None };
        let mut gathered = std::mem::take(&mut tape.buffers[slots.gathered[0]]);
        for (stage, matrix) in self.stages.iter().enumerate().rev() {
            let blocks = self.blocks_of(stage);
            let read = (stage + 1 < count).then(|| std::mem::take(&mut tape.buffers[slots.alternating(stage + 1)]));
            let source = read.as_ref().map(|buffer| buffer.view());
            let data = match &source {
                Some(view) => check::slice("tape", view)?,
                None => y,
            };
            let from = Source { data, route: routes.backward_route(stage + 1) };
            let mut gathered = gathered.shaped(if blocks.is_small() { 0 } else { rows }, features);
            let gathered = check::slice_mut("tape", &mut gathered)?;
            let factor = inverses.map_or_else(|| matrix.weight(), |inverses| inverses[stage].view());
            if direct && stage == 0 {
                map(blocks, rows, factor, from, x, gathered)?;
            } else {
                let mut to = tape.buffers[slots.alternating(stage)].shaped(rows, features);
                map(blocks, rows, factor, from, check::slice_mut("tape", &mut to)?, gathered)?;
            }
            if let Some(buffer) = read {
                tape.buffers[slots.alternating(stage + 1)] = buffer;
            }
        }
        tape.buffers[slots.gathered[0]] = gathered;
        if !direct {
            let last = tape.load(slots.alternating(0), rows, features)?;
            let from = Source { data: check::slice("tape", &last)?, route: routes.backward_route(0) };
            reorder(features, rows, from, x);
        }
        Ok(())
    }
}

/// `W⁻ᵀ` from an `f64` LU.
fn inverse_transposed<F: Real>(matrix: &GroupMatrix<F>) -> Result<Array2<F>> {
    Ok(Lu::<f64>::new(matrix.weight())?.inverse_transposed()?.mapv(F::of))
}

/// Adds the index of the stage to an error.
pub(super) fn at(stage: usize) -> impl Fn(LayerError) -> LayerError {
    move |problem| LayerError::Stage { stage, problem: Box::new(problem) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pdmap_core::contract::ParametricExt;
    use pdmap_core::group::Direction;
    use pdmap_core::{LayerExt, Tensors};
    use rand::SeedableRng;

    use super::*;

    /// Scoring and decoding go in chunks of rows; each stage is factorized once for all of them.
    #[test]
    fn stages_are_inverted_once_until_they_move() {
        let geometry = Geometry::signal(1, 8, 4);
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut conv = CycledConv::<f64>::random(geometry, 2, Group::General(Direction::Algebra), &mut rng).unwrap();
        let y = Array2::ones((2, 8));
        conv.untransform(&y).unwrap();
        let first = Arc::clone(conv.inverses.get().unwrap());
        conv.untransform(&y).unwrap();
        assert!(Arc::ptr_eq(&first, conv.inverses.get().unwrap()));
        let tensors: Vec<_> = conv.tensors().into_iter().map(|(name, tensor)| (name, tensor * 2.0)).collect();
        conv.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
        assert!(conv.inverses.get().is_none());
        let (x, _) = conv.untransform(&y).unwrap();
        assert!((conv.transform(&x).unwrap().0 - y).iter().all(|error| error.abs() < 1e-12));
    }
}
