//! Posteriors of components, in log-space and for many rows at a time.

use pdmap_core::Real;
use pdmap_core::parallel::Pass;

/// Posteriors below `e^NONE` count as 0: smaller numbers would only slow the products down.
const NONE: f64 = -60.0;

/// From `log(π_k N(x; μ_k, Σ_k))`, `[K, rows]`, to posteriors in place, and `log p(x)` of each row in the
/// second list. The third is memory for a number a row.
pub(crate) struct Posterior;

impl<'a> Pass<(&'a mut [f64], &'a mut [f64], &'a mut [f64])> for Posterior {
    #[inline(always)]
    fn run(&self, (values, largest, totals): (&'a mut [f64], &'a mut [f64], &'a mut [f64])) {
        let rows = largest.len();
        largest.fill(f64::NEG_INFINITY);
        totals.fill(0.0);
        for values in values.chunks_exact(rows) {
            for (largest, &value) in largest.iter_mut().zip(values) {
                *largest = if value > *largest { value } else { *largest };
            }
        }
        for values in values.chunks_exact_mut(rows) {
            for ((value, &largest), total) in values.iter_mut().zip(&*largest).zip(&mut *totals) {
                let apart = *value - largest;
                let share = apart.vector_exp();
                // The comparison lets NaN through.
                *value = if apart < NONE { 0.0 } else { share };
                *total += *value;
            }
        }
        for (largest, total) in largest.iter_mut().zip(&mut *totals) {
            *largest += total.vector_ln();
            *total = 1.0 / *total;
        }
        for values in values.chunks_exact_mut(rows) {
            values.iter_mut().zip(&*totals).for_each(|(value, &total)| *value *= total);
        }
    }
}
