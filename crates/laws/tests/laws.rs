//! Every law over every layer, module and base density, in both precisions, on random shapes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};

use pdmap_core::Real;
use pdmap_laws::bases::{self, BaseCase};
use pdmap_laws::modules::{self, ModuleCase};
use pdmap_laws::{Case, laws, normal_rows, rng, subjects};
use proptest::prelude::*;

/// Layers that were held to the laws so far.
static CASES: AtomicUsize = AtomicUsize::new(0);

fn layers<F: Real>(features: usize, rows: usize, seed: u64) {
    let registry = laws::registry();
    for subject in subjects::<F>() {
        let mut rng = rng(seed);
        let layer = (subject.build)(features, &mut rng).unwrap();
        let x = normal_rows::<F>(rows, features, &mut rng).mapv(subject.domain);
        let case = Case::seeded(&*layer, x.view(), &registry, seed ^ 0x5eed);
        if let Err(broken) = laws::hold(&case) {
            panic!("{subject:?} ({}, {features} features, {rows} rows): {broken}", F::DTYPE);
        }
        let cases = 1 + CASES.fetch_add(1, Ordering::Relaxed);
        if cases.is_multiple_of(1000) {
            println!("{cases} cases");
        }
    }
}

fn modules<F: Real>(inputs: usize, outputs: usize, examples: usize, seed: u64) {
    let registry = laws::registry();
    for subject in modules::subjects::<F>() {
        let mut rng = rng(seed);
        let module = subject.build(inputs, outputs, &mut rng).unwrap();
        let x = normal_rows::<F>(examples * subject.positions, inputs, &mut rng);
        let case = ModuleCase::new(&*module, x.view(), subject.positions, &registry).seeded(seed ^ 0x5eed);
        if let Err(broken) = modules::hold(&case) {
            panic!("{subject:?} ({}, {inputs} to {outputs}, {examples} examples): {broken}", F::DTYPE);
        }
    }
}

/// Shapes and seeds, each for every layer: a few here, as many as `PROPTEST_CASES` asks for in
/// `scripts/laws.sh`.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(12), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn layers_in_f64(features in 1_usize..10, rows in 0_usize..14, seed: u64) {
        layers::<f64>(features, rows, seed);
    }

    #[test]
    fn layers_in_f32(features in 1_usize..10, rows in 0_usize..14, seed: u64) {
        layers::<f32>(features, rows, seed);
    }

    #[test]
    fn modules_in_f64(inputs in 1_usize..6, outputs in 1_usize..6, examples in 0_usize..7, seed: u64) {
        modules::<f64>(inputs, outputs, examples, seed);
    }

    #[test]
    fn modules_in_f32(inputs in 1_usize..6, outputs in 1_usize..6, examples in 0_usize..7, seed: u64) {
        modules::<f32>(inputs, outputs, examples, seed);
    }
}

/// A case that was found broken once.
#[test]
fn one_feature_and_four_rows() {
    layers::<f64>(1, 4, 1_735_042_897_210_391_654);
    layers::<f32>(1, 4, 1_735_042_897_210_391_654);
}

fn bases<F: Real>() {
    let (registry, wide) = (laws::registry(), laws::registry());
    for base in bases::subjects::<F>().unwrap() {
        for seed in 0..4 {
            if let Err(broken) = bases::hold(&BaseCase::new(&*base, &registry, &wide).seeded(seed)) {
                panic!("{base:?} ({}): {broken}", F::DTYPE);
            }
        }
    }
}

pdmap_laws::in_both_precisions!(base_densities, bases);

/// Every kind of the registry is held to the laws, by itself or as part of another.
#[test]
fn no_kind_is_left_out() {
    let mut specs = Vec::new();
    for subject in subjects::<f64>() {
        specs.push(serde_json::to_string(&(subject.build)(8, &mut rng(1)).unwrap().spec()).unwrap());
    }
    // Old names, and a kind that is saved as the chain that it describes.
    let aliases = ["kept", "multiscale"];
    for kind in laws::registry::<f64>().kinds().filter(|kind| !aliases.contains(kind)) {
        assert!(specs.iter().any(|spec| spec.contains(&format!("\"kind\":\"{kind}\""))), "{kind}");
    }
}
