//! `log_det` is `log|det|` of the dense Jacobian.

use pdmap_core::Real;
use pdmap_core::linalg::Lu;

use crate::tolerance::{LOG_DET, differences};
use crate::verdict::distance;
use crate::{Case, Verdict};

/// Log-determinants of all rows against those of the Jacobians.
pub fn log_det<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (_, actual) = case.image()?;
    let mut expected = Vec::new();
    for row in 0..actual.len() {
        expected.push(Lu::<f64>::new(case.jacobian(row)?.view())?.log_det().log_abs);
    }
    let size = case.rows().ncols();
    case.within("log|det| − log|det Jacobian|", distance(&actual, &expected), |condition| {
        differences::<F>(size, condition, LOG_DET)
    })
}
