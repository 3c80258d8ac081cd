//! The laws of base densities over Gaussian mixtures, and wrong ones that they reject.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::Real;
use pdmap_laws::bases;
use pdmap_laws::wrong::{MIXTURE_MISTAKES, WrongMixture};

use crate::base_laws::{holds, rejects};

fn hold<F: Real>() {
    for base in bases::mixtures::<F>().unwrap() {
        holds(&*base);
    }
}

pdmap_laws::in_both_precisions!(mixtures_keep_the_laws, hold);

fn reject<F: Real>() {
    for &(mistake, law) in MIXTURE_MISTAKES {
        rejects(&WrongMixture::<F>::new(mistake).unwrap(), law, &mistake);
    }
}

pdmap_laws::in_both_precisions!(laws_reject_wrong_mixtures, reject);
