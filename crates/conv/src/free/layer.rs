//! The layer.

use std::sync::OnceLock;

use ndarray::{Array1, Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewMut2, Axis, IxDyn};
use pdmap_core::linalg::Lu;
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{
    Diagnostic, Input, Layer, LayerError, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Result, Tape,
    Tensors, check,
};
use serde::{Deserialize, Serialize};

use super::build::Options;
use super::factors::Factors;
use crate::bank::Kernels;
use crate::spectrum::wrapped;
use crate::windows::{Windows, matrix_mut};

/// Rows that are solved at once.
const ROWS: usize = 32;

/// Features of a layer: a specification alone must not make anybody allocate more.
const MOST_FEATURES: usize = 1 << 24;

/// Complex numbers of all factorizations, a little for each frequency included: 256 MiB and half as much again while they are made.
const MOST_FACTORS: usize = 1 << 24;

/// How often a step is halved before it is given up.
const MOST_HALVINGS: u64 = 60;

/// How the kernels of a [`FreeConv`] move. Both directions are divided by the number of blocks, so that rates do not depend on the signal's length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreeDirection {
    /// The exact Euclidean gradient, that of `log|det|` by FFT: one complex LU of side `KC` for each frequency and step.
    #[default]
    Euclidean,
    /// **A heuristic.** The relative direction `G WᵀW = mean(δ (Wᵀy)ᵀ) + W` of the whole matrix `W`, which needs no inverse, with all entries outside of the
    /// kernels' support left out. That cut is no projection in the metric that makes the relative direction an ascent direction, so
    /// nothing guarantees that it ascends: [`FreeConv::angle`] measures how far it is from the gradient.
    RelativeOnSupport,
}

/// `y[o, bK+k] = Σ_i Σ_j h[k,o,i,j] x[i, (bK + j − offset) mod n]` with arbitrary kernels, and likewise for images: see [`Kernels`].
///
/// Rows are flat and channel-major: `[C, n]` or `[C, H, W]`. Signals are periodic. In the frequency domain the map is one complex matrix
/// `E(f) = Σ_m E_m e^(2πi f·m/B)` of side `N = KC` for each of the `B` frequencies, so
///
/// ```text
/// log|det|        = Σ_f log|det E(f)|                                   nats
/// ∂ log|det|/∂E_m = Re Σ_f e^(2πi f·m/B) E(f)⁻ᵀ                          [E_m]_{(k,o),(l,i)} = h[k, o, i, mK + l + offset]
/// x               = FFT⁻¹( E(f)⁻¹ FFT(y)(f) )
/// ```
///
/// at a cost of `O(B·N³)` a step for the first two. The inverse is not local, and nothing keeps the map away from a singular frequency: a step that would change the sign of the
/// determinant at one of the frequencies where `E(f)` is real is halved, and the others can only be met by chance.
#[derive(Debug, Clone)]
pub struct FreeConv<F: Real> {
    pub(super) shape: Vec<usize>,
    pub(super) direction: FreeDirection,
    /// Geometry; its values are those of the start.
    geometry: Kernels,
    /// `[KC, C·U·V]`.
    weight: Array2<F>,
    windows: Windows,
    blocks: [usize; 2],
    factors: OnceLock<Factors>,
}

