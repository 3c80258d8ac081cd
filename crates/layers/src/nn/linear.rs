//! An affine map, the building block of networks.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Ix1, Ix2, Slice};
use pdmap_core::contract::{ModuleParameters, Visit, VisitMut};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::group::Free;
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{LayerError, ParamGrad, Parametric, Real, Result, Tensors, check, parallel};

use super::mask::Mask;
use super::weight::Weight;

/// `y = W x + b`, with `W` of shape `[outputs, inputs]`, on each row. There may be one bias per
/// position: row `i` then has that of position `i mod positions`.
#[derive(Debug, Clone)]
pub(super) struct Linear<F> {
    pub(super) weight: Weight<F>,
    pub(super) bias: Free<F, Ix1>,
    positions: usize,
}

/// Sizes of a map.
pub(super) struct Sizes {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) positions: usize,
    /// Which inputs each output reads.
    pub(super) mask: Mask,
}

/// Initialization of a new map.
pub(super) enum Start<F> {
    /// Weights with variance `gain/inputs`, where the inputs of a masked unit are those that it
    /// reads; biases 0. A gain of 2 (He et al. 2015) suits maps whose output passes a rectifier,
    /// which halves the power.
    Random { gain: f64 },
    /// The output is this constant for any input.
    Constant(Array1<F>),
}

impl<F: Real> Linear<F> {
    /// A map of the given sizes. Its tensors are called `weight-{name}` and `bias-{name}`.
    pub(super) fn make(
        name: usize,
        sizes: Sizes,
        start: Start<F>,
        parameters: &mut ModuleParameters<'_, F>,
    ) -> Result<Self> {
        let rng = match parameters {
            ModuleParameters::Stored(tensors) => return Self::restore(name, sizes, tensors),
            ModuleParameters::New(rng) => rng,
        };
        let Sizes { inputs, outputs, positions, mask } = sizes;
        let (weight, bias) = match start {
            Start::Constant(start) => (Array2::zeros((outputs, inputs)), start),
            Start::Random { gain } => {
                let mut weight = draw::<F>(&Normal, outputs, inputs, &mut **rng)?;
                for (output, mut row) in weight.rows_mut().into_iter().enumerate() {
                    let spread = F::of((gain / mask.reach(output, inputs).max(1) as f64).sqrt());
                    row.mapv_inplace(|v| spread * v);
                }
                (weight, Array1::zeros(positions * outputs))
            }
        };
        Ok(Self { weight: Weight::new("weight", weight, mask)?, bias: Free::new("bias", bias)?, positions })
    }

    fn restore(name: usize, sizes: Sizes, tensors: &mut Tensors<F>) -> Result<Self> {
        let Sizes { inputs, outputs, positions, mask } = sizes;
        let name_of_weight = format!("weight-{name}");
        let weight = tensors.take(&name_of_weight)?;
        let (expected, actual) = (vec![outputs, inputs], weight.shape().to_vec());
        if expected != actual {
            return Err(LayerError::TensorShape { name: name_of_weight, expected, actual });
        }
        let weight = weight.into_dimensionality::<Ix2>().map_err(|_| LayerError::NoFeatures)?;
        let bias = tensors.vector(&format!("bias-{name}"), Some(positions * outputs))?;
        mask.check(&name_of_weight, weight.view())?;
        let weight = Weight::new("weight of a network", weight, mask)?;
        Ok(Self { weight, bias: Free::new("bias of a network", bias)?, positions })
    }

    /// `[outputs, inputs]`.
    pub(super) fn dim(&self) -> (usize, usize) {
        self.weight.values().dim()
    }

    /// `to ← from Wᵀ + b`.
    pub(super) fn apply(&self, from: ArrayView2<'_, F>, mut to: ArrayViewMut2<'_, F>) -> Result<()> {
        gemm(F::one(), from, self.weight.values().t(), Add::No, to.view_mut())?;
        let (width, _) = self.dim();
        let bias = self.bias.slice();
        parallel::rows_mut(check::slice_mut("linear map", &mut to)?, width, |row, to| {
            let first = row % self.positions * width;
            to.iter_mut().zip(&bias[first..first + width]).for_each(|(to, &bias)| *to += bias);
        });
        Ok(())
    }

    /// Adds the gradients of weight and bias and, on request, writes `∂/∂from`.
    pub(super) fn backward(
        &self,
        from: ArrayView2<'_, F>,
        by: ArrayView2<'_, F>,
        by_from: Option<ArrayViewMut2<'_, F>>,
        [weight, bias]: &mut [ParamGrad<F>; 2],
    ) -> Result<()> {
        let (outputs, inputs) = self.dim();
        let sum = weight.flat_mut()?;
        let actual = sum.len();
        let sum = ArrayViewMut2::from_shape((outputs, inputs), sum)
            .map_err(|_| LayerError::Memory { expected: outputs * inputs, actual })?;
        gemm(F::one(), by.t(), from, Add::Yes, sum)?;
        // Consecutive rows cycle through the positions.
        parallel::add_column_sums(bias.flat_mut()?, check::slice("gradient", &by)?);
        by_from.map_or(Ok(()), |by_from| self.pull_back(by, by_from))
    }

    /// `by_from ← by W`.
    pub(super) fn pull_back(&self, by: ArrayView2<'_, F>, by_from: ArrayViewMut2<'_, F>) -> Result<()> {
        gemm(F::one(), by, self.weight.values().view(), Add::No, by_from)
    }

    /// The given outputs of transposed rows, `to ← W from + b` with `from` of shape
    /// `[inputs, rows]` and `to` of shape `[outputs, rows]`; for maps of one position.
    pub(super) fn apply_transposed(
        &self,
        outputs: Range<usize>,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        let weight = self.weight.values().slice_axis(Axis(0), Slice::from(outputs.clone()));
        gemm(F::one(), weight, from, Add::No, to.view_mut())?;
        for (mut to, &bias) in to.rows_mut().into_iter().zip(&self.bias.slice()[outputs]) {
            to.mapv_inplace(|to| to + bias);
        }
        Ok(())
    }
}

/// The parameters of a list of maps: `weight-0`, `bias-0`, `weight-1`, …
#[derive(Debug, Clone)]
pub(super) struct Maps<F>(pub(super) Vec<Linear<F>>);

impl<F> std::ops::Deref for Maps<F> {
    type Target = [Linear<F>];

    fn deref(&self) -> &[Linear<F>] {
        &self.0
    }
}

impl<F: Real> Parametric<F> for Maps<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.0.iter().enumerate().try_for_each(|(index, map)| {
            visit(&format_args!("weight-{index}"), &map.weight)?;
            visit(&format_args!("bias-{index}"), &map.bias)
        })
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.0.iter_mut().enumerate().try_for_each(|(index, map)| {
            visit(&format_args!("weight-{index}"), &mut map.weight)?;
            visit(&format_args!("bias-{index}"), &mut map.bias)
        })
    }
}
