//! Every law over every layer, in both precisions, on random shapes.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::Real;
use pdmap_testing::{laws, normal_rows, rng, subjects};
use proptest::prelude::*;

fn hold<F: Real>(features: usize, rows: usize, seed: u64) {
    for subject in subjects::<F>() {
        let mut rng = rng(seed);
        let layer = (subject.build)(features, &mut rng).unwrap();
        let x = normal_rows::<F>(rows, features, &mut rng).mapv(subject.domain);
        for (name, law) in laws::all::<F>() {
            if let Err(violation) = law(&*layer, x.view(), seed ^ 0x5eed) {
                panic!(
                    "{subject:?} ({}, {features} features, {rows} rows) breaks `{name}`: {violation:?}",
                    F::DTYPE
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_f64(features in 1_usize..10, rows in 0_usize..14, seed: u64) {
        hold::<f64>(features, rows, seed);
    }

    #[test]
    fn in_f32(features in 1_usize..10, rows in 0_usize..14, seed: u64) {
        hold::<f32>(features, rows, seed);
    }
}
