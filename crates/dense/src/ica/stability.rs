//! How far sources come out alike from other rows and other starts.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::Result;
use pdmap_core::group::haar;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::options::IcaOptions;
use super::solve::solve;
use super::whitening::{of_variance_1, power};

/// Gradient at which the search on a resample ends: far below its sampling error.
const ENOUGH: f64 = 1e-4;

/// The index of each row of `unmixing`, whose sources of white `rows` have variance 1, over `runs` resamples of the
/// rows with replacement, each whitened and solved from a random rotation (Himberg, Hyvärinen &
/// Esposito 2004, "Validating the independent components of neuroimaging time series via clustering
/// and visualization", NeuroImage 22, eq. 4):
///
/// ```text
/// I = mean |r| of two estimates of the source − mean |r| of one of them and one of another source,
/// ```
///
/// where `r` is their correlation, and estimates belong to the source of `unmixing` with which they
/// correlate most, one of each run to each source: the largest correlations first.
pub(super) fn stability(
    rows: ArrayView2<'_, f64>,
    unmixing: &Array2<f64>,
    options: &IcaOptions,
    (runs, seed): (usize, u64),
) -> Result<Vec<f64>> {
    let options = IcaOptions { tolerance: options.tolerance.max(ENOUGH), ..*options };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut estimates = vec![];
    for _ in 0..runs {
        let chosen: Vec<usize> = (0..rows.nrows()).map(|_| rng.random_range(0..rows.nrows())).collect();
        let drawn = rows.select(Axis(0), &chosen);
        let root = power(&(drawn.t().dot(&drawn) / rows.nrows() as f64), -0.5)?;
        let white = drawn.dot(&root);
        let start = haar::<f64>(rows.ncols(), &mut rng);
        let found = solve(white.view(), start.view(), &options)?.unmixing.dot(&root);
        estimates.push(ordered(unmixing, of_variance_1(found)));
    }
    Ok(indices(&estimates, unmixing.nrows()))
}

/// The rows of `estimate` in the order of those of `unmixing` that they belong to.
fn ordered(unmixing: &Array2<f64>, estimate: Array2<f64>) -> Array2<f64> {
    let similar = unmixing.dot(&estimate.t()).mapv(f64::abs);
    let mut pairs: Vec<(usize, usize)> = similar.indexed_iter().map(|(at, _)| at).collect();
    pairs.sort_by(|&a, &b| similar[b].total_cmp(&similar[a]).then(a.cmp(&b)));
    let mut order = vec![None; estimate.nrows()];
    let mut taken = vec![false; estimate.nrows()];
    for (source, own) in pairs {
        if order[source].is_none() && !taken[own] {
            (order[source], taken[own]) = (Some(own), true);
        }
    }
    estimate.select(Axis(0), &order.into_iter().flatten().collect::<Vec<_>>())
}

fn indices(estimates: &[Array2<f64>], sources: usize) -> Vec<f64> {
    let (mut inside, mut outside) = (vec![0.0; sources], vec![0.0; sources]);
    let (mut pairs, mut others) = (0, 0);
    for (index, a) in estimates.iter().enumerate() {
        for b in &estimates[..index] {
            let similar = a.dot(&b.t()).mapv(f64::abs);
            for source in 0..sources {
                let own = similar[[source, source]];
                inside[source] += own;
                outside[source] += similar.row(source).sum() + similar.column(source).sum() - 2.0 * own;
            }
            pairs += 1;
            others += 2 * (sources - 1);
        }
    }
    let mean = |sum: f64, count: usize| if count == 0 { 0.0 } else { sum / count as f64 };
    inside.into_iter().zip(outside).map(|(inside, outside)| mean(inside, pairs) - mean(outside, others)).collect()
}
