//! The dense flow against values from an independent automatic differentiation (float64), to 1e-10.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array1, Array2};
use pdmap_core::contract::Reads;
use pdmap_core::flow::base::Normal;
use pdmap_core::{Flow, Layer, LayerError, Parametric, ParametricExt, Tensors};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::worst;
use pdmap_layers::elementwise::{Elementwise, SmoothLeakyRelu};
use serde_json::Value;

const TOLERANCE: f64 = 1e-10;
/// How far the exchanged form must be from the right one, relative to the largest entry.
const EXCHANGED: f64 = 0.1;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/dense_flow.json")).unwrap()
}

fn vector(value: &Value) -> Array1<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Array1<f64>> = value.as_array().unwrap().iter().map(vector).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

fn flow(fixture: &Value, direction: Direction) -> Flow<f64> {
    let mut layers: Vec<Box<dyn Layer<f64>>> = vec![];
    let weights = fixture["weights"].as_array().unwrap();
    for (index, weight) in weights.iter().enumerate() {
        let dense = Dense::new(matrix(weight), Group::General(direction), BiasKind::Plain).unwrap();
        layers.push(Box::new(dense.biased(vector(&fixture["biases"][index])).unwrap()));
        if index + 1 < weights.len() {
            let alpha = fixture["alpha"].as_f64().unwrap();
            layers.push(Box::new(Elementwise::new(SmoothLeakyRelu { alpha }).unwrap()));
        }
    }
    Flow::new(5, layers, Box::new(Normal)).unwrap()
}

fn close<'a>(what: &str, actual: impl IntoIterator<Item = &'a f64>, expected: impl IntoIterator<Item = &'a f64>) {
    let (actual, expected): (Vec<_>, Vec<_>) = (actual.into_iter().collect(), expected.into_iter().collect());
    assert_eq!(actual.len(), expected.len(), "{what}");
    assert!(!actual.is_empty(), "{what}: nothing was compared");
    for (actual, expected) in actual.into_iter().zip(expected) {
        let allowed = TOLERANCE * expected.abs().max(1.0);
        assert!((actual - expected).abs() <= allowed, "{what}: {actual} is not {expected}");
    }
}

#[test]
fn values_and_log_likelihoods() {
    let fixture = fixture();
    let (flow, x) = (flow(&fixture, Direction::Relative), matrix(&fixture["x"]));
    close("z", &flow.encode(&x).unwrap(), &matrix(&fixture["z"]));
    close("log p", &flow.log_prob(&x).unwrap(), &vector(&fixture["log_p"]));
    close("x", &flow.decode(&matrix(&fixture["z"])).unwrap(), &x);
}

#[test]
fn euclidean_gradients_from_every_direction() {
    let (fixture, x) = (fixture(), matrix(&fixture()["x"]));
    for direction in [Direction::Euclidean, Direction::Relative, Direction::RelativeLeft, Direction::Algebra] {
        let flow = flow(&fixture, direction);
        let mut training = flow.training();
        flow.accumulate(&x, &mut training).unwrap();
        let gradients = flow.gradients(&training).unwrap();
        assert_eq!(gradients.len(), 6);
        for (name, gradient) in gradients {
            let index = name.split('.').nth(1).unwrap().parse::<usize>().unwrap() / 2;
            if name.ends_with("weight") {
                close(&name, &gradient, &matrix(&fixture["grad_w_euclidean"][index]));
            } else {
                close(&name, &gradient, &vector(&fixture["grad_b"][index]));
            }
        }
    }
}

#[test]
fn the_relative_direction_is_the_euclidean_gradient_times_wtw() {
    let (fixture, x) = (fixture(), matrix(&fixture()["x"]));
    let flow = flow(&fixture, Direction::Relative);
    let mut training = flow.training();
    flow.accumulate(&x, &mut training).unwrap();
    flow.direct(training.grads.rows, Reads::Entries, &mut training.grads.params).unwrap();
    for index in 0..3 {
        // Each dense layer has a weight and a bias; nonlinearities have nothing.
        let direction = &training.grads.params[2 * index].direction;
        close("relative", direction, &matrix(&fixture["grad_w_relative"][index]));
        // The exchanged form, y δᵀ instead of δ yᵀ (equation 15 read literally), is W Gᵀ W where the
        // right one is G Wᵀ W. The two matrices are far apart here, so the test can tell.
        let (w, g) = (matrix(&fixture["weights"][index]), matrix(&fixture["grad_w_euclidean"][index]));
        let reference = matrix(&fixture["grad_w_relative"][index]);
        close("G Wᵀ W", &g.dot(&w.t()).dot(&w), &reference);
        let exchanged = w.dot(&g.t()).dot(&w);
        let (apart, size) =
            (worst((&exchanged - &reference).iter().map(|v| v.abs())), worst(reference.iter().map(|v| v.abs())));
        println!("layer {index}: the exchanged form is {apart:.3} away from a direction of size {size:.3}");
        assert!(apart > EXCHANGED * size, "layer {index}: {apart} of {size}");
    }
}

#[test]
fn a_flow_is_restored_from_specification_and_tensors() {
    let (fixture, x) = (fixture(), matrix(&fixture()["x"]));
    let flow = flow(&fixture, Direction::Algebra);
    let registry = pdmap_laws::laws::registry();
    let restore = |tensors: Vec<_>| {
        let tensors = Tensors::from_iter(tensors);
        Flow::restore(5, &flow.chain().specs(), &flow.base().spec(), tensors, &registry)
    };
    let again = restore(flow.tensors()).unwrap();
    assert_eq!(again.log_prob(&x).unwrap(), flow.log_prob(&x).unwrap());

    let mut missing = flow.tensors();
    missing.remove(0);
    assert_eq!(restore(missing).unwrap_err(), LayerError::MissingTensor { name: "layers.0.weight".into() });
    let mut superfluous = flow.tensors();
    superfluous.push(("layers.9.weight".into(), superfluous[0].1.clone()));
    assert_eq!(
        restore(superfluous).unwrap_err(),
        LayerError::UnusedTensors { count: 1, name: "layers.9.weight".into() }
    );
}
