//! Diagnostics of a dense layer, and its construction from a description. A planted bug once revealed that
//! each check was missing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use ndarray::{Array2, array};
use pdmap_core::optim::Optimizer;
use pdmap_core::{BuildContext, Flow, Layer, LayerError, LayerSpec, ParametricExt, Result, Sample};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::rng;
use pdmap_layers::diagonal::ScaleDirection;
use serde_json::{Value, json};

const GROUP: Group = Group::General(Direction::Relative);

/// A new layer of three features from the options of a description.
fn built(options: Value) -> Result<Box<dyn Layer<f64>>> {
    let registry = pdmap_laws::laws::registry();
    let spec = LayerSpec { kind: "dense".to_owned(), options };
    let mut rng = rng(1);
    let mut sample = Sample::new(Array2::zeros((0, 3)));
    registry.build(&spec, &mut BuildContext::new(3, &mut rng, &mut sample))
}

/// The bias among the tensors.
fn bias(layer: &dyn Layer<f64>) -> Option<Vec<f64>> {
    let tensors = layer.tensors().into_iter();
    let mut found = tensors.filter(|(name, _)| name == "bias");
    found.next().map(|(_, tensor)| tensor.iter().copied().collect())
}

#[test]
fn a_bias_is_the_one_that_was_given() {
    let dense = |kind| Dense::<f64>::new(Array2::eye(2), GROUP, kind).unwrap();
    assert_eq!(dense(BiasKind::None).bias(), None);
    for kind in [BiasKind::Plain, BiasKind::Augmented] {
        assert_eq!(dense(kind).bias(), Some(&array![0.0, 0.0]));
        assert_eq!(dense(kind).biased(array![1.5, -2.0]).unwrap().bias(), Some(&array![1.5, -2.0]));
    }
}

#[test]
fn a_layer_has_its_features_and_keeps_to_its_options() {
    let dense = Dense::<f64>::new(Array2::eye(3), GROUP, BiasKind::None).unwrap();
    assert_eq!(Layer::<f64>::shape(&dense, 3.into()).unwrap(), 3.into());
    assert!(Layer::<f64>::shape(&dense, 4.into()).is_err());
    let tracks = |dense: &Dense<f64>| Layer::<f64>::spec(dense).options["tracking-inverse"].as_bool();
    assert_eq!(tracks(&dense), None);
    assert_eq!(tracks(&dense.tracking_inverse()), Some(true));
}

#[test]
fn a_description_says_how_a_bias_starts() {
    // The default is a plain bias that starts at 0.
    let layer = built(json!({ "group": "orthonormal" })).unwrap();
    assert_eq!(layer.spec().options["bias"], "plain");
    assert_eq!(bias(&*layer), Some(vec![0.0; 3]));
    let layer = built(json!({ "group": "orthonormal", "bias-start": 2.5 })).unwrap();
    assert_eq!(bias(&*layer), Some(vec![2.5; 3]));
    let layer = built(json!({ "group": "orthonormal", "bias": "none" })).unwrap();
    assert_eq!((bias(&*layer), layer.spec().options["bias"].as_str()), (None, Some("none")));
    let error = built(json!({ "group": "orthonormal", "bias": "none", "bias-start": 2.5 })).unwrap_err();
    assert!(matches!(error, LayerError::Conflict { first: "bias-start", .. }), "{error}");
}

#[test]
fn a_layer_says_how_its_matrix_is() {
    let weight = array![[3.0, 0.0], [0.0, -0.5]];
    let dense = Dense::<f64>::new(weight, GROUP, BiasKind::None).unwrap();
    let diagnostics = dense.diagnostics();
    let value = |figure: &str| {
        let found = diagnostics.iter().find(|diagnostic| diagnostic.name == format!("weight {figure}"));
        found.unwrap_or_else(|| panic!("{figure} is not in {diagnostics:?}")).value
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-14 * b.abs().max(1.0), "{a} {b}");
    near(value("condition number"), 6.0);
    near(value("largest singular value"), 3.0);
    near(value("smallest singular value"), 0.5);
    near(value("log|det|"), 1.5_f64.ln());
    near(value("sign of det"), -1.0);
    near(value("max|W'W-I|"), 8.0);
}

#[test]
fn the_singular_form_is_two_rotations_with_scales_between() {
    let layers = pdmap_dense::svd::<f64>(4, BiasKind::Plain, ScaleDirection::Algebra, &mut rng(2)).unwrap();
    let kinds: Vec<String> = layers.iter().map(|layer| layer.spec().kind).collect();
    assert_eq!(kinds, ["dense", "scale", "dense"]);
    let groups: Vec<Value> = [0, 2].map(|index| layers[index].spec().options["group"].clone()).into();
    assert_eq!(groups, [json!("orthonormal"), json!("orthonormal")]);
    // The only bias is that of the last layer.
    assert_eq!((bias(&*layers[0]).is_some(), bias(&*layers[2]).is_some()), (false, true));
    assert_ne!(layers[0].tensors()[0].1, layers[2].tensors()[0].1);
}

/// In the algebra `(W, b)` makes one step `W̃ ← (I + S̃) W̃`. Where the guard shortens the step because it
/// would cross `det W = 0`, it shortens that of the bias by the same factor.
#[test]
fn a_shortened_step_is_as_short_for_the_bias() {
    const START: f64 = 0.3;
    let step = |rate: f64| {
        let group = Group::General(Direction::Algebra);
        let dense = Dense::<f64>::new(array![[1.0]], group, BiasKind::Augmented).unwrap();
        let dense = dense.biased(array![START]).unwrap();
        let mut flow = Flow::builder(1).layer(dense).build().unwrap();
        let (mut training, mut optimizer) = (flow.training(), Optimizer::sgd(rate).unwrap());
        flow.accumulate(&array![[3.0], [4.0], [5.0]], &mut training).unwrap();
        let report = flow.update(&mut optimizer, &mut training).unwrap();
        let value = |index: usize| flow.tensors()[index].1.iter().copied().next().unwrap();
        // The relative step of W, and the step of b without what follows from W.
        (value(0) - 1.0, value(1) - START * value(0), report.halvings)
    };
    let (small, large) = (step(1e-3), step(0.2));
    assert_eq!((small.2, large.2 > 0), (0, true));
    let share = large.0 / (200.0 * small.0);
    assert!(share < 0.5 && share > 0.0 && large.0 > -1.0, "{share}");
    assert!((large.1 / (200.0 * small.1) - share).abs() < 1e-9 * share, "{} {share}", large.1 / (200.0 * small.1));
}
