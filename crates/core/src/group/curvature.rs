//! The sparse approximation of the curvature of the log-likelihood in the algebra, by which the
//! direction of a matrix can be divided.

use super::Group;
use crate::contract::{OuterSum, Squares, view};
use crate::{LayerError, Real, Result, check};

/// Least curvature, as an eigenvalue of a block. Directions in which the rows of a batch say nothing,
/// such as rotations of two normal outputs, have none, and would follow noise alone.
pub const LEAST_CURVATURE: f64 = 0.1;

/// The block `[[h, 1], [1, g]]` with both diagonal entries raised by the same number, so that its
/// smaller eigenvalue is at least `least` (Ablin, Cardoso & Gramfort 2018, "Faster independent
/// component analysis by preconditioning with Hessian approximations", section III-C).
pub fn raised([h, g]: [f64; 2], least: f64) -> [f64; 2] {
    let smallest = 0.5 * (h + g - ((h - g).powi(2) + 4.0).sqrt());
    let more = (least - smallest).max(0.0);
    [h + more, g + more]
}

/// The solution `(a, b)` of `h a + b = first` and `a + g b = second`.
pub fn solve_pair([h, g]: [f64; 2], [first, second]: [f64; 2]) -> [f64; 2] {
    let det = h * g - 1.0;
    [(g * first - second) / det, (h * second - first) / det]
}

