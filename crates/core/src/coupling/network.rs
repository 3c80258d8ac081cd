//! A small network from what is known about a row to the parameters of a map of the rest.

use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewMut2};
use rand::Rng;

use crate::linalg::{Add, gemm};
use crate::optim::UpdateRule;
use crate::parallel::{self, Pass};
use crate::tape::Buffer;
use crate::{Base, LayerError, ParamGrad, Real, Result, Tensors, check};

/// Names of the tensors of each linear map; there are no deeper networks.
const NAMES: [[&str; 2]; 6] = [
    ["weight-0", "bias-0"],
    ["weight-1", "bias-1"],
    ["weight-2", "bias-2"],
    ["weight-3", "bias-3"],
    ["weight-4", "bias-4"],
    ["weight-5", "bias-5"],
];

/// Hidden layers that a network may have.
pub(super) const MOST_HIDDEN: usize = NAMES.len() - 1;

/// `a ← W a + b` from layer to layer with the swish `z σ(z)` between them (Ramachandran et al. 2017), on each row. The first bias may be one for each place: row
/// `i` has that of place `i mod places`.
#[derive(Debug, Clone)]
pub(super) struct Network<F> {
    maps: Vec<Map<F>>,
    /// Places of a row that know where they are; 1 where all rows are alike.
    places: usize,
}

/// One linear map: `[outputs, inputs]`, and a bias, of the first one for each place.
#[derive(Debug, Clone)]
struct Map<F> {
    weight: Array2<F>,
    bias: Array1<F>,
}

/// Buffers that a pass keeps: `z` and `a` of each hidden layer.
fn of_hidden(index: usize) -> [usize; 2] {
    [2 * index, 2 * index + 1]
}

impl<F: Real> Network<F> {
    /// Hidden weights drawn with variance `2/inputs` (He et al. 2015, for maps whose output keeps half of their input's power), outputs that are `start` whatever
    /// comes in.
    pub(super) fn new(sizes: &[usize], places: usize, start: Array1<F>, rng: &mut dyn Rng) -> Result<Self> {
        let last = sizes.len().saturating_sub(2);
        let maps = sizes.windows(2).enumerate().map(|(index, pair)| {
            let (inputs, outputs) = (pair[0], pair[1]);
            if index == last {
                return Ok(Map { weight: Array2::zeros((outputs, inputs)), bias: start.clone() });
            }
            let spread = F::of((2.0 / inputs.max(1) as f64).sqrt());
            let weight = Base::normal().sample::<F>(outputs, inputs, &mut *rng)?.mapv(|v| spread * v);
            let places = if index == 0 { places } else { 1 };
            Ok(Map { weight, bias: Array1::zeros(places * outputs) })
        });
        let maps = maps.collect::<Result<_>>()?;
        Ok(Self { maps, places })
    }

    /// Takes tensors of the given sizes.
    pub(super) fn restore(sizes: &[usize], places: usize, tensors: &mut Tensors<F>) -> Result<Self> {
        let maps = sizes.windows(2).zip(NAMES).enumerate().map(|(index, (pair, [weight, bias]))| {
            let places = if index == 0 && sizes.len() > 2 { places } else { 1 };
            let (rows, columns) = (pair[1], pair[0]);
            let (weight, tensor) = (weight, tensors.take(weight)?);
            let actual = tensor.shape().to_vec();
            let unfit =
                LayerError::TensorShape { name: weight.to_owned(), expected: vec![rows, columns], actual };
            let matrix: Array2<F> = tensor.into_dimensionality().map_err(|_| unfit.clone())?;
            if matrix.dim() != (rows, columns) {
                return Err(unfit);
            }
            let bias = tensors.vector(bias, Some(places * rows))?;
            check::finite("weight of a network", matrix.view())?;
            check::finite("bias of a network", bias.view().insert_axis(ndarray::Axis(0)))?;
            Ok(Map { weight: matrix.as_standard_layout().into_owned(), bias })
        });
        let maps = maps.collect::<Result<_>>()?;
        Ok(Self { maps, places })
    }

    /// Numbers of a row of output.
    pub(super) fn outputs(&self) -> usize {
        self.maps.last().map_or(0, |map| map.weight.nrows())
    }

