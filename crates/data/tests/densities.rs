//! Compares the stated densities with the generated rows and with independent formulas.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::linear;

use linear::inverse;
use ndarray::{Array1, Array2, ArrayView2};
use pdmap_data::{Counts, DataError, Generator, Source, Splits};

/// `ln p` of points in the plane.
type LogDensity<'a> = &'a dyn Fn(ArrayView2<'_, f64>) -> Vec<f64>;

/// Planar generators: name, half-width of a box that holds nearly all the mass, and length scale.
const PLANE: [(&str, f64, f64); 12] = [
    ("synthetic:moons", 3.0, 0.1),
    ("synthetic:moons?noise=0.4", 5.0, 0.4),
    ("synthetic:2spirals", 4.2, 0.1),
    ("synthetic:2spirals?noise=0.5", 8.0, 0.5),
    ("synthetic:8gaussians", 8.5, 0.5),
    ("synthetic:8gaussians?noise=2", 21.0, 2.0),
    ("synthetic:rings", 4.0, 0.08),
    ("synthetic:rings?rings=2&noise=1", 12.0, 1.0),
    ("synthetic:checkerboard", 4.0, 0.5),
    ("synthetic:sine", 4.0, 0.1),
    ("synthetic:ar1?rho=-0.8&length=2", 9.0, 0.4),
    ("synthetic:ica?dim=2&source=logistic&condition=4", 30.0, 0.3),
];

fn generator(text: &str) -> Generator {
    text.parse().unwrap()
}

fn truth(text: &str, seed: u64) -> impl Fn(ArrayView2<'_, f64>) -> Vec<f64> {
    let generator = generator(text);
    move |rows| generator.log_density(rows, seed).unwrap().unwrap()
}

/// `count` training rows.
fn draws(text: &str, count: usize, seed: u64) -> Array2<f64> {
    let counts = Counts { train: count, validation: 1, test: 1 };
    generator(text).splits(counts, seed).unwrap().train
}

/// The centres of `cells` by `cells` squares that fill the box.
fn grid(cells: usize, half: f64) -> Array2<f64> {
    let at = |k: usize| half * ((2 * k + 1) as f64 / cells as f64 - 1.0);
    Array2::from_shape_fn((cells * cells, 2), |(i, feature)| at(if feature == 0 { i / cells } else { i % cells }))
}

fn mass(half: f64, cells: usize, log_density: LogDensity<'_>) -> f64 {
    let area = (2.0 * half / cells as f64).powi(2);
    log_density(grid(cells, half).view()).iter().map(|log| log.exp()).sum::<f64>() * area
}

#[test]
fn densities_in_the_plane_integrate_to_one() {
    for (text, half, scale) in PLANE {
        // An even number of cells, so that the edges of the board are edges of cells.
        let cells = 16 * (half / (4.0 * scale)).ceil() as usize;
        let log_density = truth(text, 3);
        let found = mass(half, cells, &log_density);
        // The edges of the sine lie inside cells.
        let tolerance = if text.contains("sine") { 0.05 } else { 1e-7 };
        assert!((found - 1.0).abs() < tolerance, "{text}: {found}");
        // A density with a wrong factor must be rejected.
        let wrong = |rows: ArrayView2<'_, f64>| log_density(rows).iter().map(|log| log + 0.125).collect();
        assert!((mass(half, cells, &wrong) - 1.0).abs() > 0.06, "{text}");
    }
}

/// How many standard deviations the chi-square statistic of the counts in `24 x 24` cells lies
/// above its mean.
///
/// The probability of a cell is the mean density over `8 x 8` points in it. Cells that expect fewer
/// than ten rows are merged with each other and with the outside.
fn chi_square(rows: &Array2<f64>, half: f64, log_density: LogDensity<'_>) -> f64 {
    const CELLS: usize = 24;
    const POINTS: usize = 8;
    let area = (2.0 * half / (CELLS * POINTS) as f64).powi(2);
    let mut expected = vec![0.0; CELLS * CELLS];
    for (index, log) in log_density(grid(CELLS * POINTS, half).view()).iter().enumerate() {
        let (i, j) = (index / (CELLS * POINTS), index % (CELLS * POINTS));
        expected[i / POINTS * CELLS + j / POINTS] += rows.nrows() as f64 * area * log.exp();
    }
    let mut counts = vec![0.0; CELLS * CELLS];
    for row in rows.rows() {
        let place = row.mapv(|x| ((x / half + 1.0) * 0.5 * CELLS as f64).floor());
        if place.iter().all(|place| (0.0..CELLS as f64).contains(place)) {
            counts[place[0] as usize * CELLS + place[1] as usize] += 1.0;
        }
    }
    let large: Vec<(f64, f64)> =
        counts.iter().copied().zip(expected.iter().copied()).filter(|(_, expected)| *expected >= 10.0).collect();
    let rest = |part: fn(&(f64, f64)) -> f64| rows.nrows() as f64 - large.iter().map(part).sum::<f64>();
    // An expectation below ten for the rest is rounding error and is ignored.
    let other = (rest(|pair| pair.0), rest(|pair| pair.1).max(10.0));
    let term = |(count, expected): &(f64, f64)| (count - expected).powi(2) / expected;
    let freedom = large.len() as f64;
    (large.iter().chain([&other]).map(term).sum::<f64>() - freedom) / (2.0 * freedom).sqrt()
}

/// With this many cells, chi-square is nearly normal; five standard deviations are one in a
/// million.
const BOUND: f64 = 5.0;

#[test]
fn rows_follow_their_density() {
    for (text, half, _) in PLANE {
        // The points resolve the density; rows outside the box share one cell.
        let half = if text.contains("sine") { 3.75 } else { half.min(8.5) };
        let found = chi_square(&draws(text, 40_000, 5), half, &truth(text, 5));
        assert!(found < BOUND, "{text}: {found}");
    }
}

#[test]
fn wrong_densities_are_rejected() {
    let cases: [(&str, &str, f64); 8] = [
        ("synthetic:moons", "synthetic:moons?noise=0.2", 3.0),
        ("synthetic:2spirals", "synthetic:2spirals?noise=0.2", 4.2),
        ("synthetic:8gaussians", "synthetic:8gaussians?noise=0.6", 8.5),
        ("synthetic:rings", "synthetic:rings?noise=0.16", 4.0),
        ("synthetic:rings?rings=4", "synthetic:rings?rings=3", 4.0),
        ("synthetic:checkerboard", "synthetic:checkerboard?cells=8", 4.0),
        ("synthetic:sine", "synthetic:sine?noise=0.2", 3.75),
        ("synthetic:ar1?rho=0.8&length=2", "synthetic:ar1?rho=0.5&length=2", 9.0),
    ];
    for (right, wrong, half) in cases {
        let rows = draws(right, 40_000, 5);
        let found = chi_square(&rows, half, &truth(wrong, 5));
        assert!(found > 2.0 * BOUND, "{right} {wrong}: {found}");
        assert!(deviations(&truth(wrong, 5)(rows.view()), generator(right)) > 2.0 * BOUND, "{right} {wrong}");
    }
    // Rings weighted by their length, and one of the eight Gaussians missing: the right shapes with
    // the wrong weights.
    let rows = draws("synthetic:rings", 40_000, 5);
    assert!(chi_square(&rows, 4.0, &rings_by_length) > 2.0 * BOUND);
    assert!(deviations(&rings_by_length(rows.view()), generator("synthetic:rings")) > 2.0 * BOUND);
    let rows = draws("synthetic:8gaussians", 40_000, 5);
    assert!(chi_square(&rows, 8.5, &seven_gaussians) > 2.0 * BOUND);
}

/// Wrong: uniform along the rings of `synthetic:rings`, so longer rings are more probable.
fn rings_by_length(rows: ArrayView2<'_, f64>) -> Vec<f64> {
    let noise = 0.08_f64;
    let log = |row: ndarray::ArrayView1<'_, f64>| {
        let r = row[0].hypot(row[1]);
        // The large-argument form of the density of a ring, accurate to a percent here.
        let ring = |radius: f64| {
            let weight = radius / 7.5;
            weight * (-(r - radius).powi(2) / (2.0 * noise * noise)).exp() / (r * radius).sqrt()
        };
        let norm = (2.0 * std::f64::consts::PI).powf(1.5) * noise;
        ([0.75, 1.5, 2.25, 3.0].map(ring).iter().sum::<f64>() / norm).ln()
    };
    rows.rows().into_iter().map(log).collect()
}

