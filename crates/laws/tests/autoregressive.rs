//! Autoregressive layers against dense triangular Jacobians and against couplings.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::Axis;
use pdmap_core::contract::ModuleParameters;
use pdmap_core::{Layer, LayerExt, ParametricExt, Real, Tensors};
use pdmap_laws::tolerance::{ROWS, rounding};
use pdmap_laws::wrong::{MASK_MISTAKES, WrongMask};
use pdmap_laws::{Case, laws, normal_rows, random_autoregressive, rng, triangular, worst};
use pdmap_layers::autoregressive::{Autoregressive, AutoregressiveOptions, Order};
use pdmap_layers::coupling::{Coupling, CouplingOptions, Transform};
use serde_json::json;

const ORDERS: [Order; 3] = [Order::Natural, Order::Reversed, Order::Seed(11)];

/// Rows away from the knots of the splines below.
fn rows<F: Real>(count: usize, features: usize) -> ndarray::Array2<F> {
    normal_rows::<F>(count, features, &mut rng(3)).mapv(|x| {
        let x = x.f64();
        F::of(x.floor() + 0.2 + 0.6 * (x - x.floor()))
    })
}

fn of_all_kinds() -> Vec<AutoregressiveOptions> {
    let network = |network: serde_json::Value| network.as_object().cloned();
    let networks = [
        None,
        network(json!({ "kind": "perceptron", "hidden": [12, 3] })),
        network(json!({ "kind": "perceptron", "hidden": [] })),
        network(json!({ "kind": "residual", "width": 9, "blocks": 2 })),
    ];
    let transforms = [Transform::default(), Transform::Spline { bins: 4, bound: 2.0 }];
    let mut options = Vec::new();
    for (order, transform) in ORDERS.into_iter().flat_map(|order| transforms.map(|transform| (order, transform))) {
        for network in &networks {
            options.push(AutoregressiveOptions {
                order,
                transform,
                network: network.clone(),
                ..AutoregressiveOptions::default()
            });
        }
    }
    options
}

fn hold<F: Real>() {
    let registry = laws::registry();
    for (features, conditions) in [(1, 0), (1, 2), (2, 0), (3, 1), (6, 0)] {
        for options in of_all_kinds() {
            let order = options.order.positions(features);
            let layer = random_autoregressive::<F>(features, conditions, options, &mut rng(7)).unwrap();
            let x = rows::<F>(4, features);
            let case = Case::new(&layer, x.view(), &registry);
            triangular(&case, &order).unwrap_or_else(|broken| panic!("{:?}: {broken}", layer.spec()));
        }
    }
}

pdmap_laws::in_both_precisions!(the_jacobian_is_triangular, hold);

fn reject<F: Real>() {
    let (registry, x) = (laws::registry(), rows::<F>(4, 4));
    for order in ORDERS {
        let options = AutoregressiveOptions { order, ..AutoregressiveOptions::default() };
        let right = random_autoregressive::<F>(4, 0, options, &mut rng(7)).unwrap();
        let verdict = |layer: &dyn Layer<F>, order: Order| {
            triangular(&Case::new(layer, x.view(), &registry), &order.positions(4))
        };
        verdict(&right, order).unwrap();
        for &mistake in MASK_MISTAKES {
            let wrong = WrongMask::new(right.clone(), mistake);
            assert!(verdict(&wrong, order).is_err(), "blind to {mistake:?} in {}", F::DTYPE);
        }
        // Another order than the layer's.
        for other in ORDERS.into_iter().filter(|other| *other != order) {
            assert!(verdict(&right, other).is_err(), "{order:?} passes as {other:?}");
        }
    }
}

pdmap_laws::in_both_precisions!(a_mask_that_leaks_one_feature_is_seen, reject);

