//! Base densities through a flow without layers: their score is its gradient, and the gradient in `log ν`
//! is accumulated over batches. Scores that are wrong are rejected.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array1, Array2, ArrayView2};
use pdmap_core::contract::Reads;
use pdmap_core::flow::base::{Laplace, Logistic, Normal, StudentT};
use pdmap_core::{Base, BaseSpec, Flow, Parametric, ParametricExt, Real, Tensors};
use pdmap_laws::tolerance::{GRADIENT, SCORE, differences, rounding, step};
use pdmap_laws::{laws, normal_rows, rng, worst};

/// Every density; ν from tails without a mean to nearly normal ones.
fn specs() -> Vec<BaseSpec> {
    let bases = pdmap_laws::bases::subjects::<f64>().unwrap();
    bases.iter().map(|base| base.spec()).collect()
}

/// The base by itself: a flow without layers.
fn flow<F: Real>(spec: &BaseSpec, features: usize) -> Flow<F> {
    Flow::new(features, vec![], laws::registry().base(spec).unwrap()).unwrap()
}

/// ν of a Student-t density.
fn nu(spec: &BaseSpec) -> f64 {
    spec.options["nu"].as_f64().unwrap()
}

/// `max |a − b| / max(1, |b|)`, number by number.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    worst(a.iter().zip(b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)))
}

/// What analysis in `F` may differ by from a central difference in `f64`.
fn allowed<F: Real>(size: usize) -> f64 {
    rounding::<F>(size, 1.0, SCORE) + differences::<f64>(size, 1.0, GRADIENT)
}

#[test]
fn densities_are_even() {
    let z = points::<f64>();
    for spec in specs() {
        let flow = flow::<f64>(&spec, 1);
        assert_eq!(flow.log_prob(&z).unwrap(), flow.log_prob(&z.mapv(|z| -z)).unwrap(), "{spec:?}");
    }
}

/// Numbers near 0 and far out, at 0 too; none so near that a central difference reaches over Laplace's corner.
fn points<F: Real>() -> Array2<F> {
    let away = [0.01, 0.3, 0.9, 1.7, 4.0, 9.0, 31.0];
    let all: Vec<F> = away.iter().flat_map(|&z| [F::of(z), F::of(-z)]).chain([F::zero()]).collect();
    Array2::from_shape_vec((all.len(), 1), all).unwrap()
}

