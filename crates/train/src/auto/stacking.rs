//! Weights of densities by held-out rows.

use pdmap_core::special::log_sum_exp;

/// Iterations at most; each raises the likelihood.
const ITERATIONS: usize = 2000;

/// Change of a weight below which they have settled.
const SETTLED: f64 = 1e-9;

/// Weights `w ≥ 0`, `Σ w = 1`, that maximize `Σ_n log Σ_c w_c p_c(x_n) + Σ_c log w_c` by EM, for
/// `log p_c(x_n)` in nats, one vector of rows for each density (Smyth & Wolpert 1999, "Linearly
/// combining density estimators via stacking", eq. 6). The second sum counts as one row for each
/// density, so that few rows do not drive a weight to 0. Row `n` counts `rows_count[n]` times, and
/// once without.
pub(super) fn weights(log_density: &[Vec<f64>], rows_count: Option<&[f64]>) -> Vec<f64> {
    let (count, rows) = (log_density.len(), log_density.first().map_or(0, Vec::len));
    let mut weights = vec![1.0 / count as f64; count];
    for _ in 0..ITERATIONS {
        let mut next = vec![1.0; count];
        for row in 0..rows {
            let joint = || weights.iter().zip(log_density).map(|(weight, of)| weight.ln() + of[row]);
            let total = log_sum_exp(joint());
            if total.is_finite() {
                let own = rows_count.map_or(1.0, |counts| counts[row]);
                next.iter_mut().zip(joint()).for_each(|(next, joint)| *next += own * (joint - total).exp());
            }
        }
        let sum: f64 = next.iter().sum();
        next.iter_mut().for_each(|weight| *weight /= sum);
        let moved = weights.iter().zip(&next).map(|(weight, next)| (weight - next).abs()).fold(0.0, f64::max);
        weights = next;
        if moved < SETTLED {
            break;
        }
    }
    weights
}

/// `log Σ_c w_c p_c` of each row, nats.
pub(super) fn mixed(log_density: &[impl AsRef<[f64]>], weights: &[f64]) -> Vec<f64> {
    let rows = log_density.first().map_or(0, |of| of.as_ref().len());
    let joint = |row: usize| log_density.iter().zip(weights).map(move |(of, weight)| weight.ln() + of.as_ref()[row]);
    (0..rows).map(|row| log_sum_exp(joint(row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Σ_n log Σ_c w_c p_c(x_n) + Σ_c log w_c`.
    fn objective(weights: &[f64], log_density: &[Vec<f64>]) -> f64 {
        let rows = (0..log_density[0].len())
            .map(|row| weights.iter().zip(log_density).map(|(w, of)| w * of[row].exp()).sum::<f64>().ln());
        rows.sum::<f64>() + weights.iter().map(|w| w.ln()).sum::<f64>()
    }

    #[test]
    fn no_other_weights_are_better() {
        let of = |scale: f64| (0..50).map(|n| -1.0 + scale * (f64::from(n) * 0.7).sin()).collect::<Vec<f64>>();
        let all = [of(1.0), of(-0.8), of(0.3)];
        let own = weights(&all, None);
        assert!((own.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let best = objective(&own, &all);
        for (i, j) in [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)] {
            let mut other = own.clone();
            let step = 0.01 * own[i];
            (other[i], other[j]) = (own[i] - step, own[j] + step);
            assert!(objective(&other, &all) <= best, "{i} to {j}");
        }
        // Equal densities share; a density that is never better is left with its one row.
        assert_eq!(weights(&[vec![-2.0; 10], vec![-2.0; 10]], None), vec![0.5, 0.5]);
        let lost = weights(&[vec![-1.0; 98], vec![-50.0; 98]], None);
        assert!((lost[1] - 0.01).abs() < 1e-6, "{lost:?}");
        // Counts that are whole numbers repeat rows.
        let counts: Vec<f64> = (0..50).map(|n| f64::from(n % 4)).collect();
        let repeat = |of: &Vec<f64>| of.iter().zip(&counts).flat_map(|(v, n)| vec![*v; *n as usize]).collect();
        let (counted, repeated) = (weights(&all, Some(&counts)), weights(&all.each_ref().map(repeat), None));
        assert!(counted.iter().zip(&repeated).all(|(a, b)| (a - b).abs() < 1e-9), "{counted:?} {repeated:?}");
    }
}