impl<F: Real> FreeConv<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "free-conv";

    /// The given kernels on rows of shape `[C, n]` or `[C, H, W]`.
    ///
    /// # Errors
    /// A shape with other axes or channels than the kernels; a length that the period does not divide ([`LayerError::Indivisible`]); more than 2^24
    /// features, or more than 2^24 numbers in the factors of all frequencies: `B (N² + 16)` with `B` blocks and `N = KC`.
    pub fn new(shape: &[usize], kernels: Kernels, direction: FreeDirection) -> Result<Self> {
        let size = kernels.grid().size("shape", shape)?;
        let features: usize = shape.iter().product();
        if features > MOST_FEATURES {
            let (value, range) = (features as f64, "at most 2^24");
            return Err(LayerError::Range { what: "features", value, range });
        }
        let (windows, blocks) = (kernels.windows(size)?, kernels.grid().blocks(size)?);
        let weight = kernels.matrix().mapv(F::of);
        check::finite("kernels", weight.view())?;
        let (side, count) = (weight.nrows(), blocks[0] * blocks[1]);
        let factors = count.saturating_mul(side.saturating_mul(side).saturating_add(16));
        if factors > MOST_FACTORS {
            let (value, range) = (factors as f64, "at most 2^24");
            return Err(LayerError::Range {
                what: "numbers in all frequencies of free kernels",
                value,
                range,
            });
        }
        let shape = shape.to_vec();
        Ok(Self { shape, direction, geometry: kernels, weight, windows, blocks, factors: OnceLock::new() })
    }

    /// The present kernels.
    ///
    /// # Errors
    /// Kernels that training drove beyond finite numbers.
    pub fn kernels(&self) -> Result<Kernels> {
        self.geometry.with_matrix(self.weight.mapv(F::f64))
    }

    /// `log|det|` of the whole map, nats.
    ///
    /// # Errors
    /// [`LayerError::SingularFrequency`] with the frequency.
    pub fn log_det(&self) -> Result<f64> {
        Ok(self.factors()?.log_abs_det())
    }

    /// `∂ log|det| / ∂h`, shaped like the kernels.
    ///
    /// # Errors
    /// As [`log_det`](Self::log_det).
    pub fn log_det_gradient(&self) -> Result<ArrayD<f64>> {
        let gradient = Array1::from(self.log_det_part()?);
        self.tensor(&gradient)
    }

    /// The angle, in radians, between the direction that is followed and the Euclidean gradient, at the accumulated rows: below π/2 the direction ascends.
    ///
    /// # Errors
    /// No rows; a singular frequency; [`LayerError::Conflict`] for the Euclidean direction, whose angle is 0.
    pub fn angle(&self, grads: &LayerGrads<F>) -> Result<f64> {
        if self.direction == FreeDirection::Euclidean {
            let (first, second) = ("an angle to the gradient", "the Euclidean direction");
            return Err(LayerError::Conflict { first, second });
        }
        let (gradient, direction) = (self.euclidean(grads)?, self.relative(grads)?);
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let lengths = dot(&gradient, &gradient).sqrt() * dot(&direction, &direction).sqrt();
        Ok((dot(&gradient, &direction) / lengths).clamp(-1.0, 1.0).acos())
    }

    fn factors(&self) -> Result<&Factors> {
        if let Some(factors) = self.factors.get() {
            return Ok(factors);
        }
        let factors = Factors::new(&self.kernels()?.polyphase(), self.blocks)?;
        Ok(self.factors.get_or_init(|| factors))
    }

    /// For each entry of the kernels, row by row, its tap `m` and its place in the block's matrix.
    fn entries(&self) -> impl Iterator<Item = ([isize; 2], [usize; 2])> + '_ {
        self.geometry.places()
    }

    fn log_det_part(&self) -> Result<Vec<f64>> {
        let factors = self.factors()?;
        let gradient = factors.gradient();
        Ok(self.entries().map(|(m, at)| gradient[factors.at(m)][at]).collect())
    }

    /// Entries of `W` at the places of the kernels' taps: kernels, with wrapped taps summed.
    fn entries_of_map(&self) -> Vec<f64> {
        let side = self.windows.side();
        let mut blocks = vec![0.0; self.windows.count() * side * side];
        let place = |m, [r, s]: [usize; 2]| (wrapped(self.blocks, m) * side + r) * side + s;
        for ((m, at), value) in self.entries().zip(&self.weight) {
            blocks[place(m, at)] += value.f64();
        }
        self.entries().map(|(m, at)| blocks[place(m, at)]).collect()
    }

    /// `(mean over rows of Σ_blocks δ xᵀ) + ∂ log|det|/∂h`.
    fn euclidean(&self, grads: &LayerGrads<F>) -> Result<Vec<f64>> {
        let mean = grads.param(0)?.mean(grads.some_rows()?)?;
        Ok(self.log_det_part()?.iter().zip(mean).map(|(own, mean)| own + mean.f64()).collect())
    }

    /// `(mean over rows of Σ_blocks δ (Wᵀy)ᵀ) + B·W`, on the support.
    fn relative(&self, grads: &LayerGrads<F>) -> Result<Vec<f64>> {
        let mean = grads.param(0)?.mean(grads.some_rows()?)?;
        let own = self.entries_of_map();
        let count = self.windows.count() as f64;
        let means = mean.iter().skip(own.len());
        Ok(own.iter().zip(means).map(|(own, mean)| count * own + mean.f64()).collect())
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) -> Result<()> {
        if let Some(log_det) = log_det {
            let own = sign * self.log_det()?;
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }

    /// Signs of `det E(f)` at the frequencies where it is real, both ends of each axis' spectrum, for other kernels.
    fn signs(&self, weight: &Array2<F>) -> Result<Vec<bool>> {
        let side = self.windows.side();
        let mut signs = vec![];
        let ends = |axis: usize| if self.blocks[axis].is_multiple_of(2) { &[0, 1][..] } else { &[0][..] };
        for (&a, &b) in ends(0).iter().flat_map(|a| ends(1).iter().map(move |b| (a, b))) {
            let mut matrix = Array2::<f64>::zeros((side, side));
            for ((m, at), value) in self.entries().zip(weight) {
                let odd = (m[0] * a + m[1] * b).rem_euclid(2) == 1;
                matrix[at] += if odd { -value.f64() } else { value.f64() };
            }
            signs.push(Lu::<f64>::new(matrix.view())?.log_det().negative);
        }
        Ok(signs)
    }

    /// A flat list of the kernels' entries in their shape.
    fn tensor<T: Copy>(&self, flat: &Array1<T>) -> Result<ArrayD<T>> {
        let shape = self.geometry.shape();
        let tensor = ArrayD::from_shape_vec(IxDyn(&shape), flat.to_vec());
        tensor.map_err(|_| LayerError::Shape { what: "kernels", expected: shape, actual: vec![flat.len()] })
    }

    fn with_kernels(&self, kernels: Kernels) -> Result<Self> {
        Self::new(&self.shape, kernels, self.direction)
    }
}