/// A score of all numbers, however it is computed.
type Score<F> = fn(&BaseSpec, ArrayView2<'_, F>) -> Array2<F>;

fn own_score<F: Real>(spec: &BaseSpec, z: ArrayView2<'_, F>) -> Array2<F> {
    let from_flow = flow::<F>(spec, z.ncols()).input_gradient(z.reborrow()).unwrap();
    let mut direct = Array2::zeros(z.raw_dim());
    flow::<F>(spec, z.ncols()).base().score(z.into(), direct.view_mut()).unwrap();
    assert_eq!(direct, from_flow, "{spec:?}: a flow without layers has another gradient than its base");
    direct
}

/// How far a score is from the central differences of the log-density.
fn score_error<F: Real>(spec: &BaseSpec, score: Score<F>) -> f64 {
    let z = points::<F>();
    let found: Vec<f64> = score(spec, z.view()).iter().map(|s| s.f64()).collect();
    let expected: Vec<f64> = z
        .iter()
        .map(|z| {
            // In f64 for either precision: only the score itself is rounded to F.
            let h = step::<f64>() * z.f64().abs().max(1.0);
            let (above, below) = (z.f64() + h, z.f64() - h);
            let p = flow::<f64>(spec, 1).log_prob(&Array2::from(vec![[above], [below]])).unwrap();
            (p[0] - p[1]) / (above - below)
        })
        .collect();
    apart(&found, &expected)
}

fn scores<F: Real>() {
    for spec in specs() {
        let error = score_error::<F>(&spec, own_score);
        assert!(error <= allowed::<F>(1), "{spec:?} in {}: {error:e}", F::DTYPE);
    }
}

pdmap_laws::in_both_precisions!(scores_are_the_derivatives_of_log_densities, scores);

/// The wrong implementations: for Student-t `ν` in place of `ν + 1`, for Laplace the wrong sign, for the others
/// what is right near 0 only.
fn wrong_score<F: Real>(spec: &BaseSpec, z: ArrayView2<'_, F>) -> Array2<F> {
    z.mapv(|z| {
        let z = z.f64();
        F::of(match &*spec.kind {
            "student-t" => -nu(spec) * z / (nu(spec) + z * z),
            "laplace" => z.signum(),
            "logistic" => -(0.5 * z).sinh().atan(),
            "normal" => -z.sinh(),
            other => panic!("no wrong score for {other}"),
        })
    })
}

#[test]
fn wrong_scores_are_rejected() {
    fn error_and_allowed<F: Real>(spec: &BaseSpec) -> (f64, f64) {
        (score_error::<F>(spec, wrong_score), allowed::<F>(1))
    }
    for spec in specs() {
        for (error, allowed) in [error_and_allowed::<f64>(&spec), error_and_allowed::<f32>(&spec)] {
            assert!(error > allowed, "blind to the wrong score of {spec:?}: {error:e} of {allowed:e}");
        }
    }
}

/// The mean gradient in `log ν` as a flow accumulates it, over batches, and the central difference of the mean
/// log-likelihood.
fn log_nu_gradients<F: Real>(nu: f64) -> (f64, f64) {
    let (features, rows) = (3, 40);
    let spec = &Base::<F>::spec(&StudentT::new(nu, true).unwrap());
    let x = normal_rows::<F>(rows, features, &mut rng(7)).mapv(|v| F::of(3.0 * v.f64()));
    let flow_in_f = flow::<F>(spec, features);
    let mut training = flow_in_f.training();
    for part in x.axis_chunks_iter(ndarray::Axis(0), 17) {
        flow_in_f.accumulate(part, &mut training).unwrap();
    }
    let grads = &mut training.grads;
    flow_in_f.direct(grads.rows, Reads::Entries, &mut grads.params).unwrap();
    let found = grads.params[0].direction[0].f64();

    let x = x.mapv(F::f64);
    let mean_at = |log_nu: f64| {
        let mut moved = flow::<f64>(spec, features);
        let tensor = Array1::from_elem(1, log_nu).into_dyn();
        moved.set_tensors(Tensors::from_iter([("base.log_nu".to_owned(), tensor)])).unwrap();
        moved.log_prob(&x).unwrap().iter().sum::<f64>() / rows as f64
    };
    let (above, below) = (nu.ln() + step::<f64>(), nu.ln() - step::<f64>());
    (found, (mean_at(above) - mean_at(below)) / (above - below))
}

#[test]
fn the_gradient_in_log_nu_is_the_derivative_of_the_log_likelihood() {
    for nu in [0.5, 1.0, 3.0, 30.0] {
        let wide = (log_nu_gradients::<f64>(nu), allowed::<f64>(3));
        let narrow = (log_nu_gradients::<f32>(nu), allowed::<f32>(3));
        for ((found, expected), allowed) in [wide, narrow] {
            println!("ν = {nu}: {found} and {expected}, {allowed:.1e} allowed");
            assert!(apart(&[found], &[expected]) <= allowed, "ν = {nu}: {found} is not {expected}");
            // The wrong implementation: the gradient in ν itself, without the factor ν of the logarithm.
            let wrong = found / nu;
            assert!(nu == 1.0 || apart(&[wrong], &[expected]) > allowed, "ν = {nu}: blind");
        }
    }
}

#[test]
fn only_a_learned_nu_has_a_gradient() {
    for spec in specs() {
        let flow = flow::<f64>(&spec, 2);
        let mut training = flow.training();
        flow.accumulate(&normal_rows::<f64>(5, 2, &mut rng(1)), &mut training).unwrap();
        let learned = spec.options.get("learned").is_some_and(|learned| learned == true);
        assert_eq!(training.grads.params.len(), usize::from(learned), "{spec:?}");
        assert_eq!(flow.tensors().len(), usize::from(learned), "{spec:?}");
    }
}

#[test]
fn densities_have_the_kinds_that_they_are_built_by() {
    let kinds = |bases: [&dyn Base<f64>; 3]| bases.map(|base| base.spec().kind);
    assert_eq!(kinds([&Normal, &Logistic, &Laplace]), ["normal", "logistic", "laplace"]);
}
