//! The laws of base densities over ensembles, and wrong ones that they reject.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::array;
use pdmap_core::flow::Ensemble;
use pdmap_core::flow::base::{Logistic, Normal};
use pdmap_core::{Base, Flow, LayerError, Real, Tensors};
use pdmap_laws::bases;
use pdmap_laws::laws;
use pdmap_laws::wrong::{ENSEMBLE_MISTAKES, WrongEnsemble};

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
