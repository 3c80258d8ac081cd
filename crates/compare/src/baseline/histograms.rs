//! Independent histograms: the best that no dependence between features can do.

use ndarray::ArrayView2;
use pdmap_core::Real;
use rayon::prelude::*;

/// One histogram a feature, with bins of equal mass and exponential tails.
#[derive(Debug, Clone)]
pub struct Histograms {
    features: Vec<Histogram>,
    bins: usize,
}

/// Numbers of bins that are tried.
const BINS: [usize; 6] = [16, 32, 64, 128, 256, 512];

/// Pseudo-count of a bin.
const SMOOTHING: f64 = 0.5;

#[derive(Debug, Clone)]
struct Histogram {
    edges: Vec<f64>,
    /// Log-densities of the bins, nats.
    log_density: Vec<f64>,
    /// Log-density at the outermost edges, and the rate at which it falls beyond them.
    tail: (f64, f64),
}

impl Histograms {
    /// Fits to `rows`; the number of bins, the same for all features, is the one under which `validation` is most likely.
    pub fn fit<F: Real>(rows: ArrayView2<'_, F>, validation: ArrayView2<'_, F>) -> Self {
        let sorted: Vec<Vec<f64>> = (0..rows.ncols())
            .into_par_iter()
            .map(|feature| {
                let mut values: Vec<f64> = rows.column(feature).iter().map(|v| v.f64()).collect();
                values.sort_unstable_by(f64::total_cmp);
                values
            })
            .collect();
        let candidates = BINS.map(|bins| Self {
            features: sorted.par_iter().map(|values| Histogram::fit(values, bins)).collect(),
            bins,
        });
        let likelihood = |histograms: &Self| histograms.log_prob(validation.reborrow()).iter().sum::<f64>();
        let [first, rest @ ..] = candidates;
        let start = (likelihood(&first), first);
        rest.into_iter().map(|h| (likelihood(&h), h)).fold(start, |a, b| if b.0 > a.0 { b } else { a }).1
    }

    /// Bins a feature.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// `log p` of each row, nats.
    pub fn log_prob<F: Real>(&self, rows: ArrayView2<'_, F>) -> Vec<f64> {
        let mut all = vec![0.0; rows.nrows()];
        all.par_iter_mut().enumerate().for_each(|(row, sum)| {
            let values = rows.row(row);
            *sum = values.iter().zip(&self.features).map(|(v, h)| h.log_density_at(v.f64())).sum();
        });
        all
    }
}

impl Histogram {
    /// `sorted` holds at least one value.
    fn fit(sorted: &[f64], bins: usize) -> Self {
        let last = sorted.len().saturating_sub(1);
        let at =
            |quantile: f64| sorted.get((quantile * last as f64).round() as usize).copied().unwrap_or(0.0);
        let mut edges: Vec<f64> = (0..=bins).map(|bin| at(bin as f64 / bins as f64)).collect();
        edges.dedup();
        if edges.len() < 2 {
            let centre = at(0.0);
            edges = vec![centre - 0.5, centre + 0.5];
        }
        let (low, high) = (edges[0], edges[edges.len() - 1]);
        // Bins, and two tails with a pseudo-count each.
        let bins = edges.len() - 1;
        let total = sorted.len() as f64 + SMOOTHING * (bins + 2) as f64;
        let log_density = edges
            .windows(2)
            .enumerate()
            .map(|(bin, edge)| {
                let from = sorted.partition_point(|&v| v < edge[0]);
                let to =
                    if bin + 1 == bins { sorted.len() } else { sorted.partition_point(|&v| v < edge[1]) };
                (((to - from) as f64 + SMOOTHING) / total / (edge[1] - edge[0])).ln()
            })
            .collect();
        let rate = bins as f64 / (high - low);
        Self { edges, log_density, tail: ((SMOOTHING / total * rate).ln(), rate) }
    }

    fn log_density_at(&self, value: f64) -> f64 {
        let (low, high) = (self.edges[0], self.edges[self.edges.len() - 1]);
        let beyond = (low - value).max(value - high);
        if beyond > 0.0 {
            return self.tail.0 - self.tail.1 * beyond;
        }
        let bin = self.edges.partition_point(|&edge| edge <= value).clamp(1, self.log_density.len());
        self.log_density[bin - 1]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_histogram_integrates_to_one() {
        let values: Vec<f64> = (0..1000).map(|i| ((i * 37) % 1000) as f64 / 1000.0).map(|u| u * u).collect();
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        for bins in BINS {
            let h = Histogram::fit(&sorted, bins);
            let inside: f64 =
                h.edges.windows(2).zip(&h.log_density).map(|(e, d)| d.exp() * (e[1] - e[0])).sum();
            // Each tail integrates to its density at the edge over its rate.
            let tails = 2.0 * h.tail.0.exp() / h.tail.1;
            assert!((inside + tails - 1.0).abs() < 1e-12, "{bins} bins: {}", inside + tails);
            assert!(h.log_density_at(-10.0).is_finite() && h.log_density_at(10.0).is_finite());
        }
    }

    #[test]
    fn uniform_data_have_the_uniform_density() {
        let rows =
            Array2::from_shape_fn((10_000, 2), |(i, j)| (((i * 7919 + j * 31) % 10_000) as f64 + 0.5) / 1e4);
        let h = Histograms::fit(rows.view(), rows.view());
        let mean = h.log_prob(rows.view()).iter().sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.05, "{mean}");
    }

    #[test]
    fn a_constant_feature_has_a_density_too() {
        let h = Histogram::fit(&[3.0; 10], 16);
        assert!(h.log_density_at(3.0).is_finite());
    }
}
