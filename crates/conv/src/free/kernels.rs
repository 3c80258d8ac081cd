//! Unconstrained kernels and their steps.

use std::sync::OnceLock;

use ndarray::{Array1, Array2, ArrayD, IxDyn};
use pdmap_core::contract::{Reads, Rule, StepReport};
use pdmap_core::linalg::Lu;
use pdmap_core::{Diagnostic, Geometry, LayerError, ParamGrad, Real, Result, check};
use pdmap_filterbank::Kernels;
use pdmap_filterbank::spectrum::wrapped;
use pdmap_filterbank::windows::Windows;
use serde::{Deserialize, Serialize};

use super::factors::Factors;

/// Maximum number of halvings before a step is dropped.
const MOST_HALVINGS: u64 = 60;

/// The direction of the kernels of a [`FreeConv`](super::FreeConv). Both directions are divided by
/// the number of blocks, so that learning rates do not depend on the signal's length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreeDirection {
    /// The exact Euclidean gradient. The gradient of `log|det|` is computed by FFT: one complex LU
    /// of side `KC` per frequency and step.
    #[default]
    Euclidean,
    /// **A heuristic.** The relative direction `G WᵀW = mean(δ (Wᵀy)ᵀ) + W` of the whole matrix
    /// `W`, which needs no inverse, restricted to the kernels' support. The restriction is not a
    /// projection in the metric that makes the relative direction an ascent direction, so ascent is
    /// not guaranteed: [`FreeConv::angle`](super::FreeConv::angle) measures the angle to the
    /// gradient.
    RelativeOnSupport,
}

/// The kernels of a convolution on `B` blocks of side `N = KC`, as a parameter. The log-determinant
/// and its gradient come from one complex LU per frequency. A step that would change the sign of
/// the determinant at a frequency where `E(f)` is real is halved.
#[derive(Debug, Clone)]
pub(super) struct FreeKernels<F: Real> {
    pub(super) direction: FreeDirection,
    shape: Vec<usize>,
    /// Period, taps and offset; the values are the initial ones.
    pub(super) geometry: Kernels,
    /// `[KC, C·U·V]`.
    pub(super) weight: Array2<F>,
    pub(super) windows: Windows,
    blocks: [usize; 2],
    factors: OnceLock<Factors>,
}

impl<F: Real> FreeKernels<F> {
    pub(super) fn new(
        shape: &[usize],
        geometry: Kernels,
        (windows, blocks): (Windows, [usize; 2]),
        direction: FreeDirection,
    ) -> Result<Self> {
        let weight = geometry.matrix().mapv(F::of);
        check::finite("kernels", weight.view())?;
        let shape = shape.to_vec();
        Ok(Self { direction, shape, geometry, weight, windows, blocks, factors: OnceLock::new() })
    }

    /// The present kernels.
    pub(super) fn kernels(&self) -> Result<Kernels> {
        self.geometry.with_matrix(self.weight.mapv(F::f64))
    }

    pub(super) fn factors(&self) -> Result<&Factors> {
        if let Some(factors) = self.factors.get() {
            return Ok(factors);
        }
        let factors = Factors::new(&self.kernels()?.polyphase(), self.blocks)?;
        Ok(self.factors.get_or_init(|| factors))
    }

    /// For each entry of the kernels, in row-major order, its tap `m` and its position in that
    /// tap's matrix.
    fn entries(&self) -> impl Iterator<Item = ([isize; 2], [usize; 2])> + '_ {
        self.geometry.positions()
    }

    pub(super) fn log_det_part(&self) -> Result<Vec<f64>> {
        let factors = self.factors()?;
        let gradient = factors.gradient();
        Ok(self.entries().map(|(m, at)| gradient[factors.at(m)][at]).collect())
    }

    /// Entries of `W` at the positions of the kernels' taps: the kernels, with wrapped taps summed.
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
    pub(super) fn gradient(&self, rows: usize, grad: &ParamGrad<F>) -> Result<Vec<f64>> {
        let mean = grad.mean(rows)?;
        Ok(self.log_det_part()?.iter().zip(mean).map(|(own, mean)| own + mean.f64()).collect())
    }

    /// `(mean over rows of Σ_blocks δ (Wᵀy)ᵀ) + B·W`, on the support.
    pub(super) fn relative(&self, rows: usize, grad: &ParamGrad<F>) -> Result<Vec<f64>> {
        let mean = grad.mean(rows)?;
        let own = self.entries_of_map();
        let count = self.windows.count() as f64;
        let means = mean.iter().skip(own.len());
        Ok(own.iter().zip(means).map(|(own, mean)| count * own + mean.f64()).collect())
    }

    /// Signs of `det E(f)` for other kernels, at the frequencies where it is real: both ends of
    /// each axis' spectrum.
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

    /// A flat list of the entries, reshaped like the kernels.
    pub(super) fn tensor_of<T: Copy>(&self, flat: &Array1<T>) -> Result<ArrayD<T>> {
        let shape = self.geometry.shape();
        let tensor = ArrayD::from_shape_vec(IxDyn(&shape), flat.to_vec());
        tensor.map_err(|_| LayerError::Shape { what: "kernels", expected: shape, actual: vec![flat.len()] })
    }
}

