//! The networks that compute parameters.

use ndarray::{Array2, Axis, Slice};
use pdmap_core::{LayerSpec, Real, Tensors};
use serde::Deserialize;

use super::failed;
use crate::error::{OnnxError, Result};
use crate::graph::{Graph, Type, Value};
use crate::pass::Pass;

/// A part of the input of a network: `[rows, width]`, or `[rows, positions, width]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'g> {
    pub(super) value: Value<'g>,
    pub(super) width: usize,
}

/// How the outputs are read: `targets` numbers with `each` parameters, of which the network writes
/// parameter 0 of all of them first. There are `positions` of these numbers in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outputs {
    pub(super) targets: usize,
    pub(super) each: usize,
    pub(super) positions: usize,
}

/// A linear map `[outputs, inputs]` with its bias, one for each position in the first layer of some.
struct Linear<F> {
    weight: Array2<F>,
    bias: Vec<F>,
}

/// The parameters of all numbers, `[rows, positions·targets, each]`.
pub(super) fn parameters<'g, F: Real>(
    spec: &LayerSpec,
    tensors: &mut Tensors<F>,
    inputs: &[Part<'g>],
    outputs: Outputs,
    pass: &Pass<'g>,
) -> Result<Value<'g>> {
    #[derive(Deserialize)]
    struct Residual {
        #[serde(default = "two")]
        blocks: usize,
    }
    #[derive(Deserialize)]
    struct Perceptron {
        #[serde(default = "one_layer")]
        hidden: Vec<usize>,
    }
    let mut linear = |index: usize| -> Result<Linear<F>> {
        let weight = tensors.matrix(&format!("weight-{index}"), None).map_err(failed(pass))?;
        let bias = tensors.vector(&format!("bias-{index}"), None).map_err(failed(pass))?;
        Ok(Linear { weight, bias: bias.to_vec() })
    };
    let raw = match spec.kind.as_str() {
        "perceptron" => {
            let Perceptron { hidden } = spec.parse().map_err(failed(pass))?;
            let last = hidden.len();
            let first = reordered(linear(0)?, outputs, last == 0);
            let mut a = read(&first, inputs, pass.graph);
            for index in 1..=last {
                let map = reordered(linear(index)?, outputs, index == last);
                a = apply(&map, swish(a), pass.graph);
            }
            a
        }
        "residual" => {
            let Residual { blocks } = spec.parse().map_err(failed(pass))?;
            let mut h = read(&linear(0)?, inputs, pass.graph);
            for block in 0..blocks {
                let inner = apply(&linear(2 * block + 1)?, swish(h), pass.graph);
                h = h + apply(&linear(2 * block + 2)?, inner, pass.graph);
            }
            apply(&reordered(linear(2 * blocks + 1)?, outputs, true), swish(h), pass.graph)
        }
        kind => return Err(OnnxError::Network { layer: pass.place(), kind: kind.to_owned() }),
    };
    Ok(raw.reshape(&[0, outputs.positions * outputs.targets, outputs.each]))
}

fn two() -> usize {
    2
}

fn one_layer() -> Vec<usize> {
    vec![64]
}

/// The last map with its outputs in the order of the numbers, so that the parameters of each number
/// are beside each other.
fn reordered<F: Real>(map: Linear<F>, outputs: Outputs, is_last: bool) -> Linear<F> {
    if !is_last {
        return map;
    }
    let Outputs { targets, each, .. } = outputs;
    let order: Vec<usize> = (0..targets).flat_map(|target| (0..each).map(move |p| p * targets + target)).collect();
    // There is one bias for all positions where the last map is not the first.
    let width = order.len();
    let bias = map.bias.chunks(width).flat_map(|own| order.iter().map(|&index| own[index])).collect();
    Linear { weight: map.weight.select(Axis(0), &order), bias }
}

/// The first map, of all parts of the input. Parts without positions are the same for all of them.
fn read<'g, F: Real>(map: &Linear<F>, inputs: &[Part<'g>], graph: &'g Graph) -> Value<'g> {
    let mut start = 0;
    let mut sum = bias(map, graph);
    for part in inputs {
        let weight = map.weight.slice_axis(Axis(1), Slice::from(start..start + part.width));
        sum = part.value.matmul(graph.array(&weight.t())) + sum;
        start += part.width;
    }
    sum
}

fn apply<'g, F: Real>(map: &Linear<F>, from: Value<'g>, graph: &'g Graph) -> Value<'g> {
    from.matmul(graph.array(&map.weight.t())) + bias(map, graph)
}

/// `[outputs]`, or `[positions, outputs]`.
fn bias<'g, F: Real>(map: &Linear<F>, graph: &'g Graph) -> Value<'g> {
    let (outputs, count) = (map.weight.nrows(), map.bias.len());
    let shape = if count > outputs { vec![count / outputs, outputs] } else { vec![outputs] };
    graph.numbers(Type::of::<F>(), &shape, map.bias.iter().map(|value| value.f64()))
}

/// `z σ(z)`.
fn swish(z: Value<'_>) -> Value<'_> {
    z / (1.0 + (-z).exp())
}