/// Wrong: one Gaussian of `synthetic:8gaussians` is missing.
fn seven_gaussians(rows: ArrayView2<'_, f64>) -> Vec<f64> {
    let log = |row: ndarray::ArrayView1<'_, f64>| {
        let one = |k: i32| {
            let (sin, cos) = (std::f64::consts::FRAC_PI_4 * f64::from(k)).sin_cos();
            (-2.0 * ((row[0] - 4.0 * cos).powi(2) + (row[1] - 4.0 * sin).powi(2))).exp()
        };
        ((0..7).map(one).sum::<f64>() / (7.0 * std::f64::consts::FRAC_PI_2)).ln()
    };
    rows.rows().into_iter().map(log).collect()
}

/// The distance of the mean of `logs` from minus the entropy, in standard errors.
fn deviations(logs: &[f64], generator: Generator) -> f64 {
    let counts = Counts { train: 1, validation: 1, test: 1 };
    let splits: Splits<f64> = generator.splits(counts, 5).unwrap();
    let logs = Array1::from(logs.to_vec());
    let error = logs.std(1.0) / (logs.len() as f64).sqrt();
    if error.is_nan() {
        // Some log-density is minus infinity.
        return f64::INFINITY;
    }
    (logs.mean().unwrap() - splits.facts.true_log_likelihood.unwrap()).abs() / (error + 1e-9)
}

