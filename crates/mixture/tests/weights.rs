//! Weights that are whole numbers give what repeated rows give.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::RowWeights;
use pdmap_mixture::{
    CovarianceForm, Em, EmOptions, GaussianMixture, Prior, SelectOptions, ShrunkGaussian, Standardized, WeightedRows,
    kmeans, select,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Rows in three groups, and weights from 0 to 3.
fn rows() -> (Array2<f64>, RowWeights, Vec<usize>) {
    let mut rng = rng(4);
    let rows = Array2::from_shape_fn((240, 3), |(row, column)| {
        let u: f64 = rng.random::<f64>() + rng.random::<f64>();
        u + 3.0 * f64::from(u8::from(row % 3 == column)) + 1e3 * f64::from(u8::from(column == 1))
    });
    let weights: Vec<f64> = (0..240).map(|row| f64::from((row * row % 7) % 4)).collect();
    let repeated = weights.iter().enumerate().flat_map(|(row, &weight)| vec![row; weight as usize]).collect();
    (rows, RowWeights::new(weights).unwrap(), repeated)
}

/// The parameters of a mixture, one after the other.
fn numbers(mixture: &GaussianMixture) -> Vec<f64> {
    let components = mixture.components().iter().flat_map(|component| {
        component.mean().iter().copied().chain(component.factor().covariance()).collect::<Vec<f64>>()
    });
    mixture.weights().into_iter().chain(components).collect()
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + b.abs()))
}

const FORMS: [CovarianceForm; 4] =
    [CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal, CovarianceForm::LowRank { rank: 1 }];

fn fitted(rows: &Standardized, form: CovarianceForm, labels: &[usize]) -> (GaussianMixture, f64) {
    let prior = Prior::new(3.0, Array2::eye(rows.columns()));
    let mut em = Em::new(rows, form, 3, &prior).unwrap();
    em.start(labels).unwrap();
    let progress = em.run(EmOptions { iterations: 7, tolerance: 0.0 }).unwrap();
    (rows.restore(&em.mixture().unwrap()).unwrap(), progress.penalized)
}

#[test]
fn em_counts_a_row_as_often_as_its_weight_says() {
    let (rows, weights, repeated) = rows();
    let twice = rows.select(Axis(0), &repeated);
    let weighted = Standardized::new(WeightedRows::new(rows.view(), Some(&weights))).unwrap();
    let repeats = Standardized::new(twice.view()).unwrap();
    assert_eq!(weighted.total(), twice.nrows() as f64);
    let labels: Vec<usize> = (0..rows.nrows()).map(|row| row % 3).collect();
    let repeated_labels: Vec<usize> = repeated.iter().map(|&row| labels[row]).collect();
    for form in FORMS {
        let (own, own_likelihood) = fitted(&weighted, form, &labels);
        let (expected, likelihood) = fitted(&repeats, form, &repeated_labels);
        assert!(close(&numbers(&own), &numbers(&expected)), "{form:?}");
        assert!((own_likelihood - likelihood).abs() < 1e-9, "{form:?}: {own_likelihood} {likelihood}");
        // Without the weights it is another mixture.
        let plain = fitted(&Standardized::new(rows.view()).unwrap(), form, &labels).0;
        assert!(!close(&numbers(&plain), &numbers(&expected)), "{form:?}");
    }
}

#[test]
fn em_with_missing_cells_counts_them_too() {
    let (mut rows, weights, repeated) = rows();
    for row in (0..rows.nrows()).step_by(4) {
        rows[[row, row % 3]] = f64::NAN;
    }
    let twice = rows.select(Axis(0), &repeated);
    let weighted = Standardized::observed(WeightedRows::new(rows.view(), Some(&weights))).unwrap();
    let repeats = Standardized::observed(twice.view()).unwrap();
    let labels: Vec<usize> = (0..rows.nrows()).map(|row| row % 3).collect();
    let repeated_labels: Vec<usize> = repeated.iter().map(|&row| labels[row]).collect();
    let (own, expected) = (
        fitted(&weighted, CovarianceForm::Full, &labels).0,
        fitted(&repeats, CovarianceForm::Full, &repeated_labels).0,
    );
    assert!(close(&numbers(&own), &numbers(&expected)));
}

#[test]
fn one_shrunk_normal_density_and_means_over_rows_count_them() {
    let (rows, weights, repeated) = rows();
    let twice = rows.select(Axis(0), &repeated);
    let both = WeightedRows::new(rows.view(), Some(&weights));
    let (weighted, repeats) = (Standardized::new(both).unwrap(), Standardized::new(twice.view()).unwrap());
    let of = |rows: &Standardized| ShrunkGaussian::by_formula(rows).unwrap();
    assert!((of(&weighted).shrinkage - of(&repeats).shrinkage).abs() < 1e-9);
    let by =
        |rows: &Standardized, judges: WeightedRows<'_>| ShrunkGaussian::by_validation(rows, judges).unwrap().shrinkage;
    let mapped = |of: ArrayView2<'_, f64>| weighted.map(of).unwrap();
    let (own, others) = (mapped(rows.view()), mapped(twice.view()));
    let judged = by(&weighted, WeightedRows::new(own.view(), Some(&weights)));
    assert!((judged - by(&repeats, others.view().into())).abs() < 1e-9);
    let mixture = GaussianMixture::of_one(of(&weighted).gaussian().unwrap());
    let mean = mixture.mean_log_density(WeightedRows::new(own.view(), Some(&weights))).unwrap();
    assert!((mean - mixture.mean_log_density(others.view()).unwrap()).abs() < 1e-9);
}

#[test]
fn rows_of_no_weight_do_not_matter() {
    let (mut rows, _, _) = rows();
    let weights: Vec<f64> = (0..240).map(|row| f64::from(u8::from(row % 4 > 0))).collect();
    let kept: Vec<usize> = (0..240).filter(|row| row % 4 > 0).collect();
    let weights = RowWeights::new(weights).unwrap();
    let select_from = |rows: &Array2<f64>, weights: Option<&RowWeights>| {
        let both = WeightedRows::new(rows.view(), weights);
        let options = SelectOptions { most_components: Some(4), ..SelectOptions::default() };
        select(both, both, &options, &mut rng(1)).unwrap()
    };
    let before = select_from(&rows, Some(&weights));
    rows.axis_iter_mut(Axis(0)).step_by(4).for_each(|mut row| row.fill(-7e5));
    let after = select_from(&rows, Some(&weights));
    assert_eq!(numbers(&before.mixture), numbers(&after.mixture));
    let alone = select_from(&rows.select(Axis(0), &kept), None);
    // Other starts, but the same density for practical purposes.
    assert!((before.trial().validation - alone.trial().validation).abs() < 0.05);
    let groups = kmeans(WeightedRows::new(rows.view(), Some(&weights)), 3, &mut rng(2)).unwrap();
    assert!(groups.centres.iter().all(|&centre| centre > -10.0));
}

#[test]
fn weights_of_other_rows_are_refused() {
    let (rows, weights, _) = rows();
    let fewer = rows.slice_axis(Axis(0), ndarray::Slice::from(1..));
    assert!(Standardized::new(WeightedRows::new(fewer, Some(&weights))).is_err());
    assert!(kmeans(WeightedRows::new(fewer, Some(&weights)), 2, &mut rng(1)).is_err());
    let options = SelectOptions::default();
    assert!(select(rows.view(), WeightedRows::new(fewer, Some(&weights)), &options, &mut rng(1)).is_err());
}
