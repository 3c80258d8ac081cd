//! The laws of base densities over Gaussian mixtures, and wrong ones that they reject.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::Real;
use pdmap_laws::bases::{self, BaseCase};
use pdmap_laws::laws;
use pdmap_laws::wrong::{MIXTURE_MISTAKES, WrongMixture};

fn hold<F: Real>() {
    let (registry, wide) = (laws::registry(), laws::registry());
    for base in bases::mixtures::<F>().unwrap() {
        for seed in 1..4 {
            if let Err(broken) = bases::hold(&BaseCase::new(&*base, &registry, &wide).seeded(seed)) {
                panic!("{:?} of {:?} columns ({}): {broken}", base.spec(), base.features(), F::DTYPE);
            }
        }
    }
}

pdmap_laws::in_both_precisions!(mixtures_keep_the_laws, hold);

fn reject<F: Real>() {
    let (registry, wide) = (laws::registry(), laws::registry());
    for &(mistake, law_name) in MIXTURE_MISTAKES {
        let base = WrongMixture::<F>::new(mistake).unwrap();
        let case = BaseCase::new(&base, &registry, &wide);
        for (name, law) in bases::all::<F>() {
            if name == law_name {
                assert!(law(&case).is_err(), "`{name}` is blind to {mistake:?} in {}", F::DTYPE);
            }
        }
    }
}

pdmap_laws::in_both_precisions!(laws_reject_wrong_mixtures, reject);
