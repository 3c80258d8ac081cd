//! Autoregressive layers: how they start, what stays 0, and what they refuse.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use crate::common::registry;
use ndarray::Array2;
use pdmap_core::contract::{Memory, ModuleParameters, Rule};
use pdmap_core::optim::{Optimizer, OptimizerSpec};
use pdmap_core::{
    BuildContext, Input, Layer, LayerError, LayerExt, LayerSpec, Parametric, ParametricExt, Result, Sample, Tensors,
};
use pdmap_layers::autoregressive::{Autoregressive, AutoregressiveOptions, Order};
use pdmap_layers::coupling::Transform;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

fn layer(features: usize, conditions: usize, options: AutoregressiveOptions) -> Autoregressive<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    Autoregressive::new(features, conditions, options, ModuleParameters::New(&mut rng)).unwrap()
}

fn residual() -> AutoregressiveOptions {
    let network = json!({ "kind": "residual", "width": 8, "blocks": 2 });
    AutoregressiveOptions { network: network.as_object().cloned(), ..AutoregressiveOptions::default() }
}

fn rows(count: usize, features: usize) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    Array2::from_shape_simple_fn((count, features), || rng.random_range(-2.0..2.0))
}

#[test]
fn a_new_layer_is_the_identity() {
    let splines = AutoregressiveOptions {
        transform: Transform::Spline { bins: 5, bound: 3.0 },
        order: Order::Seed(4),
        hidden: Some(vec![7, 6]),
        ..AutoregressiveOptions::default()
    };
    for options in [AutoregressiveOptions::default(), splines, residual()] {
        for (features, conditions) in [(5, 0), (1, 0), (1, 2), (4, 2)] {
            let layer = layer(features, conditions, options.clone());
            let (x, condition) = (rows(20, features), rows(20, conditions.max(1)));
            let input = || Input::from(&x).given(condition.view());
            for (y, log_det) in [layer.transform(input()).unwrap(), layer.untransform(input()).unwrap()] {
                assert!((&y - &x).iter().all(|d| d.abs() < 1e-12) && log_det.iter().all(|v| v.abs() < 1e-12));
            }
        }
    }
}

/// Moves every number by 1, whatever its direction, as a corrupted memory might.
#[derive(Debug)]
struct Everything;

impl Rule<f64> for Everything {
    fn begin(&mut self, _: &mut dyn FnMut() -> Result<f64>) -> Result<()> {
        Ok(())
    }

    fn step(&mut self, _: &mut Memory<f64>, direction: &mut [f64]) -> Result<()> {
        direction.fill(1.0);
        Ok(())
    }
}

#[test]
fn masked_weights_stay_0_under_every_rule() {
    let x = rows(40, 4);
    let of = |spec| Optimizer::new(spec, 0.05).unwrap().decaying(0.01).unwrap();
    let specs = [OptimizerSpec::Sgd, OptimizerSpec::momentum(), OptimizerSpec::adam(), OptimizerSpec::smorms3()];
    let perceptron = AutoregressiveOptions { hidden: Some(vec![6, 9]), ..AutoregressiveOptions::default() };
    for options in [perceptron, residual()] {
        let mut rules: Vec<Box<dyn Rule<f64>>> = vec![Box::new(Everything)];
        rules.extend(specs.map(|spec| Box::new(of(spec)) as Box<dyn Rule<f64>>));
        for mut rule in rules {
            let mut layer = layer(4, 0, options.clone());
            let mut grads = layer.new_grads();
            for _ in 0..6 {
                layer.differentiate(&x, |y| -&y, &mut grads).unwrap();
                layer.direct(grads.rows, rule.reads(), &mut grads.params).unwrap();
                let norm = layer.norm_squared(&mut grads.params).unwrap().sqrt();
                rule.begin(&mut || Ok(norm)).unwrap();
                layer.update(&mut *rule, &mut grads.params).unwrap();
                grads.clear();
            }
            // Each weight is used where its mask allows it and 0 elsewhere: a copy refuses the rest.
            let tensors = layer.tensors();
            for (name, tensor) in tensors.iter().filter(|(name, _)| name.contains("weight")) {
                let used = tensor.iter().filter(|value| **value != 0.0).count();
                assert!(used > tensor.len() / 4 && used < tensor.len(), "{name}: {used} of {}", tensor.len());
            }
            layer.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
        }
    }
}

