//! EM: closed forms, a reference, and recovery.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, array};
use pdmap_categories::{Counts, Em, EmOptions, LatentClasses};

use crate::common::{product_space, rng, total, two_classes};

/// Rounding errors of a fit of some hundred rows.
const ROUNDINGS: f64 = 1e3;

fn rows() -> Array2<u32> {
    two_classes().sample(300, &mut rng(5))
}

/// Probabilities of one class.
type Smoothed = fn(rows: &Array2<u32>, labels: &[usize], smoothing: f64) -> LatentClasses;

/// Whether a model of one class is the smoothed frequencies, and sums to 1. The last label of the last
/// column does not occur.
fn holds(fit: Smoothed) -> bool {
    let (rows, labels, smoothing) = (rows(), [3, 2, 5], 0.3);
    let model = fit(&rows, &labels, smoothing);
    let space = product_space(&labels);
    let sum = total(&model.log_density(space.view()).unwrap());
    let mut at = 0;
    let right = labels.iter().enumerate().all(|(column, &count)| {
        (0..count).all(|label| {
            let found = rows.column(column).iter().filter(|&&code| code as usize == label).count() as f64;
            let expected = (found + smoothing) / (rows.nrows() as f64 + smoothing * count as f64);
            at += 1;
            (model.probabilities()[[0, at - 1]] - expected).abs() < ROUNDINGS * f64::EPSILON
        })
    });
    right && (sum - 1.0).abs() < ROUNDINGS * f64::EPSILON
}

#[test]
fn one_class_is_the_smoothed_frequencies() {
    assert!(holds(|rows, labels, smoothing| {
        let counts = Counts::of(rows.view(), labels).unwrap();
        let mut em = Em::start(&counts, 1, smoothing, &mut rng(1)).unwrap();
        assert!(em.run(EmOptions::default()).iterations <= 3);
        em.model().unwrap()
    }));
    // A wrong one counts equal rows once.
    assert!(!holds(|rows, labels, smoothing| {
        let counts = Counts::of(rows.view(), labels).unwrap();
        let distinct = counts.rows().to_owned();
        let counts = Counts::of(distinct.view(), labels).unwrap();
        let mut em = Em::start(&counts, 1, smoothing, &mut rng(1)).unwrap();
        em.run(EmOptions::default());
        em.model().unwrap()
    }));
}

#[test]
fn a_step_is_that_of_the_formulas_and_never_descends() {
    let (rows, labels, smoothing) = (rows(), [3, 2, 4], 0.2);
    let counts = Counts::of(rows.view(), &labels).unwrap();
    let mut em = Em::start(&counts, 3, smoothing, &mut rng(2)).unwrap();
    let mut last = f64::NEG_INFINITY;
    for _ in 0..30 {
        let before = em.model().unwrap();
        let objective = em.step();
        assert!(objective >= last - ROUNDINGS * f64::EPSILON, "{objective} after {last}");
        let prior: f64 = before.probabilities().iter().map(|p| p.ln()).sum();
        let sum: f64 = before.log_density(rows.view()).unwrap().iter().sum();
        assert!((objective - (sum + smoothing * prior) / 300.0).abs() < ROUNDINGS * f64::EPSILON);
        last = objective;
        // Row by row, in plain arithmetic.
        let posterior = before.posterior(rows.view()).unwrap();
        let after = em.model().unwrap();
        for class in 0..3 {
            let in_class = posterior.column(class).sum();
            assert!((after.weights()[class] - in_class / 300.0).abs() < ROUNDINGS * f64::EPSILON);
            for (label, start, column) in [(0, 0, 0), (2, 0, 0), (1, 3, 1), (3, 5, 2)] {
                let codes = rows.column(column).to_vec();
                let own = codes.iter().zip(posterior.column(class)).filter(|(code, _)| **code == label);
                let own: f64 = own.map(|(_, share)| share).sum();
                let expected = (own + smoothing) / (in_class + smoothing * labels[column] as f64);
                let found = after.probabilities()[[class, start + label as usize]];
                assert!((found - expected).abs() < ROUNDINGS * f64::EPSILON);
            }
        }
    }
}

#[test]
fn two_known_classes_are_found_again() {
    let truth = two_classes();
    let rows = truth.sample(20_000, &mut rng(6));
    let counts = Counts::of(rows.view(), truth.labels()).unwrap();
    let mut em = Em::start(&counts, 2, 0.1, &mut rng(7)).unwrap();
    em.run(EmOptions { iterations: 2000, tolerance: 1e-10 });
    let found = em.model().unwrap();
    // Classes have no order.
    let order = if found.weights()[0] < found.weights()[1] { [0, 1] } else { [1, 0] };
    for (class, own) in order.into_iter().enumerate() {
        assert!((found.weights()[own] - truth.weights()[class]).abs() < 0.03, "{}", found.weights());
        let apart = &found.probabilities().row(own) - &truth.probabilities().row(class);
        assert!(apart.iter().all(|apart| apart.abs() < 0.04), "{apart}");
    }
}

#[test]
fn a_fit_depends_on_neither_the_order_of_rows_nor_the_threads() {
    let rows = rows();
    let turned = Array2::from_shape_fn(rows.dim(), |(row, column)| rows[[299 - row, column]]);
    let fit = |rows: &Array2<u32>| {
        let counts = Counts::of(rows.view(), &[3, 2, 4]).unwrap();
        let mut em = Em::start(&counts, 4, 0.1, &mut rng(9)).unwrap();
        em.run(EmOptions::default());
        em.model().unwrap()
    };
    let expected = fit(&rows);
    assert_eq!(fit(&turned), expected);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| fit(&rows)), expected);
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let counts = Counts::of(array![[0, 1]].view(), &[1, 2]).unwrap();
    for smoothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Em::start(&counts, 1, smoothing, &mut rng(1)).unwrap_err().to_string().contains("above 0"));
    }
    assert!(Em::start(&counts, 0, 1.0, &mut rng(1)).unwrap_err().to_string().contains("at least one class"));
    assert!(Counts::of(Array2::zeros((0, 2)).view(), &[1, 2]).unwrap_err().to_string().contains("no rows"));
    assert!(Counts::of(array![[0, 2]].view(), &[1, 2]).unwrap_err().to_string().contains("code 2"));
    // More classes than distinct rows.
    let mut em = Em::start(&counts, 5, 1.0, &mut rng(1)).unwrap();
    em.run(EmOptions::default());
    let space = product_space(&[1, 2]);
    assert!((total(&em.model().unwrap().log_density(space.view()).unwrap()) - 1.0).abs() < 1e-12);
}
