//! Angles beside another density.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, array};
use pdmap_core::flow::base::{Normal, StudentT, Torus, draw};
use pdmap_core::{Base, Real};
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
