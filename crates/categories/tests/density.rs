//! The density, its marginals and conditionals, and samples.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, Axis, array};
use pdmap_categories::{CategoriesError, LatentClasses};

use crate::common::{product_space, rng, total, two_classes};

/// Rounding errors of a sum of products.
const ROUNDINGS: f64 = 64.0;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDINGS * f64::EPSILON * b.abs().max(1.0)
}

#[test]
fn the_density_is_the_sum_over_classes_and_sums_to_1() {
    let model = two_classes();
    let rows = product_space(model.labels());
    let found = model.log_density(rows.view()).unwrap();
    let theta = model.probabilities();
    for (row, log) in rows.rows().into_iter().zip(&found) {
        let place = [row[0] as usize, 3 + row[1] as usize, 5 + row[2] as usize];
        let sum: f64 = (0..2).map(|k| model.weights()[k] * place.iter().map(|&l| theta[[k, l]]).product::<f64>()).sum();
        assert!(close(log.exp(), sum), "{row}: {} {sum}", log.exp());
    }
    assert!(close(total(&found), 1.0));
}

/// Answers `p(c_A | c_B)`.
type Conditional = fn(&LatentClasses, &[(usize, u32)]) -> LatentClasses;

/// Whether `p(c_0, c_2 | c_1)` is the joint density over that of the given column.
fn conditions(of: Conditional) -> bool {
    let model = two_classes();
    (0..2).all(|code| {
        let conditional = of(&model, &[(1, code)]);
        let rows = product_space(&[3, 4]);
        let found = conditional.log_density(rows.view()).unwrap();
        let marginal = model.marginal(&[1]).unwrap().log_density(array![[code]].view()).unwrap()[0];
        let joint = Array2::from_shape_fn((12, 3), |(row, column)| match column {
            0 => rows[[row, 0]],
            1 => code,
            _ => rows[[row, 1]],
        });
        let joint = model.log_density(joint.view()).unwrap();
        found.iter().zip(joint).all(|(&found, joint)| close(found, joint - marginal))
    })
}

#[test]
fn conditionals_are_the_joint_density_over_the_marginal() {
    assert!(conditions(|model, given| model.given(given).unwrap()));
    // A wrong one keeps the weights of the classes: the given column says nothing about them.
    assert!(!conditions(|model, _| model.marginal(&[0, 2]).unwrap()));
}

#[test]
fn marginals_are_sums_over_the_other_columns() {
    let model = two_classes();
    let marginal = model.marginal(&[2, 0]).unwrap();
    assert_eq!(marginal.labels(), [4, 3]);
    let rows = product_space(model.labels());
    let joint = model.log_density(rows.view()).unwrap();
    let mut sums = Array2::<f64>::zeros((4, 3));
    rows.rows().into_iter().zip(joint).for_each(|(row, log)| sums[[row[2] as usize, row[0] as usize]] += log.exp());
    let own = product_space(&[4, 3]);
    for (row, log) in own.rows().into_iter().zip(marginal.log_density(own.view()).unwrap()) {
        assert!(close(log.exp(), sums[[row[0] as usize, row[1] as usize]]));
    }
    // All columns given, and none.
    assert!(matches!(model.given(&[(0, 0), (1, 0), (2, 0)]), Err(CategoriesError::NoColumns)));
    assert_eq!(model.given(&[]).unwrap(), model);
}

#[test]
fn without_some_labels_the_density_is_that_given_that_they_do_not_occur() {
    let model = two_classes();
    let known = model.restricted(&[2, 2, 3]).unwrap();
    let rows = product_space(&[2, 2, 3]);
    let (own, joint) = (known.log_density(rows.view()).unwrap(), model.log_density(rows.view()).unwrap());
    assert!(close(total(&own), 1.0));
    let log_kept = total(&joint).ln();
    assert!(own.iter().zip(&joint).all(|(own, joint)| close(*own, joint - log_kept)));
    assert!(model.restricted(&[2, 2]).is_err() && model.restricted(&[2, 2, 5]).is_err());
    assert!(matches!(
        model.restricted(&[0, 2, 3]),
        Err(CategoriesError::NoLabels { column: 0 } | CategoriesError::Impossible)
    ));
}

