//! The Jacobian of an autoregressive layer is triangular.

use ndarray::Array2;
use pdmap_core::Real;

use crate::tolerance::{LOG_DET, differences};
use crate::verdict::at_most;
use crate::{Case, Verdict};

/// In the given order of features, no output depends on a later input, and `log|det|` is the sum of the
/// logarithms of the derivatives `dy_i/dx_i`.
///
/// The Jacobian is made by central differences. A later input meets weights of 0 only, so both sides of a
/// difference have the same bits, and the entry must be exactly 0.
///
/// # Errors
/// What was violated, and by how much.
pub fn triangular<F: Real>(case: &Case<'_, F>, order: &[usize]) -> Verdict {
    let (_, log_det) = case.image()?;
    for (row, log_det) in log_det.into_iter().enumerate() {
        let jacobian = ordered(&case.jacobian(row)?, order);
        let mut sum = 0.0;
        for ((output, input), &entry) in jacobian.indexed_iter() {
            if input > output {
                at_most(format!("derivative of output {output} by input {input}, by position"), entry.abs(), 0.0)?;
            } else if input == output {
                at_most(format!("−dy/dx at position {output}"), -entry, 0.0)?;
                sum += entry.ln();
            }
        }
        case.within("log-det against the derivatives", (log_det - sum).abs(), |condition| {
            differences::<F>(order.len(), condition, LOG_DET)
        })?;
    }
    Ok(())
}

/// Rows and columns by position.
fn ordered(jacobian: &Array2<f64>, order: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((order.len(), order.len()), |(output, input)| jacobian[[order[output], order[input]]])
}
