//! Each law rejects the wrong implementations that it is there for, and accepts the right one.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::{Chain, Layer, LayerExt, Real};
use pdmap_dense::{BiasKind, Dense, Group};
use pdmap_testing::wrong::{MISTAKES, Mistake, WrongScale};
use pdmap_testing::{laws, normal_rows, rng};

fn reject<F: Real>() {
    let x = normal_rows::<F>(9, 3, &mut rng(5));
    for &(mistake, law_name) in MISTAKES {
        // These have tests of their own.
        if matches!(mistake, Mistake::LogDetOverwrites | Mistake::Squares) {
            continue;
        }
        let layer = WrongScale::<F>::new(3, mistake).unwrap();
        let (_, law) = laws::all::<F>().into_iter().find(|(name, _)| *name == law_name).unwrap();
        assert!(law(&layer, x.view(), 1).is_err(), "`{law_name}` is blind to {mistake:?} in {}", F::DTYPE);
    }
}

#[test]
fn laws_reject_wrong_implementations_in_f64() {
    reject::<f64>();
}

#[test]
fn laws_reject_wrong_implementations_in_f32() {
    reject::<f32>();
}

/// O(D) cannot be moved entry by entry; the scale behind it can, and must be looked at all the same.
fn behind_an_orthonormal_layer<F: Real>() {
    let x = normal_rows::<F>(9, 3, &mut rng(5));
    let law = laws::gradient_of_parameters::<F>;
    let chain = |mistake| {
        let dense = Dense::random(3, Group::Orthonormal, BiasKind::None, &mut rng(6)).unwrap();
        Chain::<F>::new(vec![Box::new(dense), Box::new(WrongScale::new(3, mistake).unwrap())]).unwrap()
    };
    assert!(law(&chain(Mistake::NoLogDetGradient), x.view(), 1).is_err(), "{}", F::DTYPE);
    // Its gradients are right, so the law is not simply strict.
    law(&chain(Mistake::Descends), x.view(), 1).unwrap();
}

#[test]
fn an_orthonormal_layer_does_not_hide_what_is_behind_it() {
    behind_an_orthonormal_layer::<f64>();
    behind_an_orthonormal_layer::<f32>();
}

#[test]
fn a_chain_shows_a_layer_that_overwrites_log_dets() {
    let wrong = |mistake| -> Box<dyn Layer<f64>> { Box::new(WrongScale::new(2, mistake).unwrap()) };
    let x = normal_rows::<f64>(3, 2, &mut rng(1));
    let law = laws::log_det::<f64>;
    let chain = Chain::new(vec![wrong(Mistake::Descends), wrong(Mistake::LogDetOverwrites)]).unwrap();
    assert!(law(&chain, x.view(), 0).is_err());
    // The same chain of layers whose forward pass is right: the law is not simply strict.
    let chain = Chain::new(vec![wrong(Mistake::Descends), wrong(Mistake::Descends)]).unwrap();
    law(&chain, x.view(), 0).unwrap();
    assert!((chain.transform(&x).unwrap().1[0] - 2.0 * 0.5f64.ln()).abs() < 1e-12);
}

#[test]
fn extreme_rows_show_a_layer_that_squares_them() {
    let rows = laws::extreme_rows::<f32>(3, &mut rng(1));
    let extremes = |mistake| laws::extremes::<f32>(&WrongScale::new(3, mistake).unwrap(), rows.view(), 0);
    assert!(extremes(Mistake::Squares).is_err());
    // The same layer with another mistake, in its gradient.
    extremes(Mistake::Descends).unwrap();
}