#[test]
fn the_mean_log_density_is_minus_the_entropy() {
    let others = [
        "synthetic:ar1",
        "synthetic:ar1?rho=0",
        "synthetic:ar1?length=1",
        "synthetic:ica",
        "synthetic:ica?dim=3&source=student5",
        "synthetic:ica?dim=3&source=uniform&condition=100",
        "synthetic:rings?rings=64&noise=0.01",
        "synthetic:checkerboard?cells=64",
    ];
    for text in PLANE.iter().map(|case| case.0).chain(others) {
        let rows = draws(text, 20_000, 5);
        let found = deviations(&truth(text, 5)(rows.view()), generator(text));
        assert!(found < 5.0, "{text}: {found}");
    }
}

#[test]
fn the_facts_hold_the_true_log_density_of_the_test_rows() {
    let counts = Counts { train: 2, validation: 2, test: 3000 };
    for (text, ..) in PLANE {
        let generator = generator(text);
        let Splits { test, facts, .. } = generator.splits::<f32>(counts, 7).unwrap();
        let logs = generator.log_density(test.view(), 7).unwrap().unwrap();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        assert_eq!(facts.test_truth, Some(mean), "{text}");
        // The sampling error; zero for a density that is constant on its support.
        let luck = (mean - facts.true_log_likelihood.unwrap()).abs();
        assert_eq!(luck > 1e-12, !text.contains("checkerboard"), "{text}: {luck:e}");
    }
    let none = Counts { test: 0, ..counts };
    assert_eq!(generator("synthetic:moons").splits::<f64>(none, 7).unwrap().facts.test_truth, None);
    let leaves = generator("synthetic:leaves?images=3&size=16&rmax=8");
    let splits = leaves.splits::<f64>(counts, 7).unwrap();
    assert_eq!(splits.facts.test_truth, None);
    assert_eq!(leaves.log_density(splits.test.view(), 7).unwrap(), None);
}

/// Results written before the field existed can still be read.
#[test]
fn facts_without_the_true_log_density_are_read() {
    let counts = Counts { train: 2, validation: 2, test: 3 };
    let facts = generator("synthetic:sine").splits::<f64>(counts, 1).unwrap().facts;
    let mut json = serde_json::to_value(&facts).unwrap();
    assert_eq!(serde_json::from_value::<pdmap_data::DataFacts>(json.clone()).unwrap(), facts);
    json.as_object_mut().unwrap().remove("test_truth");
    assert_eq!(serde_json::from_value::<pdmap_data::DataFacts>(json).unwrap().test_truth, None);
}

