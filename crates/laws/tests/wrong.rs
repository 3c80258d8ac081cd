//! Each law rejects the wrong implementations that it is there for, and accepts the right one.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array1, ArrayView2};
use pdmap_core::contract::{ModuleContext, ModuleParameters};
use pdmap_core::{Chain, Layer, LayerExt, ParametricExt, Real, Tensors};
use pdmap_dense::{BiasKind, Dense, Group};
use pdmap_laws::modules::{self, ModuleCase};
use pdmap_laws::wrong::{
    BASE_MISTAKES, MISTAKES, MODULE_MISTAKES, Mistake, ModuleMistake, WrongBase, WrongModule, WrongScale,
};
use pdmap_laws::{Case, laws, normal_rows, rng};
use rand::RngExt;

use crate::base_laws::rejects;

/// Whether a law holds.
fn holds<F: Real>(law: laws::Law<F>, layer: &dyn Layer<F>, x: ArrayView2<'_, F>) -> bool {
    law(&Case::new(layer, x, &laws::registry())).is_ok()
}

fn reject<F: Real>() {
    let x = normal_rows::<F>(9, 3, &mut rng(5));
    for &(mistake, law_name) in MISTAKES {
        // These have tests of their own.
        if matches!(mistake, Mistake::LogDetOverwrites | Mistake::Squares) {
            continue;
        }
        let layer = WrongScale::<F>::new(3, mistake).unwrap();
        let (_, law) = laws::all::<F>().into_iter().find(|(name, _)| *name == law_name).unwrap();
        assert!(!holds(law, &layer, x.view()), "`{law_name}` is blind to {mistake:?} in {}", F::DTYPE);
    }
}

pdmap_laws::in_both_precisions!(laws_reject_wrong_implementations, reject);

/// Entries on O(D) cannot move one by one; those of the scale behind it can, and must be tested.
fn behind_an_orthonormal_layer<F: Real>() {
    let x = normal_rows::<F>(9, 3, &mut rng(5));
    let law = laws::gradient_of_parameters::<F>;
    let chain = |mistake| {
        let dense = Dense::random(3, Group::Orthonormal, BiasKind::None, &mut rng(6)).unwrap();
        Chain::<F>::new(vec![Box::new(dense), Box::new(WrongScale::new(3, mistake).unwrap())]).unwrap()
    };
    assert!(!holds(law, &chain(Mistake::NoLogDetGradient), x.view()), "{}", F::DTYPE);
    // Its gradients are right, so the law is not simply strict.
    assert!(holds(law, &chain(Mistake::Descends), x.view()));
}

pdmap_laws::in_both_precisions!(an_orthonormal_layer_does_not_hide_the_layer_behind_it, behind_an_orthonormal_layer);

#[test]
fn a_chain_reveals_a_layer_that_overwrites_log_dets() {
    let wrong = |mistake| -> Box<dyn Layer<f64>> { Box::new(WrongScale::new(2, mistake).unwrap()) };
    let x = normal_rows::<f64>(3, 2, &mut rng(1));
    let law = laws::log_det::<f64>;
    let chain = Chain::new(vec![wrong(Mistake::Descends), wrong(Mistake::LogDetOverwrites)]).unwrap();
    assert!(!holds(law, &chain, x.view()));
    // The same chain of layers whose forward pass is right: the law is not simply strict.
    let chain = Chain::new(vec![wrong(Mistake::Descends), wrong(Mistake::Descends)]).unwrap();
    assert!(holds(law, &chain, x.view()));
    assert!((chain.transform(&x).unwrap().1[0] - 2.0 * 0.5f64.ln()).abs() < 1e-12);
}

#[test]
fn extreme_rows_reveal_a_layer_that_squares_them() {
    let rows = laws::extreme_rows::<f32>(3, &mut rng(1));
    let (registry, wide) = (laws::registry(), laws::registry());
    let extremes = |mistake| {
        let layer = WrongScale::new(3, mistake).unwrap();
        laws::extremes::<f32>(&Case::new(&layer, rows.view(), &registry).wide(&wide))
    };
    assert!(extremes(Mistake::Squares).is_err());
    // The same layer with another mistake, in its direction.
    extremes(Mistake::Descends).unwrap();
}

/// Random parameters; one position, three inputs, two outputs.
fn module<F: Real>(mistake: ModuleMistake) -> WrongModule<F> {
    let mut rng = rng(7);
    let start = Array1::zeros(2);
    let context = ModuleContext::new(3, 1, start, ModuleParameters::<F>::New(&mut rng));
    let mut module = WrongModule::new(mistake, context).unwrap();
    let mut tensors = module.tensors();
    for value in tensors.iter_mut().flat_map(|(_, tensor)| tensor) {
        *value = F::of(value.f64() + rng.random_range(-0.5..0.5));
    }
    module.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
    module
}

fn reject_modules<F: Real>() {
    let (registry, x) = (laws::registry(), normal_rows::<F>(9, 3, &mut rng(5)));
    for &(mistake, law_name) in MODULE_MISTAKES {
        let module = module(mistake);
        let case = ModuleCase::new(&module, x.view(), 1, &registry);
        for (name, law) in modules::all::<F>() {
            if name == law_name {
                assert!(law(&case).is_err(), "`{name}` is blind to {mistake:?} in {}", F::DTYPE);
            } else if mistake == ModuleMistake::AcceptsAnything {
                // The laws are not simply strict.
                law(&case).unwrap();
            }
        }
    }
}

pdmap_laws::in_both_precisions!(laws_reject_wrong_modules, reject_modules);

fn reject_bases<F: Real>() {
    for &(mistake, law) in BASE_MISTAKES {
        rejects::<F>(&WrongBase::new(mistake).unwrap(), law, &mistake);
    }
}

pdmap_laws::in_both_precisions!(laws_reject_wrong_base_densities, reject_bases);
