//! Entropies of smooth densities in the plane.

use std::collections::BTreeSet;

use rayon::prelude::*;

/// Side of a tile, in units of the noise.
const TILE: f64 = 2.0;

/// Extent of a component around its skeleton, in units of the noise. With samples two units apart,
/// at least 9 units are covered; the noise has mass `3e-18` outside.
const REACH: f64 = 10.0;

/// Points per tile side where components overlap.
pub(crate) const FINE: u32 = 9;

/// Points per tile side where all other components are at least 16 units of noise away.
pub(crate) const COARSE: u32 = 5;

/// Selects [`FINE`] or [`COARSE`] by the distance between components.
pub(crate) fn points(separation: f64, noise: f64) -> u32 {
    if noise > separation / 16.0 { FINE } else { COARSE }
}

/// `-integral of q ln p` over the plane, nats, for a component `q` (a skeleton of points blurred by
/// Gaussian noise) of the mixture `p`. For a mixture of congruent components this is its entropy.
///
/// `skeleton` are points of the component, at most two units of noise apart; `logs(x, y)` returns
/// `ln q` and `ln p`. The integral uses the trapezoid rule on the tiles that the component reaches.
/// Its error decreases like `exp(-2 pi d / step)` with `d` the distance of the nearest singularity
/// of `ln p` from the real plane (`pi noise^2 / D` if two components at distance `D` have equal
/// density). The absolute error is below `1e-8`. Tiles are summed in a fixed order, whatever the
/// number of threads.
pub(crate) fn plane_entropy(
    noise: f64,
    points: u32,
    skeleton: impl Iterator<Item = [f64; 2]>,
    logs: impl Fn(f64, f64) -> (f64, f64) + Sync,
) -> f64 {
    let side = TILE * noise;
    let mut tiles = BTreeSet::new();
    for point in skeleton {
        let [columns, rows] = point.map(|at| {
            let tile = |offset: f64| ((at + offset * noise) / side).floor() as i64;
            tile(-REACH)..=tile(REACH)
        });
        for row in rows {
            tiles.extend(columns.clone().map(|column| (row, column)));
        }
    }
    let tiles: Vec<(i64, i64)> = tiles.into_iter().collect();
    let step = side / f64::from(points);
    let place = |tile: i64, k: u32| tile as f64 * side + (f64::from(k) + 0.5) * step;
    let sums: Vec<f64> = tiles
        .into_par_iter()
        .map(|(row, column)| {
            let mut sum = 0.0;
            for (i, j) in (0..points).flat_map(|i| (0..points).map(move |j| (i, j))) {
                let (component, whole) = logs(place(column, j), place(row, i));
                // 0 times -inf is 0 here.
                if component > f64::NEG_INFINITY {
                    sum -= component.exp() * whole;
                }
            }
            sum
        })
        .collect();
    sums.iter().sum::<f64>() * step * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::numerics::mixture::{log_mean_exp, log_norm};

    #[test]
    fn one_gaussian_has_its_entropy_and_two_distant_ones_have_ln_2_more() {
        for noise in [0.01, 1.0, 300.0] {
            let gauss = |x: f64, y: f64| -log_norm(noise) - (x * x + y * y) / (2.0 * noise * noise);
            let expected = 1.0 + log_norm(noise);
            let found = plane_entropy(noise, COARSE, [[0.0; 2]].into_iter(), |x, y| (gauss(x, y), gauss(x, y)));
            assert!((found - expected).abs() < 1e-12, "{noise}: {found} {expected}");
            let both = |x, y| (gauss(x, y), log_mean_exp(&[gauss(x, y), gauss(x - 30.0 * noise, y)]));
            let found = plane_entropy(noise, FINE, [[0.0; 2]].into_iter(), both);
            assert!((found - expected - 2f64.ln()).abs() < 1e-11, "{noise}: {found}");
        }
    }

    #[test]
    fn overlapping_gaussians_agree_with_a_finer_step() {
        for distance in [0.5, 2.0, 4.0, 6.0, 8.0, 11.0, 16.0] {
            let gauss = |x: f64, y: f64| -log_norm(1.0) - 0.5 * (x * x + y * y);
            let both = |x, y| (gauss(x, y), log_mean_exp(&[gauss(x, y), gauss(x - distance, y)]));
            let at = |points| plane_entropy(1.0, points, [[0.0; 2]].into_iter(), both);
            let (fine, finest) = (at(points(distance, 1.0)), at(5 * FINE));
            assert!((fine - finest).abs() < 1e-8, "{distance}: {:e}", fine - finest);
        }
    }
}