/// Every row keeps a density after rounding to single precision; none leaves the support.
#[test]
fn rounding_moves_no_row_out_of_the_support() {
    let counts = Counts { train: 1, validation: 1, test: 200_000 };
    for text in
        ["synthetic:ica?dim=12&source=uniform&condition=100", "synthetic:checkerboard?cells=64", "synthetic:sine"]
    {
        let splits: Splits<f32> = generator(text).splits(counts, 2).unwrap();
        let facts = splits.facts;
        let (test, expected) = (facts.test_truth.unwrap(), facts.true_log_likelihood.unwrap());
        assert!((test - expected).abs() < 0.01, "{text}: {test} {expected}");
    }
    // Points outside by more than the rounding error stay outside.
    let ica = generator("synthetic:ica?dim=1&source=uniform");
    let edge = 3f32.sqrt();
    let rows = ndarray::arr2(&[[edge], [edge * 1.000_01], [-2.0]]);
    let logs = ica.log_density(rows.view(), 1).unwrap().unwrap();
    assert_eq!(logs, [-Source::Uniform.entropy(), f64::NEG_INFINITY, f64::NEG_INFINITY]);
}

/// `ln N(x; 0, C)` from the full covariance matrix, inverted by elimination.
fn dense_gaussian(rows: &Array2<f64>, covariance: &Array2<f64>) -> Vec<f64> {
    let (precision, log_det) = inverse(covariance);
    let constant = rows.ncols() as f64 * (2.0 * std::f64::consts::PI).ln() + log_det;
    rows.rows().into_iter().map(|row| -0.5 * (row.dot(&precision.dot(&row)) + constant)).collect()
}

#[test]
fn the_series_density_matches_its_covariance() {
    for (rho, length) in [(0.95, 7), (-0.6, 5), (0.0, 3), (0.999, 4), (0.5, 1)] {
        let text = format!("synthetic:ar1?rho={rho}&length={length}");
        let rows = draws(&text, 200, 1);
        let found = truth(&text, 1)(rows.view());
        let worst = |power: &dyn Fn(i32) -> f64| {
            let covariance = Array2::from_shape_fn((length, length), |(i, j)| power((i as i32 - j as i32).abs()));
            let expected = dense_gaussian(&rows, &covariance);
            found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let error = worst(&|lag| f64::powi(rho, lag));
        assert!(error < 1e-9, "{text}: {error:e}");
        if length > 1 {
            // Wrong: one lag more, and innovations that do not keep the variance at 1.
            let wrong = worst(&|lag| if lag == 0 { 1.0 } else { 0.9 * f64::powi(rho, lag) + 0.01 });
            assert!(wrong > 1e-3, "{text}: {wrong:e}");
        }
    }
}

#[test]
fn the_series_is_stationary() {
    let rows = draws("synthetic:ar1?rho=0.7&length=6", 40_000, 9);
    let covariance = rows.t().dot(&rows) / rows.nrows() as f64;
    for ((i, j), &found) in covariance.indexed_iter() {
        let expected = 0.7_f64.powi((i as i32 - j as i32).abs());
        // Standard error below sqrt(2 / 40000).
        assert!((found - expected).abs() < 5.0 * 0.0071, "{i} {j}: {found}");
    }
}

#[test]
fn rows_without_a_density_are_refused() {
    let moons = generator("synthetic:moons");
    let error = |rows: Array2<f64>| moons.log_density(rows.view(), 1).unwrap_err();
    assert!(matches!(error(Array2::zeros((2, 3))), DataError::FeatureMismatch { expected: 2, actual: 3, .. }));
    assert!(matches!(error(Array2::zeros((0, 2))), DataError::TooFewRows { .. }));
    let mut rows = Array2::zeros((2, 2));
    rows[[1, 0]] = f64::NAN;
    assert!(matches!(error(rows), DataError::NonFinite { row: 1, column: 0, .. }));
    let bad = Generator::Moons(pdmap_data::Moons { noise: 0.0 });
    let refused = bad.log_density(Array2::<f64>::zeros((1, 2)).view(), 1);
    assert!(matches!(refused, Err(DataError::BadOption { option: "noise", .. })));
}

#[test]
fn rows_of_any_magnitude_have_a_log_density() {
    for (text, ..) in PLANE {
        let sizes = [0.0, 1e-300, 50.0, 1e4, 1e8, 1e9, 1e16, 1e100, 1e200];
        let rows = Array2::from_shape_fn((sizes.len(), 2), |(i, j)| if j == 0 { sizes[i] } else { -sizes[i] });
        for (size, log) in sizes.iter().zip(truth(text, 1)(rows.view())) {
            // The tails of the logistic source decrease like exp(-1.8 |s|).
            let bound = if *size > 40.0 { -0.3 * size } else { 10.0 };
            assert!(log < bound, "{text}: {size:e} {log}");
        }
    }
}
