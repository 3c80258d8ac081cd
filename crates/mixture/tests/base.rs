//! The mixture as a base density: gradients, directions, sampling, and training in a flow.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, ArrayD, Axis, Ix2};
use pdmap_core::contract::{NamedTensors, Reads};
use pdmap_core::group::{Direction, cayley};
use pdmap_core::optim::Optimizer;
use pdmap_core::{Base, BaseSpec, BuildContext, Flow, LayerError, Parametric, ParametricExt, Real, Sample, Tensors};
use pdmap_mixture::{FactorKind, GaussianMixtureBase};
use serde_json::json;

use crate::common::{rng, three, two, worst};

const KINDS: [FactorKind; 4] = [FactorKind::General, FactorKind::Tied, FactorKind::Diagonal, FactorKind::Orthonormal];

fn base(kind: FactorKind) -> GaussianMixtureBase<f64> {
    GaussianMixtureBase::new(&three(), kind, Direction::Algebra).unwrap()
}

fn mean_log_density(base: &GaussianMixtureBase<f64>, z: &Array2<f64>) -> f64 {
    let mut out = vec![0.0; z.nrows()];
    base.add_log_density(z.view().into(), &mut out).unwrap();
    out.iter().sum::<f64>() / z.nrows() as f64
}

/// The mixture that a base was made of, where its factors can express it.
#[test]
fn a_base_has_the_density_of_its_mixture() {
    let z = three().sample(30, &mut rng(1)).unwrap().0;
    for kind in [FactorKind::General, FactorKind::Orthonormal] {
        let (own, mut found) = (base(kind), vec![1.0; 30]);
        own.add_log_density(z.view().into(), &mut found).unwrap();
        let expected: Vec<f64> = three().log_density(z.view()).unwrap().iter().map(|p| p + 1.0).collect();
        assert!(worst(&found, &expected) < 1e-11, "{kind:?}");
    }
    for kind in KINDS {
        let (own, mut found) = (base(kind), vec![0.0; 30]);
        own.add_log_density(z.view().into(), &mut found).unwrap();
        let again = own.mixture().unwrap().log_density(z.view()).unwrap();
        assert!(worst(&found, &again) < 1e-11, "{kind:?}");
    }
}

/// The three methods give what the fused one gives.
#[test]
fn fused_and_single_passes_agree() {
    let z = three().sample(30, &mut rng(1)).unwrap().0;
    for kind in KINDS {
        let own = base(kind);
        let run = |fused: bool| {
            let (mut out, mut delta, mut grads) = (vec![0.5; 30], Array2::ones(z.raw_dim()), own.new_grads());
            if fused {
                own.differentiate(z.view().into(), &mut out, delta.view_mut(), &mut grads.params).unwrap();
            } else {
                own.add_log_density(z.view().into(), &mut out).unwrap();
                own.score(z.view().into(), delta.view_mut()).unwrap();
                own.accumulate(z.view().into(), &mut grads.params).unwrap();
            }
            let gradients = own.euclidean(30, &grads.params).unwrap();
            (out, delta, gradients)
        };
        assert_eq!(run(true), run(false), "{kind:?}");
    }
}

/// Directions of all parameters, after the sums over rows.
fn directions(base: &GaussianMixtureBase<f64>, z: &Array2<f64>) -> Vec<(String, Vec<f64>)> {
    let mut grads = base.new_grads();
    base.accumulate(z.view().into(), &mut grads.params).unwrap();
    base.direct(z.nrows(), Reads::Entries, &mut grads.params).unwrap();
    grads.params.into_iter().map(|grad| (grad.name, grad.direction)).collect()
}

fn matrix(tensor: &ArrayD<f64>) -> Array2<f64> {
    tensor.clone().into_dimensionality::<Ix2>().unwrap()
}

/// The gradient of the mean log-density in a factor by central differences.
fn by_differences(base: &GaussianMixtureBase<f64>, name: &str, z: &Array2<f64>) -> Array2<f64> {
    let tensors = base.tensors();
    let (_, factor) = tensors.iter().find(|(own, _)| own == name).unwrap();
    let h = 1e-5;
    Array2::from_shape_fn((factor.shape()[0], factor.shape()[1]), |(i, j)| {
        let at = |by: f64| {
            let mut moved = base.clone();
            let mut tensors = tensors.clone();
            let own = tensors.iter_mut().find(|(own, _)| own == name).unwrap();
            own.1[[i, j]] += by;
            moved.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
            mean_log_density(&moved, z)
        };
        (at(h) - at(-h)) / (2.0 * h)
    })
}