impl<F: Real> Geometry<F> for FreeKernels<F> {
    fn tensor(&self) -> ArrayD<F> {
        let flat = self.weight.iter().copied().collect();
        self.tensor_of(&flat).unwrap_or_else(|_| ArrayD::zeros(IxDyn(&[0])))
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        let (expected, actual) = (self.geometry.shape(), tensor.shape().to_vec());
        if expected != actual {
            return Err(LayerError::TensorShape { name: name.to_owned(), expected, actual });
        }
        let (dim, values) = (self.weight.dim(), tensor.into_iter().collect::<Vec<F>>());
        let actual = vec![values.len()];
        let weight = Array2::from_shape_vec(dim, values).map_err(|_| LayerError::Shape {
            what: "kernels",
            expected: vec![dim.0, dim.1],
            actual,
        })?;
        check::finite("kernels", weight.view())?;
        (self.weight, self.factors) = (weight, OnceLock::new());
        Ok(())
    }

    /// The mean itself, unless a determinant has another sign there.
    fn at_mean(&self, mean: &[F]) -> Result<ArrayD<F>> {
        let mean: Array1<F> = mean.iter().copied().collect();
        let tensor = self.tensor_of(&mean)?;
        let weight = mean.into_shape_with_order(self.weight.dim());
        let same =
            weight.is_ok_and(|at| matches!((self.signs(&at), self.signs(&self.weight)), (Ok(a), Ok(b)) if a == b));
        Ok(if same { tensor } else { self.tensor() })
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        // The heuristic also accumulates the Euclidean gradient, so that its angle can be measured.
        let sums = if self.direction == FreeDirection::Euclidean { 1 } else { 2 };
        ParamGrad::flat(name, sums * self.weight.len())
    }

    fn direct(&self, rows: usize, _: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        let direction = match self.direction {
            FreeDirection::Euclidean => self.gradient(rows, grad)?,
            FreeDirection::RelativeOnSupport => self.relative(rows, grad)?,
        };
        let share = 1.0 / self.windows.count() as f64;
        grad.direction.clear();
        grad.direction.extend(direction.iter().map(|value| F::of(share * value)));
        Ok(())
    }

    fn slopes(&self, _: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        if self.direction == FreeDirection::RelativeOnSupport {
            let (first, second) = ("a method that needs slopes", "the relative direction on the support");
            return Err(LayerError::Conflict { first, second });
        }
        let windows = self.windows.count() as f64;
        slopes.extend(grad.direction.iter().map(|direction| windows * direction.f64()));
        Ok(())
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        rule.step(&mut grad.memory, &mut grad.direction)?;
        let (dim, actual) = (self.weight.dim(), vec![grad.direction.len()]);
        let step = Array2::from_shape_vec(dim, grad.direction.clone()).map_err(|_| LayerError::Shape {
            what: "step",
            expected: vec![dim.0, dim.1],
            actual,
        })?;
        check::finite("step of the kernels", step.view())?;
        let signs = self.signs(&self.weight)?;
        let mut halvings = 0;
        let next = loop {
            let mut next = self.weight.clone();
            next.scaled_add(F::of(StepReport { halvings }.share()), &step);
            let finite = next.iter().all(|v| num_traits::Float::is_finite(*v));
            // On a change of sign the determinant would have passed 0 on the way.
            if finite && self.signs(&next).is_ok_and(|next| next == signs) {
                break next;
            }
            if halvings == MOST_HALVINGS {
                break self.weight.clone();
            }
            halvings += 1;
        };
        let share = F::of(StepReport { halvings }.share());
        grad.direction.iter_mut().for_each(|step| *step *= share);
        (self.weight, self.factors) = (next, OnceLock::new());
        Ok(StepReport { halvings })
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        let gradient = self.gradient(rows, grad)?.into_iter().map(F::of).collect();
        self.tensor_of(&gradient)
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |name: &str, value: f64| Diagnostic { name: name.to_owned(), value };
        let Ok(kernels) = self.kernels() else { return vec![] };
        let mut found = vec![diagnostic("paraunitary residual", kernels.residual())];
        let values = kernels.singular_values(&self.shape).unwrap_or_default();
        if let [largest, .., smallest] = values[..] {
            found.push(diagnostic("condition number", largest / smallest));
            found.push(diagnostic("largest singular value", largest));
            found.push(diagnostic("smallest singular value", smallest));
        }
        found.extend(self.factors().ok().map(|factors| diagnostic("log|det|", factors.log_abs_det())));
        found
    }
}
