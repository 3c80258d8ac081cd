//! Subnormal, huge and boundary numbers through every layer, in both precisions.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::effort::effort;
use ndarray::Axis;
use pdmap_core::{LayerExt, Real};
use pdmap_laws::laws::{extreme_rows, extremes};
use pdmap_laws::{Case, laws, rng, subjects};

fn hold<F: Real>() {
    let (mut broken, mut cases) = (vec![], 0);
    let (registry, wide) = (laws::registry(), laws::registry());
    for subject in subjects::<F>() {
        let (mut accepted, mut offered) = (0, 0);
        for features in [1, 2, 3, 6, 8] {
            for seed in 0..effort(2, 12) {
                let mut rng = rng(seed);
                let layer = (subject.build)(features, &mut rng).unwrap();
                let x = extreme_rows::<F>(features, &mut rng);
                cases += x.nrows();
                offered += x.nrows();
                let case = Case::seeded(&*layer, x.view(), &registry, seed).wide(&wide);
                accepted +=
                    x.axis_iter(Axis(0)).filter(|row| case.layer().transform(row.insert_axis(Axis(0))).is_ok()).count();
                if let Err(violation) = extremes(&case) {
                    broken.push(format!("{subject:?} ({}, {features} features, seed {seed}): {violation:?}", F::DTYPE));
                }
            }
        }
        // A layer must not pass by refusing everything. Only maps of bounded columns may refuse most
        // numbers.
        let bounded = subject.name == "logit" || subject.name.starts_with("domain");
        let least = if bounded { offered / 20 } else { offered };
        assert!(accepted >= least, "{subject:?} ({}) takes {accepted} of {offered} rows", F::DTYPE);
    }
    println!("{}: {cases} rows", F::DTYPE);
    assert!(broken.is_empty(), "{} cases, {} of them broken:\n{}", cases, broken.len(), broken.join("\n"));
}

pdmap_laws::in_both_precisions!(extreme_rows, hold);