/// Divides the direction of a matrix by the curvature that the rows of its sum show.
///
/// With `h_ij = E δ_i² · E y_j²`, the Fisher information of `W ← (I + ε) W` for independent pairs
/// `(δ_i, y_i)` consists of the blocks `[[h_ij, 1], [1, h_ji]]` of `(ε_ij, ε_ji)` and, for normal
/// pairs, of `1 + h_ii` for `ε_ii`. For skew `ε`, on O(D), it is `κ_ij = ½(h_ij + h_ji + E δ_i y_i +
/// E δ_j y_j)`. They are the blocks of Picard (Ablin, Cardoso & Gramfort 2018), with the Fisher
/// information `E ψ²` in place of the second derivative `E ψ'`.
///
/// `written` holds `Σ δ yᵀ`, row by row, on O(D).
///
/// # Errors
/// [`LayerError::Conflict`] for directions in parameter space; a sum without squares.
pub(super) fn divide<F: Real>(group: Group, sum: &OuterSum<F>, written: &[F], direction: &mut [F]) -> Result<()> {
    let (dim, count) = (sum.dim(), sum.count() as f64);
    let Some(Squares { left, right }) = sum.squares() else {
        return Err(LayerError::Conflict { first: "a preconditioned matrix", second: "a sum without squares" });
    };
    let h = |i: usize, j: usize| (left[i] / count) * (right[j] / count);
    match group {
        Group::Orthonormal => {
            let products = view(written, dim, dim);
            let score = |i: usize| products[[i, i]].f64() / count;
            let pairs = (1..dim).flat_map(|i| (0..i).map(move |j| (i, j)));
            check::shape("strict lower triangle", (1, dim * dim.saturating_sub(1) / 2), (1, direction.len()))?;
            for (entry, (i, j)) in direction.iter_mut().zip(pairs) {
                let kappa = 0.5 * (h(i, j) + h(j, i) + score(i) + score(j));
                *entry = F::of(entry.f64() / kappa.max(LEAST_CURVATURE));
            }
        }
        Group::General(_) => {
            check::shape("direction", (1, dim * dim), (1, direction.len()))?;
            for i in 0..dim {
                let own = &mut direction[i * dim + i];
                *own = F::of(own.f64() / (1.0 + h(i, i)));
                for j in 0..i {
                    let (at, mirrored) = (i * dim + j, j * dim + i);
                    let block = raised([h(i, j), h(j, i)], LEAST_CURVATURE);
                    let solved = solve_pair(block, [direction[at].f64(), direction[mirrored].f64()]);
                    [direction[at], direction[mirrored]] = solved.map(F::of);
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array2, Axis, array};

    use super::*;
    use crate::group::Direction;

    /// Rows `δ` and `y` of three outputs, with curvatures above the least one.
    fn factors() -> (Array2<f64>, Array2<f64>) {
        let delta = array![[1.5, -2.0, 0.5], [-1.0, 2.5, 3.0], [2.0, 1.0, -2.5], [-2.5, 0.5, 1.0]];
        let y = array![[-1.0, 1.5, 2.0], [2.0, -1.0, -3.0], [-1.5, -0.5, 1.0], [1.0, 2.5, -2.0]];
        (delta, y)
    }

    fn summed(left: &Array2<f64>, right: &Array2<f64>) -> OuterSum<f64> {
        let mut sum = OuterSum::new(3).with_squares();
        sum.add(left.view(), right.view(), None).unwrap();
        sum
    }

    /// `½ d²(−log p)/dt²` along `ε`, from the definition: a sum over the pairs of entries.
    fn curvature_along(delta: &Array2<f64>, y: &Array2<f64>, epsilon: &Array2<f64>, other: &Array2<f64>) -> f64 {
        let mean = |rows: &Array2<f64>, i: usize| rows.column(i).iter().map(|v| v * v).sum::<f64>() / 4.0;
        let mut sum = 0.0;
        for ((i, j), &entry) in epsilon.indexed_iter() {
            let h = mean(delta, i) * mean(y, j);
            sum += entry * other[[i, j]] * if i == j { 1.0 + h } else { h };
            if i != j {
                sum += entry * other[[j, i]];
            }
        }
        sum
    }

    /// The gradient `H x` divided by the curvature is `x`.
    fn recovers(sum: &OuterSum<f64>, delta: &Array2<f64>, y: &Array2<f64>) -> bool {
        let x = array![[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [-0.7, 0.8, 0.2]];
        let mut direction: Vec<f64> = (0..9)
            .map(|at| {
                let mut unit = Array2::zeros((3, 3));
                unit[[at / 3, at % 3]] = 1.0;
                curvature_along(delta, y, &unit, &x)
            })
            .collect();
        divide(Group::General(Direction::Algebra), sum, &[], &mut direction).unwrap();
        direction.iter().zip(&x).all(|(found, x)| (found - x).abs() < 1e-12)
    }

    #[test]
    fn a_gradient_is_divided_by_the_blocks() {
        let (delta, y) = factors();
        assert!(recovers(&summed(&delta, &y), &delta, &y));
        // Wrong: the factors exchanged.
        assert!(!recovers(&summed(&y, &delta), &delta, &y));
    }

    #[test]
    fn squares_of_parts_are_those_of_the_whole() {
        let (delta, y) = factors();
        let whole = summed(&delta, &y);
        for rows in [1, 3] {
            let part = |from, to| {
                let rows = |factor: &Array2<f64>| factor.slice_axis(Axis(0), (from..to).into()).to_owned();
                summed(&rows(&delta), &rows(&y))
            };
            let mut sum = part(0, rows);
            sum.absorb(&part(rows, 4)).unwrap();
            assert_eq!((sum.count(), sum.squares()), (4, whole.squares()), "{rows}");
            // What is absorbed twice counts twice.
            sum.absorb(&part(rows, 4)).unwrap();
            assert_ne!(sum.squares(), whole.squares());
            sum.clear();
            assert_eq!(sum.squares(), OuterSum::<f64>::new(3).with_squares().squares());
        }
    }

    #[test]
    fn on_the_orthogonal_group_entries_are_divided_by_kappa() {
        let (delta, y) = factors();
        let sum = summed(&delta, &y);
        let products = delta.t().dot(&y);
        let mut direction = vec![1.0, 2.0, -3.0];
        divide(Group::Orthonormal, &sum, products.as_slice().unwrap(), &mut direction).unwrap();
        let mean = |rows: &Array2<f64>, i: usize| rows.column(i).iter().map(|v| v * v).sum::<f64>() / 4.0;
        for ((i, j), (found, start)) in [(1, 0), (2, 0), (2, 1)].into_iter().zip(direction.iter().zip([1.0, 2.0, -3.0]))
        {
            let h = |i, j| mean(&delta, i) * mean(&y, j);
            let kappa = 0.5 * (h(i, j) + h(j, i) + (products[[i, i]] + products[[j, j]]) / 4.0);
            assert!((found - start / kappa.max(LEAST_CURVATURE)).abs() < 1e-12, "{i} {j}: {kappa}");
        }
    }

    #[test]
    fn small_eigenvalues_are_raised() {
        for (block, least) in [([1.0, 1.0], 0.1), ([0.2, 0.9], 0.5), ([9.0, 4.0], 0.1)] {
            let [h, g] = raised(block, least);
            let smallest = 0.5 * (h + g - ((h - g).powi(2) + 4.0_f64).sqrt());
            assert!(smallest >= least - 1e-12 && (h - block[0] - (g - block[1])).abs() < 1e-12, "{block:?}");
            let [a, b] = solve_pair([h, g], [0.7, -0.4]);
            assert!((h * a + b - 0.7).abs() < 1e-12 && (a + g * b + 0.4).abs() < 1e-12);
        }
    }
}
