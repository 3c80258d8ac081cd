//! Whether the codes follow the base density: marginal distributions and correlations.

use anyhow::Result;
use ndarray::{Array2, ArrayView1, Axis};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{Base, Real};
use pdmap_report::{Figure, LinePlot, Section, Series, Table};

use super::histogram::{Histogram, bins, span};
use super::measured::Measured;

/// Number of features shown one by one: those farthest from the base density.
const SHOWN: usize = 6;

/// Maximum number of features for which correlations are computed.
const CORRELATED: usize = 1024;

/// Grid of the base distribution function: POINTS points from −REACH to REACH.
const POINTS: usize = 8001;
const REACH: f64 = 40.0;

/// Density and distribution function of one feature of the base, on a grid.
struct Marginal {
    points: Vec<f64>,
    density: Vec<f64>,
    below: Vec<f64>,
}

impl Marginal {
    /// Integrates by the trapezoidal rule. Each tail beyond the grid gets half of the missing mass,
    /// as for a symmetric density.
    fn of<F: Real>(base: &dyn Base<F>) -> Result<Self> {
        let step = 2.0 * REACH / (POINTS - 1) as f64;
        let points: Vec<f64> = (0..POINTS).map(|index| -REACH + index as f64 * step).collect();
        let rows = Array2::from_shape_fn((POINTS, 1), |(row, _)| F::of(points[row]));
        let mut log_density = vec![0.0; POINTS];
        base.add_log_density(rows.view().into(), &mut log_density)?;
        let density: Vec<f64> = log_density.into_iter().map(f64::exp).collect();
        let mut below = vec![0.0; POINTS];
        for index in 1..POINTS {
            below[index] = below[index - 1] + 0.5 * step * (density[index] + density[index - 1]);
        }
        let missed = (1.0 - below[POINTS - 1]).max(0.0);
        below.iter_mut().for_each(|value| *value += 0.5 * missed);
        Ok(Self { points, density, below })
    }

    /// The mean of several densities.
    fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> &[f64]| -> Vec<f64> {
            (0..POINTS).map(|index| all.iter().map(|one| of(one)[index]).sum::<f64>() / all.len() as f64).collect()
        };
        Self { points: mean(|one| &one.points), density: mean(|one| &one.density), below: mean(|one| &one.below) }
    }

    /// The probability below `value`.
    fn below(&self, value: f64) -> f64 {
        let (first, step) = (self.points[0], self.points[1] - self.points[0]);
        let at = ((value - first) / step).clamp(0.0, (POINTS - 1) as f64);
        let index = (at as usize).min(POINTS - 2);
        self.below[index] + (at - index as f64) * (self.below[index + 1] - self.below[index])
    }

    /// The smallest grid point with at least the probability `share` below it.
    fn quantile(&self, share: f64) -> f64 {
        let index = self.below.partition_point(|&below| below < share);
        self.points[index.min(POINTS - 1)]
    }

    /// The Kolmogorov–Smirnov distance: the largest difference from the empirical distribution
    /// function of sorted values.
    fn distance(&self, sorted: &[f64]) -> f64 {
        let count = sorted.len() as f64;
        let one = |(index, &value): (usize, &f64)| {
            let below = self.below(value);
            (below - index as f64 / count).abs().max((below - (index + 1) as f64 / count).abs())
        };
        sorted.iter().enumerate().map(one).fold(0.0, f64::max)
    }
}

/// One feature of the codes.
struct Feature {
    index: usize,
    distance: f64,
    mean: f64,
    deviation: f64,
}