/// `E L = G LᵀL` in parameter space and `E = G Lᵀ` in the algebra, with `G` by central differences.
#[test]
fn directions_are_relative_gradients() {
    let z = three().sample(40, &mut rng(1)).unwrap().0;
    for kind in [FactorKind::General, FactorKind::Tied] {
        for direction in [Direction::Algebra, Direction::Relative] {
            let own = GaussianMixtureBase::<f64>::new(&three(), kind, direction).unwrap();
            let found = directions(&own, &z);
            let tensors = own.tensors();
            let mut seen = 0;
            for (name, direct) in found.iter().filter(|(name, _)| name.starts_with("factors")) {
                let factor = matrix(&tensors.iter().find(|(own, _)| own == name).unwrap().1);
                let gradient = by_differences(&own, name, &z);
                let relative = gradient.dot(&factor.t());
                let expected = if direction == Direction::Algebra { relative } else { relative.dot(&factor) };
                assert!(worst(direct, &expected) < 1e-6, "{kind:?} {direction:?} {name}");
                // Without the posterior as the weight of the identity it would be another one.
                let wrong = &expected + &(Array2::<f64>::eye(4) * 0.1);
                assert!(worst(direct, &wrong) > 1e-2);
                seen += 1;
            }
            assert_eq!(seen, if kind == FactorKind::Tied { 1 } else { 3 });
        }
    }
}

/// On O(D) the direction is the skew part of the relative gradient: the derivative along
/// `cayley(t S) O` is `2⟨A, S⟩` over the lower triangle.
#[test]
fn rotations_follow_the_skew_gradient() {
    let z = three().sample(40, &mut rng(1)).unwrap().0;
    let own = base(FactorKind::Orthonormal);
    let tensors = own.tensors();
    for (name, direct) in directions(&own, &z).iter().filter(|(name, _)| name.starts_with("rotations")) {
        assert_eq!(direct.len(), 6);
        for (entry, &found) in direct.iter().enumerate() {
            let at = |by: f64| {
                let mut tensors = tensors.clone();
                let rotation = &mut tensors.iter_mut().find(|(own, _)| own == name).unwrap().1;
                let mut turned = matrix(rotation);
                let step: Vec<f64> = (0..6).map(|i| if i == entry { by } else { 0.0 }).collect();
                cayley(&step, &mut turned, &mut Vec::new()).unwrap();
                *rotation = turned.into_dyn();
                let mut moved = own.clone();
                moved.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
                mean_log_density(&moved, &z)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - 2.0 * found).abs() < 1e-6, "{name} {entry}: {slope} {found}");
        }
    }
}

#[test]
fn temperatures_keep_weights_and_means() {
    let own = GaussianMixtureBase::<f64>::new(&two(), FactorKind::General, Direction::Algebra).unwrap();
    let draw = |temperature: f64| {
        let mut z = Array2::zeros((40_000, 2));
        own.sample_into(temperature.into(), &mut rng(4), z.view_mut()).unwrap();
        z
    };
    let (one, half) = (draw(1.0), draw(0.5));
    let mean = |z: &Array2<f64>| z.mean_axis(Axis(0)).unwrap();
    // Means agree: Σ π μ = (−0.1, 0.05).
    assert!(worst(&mean(&one), &mean(&half)) < 0.03 && worst(&mean(&half), &Array1::from(vec![-0.1, 0.05])) < 0.03);
    // Var = T² Σ π_k Σ_k + Var(μ): 0.85 and 1.89 for the first column.
    for (z, temperature) in [(one, 1.0_f64), (half, 0.5)] {
        let expected = temperature.powi(2) * (0.7 + 0.3 * 0.5) + 0.21 * 9.0;
        let found = z.column(0).mapv(|v| (v + 0.1).powi(2)).mean().unwrap();
        assert!((found - expected).abs() < 0.05, "{found} {expected}");
    }
    // The mode has a higher density than its surroundings, and is no mean.
    let mode = draw(0.0).row(0).to_owned();
    let density = |shift: [f64; 2]| {
        let at = (&mode + &Array1::from(shift.to_vec())).insert_axis(Axis(0));
        two().log_density(at.view()).unwrap()[0]
    };
    for shift in [[0.01, 0.0], [-0.01, 0.0], [0.0, 0.01], [0.0, -0.01]] {
        assert!(density(shift) < density([0.0, 0.0]));
    }
}

fn registry<F: Real>() -> pdmap_core::Registry<F> {
    let mut registry = pdmap_core::registry();
    pdmap_mixture::register(&mut registry);
    registry
}

fn built(options: serde_json::Value, rows: Array2<f64>) -> Result<Flow<f64>, LayerError> {
    let (mut rng, features) = (rng(1), rows.ncols());
    let mut sample = Sample::new(rows);
    let mut context = BuildContext::new(features, &mut rng, &mut sample);
    Flow::build(vec![], &[], &BaseSpec::new("gaussian-mixture", &options), &mut context, &registry())
}

