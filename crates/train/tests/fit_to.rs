//! Flows fitted to densities that are known up to a factor.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, ArrayView1, ArrayViewMut1};
use pdmap_core::special::log_sum_exp;
use pdmap_train::{FitToConfig, fit_to};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Draws of an estimate: enough that its error is below the tolerance.
const DRAWS: usize = 20_000;

/// Nats by which an estimate of `log Z` may miss it.
const APART: f64 = 0.02;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(3)
}

/// Width of the ring around the circle of radius 1.
const WIDTH: f64 = 0.2;

/// `exp(−(r − 1)²/2w²)` in the plane.
fn ring(x: ArrayView1<'_, f64>) -> f64 {
    -0.5 * ((x[0].hypot(x[1]) - 1.0) / WIDTH).powi(2)
}

fn ring_slope(x: ArrayView1<'_, f64>, mut slope: ArrayViewMut1<'_, f64>) {
    let radius = x[0].hypot(x[1]);
    let along = -(radius - 1.0) / (WIDTH * WIDTH) / radius.max(1e-9);
    (slope[0], slope[1]) = (along * x[0], along * x[1]);
}

#[test]
fn the_factor_of_a_ring_is_found() {
    // Z = 2π ∫ r exp(−(r − 1)²/2w²) dr, by the trapezoidal rule.
    let step = 1e-4;
    let radii = (1..30_000).map(|at| step * f64::from(at));
    let integral: f64 = radii.map(|r| r * (-0.5 * ((r - 1.0) / WIDTH).powi(2)).exp() * step).sum();
    let log_z = (std::f64::consts::TAU * integral).ln();
    let config = FitToConfig { steps: 800, ..FitToConfig::default() };
    let fitted = fit_to(2, ring, ring_slope, &config).unwrap();
    let found = fitted.log_z(DRAWS, &mut rng()).unwrap();
    assert!((found.log_z - log_z).abs() < APART, "{found:?}, {log_z}");
    assert!(found.lower_bound < found.log_z && found.lower_bound > log_z - 0.3, "{found:?}");
    assert!(found.error < APART / 2.0 && found.effective > 0.2 * DRAWS as f64, "{found:?}");
    // What is said of the draws is the density of the flow.
    let drawn = fitted.sample(100, &mut rng()).unwrap();
    let again = fitted.log_density(drawn.x.view()).unwrap();
    assert!(drawn.log_q.iter().zip(&again).all(|(own, again)| (own - again).abs() < 1e-6));
    let (first, last) = (fitted.curve[0].1, fitted.curve[fitted.curve.len() - 1].1);
    assert!(last > first + 0.5, "{first} {last}");
    // The same again.
    let again = fit_to(2, ring, ring_slope, &config).unwrap().log_z(1000, &mut rng()).unwrap();
    assert_eq!(again, fitted.log_z(1000, &mut rng()).unwrap());
}

/// Two normal densities in eight dimensions that overlap, times e³.
fn two(x: ArrayView1<'_, f64>) -> f64 {
    let of = |centre: f64| x.iter().map(|x| -0.5 * (x - centre).powi(2)).sum::<f64>();
    let normal = -4.0 * std::f64::consts::TAU.ln();
    3.0 + normal + log_sum_exp([0.3_f64.ln() + of(-0.7), 0.7_f64.ln() + of(0.5)].into_iter())
}

fn two_slope(x: ArrayView1<'_, f64>, mut slope: ArrayViewMut1<'_, f64>) {
    let of = |centre: f64| x.iter().map(|x| -0.5 * (x - centre).powi(2)).sum::<f64>();
    let (a, b) = (0.3_f64.ln() + of(-0.7), 0.7_f64.ln() + of(0.5));
    let share = 1.0 / (1.0 + (b - a).exp());
    let centre: Array1<f64> = Array1::from_elem(x.len(), share * -0.7 + (1.0 - share) * 0.5);
    slope.assign(&(&centre - &x));
}

#[test]
fn the_factor_of_a_mixture_in_eight_dimensions_is_found() {
    let config = FitToConfig { steps: 400, ..FitToConfig::default() };
    let fitted = fit_to(8, two, two_slope, &config).unwrap();
    let found = fitted.log_z(DRAWS, &mut rng()).unwrap();
    assert!((found.log_z - 3.0).abs() < APART, "{found:?}");
    // Weights that are left out would say less: the bound of the first draws, which are normal.
    assert!(found.lower_bound > fitted.curve[0].1, "{found:?}");
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    let fit = |features, config: &FitToConfig| fit_to(features, ring, ring_slope, config).map(|_| ());
    assert!(fit(0, &FitToConfig::default()).is_err());
    assert!(fit(2, &FitToConfig { batch: 0, ..FitToConfig::default() }).is_err());
    let unknown = vec![pdmap_train::description::LayerEntry::layer("splines", serde_json::json!({}))];
    assert!(fit(2, &FitToConfig { layers: unknown, ..FitToConfig::default() }).is_err());
    let nan = fit_to::<f64>(2, |_| f64::NAN, |_, mut slope| slope.fill(f64::NAN), &FitToConfig::default());
    assert!(nan.is_err());
}