impl<F: Real> Layer<F> for FreeConv<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &Options::of(&self.shape, &self.geometry, self.direction))
    }

    fn features(&self) -> Option<usize> {
        Some(self.windows.len())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::features("input", self.windows.len(), input.x.ncols())?;
        check::shape("output", input.x.dim(), y.dim())?;
        check::log_det(input.x.nrows(), log_det.as_deref())?;
        let x = check::slice("input", &input.x)?;
        self.windows.apply(self.weight.view(), x, check::slice_mut("output", &mut y)?)?;
        self.add_log_det(1.0, log_det)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::features("output", self.windows.len(), output.x.ncols())?;
        check::shape("input", output.x.dim(), x.dim())?;
        check::log_det(output.x.nrows(), log_det.as_deref())?;
        let (factors, features) = (self.factors()?, self.windows.len());
        let (y, x) = (check::slice("output", &output.x)?, check::slice_mut("input", &mut x)?);
        for (y, x) in y.chunks(ROWS * features).zip(x.chunks_mut(ROWS * features)) {
            let wide: Vec<f64> = y.iter().map(|v| v.f64()).collect();
            let (mut blocks, mut solved) = (vec![0.0; wide.len()], vec![0.0; wide.len()]);
            let rows = wide.chunks_exact(features).zip(blocks.chunks_exact_mut(features));
            rows.for_each(|(row, blocks)| self.windows.read_blocks(row, blocks));
            factors.solve_rows(&mut blocks);
            let rows = blocks.chunks_exact(features).zip(solved.chunks_exact_mut(features));
            rows.for_each(|(blocks, row)| self.windows.write_blocks(blocks, row));
            x.iter_mut().zip(&solved).for_each(|(x, &value)| *x = F::of(value));
        }
        self.add_log_det(-1.0, log_det)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, y, tape } = at;
        check::shape("gradient of the output", input.x.dim(), dy.dim())?;
        let (rows, features) = dy.dim();
        let [param] = grads.params_mut()?;
        let (first, second) = param.flat_mut()?.split_at_mut(self.weight.len());
        let delta = check::slice("gradient of the output", &dy)?;
        self.windows.add_outer(delta, check::slice("input", &input.x)?, first)?;
        if self.direction == FreeDirection::RelativeOnSupport {
            // z = Wᵀ y in place of x.
            let mut z = tape.store(0, rows, features);
            let z = check::slice_mut("adjoint", &mut z)?;
            self.windows.adjoint(self.weight.view(), check::slice("output", &y)?, z)?;
            self.windows.add_outer(delta, z, second)?;
        }
        if let Some(mut dx) = dx {
            check::shape("gradient of the input", (rows, features), dx.dim())?;
            let dx = check::slice_mut("gradient of the input", &mut dx)?;
            self.windows.adjoint(self.weight.view(), delta, dx)?;
        }
        grads.rows += dy.nrows();
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        // The heuristic keeps the sum of the gradient too: its angle is to be measured.
        let sums = if self.direction == FreeDirection::Euclidean { 1 } else { 2 };
        LayerGrads::of(vec![ParamGrad::flat("kernels", sums * self.weight.len())])
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let direction = match self.direction {
            FreeDirection::Euclidean => self.euclidean(grads)?,
            FreeDirection::RelativeOnSupport => self.relative(grads)?,
        };
        let share = 1.0 / self.windows.count() as f64;
        let [param] = grads.params_mut()?;
        param.direction.clear();
        param.direction.extend(direction.iter().map(|value| F::of(share * value)));
        Ok(())
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let [param] = grads.params_mut()?;
        rule.step(&mut param.memory, &mut param.direction)?;
        check::finite("step of the kernels", ArrayView1::from(&param.direction).insert_axis(Axis(0)))?;
        let step = matrix_mut(&mut param.direction, self.weight.ncols())?.to_owned();
        let signs = self.signs(&self.weight)?;
        let mut halvings = 0;
        let next = loop {
            let mut next = self.weight.clone();
            next.scaled_add(F::of(StepReport { halvings }.share()), &step);
            let finite = next.iter().all(|v| num_traits::Float::is_finite(*v));
            // Singular or beyond: the determinant would have passed 0 on the way.
            if finite && self.signs(&next).is_ok_and(|next| next == signs) {
                break next;
            }
            if halvings == MOST_HALVINGS {
                break self.weight.clone();
            }
            halvings += 1;
        };
        let share = F::of(StepReport { halvings }.share());
        param.direction.iter_mut().for_each(|step| *step *= share);
        self.weight = next;
        self.factors = OnceLock::new();
        Ok(StepReport { halvings })
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        let gradient = self.euclidean(grads)?.into_iter().map(F::of).collect();
        Ok(vec![("kernels".into(), self.tensor(&gradient)?)])
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let flat = self.weight.iter().copied().collect();
        self.tensor(&flat).map(|kernels| ("kernels".to_owned(), kernels)).into_iter().collect()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        let kernels = Options::of(&self.shape, &self.geometry, self.direction).kernels(tensors)?;
        let (expected, actual) = (self.geometry.shape(), kernels.shape());
        if expected != actual {
            return Err(LayerError::TensorShape { name: "kernels".into(), expected, actual });
        }
        *self = self.with_kernels(kernels)?;
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |name: &str, value: f64| Diagnostic { name: format!("kernels {name}"), value };
        let Ok(kernels) = self.kernels() else { return vec![] };
        let mut found = vec![diagnostic("paraunitary residual", kernels.residual())];
        let values = kernels.singular_values(&self.shape).unwrap_or_default();
        if let [largest, .., smallest] = values[..] {
            found.push(diagnostic("condition number", largest / smallest));
            found.push(diagnostic("largest singular value", largest));
            found.push(diagnostic("smallest singular value", smallest));
        }
        found.extend(self.log_det().ok().map(|value| diagnostic("log|det|", value)));
        found
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