/// A description fits the rows that reach the base; training goes on from there; the file has it.
#[test]
fn a_flow_starts_as_the_mixture_of_its_rows() {
    let rows = three().sample(800, &mut rng(1)).unwrap().0;
    let truth = three().mean_log_density(rows.view()).unwrap();
    for options in [
        json!({}),
        json!({ "components": 3, "covariance": "full" }),
        json!({ "components": 3, "factor": "orthonormal" }),
        json!({ "components": 3, "covariance": { "low-rank": { "rank": 3 } }, "direction": "relative" }),
        json!({ "covariance": "tied" }),
        json!({ "factor": "diagonal", "shrinkage": 1.0 }),
    ] {
        let mut flow = built(options.clone(), rows.clone()).unwrap();
        let mean = |flow: &Flow<f64>| flow.log_prob(&rows).unwrap().iter().sum::<f64>() / 800.0;
        let before = mean(&flow);
        if options.get("covariance").is_none_or(|form| form != "tied") && options.get("factor").is_none() {
            assert!(before > truth - 0.1, "{options}: {before} of {truth}");
        }
        let (mut training, mut rule) = (flow.training(), Optimizer::adam(1e-3).unwrap());
        for _ in 0..20 {
            flow.accumulate(&rows, &mut training).unwrap();
            flow.update(&mut rule, &mut training).unwrap();
        }
        assert!(mean(&flow) > before, "{options}: {} after {before}", mean(&flow));
        let tensors = Tensors::from_iter(flow.tensors());
        let spec: BaseSpec = serde_json::from_str(&serde_json::to_string(&flow.base().spec()).unwrap()).unwrap();
        let again = Flow::restore(4, &[], &spec, tensors, &registry()).unwrap();
        assert_eq!(again.log_prob(&rows).unwrap(), flow.log_prob(&rows).unwrap(), "{options}");
    }
}

/// A run that is saved and restored goes on bit for bit.
#[test]
fn training_resumes_bit_for_bit() {
    let rows = three().sample(60, &mut rng(1)).unwrap().0;
    for kind in KINDS {
        let start = || Flow::builder(4).base(base(kind)).build().unwrap();
        let steps = |flow: &mut Flow<f64>, training: &mut pdmap_core::Training<f64>, count: usize| {
            let mut rule = Optimizer::adam(0.05).unwrap();
            for _ in 0..count {
                flow.accumulate(&rows, training).unwrap();
                flow.update(&mut rule, training).unwrap();
            }
        };
        let mut whole = start();
        let mut training = whole.training();
        steps(&mut whole, &mut training, 5);
        let (mut state, mut memory) = (pdmap_core::State::default(), pdmap_core::State::default());
        whole.save_state(&mut state);
        training.grads.save_memory(&mut memory);
        let tensors = Tensors::from_iter(whole.tensors());
        let mut again = Flow::restore(4, &[], &whole.base().spec(), tensors, &registry()).unwrap();
        let mut other = again.training();
        again.load_state(&mut state).unwrap();
        other.grads.load_memory(&mut memory).unwrap();
        state.finish().unwrap();
        memory.finish().unwrap();
        steps(&mut whole, &mut training, 7);
        steps(&mut again, &mut other, 7);
        assert_eq!(whole.tensors(), again.tensors(), "{kind:?}");
    }
}

#[test]
fn mistakes_are_errors() {
    let rows = || three().sample(100, &mut rng(1)).unwrap().0;
    let range = |error: Result<Flow<f64>, LayerError>| matches!(error, Err(LayerError::Range { .. }));
    assert!(range(built(json!({ "components": 0 }), rows())));
    assert!(range(built(json!({ "shrinkage": -1.0 }), rows())));
    assert!(range(built(json!({ "covariance": { "low-rank": { "rank": 0 } } }), rows())));
    let conflict = |error: Result<Flow<f64>, LayerError>| matches!(error, Err(LayerError::Conflict { .. }));
    assert!(conflict(built(json!({ "factor": "tied", "covariance": "full" }), rows())));
    assert!(conflict(built(json!({ "direction": "euclidean" }), rows())));
    assert!(matches!(built(json!({ "componets": 3 }), rows()), Err(LayerError::Options { .. })));
    assert!(built(json!({}), Array2::from_elem((50, 2), 1.0)).is_err());
    // A base of another width than the flow.
    let wide = Flow::<f64>::builder(3).base(base(FactorKind::General)).build();
    assert!(matches!(wide, Err(LayerError::Features { expected: 4, actual: 3, .. })), "{wide:?}");
    assert!(matches!(
        registry::<f64>().base(&BaseSpec::plain("gaussian-mixture")),
        Err(LayerError::NotBuildable { .. })
    ));
    assert!(base(FactorKind::General).marginal(4).is_err());
    // Tensors that do not fit.
    let own = base(FactorKind::General);
    let restore = |change: &dyn Fn(&mut NamedTensors<f64>)| {
        let mut tensors = own.tensors();
        change(&mut tensors);
        registry::<f64>().restore_base(&own.spec(), &mut Tensors::from_iter(tensors))
    };
    assert!(restore(&|_| ()).is_ok());
    assert!(restore(&|tensors| drop(tensors.remove(0))).is_err());
    assert!(restore(&|tensors| drop(tensors.pop())).is_err());
    assert!(restore(&|tensors| tensors[0].1 = ArrayD::zeros(vec![2])).is_err());
    assert!(restore(&|tensors| tensors[1].1 = ArrayD::zeros(vec![3, 5])).is_err());
    assert!(restore(&|tensors| tensors[1].1[[0, 0]] = f64::NAN).is_err());
}
