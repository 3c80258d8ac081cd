//! The laws of base densities over ensembles, and wrong ones that they reject.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, Axis, Slice, array};
use pdmap_core::contract::Draw;
use pdmap_core::flow::Ensemble;
use pdmap_core::flow::base::{Logistic, Normal};
use pdmap_core::{Base, Flow, Input, LayerError, Real, Tensors};
use pdmap_laws::bases::{self, conditional_ensemble};
use pdmap_laws::laws;
use pdmap_laws::wrong::{ENSEMBLE_MISTAKES, WrongEnsemble};
use pdmap_laws::{normal_rows, rng};

use crate::base_laws::{holds, rejects};

fn hold<F: Real>() {
    for base in bases::ensembles::<F>().unwrap() {
        holds(&*base);
    }
}

pdmap_laws::in_both_precisions!(ensembles_keep_the_laws, hold);

fn reject<F: Real>() {
    for &(mistake, law) in ENSEMBLE_MISTAKES {
        rejects(&WrongEnsemble::<F>::new(mistake).unwrap(), law, &mistake);
    }
}

pdmap_laws::in_both_precisions!(laws_reject_wrong_ensembles, reject);

#[test]
fn mistakes_are_errors() {
    let flow = |features: usize| Flow::<f64>::builder(features).base(Normal).build().unwrap();
    assert!(matches!(Ensemble::<f64>::new(vec![]), Err(LayerError::NoFeatures)));
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = Ensemble::new(vec![(1.0, flow(2)), (weight, flow(2))]);
        assert!(matches!(refused, Err(LayerError::Range { what: "weight", .. })), "{weight}");
    }
    let other = Ensemble::new(vec![(1.0, flow(2)), (1.0, flow(3))]).unwrap_err();
    assert!(matches!(other, LayerError::Features { expected: 2, actual: 3, .. }), "{other}");
    let inner = Flow::builder(2).base(Ensemble::new(vec![(1.0, flow(2))]).unwrap()).build().unwrap();
    assert!(matches!(Ensemble::new(vec![(1.0, inner)]), Err(LayerError::Conflict { .. })));
    // A file with more weights than members.
    let pair = Ensemble::new(vec![(1.0, flow(2)), (1.0, flow(2))]).unwrap();
    let mut spec = Base::spec(&pair);
    spec.options.insert("weights".to_owned(), vec![1.0].into());
    let refused = laws::registry::<f64>().restore_base(&spec, &mut Tensors::default());
    assert!(matches!(refused, Err(LayerError::Shape { .. })), "{refused:?}");
    assert!(matches!(Base::marginal(&pair, 0).map(|base| base.features()), Ok(Some(1))));
}

#[test]
fn samples_come_from_the_members_by_their_weights() {
    let far = |at: f64| {
        let shift = pdmap_layers::diagonal::Shift::new(array![-at]).unwrap();
        Flow::<f64>::builder(1).layer(shift).base(Logistic).build().unwrap()
    };
    let flow = Flow::builder(1).base(Ensemble::new(vec![(3.0, far(-100.0)), (1.0, far(100.0))]).unwrap()).build();
    let rows = flow.unwrap().sample(4000, &mut pdmap_laws::rng(1)).unwrap();
    let left = rows.iter().filter(|&&x| x < 0.0).count() as f64 / 4000.0;
    // Six standard errors.
    assert!((left - 0.75).abs() < 6.0 * (0.75 * 0.25 / 4000.0_f64).sqrt(), "{left}");
    assert!(rows.iter().all(|x| (x.abs() - 100.0).abs() < 30.0));
}

/// An ensemble that gives every row the condition of the first one.
fn confused(ensemble: &Ensemble<f64>, z: &Array2<f64>, condition: &Array2<f64>) -> Vec<f64> {
    let first = Array2::from_shape_fn(condition.dim(), |(_, column)| condition[[0, column]]);
    log_density(ensemble, z, &first)
}

fn log_density(ensemble: &Ensemble<f64>, z: &Array2<f64>, condition: &Array2<f64>) -> Vec<f64> {
    let mut out = vec![0.0; z.nrows()];
    ensemble.add_log_density(Input::new(z.view(), Some(condition.view())), &mut out).unwrap();
    out
}

/// Each row has its own condition: in the density, in the score, and in draws.
#[test]
fn conditions_belong_to_their_rows() {
    let ensemble = conditional_ensemble::<f64>(1.0).unwrap();
    let z = normal_rows::<f64>(30, 1, &mut rng(3));
    let condition = normal_rows::<f64>(30, 2, &mut rng(4));
    let all = log_density(&ensemble, &z, &condition);
    let row = |of: &Array2<f64>, row: usize| of.select(Axis(0), &[row]);
    let alone: Vec<f64> = (0..30).flat_map(|at| log_density(&ensemble, &row(&z, at), &row(&condition, at))).collect();
    let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(apart(&all, &alone) < 1e-12);
    assert!(apart(&confused(&ensemble, &z, &condition), &alone) > 0.01);

    let score = |z: &Array2<f64>, condition: &Array2<f64>| {
        let mut delta = Array2::zeros(z.dim());
        ensemble.score(Input::new(z.view(), Some(condition.view())), delta.view_mut()).unwrap();
        delta
    };
    let scores = score(&z, &condition);
    let draw = |temperature: f64, condition: &Array2<f64>, seed: u64| {
        let mut drawn = Array2::zeros((condition.nrows(), 1));
        let how = Draw { temperature, condition: Some(condition.view()) };
        ensemble.sample_into(how, &mut rng(seed), drawn.view_mut()).unwrap();
        drawn
    };
    let modes = draw(0.0, &condition, 1);
    for at in 0..30 {
        let own = row(&condition, at);
        assert!((score(&row(&z, at), &own)[[0, 0]] - scores[[at, 0]]).abs() < 1e-12);
        assert!((draw(0.0, &own, 1)[[0, 0]] - modes[[at, 0]]).abs() < 1e-12);
    }
    // One condition for all rows draws the distribution of that condition: its mean by many draws. Those
    // of the lowest and of the highest mode differ.
    let mode = |a: &usize, b: &usize| modes[[*a, 0]].total_cmp(&modes[[*b, 0]]);
    let ends = [(0..30).min_by(mode).unwrap(), (0..30).max_by(mode).unwrap()];
    let mean = |at: usize| draw(1.0, &Array2::from_shape_fn((4000, 2), |(_, c)| condition[[at, c]]), 7).mean().unwrap();
    assert!(mean(ends[1]) - mean(ends[0]) > 0.5, "this test tests nothing");
    let mixed = Array2::from_shape_fn((8000, 2), |(row, column)| condition[[ends[row % 2], column]]);
    let drawn = draw(1.0, &mixed, 7);
    for (place, at) in ends.into_iter().enumerate() {
        let own = drawn.slice_axis(Axis(0), Slice::new(place as isize, None, 2)).mean().unwrap();
        assert!((own - mean(at)).abs() < 0.2, "{own} {}", mean(at));
    }
    // No condition, and one of another width.
    let mut out = vec![0.0; 30];
    let refused = ensemble.add_log_density(z.view().into(), &mut out).unwrap_err();
    assert!(matches!(refused, LayerError::Conditions { expected: 2, actual: 0 }), "{refused}");
    assert!(ensemble.clone().accepting(3).is_err() && ensemble.accepting(2).is_ok());
    let wide = Ensemble::new(vec![(1.0, Flow::<f64>::builder(1).base(Normal).build().unwrap())]).unwrap();
    assert!(matches!(wide.accepting(usize::MAX), Err(LayerError::Range { .. })));
}
