//! The layers that are said to map column by column do.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use pdmap_core::Real;
use pdmap_laws::{Case, laws, normal_rows, rng, subjects};
use pdmap_query::is_columnwise;

/// Error of a central difference, in units of `ε^⅔` and of the largest slope.
const DIFFERENCE: f64 = 1e3;

fn jacobians<F: Real>() {
    let registry = laws::registry::<F>();
    let (mut alone, mut mixing) = (BTreeSet::new(), 0);
    for subject in subjects::<F>() {
        let mut rng = rng(3);
        let layer = (subject.build)(4, &mut rng).unwrap();
        let spec = layer.spec();
        let x = normal_rows::<F>(2, 4, &mut rng).mapv(subject.domain);
        let jacobian = Case::new(&*layer, x.view(), &registry).jacobian(0).unwrap();
        let size = jacobian.iter().fold(1.0_f64, |most, entry| most.max(entry.abs()));
        let off = jacobian.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, entry)| entry.abs());
        let off = off.fold(0.0, f64::max);
        let noise = DIFFERENCE * F::EPS.cbrt().powi(2) * size;
        if is_columnwise(&spec) {
            assert!(off < noise, "{subject:?} mixes columns by {off:e}");
            assert!(jacobian.diag().iter().all(|slope| *slope > 0.0), "{subject:?} turns back");
            alone.insert(spec.kind);
        } else {
            mixing += usize::from(off > noise);
        }
    }
    // Others do mix them, so that the check is not blind.
    assert!(alone.len() > 8 && mixing > 8, "{alone:?}, {mixing}");
}

pdmap_laws::in_both_precisions!(layers_that_are_said_to_map_column_by_column_do, jacobians);