/// A mask may also be too strict, which no Jacobian shows by being triangular.
#[test]
fn each_feature_depends_on_all_before_it_and_on_the_condition() {
    let registry = laws::registry();
    for options in of_all_kinds() {
        let order = options.order.positions(5);
        // As many units as degrees at the least.
        let narrow = options.network.as_ref().is_some_and(|network| network.get("hidden") == Some(&json!([12, 3])));
        if narrow {
            continue;
        }
        let layer = random_autoregressive::<f64>(5, 2, options, &mut rng(9)).unwrap();
        // Inside the bound of the splines.
        let x = rows::<f64>(1, 5).mapv(|x| x.clamp(-1.8, 1.8));
        let case = Case::new(&layer, x.view(), &registry);
        let jacobian = case.jacobian(0).unwrap();
        for (output, input) in (0..5).flat_map(|output| (0..output).map(move |input| (output, input))) {
            let entry = jacobian[[order[output], order[input]]];
            assert!(entry.abs() > 1e-9, "{:?}: {output} by {input}: {entry}", layer.spec());
        }
        let image = |c: f64| {
            let condition = ndarray::Array2::from_elem((1, 2), c);
            layer.transform(pdmap_core::Input::from(&x).given(condition.view())).unwrap().0
        };
        let apart = image(0.5) - image(-0.5);
        assert!(apart.iter().all(|v| v.abs() > 1e-9), "{:?}: {apart}", layer.spec());
    }
}

/// With two features, the second one changes as in a coupling by a network of the same weights.
#[test]
fn a_coupling_is_the_case_of_two_blocks() {
    let registry = laws::registry::<f64>();
    for transform in [Transform::default(), Transform::Spline { bins: 5, bound: 3.0 }] {
        let hidden = Some(vec![6]);
        let options = CouplingOptions { transform, hidden: hidden.clone(), ..CouplingOptions::default() };
        let mut rng = rng(4);
        let parameters = ModuleParameters::New(&mut rng);
        let mut coupling = Coupling::<f64>::new(2, 0, options, parameters, &registry).unwrap();
        let mut tensors = coupling.tensors();
        for (_, tensor) in &mut tensors {
            let noise = normal_rows::<f64>(1, tensor.len(), &mut rng);
            tensor.iter_mut().zip(&noise).for_each(|(value, noise)| *value += 0.3 * noise);
        }
        coupling.set_tensors(&mut Tensors::from_iter(tensors.clone())).unwrap();

        let options = AutoregressiveOptions { transform, hidden, ..AutoregressiveOptions::default() };
        let mut layer = Autoregressive::<f64>::new(2, 0, options, ModuleParameters::New(&mut rng)).unwrap();
        let mut own = layer.tensors();
        let of_coupling = |name: &str| tensors.iter().find(|(other, _)| other == name).unwrap().1.clone();
        for (name, tensor) in &mut own {
            let given = of_coupling(name);
            match name.as_str() {
                // Hidden units read the first feature alone.
                "weight-0" => {
                    tensor.fill(0.0);
                    tensor.index_axis_mut(Axis(1), 0).assign(&given.index_axis(Axis(1), 0));
                }
                "bias-0" => tensor.assign(&given),
                // Every second output is one for the second position.
                _ => {
                    for (index, given) in given.axis_iter(Axis(0)).enumerate() {
                        tensor.index_axis_mut(Axis(0), 2 * index + 1).assign(&given);
                    }
                }
            }
        }
        layer.set_tensors(&mut Tensors::from_iter(own)).unwrap();
        let x = normal_rows::<f64>(20, 2, &mut rng);
        let ((a, a_log_det), (b, b_log_det)) = (coupling.transform(&x).unwrap(), layer.transform(&x).unwrap());
        let allowed = rounding::<f64>(6, 1.0, ROWS);
        assert!(worst((&a - &b).iter().map(|v| v.abs())) <= allowed, "{a}\n{b}");
        assert!(worst(a_log_det.iter().zip(&b_log_det).map(|(a, b)| (a - b).abs())) <= allowed);
    }
}
