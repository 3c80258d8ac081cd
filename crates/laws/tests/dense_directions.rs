//! Directions and paths of the dense layer: definitions, product orders, coordinates, equivariance, and the guard.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, ArrayView2};
use pdmap_core::contract::Reads;
use pdmap_core::flow::base::Logistic;
use pdmap_core::optim::{Optimizer, OptimizerSpec};
use pdmap_core::{Flow, Parametric, ParametricExt, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::tolerance::{DIRECTION, rounding};
use pdmap_laws::{badly_conditioned, normal_rows, rng, worst};
use proptest::prelude::*;

fn laplace_flow<F: Real>(weight: Array2<F>, group: Group, bias: BiasKind) -> Flow<F> {
    let features = weight.nrows();
    let mut dense = Dense::new(weight, group, bias).unwrap();
    if bias != BiasKind::None {
        dense = dense.biased(normal_rows(1, features, &mut rng(3)).row(0).to_owned()).unwrap();
    }
    Flow::new(features, vec![Box::new(dense)], Box::new(Logistic)).unwrap()
}

fn weight<F: Real>(flow: &Flow<F>) -> Array2<F> {
    flow.tensors()[0].1.clone().into_dimensionality().unwrap()
}

fn wide<F: Real>(a: ArrayView2<'_, F>) -> Array2<f64> {
    a.mapv(F::f64)
}

/// The direction of the only layer, and its Euclidean gradient.
fn directions<F: Real>(flow: &Flow<F>, batches: &[Array2<F>]) -> (Vec<F>, Array2<f64>) {
    let mut training = flow.training();
    for batch in batches {
        flow.accumulate(batch, &mut training).unwrap();
    }
    let gradient = flow.gradients(&training).unwrap().remove(0).1.into_dimensionality().unwrap();
    flow.direct(training.grads.rows, Reads::Entries, &mut training.grads.params).unwrap();
    (training.grads.params[0].direction.clone(), wide(gradient.view()))
}

fn close<F: Real>(actual: &[F], expected: &Array2<f64>, condition: f64, what: &str) {
    let allowed = rounding::<F>(expected.nrows(), condition, DIRECTION);
    let scale = worst(expected.iter().map(|v| v.abs())).max(1.0);
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (a, e) in actual.iter().zip(expected) {
        assert!((a.f64() - e).abs() <= allowed * scale, "{what}: {a} is not {e} (allowed {allowed:e})");
    }
}

fn definitions<F: Real>(features: usize, rows: usize, seed: u64) {
    let condition = 4.0;
    let w = badly_conditioned::<F>(features, condition, &mut rng(seed));
    let x = normal_rows::<F>(rows, features, &mut rng(seed + 1));
    let wd = wide(w.view());
    for direction in [Direction::Euclidean, Direction::Relative, Direction::RelativeLeft, Direction::Algebra] {
        let flow = laplace_flow(w.clone(), Group::General(direction), BiasKind::Plain);
        let (found, g) = directions(&flow, std::slice::from_ref(&x));
        let expected = match direction {
            Direction::Euclidean => g.clone(),
            Direction::Relative => g.dot(&wd.t()).dot(&wd),
            Direction::RelativeLeft => wd.dot(&wd.t()).dot(&g),
            Direction::Algebra => g.dot(&wd.t()),
        };
        close(&found, &expected, condition * condition, &format!("{direction:?}"));
        // Fewer rows than features, and more: the two product orders, and accumulation across the change.
        let parts: Vec<_> = (0..rows).map(|row| x.select(ndarray::Axis(0), &[row])).collect();
        close(&directions(&flow, &parts).0, &expected, condition * condition, "row by row");
    }
    let q = pdmap_core::group::haar::<F>(features, &mut rng(seed));
    let (found, g) = directions(&laplace_flow(q.clone(), Group::Orthonormal, BiasKind::None), std::slice::from_ref(&x));
    let e = g.dot(&wide(q.view()).t());
    let mut skew = vec![];
    for i in 1..features {
        skew.extend((0..i).map(|j| 0.5 * (e[[i, j]] - e[[j, i]])));
    }
    assert_eq!(found.len(), skew.len());
    let expected = Array2::from_shape_vec((1, skew.len()), skew).unwrap();
    close(&found, &expected, features as f64, "O(D)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn directions_are_what_they_are_defined_as(features in 1_usize..12, rows in 1_usize..24, seed in 0_u64..1 << 40) {
        definitions::<f64>(features, rows, seed);
        definitions::<f32>(features, rows, seed);
    }
}

fn train(flow: &mut Flow<f64>, x: &Array2<f64>, spec: OptimizerSpec, rate: f64, steps: usize) -> u64 {
    let mut training = flow.training();
    let mut optimizer = Optimizer::new(spec, rate).unwrap();
    let mut halvings = 0;
    for _ in 0..steps {
        flow.accumulate(x, &mut training).unwrap();
        halvings += flow.update(&mut optimizer, &mut training).unwrap().halvings;
    }
    halvings
}

#[test]
fn plain_sgd_gives_one_path_in_both_coordinates() {
    let x = normal_rows::<f64>(40, 6, &mut rng(1));
    let w = badly_conditioned(6, 5.0, &mut rng(2));
    for bias in [BiasKind::None, BiasKind::Plain, BiasKind::Augmented] {
        let [mut parameter, mut algebra] = [Direction::Relative, Direction::Algebra]
            .map(|direction| laplace_flow(w.clone(), Group::General(direction), bias));
        for _ in 0..50 {
            train(&mut parameter, &x, OptimizerSpec::Sgd, 0.02, 1);
            train(&mut algebra, &x, OptimizerSpec::Sgd, 0.02, 1);
        }
        for ((name, a), (_, b)) in parameter.tensors().iter().zip(&algebra.tensors()) {
            let apart = worst((a - b).iter().map(|v| v.abs()));
            assert!(apart < 1e-12, "{bias:?} {name}: the paths are {apart:e} apart");
        }
    }
}

#[test]
fn the_algebra_is_equivariant_under_adam_and_parameter_space_is_not() {
    // From W₀A on data A⁻¹x the network sees the same y = W₀x: the trajectory of W·A must be the same.
    let x = normal_rows::<f64>(60, 4, &mut rng(1));
    let w = badly_conditioned::<f64>(4, 2.0, &mut rng(2));
    let a = badly_conditioned::<f64>(4, 3.0, &mut rng(3));
    let a_inverse_t = pdmap_core::linalg::Lu::<f64>::new(a.view()).unwrap().inverse_transposed().unwrap();
    let mixed = x.dot(&a_inverse_t);
    let apart = |direction| {
        let mut plain = laplace_flow(w.clone(), Group::General(direction), BiasKind::None);
        let mut mixed_flow = laplace_flow(w.dot(&a), Group::General(direction), BiasKind::None);
        train(&mut plain, &x, OptimizerSpec::adam(), 1e-2, 60);
        train(&mut mixed_flow, &mixed, OptimizerSpec::adam(), 1e-2, 60);
        worst((weight(&plain).dot(&a) - weight(&mixed_flow)).iter().map(|v| v.abs()))
    };
    assert!(apart(Direction::Algebra) < 1e-10, "{:e}", apart(Direction::Algebra));
    assert!(apart(Direction::Relative) > 1e-3, "{:e}", apart(Direction::Relative));
}

#[test]
fn the_guard_keeps_the_sign_of_the_determinant_and_counts() {
    let x = normal_rows::<f64>(200, 3, &mut rng(7));
    for (direction, spec, rate) in [
        (Direction::Relative, OptimizerSpec::Sgd, 2.5),
        (Direction::Algebra, OptimizerSpec::Sgd, 2.5),
        (Direction::RelativeLeft, OptimizerSpec::Sgd, 2.5),
        (Direction::Euclidean, OptimizerSpec::Sgd, 5.0),
        (Direction::Relative, OptimizerSpec::adam(), 2.0),
    ] {
        let mut flow = laplace_flow(badly_conditioned(3, 2.0, &mut rng(8)), Group::General(direction), BiasKind::None);
        let sign = |flow: &Flow<f64>| {
            let lu = pdmap_core::linalg::Lu::<f64>::new(weight(flow).view()).unwrap();
            lu.log_det().negative
        };
        let before = sign(&flow);
        let halvings = train(&mut flow, &x, spec, rate, 40);
        assert!(halvings > 0, "{direction:?} {spec:?}: nothing was guarded, the test is too tame");
        assert_eq!(sign(&flow), before, "{direction:?} {spec:?}");
    }
}

#[test]
fn log_det_follows_the_weight() {
    let x = normal_rows::<f64>(30, 5, &mut rng(1));
    let mut flow =
        laplace_flow(badly_conditioned(5, 4.0, &mut rng(2)), Group::General(Direction::Relative), BiasKind::None);
    for _ in 0..3 {
        let before = flow.log_prob(&x).unwrap();
        train(&mut flow, &x, OptimizerSpec::Sgd, 0.05, 1);
        let fresh = laplace_flow(weight(&flow), Group::General(Direction::Relative), BiasKind::None);
        assert_eq!(flow.log_prob(&x).unwrap(), fresh.log_prob(&x).unwrap());
        assert_ne!(flow.log_prob(&x).unwrap(), before);
    }
}

#[test]
fn a_weight_outside_its_group_is_refused() {
    let skewed = badly_conditioned::<f64>(4, 1.0 + 1e-12, &mut rng(1));
    assert!(Dense::new(skewed, Group::Orthonormal, BiasKind::None).is_err());
    let q = pdmap_core::group::haar::<f32>(40, &mut rng(1));
    assert!(Dense::new(q.clone(), Group::Orthonormal, BiasKind::None).is_ok());
    assert!(Dense::new(q, Group::Orthonormal, BiasKind::Augmented).is_err());
    let mut nan = Array2::<f64>::eye(3);
    nan[[1, 2]] = f64::NAN;
    assert!(Dense::new(nan, Group::Orthonormal, BiasKind::None).is_err());
}
