//! Subnormal, huge and boundary numbers through every layer, in both precisions.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::Axis;
use pdmap_core::{LayerExt, Real};
use pdmap_testing::laws::{extreme_rows, extremes};
use pdmap_testing::{rng, subjects};

/// Shapes and random parameters for each layer.
const SEEDS: u64 = 6;

fn hold<F: Real>() {
    let (mut broken, mut cases) = (vec![], 0);
    for subject in subjects::<F>() {
        let (mut accepted, mut offered) = (0, 0);
        for features in [1, 2, 3, 6, 8] {
            for seed in 0..SEEDS {
                let mut rng = rng(seed);
                let layer = (subject.build)(features, &mut rng).unwrap();
                let x = extreme_rows::<F>(features, &mut rng);
                cases += x.nrows();
                offered += x.nrows();
                accepted += x
                    .axis_iter(Axis(0))
                    .filter(|row| layer.transform(row.insert_axis(Axis(0))).is_ok())
                    .count();
                if let Err(violation) = extremes(&*layer, x.view(), seed) {
                    broken.push(format!(
                        "{subject:?} ({}, {features} features, seed {seed}): {violation:?}",
                        F::DTYPE
                    ));
                }
            }
        }
        // Refusing is no way to be right: only a map of the unit interval may refuse most numbers.
        let least = if subject.name == "logit" { offered / 20 } else { offered };
        assert!(accepted >= least, "{subject:?} ({}) takes {accepted} of {offered} rows", F::DTYPE);
    }
    println!("{}: {cases} rows", F::DTYPE);
    assert!(broken.is_empty(), "{} cases, {} of them broken:\n{}", cases, broken.len(), broken.join("\n"));
}

#[test]
fn in_f64() {
    hold::<f64>();
}

#[test]
fn in_f32() {
    hold::<f32>();
}