    /// Buffers of a pass.
    pub(super) fn buffers(&self) -> usize {
        2 * self.maps.len().saturating_sub(1)
    }

    /// The output of each row of input, with what `backward` needs in `buffers`.
    pub(super) fn forward(
        &self,
        input: ArrayView2<'_, F>,
        buffers: &mut [Buffer<F>],
        mut output: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        let rows = input.nrows();
        for (index, map) in self.maps.iter().enumerate() {
            let places = if index == 0 { self.first_places() } else { 1 };
            let (done, rest) = buffers.split_at_mut(of_hidden(index)[0].min(buffers.len()));
            let from = match index.checked_sub(1) {
                None => input.reborrow(),
                Some(before) => done[of_hidden(before)[1]].view(),
            };
            if index + 1 == self.maps.len() {
                map.apply(from, places, output.view_mut())?;
            } else {
                let [z, a, ..] = rest else { return Err(LayerError::Tape { index: of_hidden(index)[1] }) };
                let width = map.weight.nrows();
                map.apply(from, places, z.shaped(rows, width))?;
                let mut a = a.shaped(rows, width);
                parallel::map(
                    check::slice_mut("activation", &mut a)?,
                    check::slice("activation", &z.view())?,
                    &Swish,
                );
            }
        }
        Ok(())
    }

    /// Adds the parameters' gradients to `params`, and writes `∂/∂input` where that is asked for. `by_output` is `∂/∂output` of each row; the buffers of the
    /// hidden layers are used up.
    pub(super) fn backward(
        &self,
        input: ArrayView2<'_, F>,
        buffers: &mut [Buffer<F>],
        by_output: ArrayView2<'_, F>,
        by_input: Option<ArrayViewMut2<'_, F>>,
        params: &mut [ParamGrad<F>],
    ) -> Result<()> {
        let expected = 2 * self.maps.len();
        if params.len() != expected {
            return Err(LayerError::Grads { expected, actual: params.len() });
        }
        let rows = input.nrows();
        let mut by_input = by_input;
        for (index, map) in self.maps.iter().enumerate().rev() {
            let places = if index == 0 { self.first_places() } else { 1 };
            let (outputs, inputs) = map.weight.dim();
            // This layer's z, once its gradient stands there, and the activation before it.
            let (done, rest) = buffers.split_at_mut(of_hidden(index)[0].min(buffers.len()));
            let by = if index + 1 == self.maps.len() { by_output.reborrow() } else { rest[0].view() };
            let from = match index.checked_sub(1) {
                None => input.reborrow(),
                Some(before) => done[of_hidden(before)[1]].view(),
            };
            let weight = params[2 * index].flat_mut()?;
            check::features("gradient of a network", outputs * inputs, weight.len())?;
            let weight = ArrayViewMut2::from_shape((outputs, inputs), weight)
                .map_err(|_| LayerError::Grads { expected, actual: expected })?;
            gemm(F::one(), by.t(), from, Add::Yes, weight)?;
            // Rows that follow each other stand at the places in turn.
            parallel::add_column_sums(params[2 * index + 1].flat_mut()?, check::slice("gradient", &by)?);
            debug_assert_eq!(params[2 * index + 1].direction.len(), places * outputs);
            match index.checked_sub(1) {
                None => {
                    if let Some(by_input) = by_input.take() {
                        gemm(F::one(), by, map.weight.view(), Add::No, by_input)?;
                    }
                }
                Some(before) => {
                    // The gradient by the activation takes its place, and then that by z takes the place of z.
                    let [z_index, a_index] = of_hidden(before);
                    let (left, right) = done.split_at_mut(a_index);
                    let (z, a) = (&mut left[z_index], &mut right[0]);
                    gemm(F::one(), by, map.weight.view(), Add::No, a.shaped(rows, inputs))?;
                    let mut z = z.shaped(rows, inputs);
                    let z = check::slice_mut("activation", &mut z)?;
                    swish_gradient(z, check::slice("activation", &a.view())?);
                }
            }
        }
        Ok(())
    }

    /// Places that the first bias knows: of a network without hidden layers none.
    fn first_places(&self) -> usize {
        if self.maps.len() > 1 { self.places } else { 1 }
    }