#[test]
fn samples_have_the_probabilities() {
    const DRAWS: usize = 20_000;
    let model = two_classes();
    let drawn = model.sample(DRAWS, &mut rng(3));
    let mut counts = std::collections::HashMap::new();
    drawn.rows().into_iter().for_each(|row| *counts.entry(row.to_vec()).or_insert(0.0) += 1.0);
    let rows = product_space(model.labels());
    for (row, log) in rows.rows().into_iter().zip(model.log_density(rows.view()).unwrap()) {
        let (p, found) = (log.exp(), counts.get(&row.to_vec()).copied().unwrap_or(0.0) / DRAWS as f64);
        let deviation = (p * (1.0 - p) / DRAWS as f64).sqrt();
        assert!((found - p).abs() < 5.0 * deviation, "{row}: {found} {p}");
    }
    // A label without probability is never drawn.
    let sure = LatentClasses::new(&[2], array![1.0], array![[0.0, 1.0]]).unwrap();
    assert!(sure.sample(1000, &mut rng(4)).iter().all(|&code| code == 1));
    assert_eq!(sure.log_density(array![[0], [1]].view()).unwrap(), [f64::NEG_INFINITY, 0.0]);
}

#[test]
fn a_model_that_is_made_again_is_the_same_to_the_last_bit() {
    let model = two_classes();
    let (weights, probabilities) = (model.weights().clone(), model.probabilities().clone());
    assert_eq!(LatentClasses::new(model.labels(), weights, probabilities).unwrap(), model);
    let scaled = LatentClasses::new(&[2], array![2.0, 6.0], array![[1.0, 3.0], [5.0, 5.0]]).unwrap();
    assert_eq!(scaled.weights(), Array1::from_vec(vec![0.25, 0.75]));
    assert_eq!(scaled.probabilities().index_axis(Axis(0), 0), array![0.25, 0.75]);
}

#[test]
fn what_is_no_model_or_no_row_is_refused_with_its_numbers() {
    let made = |labels: &[usize], weights: &[f64], probabilities: Array2<f64>| {
        LatentClasses::new(labels, Array1::from_vec(weights.to_vec()), probabilities).unwrap_err().to_string()
    };
    assert!(made(&[], &[1.0], array![[1.0]]).contains("at least one column"));
    assert!(made(&[1, 0], &[1.0], array![[1.0]]).contains("column 1 has no labels"));
    assert!(made(&[1], &[], Array2::zeros((0, 1))).contains("at least one class"));
    assert!(made(&[2], &[1.0, 1.0], array![[0.5, 0.5]]).contains("expected 2, found 1"));
    assert!(made(&[2], &[1.0], array![[0.5, 0.5, 0.0]]).contains("expected 2, found 3"));
    assert!(made(&[2, 2], &[1.0], array![[0.5, 0.5, 0.5, -0.1]]).contains("found -0.1 at 3"));
    assert!(made(&[2, 2], &[1.0], array![[0.5, 0.5, 0.0, 0.0]]).contains("found 0 at 2"));
    assert!(made(&[1], &[f64::NAN], array![[1.0]]).contains("found NaN at 0"));
    let model = two_classes();
    let error = model.log_density(array![[0, 0, 0], [2, 2, 0]].view()).unwrap_err().to_string();
    assert!(error.contains("row 1, column 1: code 2") && error.contains("2 labels"), "{error}");
    assert!(model.log_density(array![[0, 0]].view()).unwrap_err().to_string().contains("expected 3, found 2"));
    assert!(model.marginal(&[1, 1]).unwrap_err().to_string().contains("column 1 of 3"));
    assert!(model.given(&[(3, 0)]).unwrap_err().to_string().contains("column 3 of 3"));
    let sure = LatentClasses::new(&[2, 2], array![1.0], array![[0.0, 1.0, 0.5, 0.5]]).unwrap();
    assert_eq!(sure.given(&[(0, 0)]), Err(CategoriesError::Impossible));
}