/// The section and its conclusion.
pub(super) fn section<F: Real>(measured: &Measured<'_, F>) -> Result<(Section, String)> {
    let z = measured.z.mapv(|value| value.f64());
    let (rows, count) = z.dim();
    let base = measured.coded.flow.base();
    // One for each code, or one for all where they are alike.
    let alike = base.features().is_none();
    let marginals = (0..if alike { 1 } else { count }).map(|i| Marginal::of(&*base.marginal(i)?));
    let marginals: Vec<Marginal> = marginals.collect::<Result<_>>()?;
    let marginal = |i: usize| &marginals[if alike { 0 } else { i }];
    let mut features: Vec<Feature> =
        z.axis_iter(Axis(1)).enumerate().map(|(i, column)| feature(i, column, marginal(i))).collect();
    features.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    // The bound that samples of the base satisfy in 99 of 100 cases, Bonferroni-corrected.
    let limit = (-0.5 * (0.01 / (2.0 * count as f64)).ln() / rows as f64).sqrt();
    let far = features.iter().filter(|feature| feature.distance > limit).count();
    let correlation = if alike { correlation(&z) } else { None };
    let shown = features.iter().take(SHOWN);
    let all = Marginal::mean(&marginals);
    let mut figures = vec![figure("All codes", z.iter().copied(), rows * count, &all, 0.0005)?];
    for feature in shown.clone().take(if count == 1 { 0 } else { SHOWN }) {
        let column = z.column(feature.index);
        let title = format!("Code {}", feature.index);
        figures.push(figure(&title, column.iter().copied(), rows, marginal(feature.index), 0.002)?);
    }
    let table = Table {
        caption: "Codes farthest from the base density".into(),
        header: ["code", "distance", "mean", "standard deviation"].map(String::from).to_vec(),
        rows: shown
            .map(|f| {
                vec![
                    f.index.to_string(),
                    format!("{:.4}", f.distance),
                    format!("{:.4}", f.mean),
                    format!("{:.4}", f.deviation),
                ]
            })
            .collect(),
        best: vec![],
        note: format!(
            "Distance: the largest difference between the two distribution functions (Kolmogorov–Smirnov). If the codes \
             follow the base density, all {count} distances are at most {limit:.4} in 99 of 100 samples of {rows} rows \
             (Dvoretzky–Kiefer–Wolfowitz–Massart inequality with a Bonferroni correction for {count} codes)."
        ),
    };
    let correlated = match correlation {
        Some((i, j, value)) => {
            format!("; the largest correlation between two codes is {value:.3} ({i} and {j})")
        }
        None => String::new(),
    };
    let sentence = format!(
        "{far} of {count} codes deviate from the base density by more than a sample of {rows} rows would{correlated}."
    );
    let expected = if alike {
        "independent draws from the base density: all histograms match its curve, and there are no correlations"
    } else {
        "draws from the base density: the histogram of each matches the curve of its marginal density"
    };
    let paragraphs = vec![format!(
        "If the model is the density of the data, the codes z = f(x) are {expected}. The base density is {}.",
        serde_json::to_string(&base.spec()).unwrap_or_default()
    )];
    Ok((
        Section {
            heading: "Codes and their base density".into(),
            paragraphs,
            table: Some(table),
            figures,
            facts: vec![],
        },
        sentence,
    ))
}

fn feature(index: usize, column: ArrayView1<'_, f64>, marginal: &Marginal) -> Feature {
    let mut sorted = column.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let variance = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Feature { index, distance: marginal.distance(&sorted), mean, deviation: variance.sqrt() }
}

fn figure(
    title: &str,
    values: impl Iterator<Item = f64> + Clone,
    count: usize,
    marginal: &Marginal,
    tail: f64,
) -> Result<Figure> {
    // The range of the codes and the expected range.
    let (low, high) = span(values.clone(), tail).unwrap_or((-1.0, 1.0));
    let range = (low.min(marginal.quantile(tail)), high.max(marginal.quantile(1.0 - tail)));
    let histogram = Histogram::new(values, range, bins(count));
    let base = marginal.points.iter().copied().zip(marginal.density.iter().copied());
    let base: Vec<(f64, f64)> = base.filter(|&(point, _)| (range.0..=range.1).contains(&point)).collect();
    let highest = base.iter().map(|point| point.1).fold(histogram.highest(), f64::max);
    let plot = LinePlot {
        title: title.to_owned(),
        x_label: "z".into(),
        y_label: "density".into(),
        y_range: Some((0.0, 1.05 * highest)),
        series: vec![
            Series { name: "codes".into(), points: histogram.outline(), color: 0, label: true },
            Series { name: "base".into(), points: base, color: 1, label: true },
        ],
        ..LinePlot::default()
    };
    Ok(Figure::of_lines(&plot, "")?)
}