    pub(super) fn new_grads(&self) -> Vec<ParamGrad<F>> {
        let pairs = self.maps.iter().zip(NAMES);
        pairs
            .flat_map(|(map, [weight, bias])| {
                [ParamGrad::flat(weight, map.weight.len()), ParamGrad::flat(bias, map.bias.len())]
            })
            .collect()
    }

    /// Follows the directions of the parameters.
    pub(super) fn update(&mut self, rule: &mut dyn UpdateRule<F>, params: &mut [ParamGrad<F>]) -> Result<()> {
        let (expected, actual) = (2 * self.maps.len(), params.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        for (map, pair) in self.maps.iter_mut().zip(params.chunks_exact_mut(2)) {
            let Map { weight, bias } = map;
            for (values, param) in
                [weight.as_slice_mut(), bias.as_slice_mut()].into_iter().flatten().zip(pair)
            {
                check::features("step of a network", values.len(), param.direction.len())?;
                rule.ascend(&mut param.memory, values, &mut param.direction)?;
                if !parallel::all_finite(&param.direction) {
                    let value = param.direction.iter().find(|v| !num_traits::Float::is_finite(**v));
                    let value = value.map_or(f64::NAN, |v| v.f64());
                    return Err(LayerError::NonFinite {
                        what: "step of a network",
                        row: 0,
                        column: 0,
                        value,
                    });
                }
            }
        }
        Ok(())
    }

    pub(super) fn gradients(&self, params: &[ParamGrad<F>], rows: F) -> Result<Vec<(String, ArrayD<F>)>> {
        let named = self.tensors().into_iter().zip(params);
        named
            .map(|((name, tensor), param)| {
                let (expected, actual) = (tensor.len(), param.direction.len());
                let mean = ArrayD::from_shape_vec(tensor.raw_dim(), param.mean(rows)?);
                Ok((name, mean.map_err(|_| LayerError::Memory { expected, actual })?))
            })
            .collect()
    }

    pub(super) fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let pairs = self.maps.iter().zip(NAMES);
        pairs
            .flat_map(|(map, [weight, bias])| {
                [
                    (weight.to_owned(), map.weight.clone().into_dyn()),
                    (bias.to_owned(), map.bias.clone().into_dyn()),
                ]
            })
            .collect()
    }
}

impl<F: Real> Map<F> {
    /// `to ← from Wᵀ + b`, with the bias of each place in turn.
    fn apply(&self, from: ArrayView2<'_, F>, places: usize, mut to: ArrayViewMut2<'_, F>) -> Result<()> {
        gemm(F::one(), from, self.weight.t(), Add::No, to.view_mut())?;
        let width = self.weight.nrows();
        let Some(bias) = self.bias.as_slice() else {
            return Err(LayerError::Layout { what: "bias", strides: self.bias.strides().to_vec() });
        };
        parallel::rows_mut(check::slice_mut("linear map", &mut to)?, width, |row, to| {
            let first = row % places * width;
            to.iter_mut().zip(&bias[first..first + width]).for_each(|(to, &bias)| *to += bias);
        });
        Ok(())
    }
}

/// `z σ(z)`.
struct Swish;

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Swish {
    #[inline(always)]
    fn run(&self, (a, z): (&'a mut [F], &'a [F])) {
        a.iter_mut().zip(z).for_each(|(a, &z)| *a = z * sigmoid(z));
    }
}

/// `1/(1 + e^{−z})`.
#[inline(always)]
fn sigmoid<F: Real>(z: F) -> F {
    F::one() / (F::one() + (-z).vector_exp())
}

/// `z ← a·d(z σ(z))/dz = a·σ(z)(1 + z(1 − σ(z)))`, where `a` is the gradient by the activation.
fn swish_gradient<F: Real>(z: &mut [F], a: &[F]) {
    struct Gradient;

    impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Gradient {
        #[inline(always)]
        fn run(&self, (z, a): (&'a mut [F], &'a [F])) {
            z.iter_mut().zip(a).for_each(|(z, &a)| {
                let s = sigmoid(*z);
                *z = a * s * (F::one() + *z * (F::one() - s));
            });
        }
    }

    parallel::map(z, a, &Gradient);
}
