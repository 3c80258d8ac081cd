//! Every law over every layer, in both precisions, on random shapes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};

use pdmap_core::Real;
use pdmap_testing::{laws, normal_rows, rng, subjects};
use proptest::prelude::*;

/// Layers that were held to the laws so far.
static CASES: AtomicUsize = AtomicUsize::new(0);

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
        let cases = 1 + CASES.fetch_add(1, Ordering::Relaxed);
        if cases.is_multiple_of(1000) {
            println!("{cases} cases");
        }
    }
}

/// Shapes and seeds, each for every layer: a few here, and as many as `PROPTEST_CASES` says in `scripts/laws.sh`.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(24), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn in_f64(features in 1_usize..10, rows in 0_usize..14, seed: u64) {
        hold::<f64>(features, rows, seed);
    }

    #[test]
    fn in_f32(features in 1_usize..10, rows in 0_usize..14, seed: u64) {
        hold::<f32>(features, rows, seed);
    }
}
