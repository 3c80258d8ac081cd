//! Splines against independent values, and their inverse where the textbook formula cancels.
#![allow(missing_docs, clippy::unwrap_used)]

use ndarray::{Array1, Array2, Axis};
use pdmap_core::{Layer, LayerExt};
use pdmap_layers::spline::{Spline, SplineOptions, Tails};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Tolerance of the reference values.
const REFERENCE: f64 = 1e-10;
/// Round trips in `f64`, in units of ε times the largest number times the steepest slope of the inverse.
const INVERSE: f64 = 64.0;

fn numbers(reference: &Value, key: &str) -> Array1<f64> {
    reference[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn row(values: &Array1<f64>) -> Array2<f64> {
    values.clone().insert_axis(Axis(0))
}

/// The largest deviation of a spline from the reference `(x, y, log y')`; `wrong` may spoil the parameters.
fn against_reference(wrong: impl Fn(&mut Array2<f64>)) -> f64 {
    let reference: Value = serde_json::from_str(include_str!("fixtures/rational_quadratic_spline.json")).unwrap();
    let widths = row(&numbers(&reference, "unnormalized_widths"));
    let heights = row(&numbers(&reference, "unnormalized_heights"));
    let mut slopes = row(&numbers(&reference, "unnormalized_derivatives"));
    wrong(&mut slopes);
    let bound = reference["bound"].as_f64().unwrap();
    let options = SplineOptions { bins: widths.len(), bound, ..SplineOptions::default() };
    let spline = Spline::new(options, widths, heights, slopes).unwrap();
    let x = numbers(&reference, "x").insert_axis(Axis(1));
    let (y, log_slopes) = spline.transform(&x).unwrap();
    let mut worst = 0.0_f64;
    for (row, (y_0, log_slope)) in
        numbers(&reference, "y").iter().zip(&numbers(&reference, "log_derivative")).enumerate()
    {
        worst = worst.max((y[[row, 0]] - y_0).abs()).max((log_slopes[row] - log_slope).abs());
    }
    let back = spline.untransform(&y).unwrap().0;
    worst.max((&back - &x).iter().fold(0.0, |worst, d| worst.max(d.abs())))
}

#[test]
fn independent_values() {
    let worst = against_reference(|_| ());
    assert!(worst <= REFERENCE, "{worst:e}");
    // The oracle rejects a wrong one.
    assert!(against_reference(|slopes| slopes[[0, 3]] += 1e-6) > REFERENCE);
}

/// The root `2c/(−b − √(b² − 4ac))` (Durkan et al. 2019, equation 8) loses digits where b < 0.
#[test]
fn the_inverse_holds_where_the_textbook_root_cancels() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for case in 0..2000 {
        let bins = rng.random_range(2..12);
        let spread = [0.5, 2.0, 6.0][case % 3];
        let mut draw =
            |columns: usize| Array2::from_shape_simple_fn((1, columns), || rng.random_range(-spread..spread));
        let tails = if case % 2 == 0 { Tails::Identity } else { Tails::Linear };
        let slopes = if tails == Tails::Linear { bins + 1 } else { bins - 1 };
        let options = SplineOptions { bins, tails, ..SplineOptions::default() };
        let spline = Spline::new(options, draw(bins), draw(bins), draw(slopes)).unwrap();
        let y = Array2::from_shape_fn((64, 1), |(row, _)| row as f64 / 63.0 * 10.0 - 5.0);
        let (x, log_slopes) = spline.untransform(&y).unwrap();
        let (again, forward) = spline.transform(&x).unwrap();
        for row in 0..64 {
            // A number at x is known to ε|x|, which is ε|x|·y' at y.
            let slope = forward[row].exp().max(1.0);
            let allowed = INVERSE * f64::EPSILON * 5.0 * slope;
            let error = (again[[row, 0]] - y[[row, 0]]).abs();
            assert!(error <= allowed, "case {case}, y {}: {error:e}, allowed {allowed:e}", y[[row, 0]]);
            assert!((log_slopes[row] + forward[row]).abs() <= 1e-6 * forward[row].abs().max(1.0), "case {case}");
        }
    }
}

#[test]
fn tails_are_unbounded() {
    let spline = Spline::<f32>::identity(1, SplineOptions::default()).unwrap();
    let x = Array2::from_shape_vec((7, 1), vec![-1e30_f32, -4.0, -1e-30, 0.0, 1e-42, 4.0, 1e30]).unwrap();
    let (y, log_det) = spline.transform(&x).unwrap();
    let tolerance = 16.0 * f32::EPSILON;
    assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() <= tolerance * x.abs().max(1.0)), "{y}");
    assert!(log_det.iter().all(|v| v.abs() <= f64::from(tolerance)), "{log_det:?}");
    assert!(
        (&spline.untransform(&y).unwrap().0 - &x).iter().zip(&x).all(|(d, x)| d.abs() <= tolerance * x.abs().max(1.0))
    );
    assert_eq!(spline.shape(1.into()).unwrap(), 1.into());
}