#[test]
fn a_weight_that_breaks_the_mask_is_refused() {
    for options in [AutoregressiveOptions::default(), residual()] {
        let mut layer = layer(4, 2, options);
        let (spec, tensors) = (layer.spec(), layer.tensors());
        let restore = |tensors: Vec<_>| registry::<f64>().restore(&spec, &mut Tensors::from_iter(tensors));
        assert!(restore(tensors.clone()).is_ok());
        for (index, (name, tensor)) in tensors.iter().enumerate().filter(|(_, (name, _))| name.contains("weight")) {
            let (outputs, inputs) = (tensor.shape()[0], tensor.shape()[1]);
            // The first output reads the condition alone, the last input is read by nothing or by the last.
            let mut changed = tensors.clone();
            changed[index].1[[0, inputs - 1]] = 1e-300;
            let refused = |error: LayerError| match error {
                LayerError::Masked { name: found, row: 0, column, value } => {
                    assert_eq!((found.as_str(), column, value), (name.as_str(), inputs - 1, 1e-300));
                }
                other => panic!("{outputs} outputs: {other}"),
            };
            refused(restore(changed.clone()).map(drop).unwrap_err());
            refused(layer.set_tensors(&mut Tensors::from_iter(changed)).unwrap_err());
        }
    }
}

#[test]
fn impossible_layers_are_refused() {
    let made = |features: usize, options: AutoregressiveOptions| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let parameters = ModuleParameters::New(&mut rng);
        Autoregressive::<f64>::new(features, 0, options, parameters).map(drop).unwrap_err().to_string()
    };
    let usual = AutoregressiveOptions::default;
    let network = |value: serde_json::Value| AutoregressiveOptions { network: value.as_object().cloned(), ..usual() };
    assert!(matches!(made(0, usual()), error if !error.is_empty()));
    assert!(made((1 << 16) + 1, usual()).contains("2^16"));
    assert!(made(4, AutoregressiveOptions { hidden: Some(vec![0]), ..usual() }).contains("units"));
    assert!(made(4, AutoregressiveOptions { hidden: Some(vec![3; 6]), ..usual() }).contains("at most 5"));
    assert!(made(4, network(json!({ "kind": "convolution" }))).contains("masks"));
    assert!(made(4, network(json!({ "hidden": [3] }))).contains("kind"));
    assert!(made(4, AutoregressiveOptions { hidden: Some(vec![3]), ..residual() }).contains("hidden"));
    let transform = Transform::Spline { bins: 99, bound: 3.0 };
    assert!(made(4, AutoregressiveOptions { transform, ..usual() }).contains("bins"));
    // A file of a few bytes asks for much.
    let spec = LayerSpec::new("autoregressive", &json!({ "features": 1_u64 << 40, "conditions": 0 }));
    assert!(registry::<f64>().restore(&spec, &mut Tensors::default()).is_err());
}

#[test]
fn a_description_chooses_order_transform_and_network() {
    let built = |options: serde_json::Value| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut sample = Sample::new(Array2::zeros((0, 6)));
        let mut context = BuildContext::new(6, &mut rng, &mut sample).conditioned(2);
        registry::<f64>().build(&LayerSpec::new("autoregressive", &options), &mut context)
    };
    for (options, conditions) in [
        (json!({}), 2),
        (json!({ "order": "reversed", "transform": "affine", "hidden": [8, 8] }), 2),
        (json!({ "order": { "seed": 3 }, "transform": { "spline": { "bins": 4 } }, "conditioned": false }), 0),
        (json!({ "network": { "kind": "residual", "width": 8 } }), 2),
    ] {
        assert_eq!(built(options).unwrap().conditions(), conditions);
    }
    assert!(built(json!({ "ordre": "natural" })).unwrap_err().to_string().contains("order"));
    // More weights than all layers of a flow may have.
    assert!(matches!(built(json!({ "hidden": [16384, 16384] })).unwrap_err(), LayerError::Range { .. }));
}
