//! Fits edges and masses of histograms.

use ndarray::{Array2, ArrayView2};
use pdmap_core::{LayerError, Real, Result, check};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::sorted::Sorted;

/// The bins of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bins {
    /// This many bins of equal mass per feature, each smoothed by half a row. For continuous
    /// numbers.
    Bins(usize),
    /// This many bins of equal width on [0, 1], the same for all features: grey levels with uniform
    /// noise. Each level of a feature is smoothed by its average share over all features, weighted
    /// like [`PRIOR`] rows, so a level that a pixel never had in training keeps the share that it
    /// has elsewhere.
    Levels(usize),
}

/// Weight, in rows, of the levels of all features in those of each.
pub const PRIOR: f64 = 3.0;

/// Pseudo-count of a bin and of a tail.
const SMOOTHING: f64 = 0.5;

/// Mass of each tail beyond the levels, which should contain all data.
const BEYOND: f64 = 1e-6;

/// Maximum number of bins.
const MOST: usize = 4096;

impl Bins {
    /// Checks that the number of bins is in its range.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(self) -> Result<()> {
        let (what, count) = match self {
            Self::Bins(count) => ("bins", count),
            Self::Levels(count) => ("levels", count),
        };
        if (2..=MOST).contains(&count) {
            return Ok(());
        }
        Err(LayerError::Range { what, value: count as f64, range: "in [2, 4096]" })
    }
}

/// The numbers of each feature, sorted.
pub(super) struct Fit {
    sorted: Vec<Sorted>,
}

impl Fit {
    pub(super) fn new<F: Real>(rows: ArrayView2<'_, F>, weights: Option<&[f64]>, bins: Bins) -> Result<Self> {
        bins.validate()?;
        if rows.nrows() == 0 {
            return Err(LayerError::NoRows);
        }
        if rows.ncols() == 0 {
            return Err(LayerError::NoFeatures);
        }
        check::finite("rows", rows.reborrow())?;
        let sorted = (0..rows.ncols())
            .into_par_iter()
            .map(|feature| Sorted::new(rows.column(feature).iter().map(|v| v.f64()).collect(), weights));
        let sorted: Vec<Sorted> = sorted.collect();
        if sorted.iter().any(Sorted::is_empty) {
            return Err(LayerError::NoRows);
        }
        Ok(Self { sorted })
    }

    /// `(edges, masses)`.
    pub(super) fn tensors<F: Real>(&self, bins: Bins) -> (Array2<F>, Array2<F>) {
        let (count, features) = (
            match bins {
                Bins::Bins(count) | Bins::Levels(count) => count,
            },
            self.sorted.len(),
        );
        let made: Vec<(Vec<f64>, Vec<f64>)> = match bins {
            Bins::Bins(count) => self.sorted.par_iter().map(|values| quantiles::<F>(values, count)).collect(),
            Bins::Levels(count) => levels(&self.sorted, count),
        };
        let edges = Array2::from_shape_fn((features, count + 1), |(feature, edge)| F::of(made[feature].0[edge]));
        let masses = Array2::from_shape_fn((features, count + 2), |(feature, bin)| F::of(made[feature].1[bin]));
        (edges, masses)
    }
}

/// Bins of equal mass. Repeated values give fewer edges; the widest bins are then halved until
/// there are enough.
fn quantiles<F: Real>(sorted: &Sorted, count: usize) -> (Vec<f64>, Vec<f64>) {
    // Rounded as they will be stored, since the stored edges must differ.
    let stored = |v: f64| F::of(v).f64();
    let mut edges: Vec<f64> = (0..=count).map(|bin| stored(sorted.nearest(bin as f64 / count as f64))).collect();
    let apart = |a: f64, b: f64| b - a > 4.0 * F::EPS * a.abs().max(b.abs());
    edges.dedup_by(|b, a| !apart(*a, *b));
    if edges.len() < 2 {
        let margin = 0.5 * edges[0].abs().max(1.0);
        edges = vec![stored(edges[0] - margin), stored(edges[0] + margin)];
    }
    while edges.len() < count + 1 {
        let widest = (1..edges.len()).max_by(|&a, &b| (edges[a] - edges[a - 1]).total_cmp(&(edges[b] - edges[b - 1])));
        let widest = widest.unwrap_or(1);
        edges.insert(widest, stored(0.5 * (edges[widest - 1] + edges[widest])));
    }
    let mut masses = vec![SMOOTHING];
    masses.extend(edges.windows(2).enumerate().map(|(bin, pair)| {
        let to = if bin + 1 == count { f64::INFINITY } else { pair[1] };
        sorted.within(pair[0], to) + SMOOTHING
    }));
    masses.push(SMOOTHING);
    (edges, normalized(masses))
}

/// Levels of equal width, with the average over all features as a prior.
fn levels(sorted: &[Sorted], count: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let edges: Vec<f64> = (0..=count).map(|edge| edge as f64 / count as f64).collect();
    let counts: Vec<Vec<f64>> = sorted
        .par_iter()
        .map(|values| {
            let ends = |bin: usize| {
                let low = if bin == 0 { f64::NEG_INFINITY } else { edges[bin] };
                (low, if bin + 1 == count { f64::INFINITY } else { edges[bin + 1] })
            };
            (0..count).map(|bin| values.within(ends(bin).0, ends(bin).1)).collect()
        })
        .collect();
    let mut pooled: Vec<f64> =
        (0..count).map(|bin| SMOOTHING + counts.iter().map(|counts| counts[bin]).sum::<f64>()).collect();
    pooled = normalized(pooled);
    let masses = counts.into_iter().map(|counts| {
        let inside = counts.iter().zip(&pooled).map(|(count, pooled)| count + PRIOR * pooled);
        let total: f64 = inside.clone().sum();
        let inside = inside.map(|mass| mass / total);
        normalized(std::iter::once(BEYOND).chain(inside).chain([BEYOND]).collect())
    });
    masses.map(|masses| (edges.clone(), masses)).collect()
}

fn normalized(masses: Vec<f64>) -> Vec<f64> {
    let total: f64 = masses.iter().sum();
    masses.into_iter().map(|mass| mass / total).collect()
}