#[test]
fn shapes_and_ranges_are_refused_with_their_numbers() {
    let bad = SplineOptions { bins: 1, ..SplineOptions::default() };
    assert!(Spline::<f64>::identity(2, bad).unwrap_err().to_string().contains("bins = 1"));
    let options = SplineOptions { bins: 3, ..SplineOptions::default() };
    let made = Spline::<f64>::new(options, Array2::zeros((2, 3)), Array2::zeros((2, 4)), Array2::zeros((2, 2)));
    assert!(made.unwrap_err().to_string().contains("heights"));
    let made =
        Spline::<f64>::new(options, Array2::from_elem((2, 3), f64::NAN), Array2::zeros((2, 3)), Array2::zeros((2, 2)));
    assert!(made.is_err());
}

/// A spline with a Gaussian start maps the quantiles of its sample to those of the normal density.
#[test]
fn a_gaussian_start_maps_quantiles_to_quantiles() {
    use pdmap_core::special::normal::{log_tail, tail_quantile};
    use pdmap_core::{BuildContext, LayerSpec, Sample};
    let start = |rows: Array2<f64>| {
        let options = serde_json::json!({ "bins": 8, "bound": 5.0, "start": "gaussian" });
        let spec = LayerSpec { kind: "spline".to_owned(), options };
        let (mut rng, mut sample) = (ChaCha8Rng::seed_from_u64(1), Sample::new(rows));
        crate::common::registry::<f64>().build(&spec, &mut BuildContext::new(1, &mut rng, &mut sample)).unwrap()
    };
    let below = |z: f64| if z < 0.0 { log_tail(-z).exp() } else { 1.0 - log_tail(z).exp() };
    // The inner knots are −5 + 10k/8. Few numbers at equal distances: quantiles between them are
    // interpolated exactly.
    let layer = start(Array2::from_shape_fn((33, 1), |(row, _)| -4.0 + 8.0 * row as f64 / 32.0));
    for knot in [-1.25, 0.0, 1.25] {
        let (z, _) = layer.transform(&ndarray::array![[-4.0 + 8.0 * below(knot)]]).unwrap();
        assert!((z[[0, 0]] - knot).abs() < 1e-9, "{knot}: {z}");
    }
    // Many numbers of a log-normal density, F(x) = Φ(2 log(x + 1)). Near the ends a sample says little.
    let of = |z: f64| (0.5 * z).exp() - 1.0;
    let quantile = |u: f64| if u < 0.5 { -tail_quantile(u.ln()) } else { tail_quantile((1.0 - u).ln()) };
    let layer = start(Array2::from_shape_fn((4000, 1), |(row, _)| of(quantile((row as f64 + 0.5) / 4000.0))));
    for knot in [-2.5, -1.25, 0.0, 1.25, 2.5] {
        let (z, _) = layer.transform(&ndarray::array![[of(knot)]]).unwrap();
        assert!((z[[0, 0]] - knot).abs() < 0.03, "{knot}: {z}");
    }
}
