//! Angles beside another density.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, Axis, array};
use pdmap_core::flow::base::{Normal, StudentT, Torus, draw};
use pdmap_core::{Base, BaseSpec, BuildContext, Real, Sample};
use pdmap_laws::bases::{self, BaseCase};
use pdmap_laws::{laws, rng};

/// Every law but the integral over the line, which is infinite for a circle.
fn hold<F: Real>() {
    let (registry, wide) = (laws::registry(), laws::registry());
    let mixtures = bases::mixtures::<F>().unwrap();
    let beside = [Box::new(Normal) as Box<dyn Base<F>>, Box::new(StudentT::new(3.0, true).unwrap())];
    for base in beside.into_iter().chain(mixtures.into_iter().take(3)) {
        let torus = Torus::new(1, base).unwrap();
        for (name, law) in bases::all::<F>().into_iter().filter(|(name, _)| *name != "integral") {
            law(&BaseCase::new(&torus, &registry, &wide).seeded(2)).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
    }
}

pdmap_laws::in_both_precisions!(a_torus_keeps_the_laws, hold);

#[test]
fn a_turn_changes_nothing_and_draws_fill_one() {
    let torus = Torus::<f64>::new(1, Box::new(Normal)).unwrap();
    let density = |z: Array2<f64>| {
        let mut out = vec![0.0; z.nrows()];
        torus.add_log_density((&z).into(), &mut out).unwrap();
        out
    };
    let both = density(array![[0.3, 0.1], [0.3, 7.1]]);
    let normal = -0.5 * 0.09 - 0.5 * std::f64::consts::TAU.ln();
    assert!(both.iter().all(|log_p| (log_p - normal).abs() < 1e-15), "{both:?}");
    let drawn = draw(&torus, 2000, 2, &mut rng(5)).unwrap();
    let angles = drawn.column(1);
    assert!(angles.iter().all(|angle| (-0.5..0.5).contains(angle)));
    let (mean, square) = (angles.mean().unwrap(), angles.mapv(|x| x * x).mean().unwrap());
    // Six standard errors of a uniform density.
    assert!(mean.abs() < 6.0 * (1.0_f64 / 12.0 / 2000.0).sqrt(), "{mean}");
    assert!((square - 1.0 / 12.0).abs() < 6.0 * ((1.0_f64 / 80.0 - 1.0 / 144.0) / 2000.0).sqrt(), "{square}");
    // Angles alone; and none.
    assert_eq!(draw(&torus, 3, 1, &mut rng(5)).unwrap().ncols(), 1);
    assert!(Torus::<f64>::new(0, Box::new(Normal)).is_err());
    assert!(Torus::<f64>::new(1, Box::new(torus.clone())).is_err());
}

#[test]
fn the_density_beside_angles_is_fitted_with_the_weights_of_rows() {
    let rows = array![[0.0, 0.1], [1.0, 0.2], [4.0, 0.3], [2.5, 0.4]];
    let chosen = [0, 1, 1, 1, 2, 3, 3];
    let mixture = serde_json::json!({ "components": 1, "covariance": "full", "shrinkage": 0.5 });
    let spec = BaseSpec::new("torus", &serde_json::json!({ "angles": 1, "base": { "gaussian-mixture": mixture } }));
    let fitted = |mut sample: Sample<f64>| {
        let mut rng = rng(3);
        let mut context = BuildContext::new(2, &mut rng, &mut sample);
        let torus = laws::registry::<f64>().build_base(&spec, &mut context).unwrap();
        let mut out = vec![0.0; rows.nrows()];
        torus.add_log_density((&rows).into(), &mut out).unwrap();
        out
    };
    let weighted = fitted(Sample::new(rows.clone()).weighted(Some(vec![1.0, 3.0, 1.0, 2.0])));
    let repeated = fitted(Sample::new(rows.select(Axis(0), &chosen)));
    let unweighted = fitted(Sample::new(rows.clone()));
    let apart = |a: &[f64]| a.iter().zip(&repeated).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart(&weighted) < 1e-9, "{weighted:?} {repeated:?}");
    // Weights that are dropped give another density.
    assert!(apart(&unweighted) > 1e-3, "{unweighted:?} {repeated:?}");
}
