//! A base density against the laws, and wrong ones against the law that must find them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Debug;

use pdmap_core::{Base, Real};
use pdmap_laws::bases::{self, BaseCase};
use pdmap_laws::laws;

/// The density keeps every law, with three seeds.
pub(crate) fn holds<F: Real>(base: &dyn Base<F>) {
    let (registry, wide) = (laws::registry(), laws::registry());
    for seed in 1..4 {
        if let Err(broken) = bases::hold(&BaseCase::new(base, &registry, &wide).seeded(seed)) {
            panic!("{:?} of {:?} columns ({}): {broken}", base.spec(), base.features(), F::DTYPE);
        }
    }
}

/// The law of this name rejects the density.
pub(crate) fn rejects<F: Real>(base: &dyn Base<F>, law: &str, mistake: &dyn Debug) {
    let (registry, wide) = (laws::registry(), laws::registry());
    let (_, holds) = bases::all::<F>().into_iter().find(|(name, _)| *name == law).unwrap();
    let case = BaseCase::new(base, &registry, &wide);
    assert!(holds(&case).is_err(), "`{law}` is blind to {mistake:?} in {}", F::DTYPE);
}