/// The two codes with the largest absolute correlation, and its value.
fn correlation(z: &Array2<f64>) -> Option<(usize, usize, f64)> {
    let features = z.ncols();
    if !(2..=CORRELATED).contains(&features) {
        return None;
    }
    let mut centred = z.clone();
    for mut column in centred.columns_mut() {
        let mean = column.mean().unwrap_or_default();
        column.mapv_inplace(|value| value - mean);
        let norm = column.iter().map(|value| value * value).sum::<f64>().sqrt();
        column.mapv_inplace(|value| if norm > 0.0 { value / norm } else { 0.0 });
    }
    let mut products = Array2::zeros((features, features));
    gemm(1.0, centred.t(), centred.view(), Add::No, products.view_mut()).ok()?;
    let pairs = products.indexed_iter().filter(|((i, j), _)| i < j);
    let largest = pairs.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    largest.map(|((i, j), &value)| (i, j, value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pdmap_core::BaseSpec;
    use pdmap_core::flow::base::Normal;
    use pdmap_core::special::normal::tail_quantile;

    use super::*;

    #[test]
    fn distribution_functions_match_those_of_the_bases() {
        let registry = pdmap_core::registry::<f64>();
        let below = |spec: &BaseSpec, value: f64| Marginal::of(&*registry.base(spec).unwrap()).unwrap().below(value);
        for (spec, value, expected) in [
            (BaseSpec::plain("normal"), 1.96, 0.975_002_104_851_78),
            (BaseSpec::plain("logistic"), -2.0, 1.0 / (1.0 + 2.0_f64.exp())),
            (BaseSpec::plain("laplace"), 1.0, 1.0 - 0.5 * (-1.0_f64).exp()),
            // Cauchy: 1.6% of its mass lies beyond the grid.
            (BaseSpec::new("student-t", &serde_json::json!({ "nu": 1.0 })), 1.0, 0.75),
        ] {
            assert!((below(&spec, value) - expected).abs() < 1e-4, "{spec:?}: {}", below(&spec, value));
            // At the kink of the Laplace density the error of the trapezoidal rule is step²/24.
            assert!((below(&spec, 0.0) - 0.5).abs() < 1e-5, "{spec:?}");
        }
    }

    #[test]
    fn the_distance_is_that_of_kolmogorov_and_smirnov() {
        let normal = Marginal::of::<f64>(&Normal).unwrap();
        // At the midpoints of n equal shares the difference is 1/2n; shifted by 1 it is Φ(½) −
        // Φ(−½).
        let count = 999;
        let quantile = |share: f64| match share {
            share if share < 0.5 => -tail_quantile(share.ln()),
            share => tail_quantile((1.0 - share).ln()),
        };
        let middles: Vec<f64> = (0..count).map(|i| quantile((f64::from(i) + 0.5) / f64::from(count))).collect();
        assert!((normal.distance(&middles) - 0.5 / f64::from(count)).abs() < 1e-5);
        let moved: Vec<f64> = middles.iter().map(|value| value + 1.0).collect();
        assert!((normal.distance(&moved) - 0.382_924_922_548_03).abs() < 1e-3);
    }

    #[test]
    fn the_largest_correlation_is_found_with_its_sign() {
        let z = Array2::from_shape_fn((8, 3), |(row, column)| {
            let sign = |bit: usize| if row >> bit & 1 == 0 { 1.0 } else { -1.0 };
            [sign(0), sign(1) + 5.0, -2.0 * sign(0) + 1e-3 * sign(2)][column]
        });
        let (i, j, value) = correlation(&z).unwrap();
        assert_eq!((i, j), (0, 2));
        assert!((value + 1.0).abs() < 1e-6, "{value}");
        assert!(correlation(&z.select(Axis(1), &[0])).is_none());
    }
}
