//! The choice by validation rows.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis};
use pdmap_categories::{Counts, LatentClasses, SelectOptions, select, select_counted};
use pdmap_core::RowWeights;

use crate::common::{product_space, rng, total, two_classes};

fn chosen(rows: &Array2<u32>, labels: &[usize]) -> pdmap_categories::Selection {
    let (train, validation) = rows.view().split_at(Axis(0), rows.nrows() / 3 * 2);
    select(train, validation, labels, &SelectOptions::default(), &mut rng(1)).unwrap()
}

#[test]
fn dependent_columns_get_classes_and_independent_ones_do_not() {
    let truth = two_classes();
    let rows = truth.sample(6000, &mut rng(8));
    // One label of each column more, which does not occur.
    let labels = [4, 3, 5];
    let found = chosen(&rows, &labels);
    assert!(found.trial().classes > 1, "{:?}", found.trials);
    assert!(found.trial().validation > found.trials[0].validation + 0.05);
    assert!(found.trials.iter().all(|trial| trial.validation <= found.trial().validation));
    let all = product_space(&labels);
    assert!((total(&found.model.log_density(all.view()).unwrap()) - 1.0).abs() < 1e-9);
    let fresh = truth.sample(4000, &mut rng(9));
    let mean = |model: &LatentClasses| model.log_density(fresh.view()).unwrap().iter().sum::<f64>() / 4000.0;
    assert!(mean(&truth) - mean(&found.model) < 0.01, "{} {}", mean(&truth), mean(&found.model));

    let one = truth.marginal(&[0]).unwrap().sample(600, &mut rng(10));
    assert_eq!(chosen(&one, &[4]).trial().classes, 1);
    let shuffled =
        Array2::from_shape_fn((3000, 2), |(row, column)| (((row + 1) * (row + 7) * (column + 3)) % 4) as u32);
    let independent = Array2::from_shape_fn((3000, 2), |(row, column)| match column {
        0 => shuffled[[row, 0]],
        _ => (row % 3) as u32,
    });
    let found = chosen(&independent, &[4, 3]);
    assert!(found.trial().validation < found.trials[0].validation + 0.01, "{:?}", found.trials);
}

#[test]
fn options_fix_what_is_chosen_and_bad_rows_are_refused() {
    let rows = two_classes().sample(90, &mut rng(8));
    let (train, validation) = rows.view().split_at(Axis(0), 60);
    let options = SelectOptions { classes: Some(3), smoothing: Some(0.5), ..SelectOptions::default() };
    let found = select(train, validation, &[3, 2, 4], &options, &mut rng(1)).unwrap();
    assert_eq!(
        (found.trials.len(), found.trial().classes, found.trial().smoothing.to_bits()),
        (1, 3, 0.5_f64.to_bits())
    );
    // A limit that one candidate reaches.
    let options = SelectOptions { operations: 1.0, ..SelectOptions::default() };
    assert_eq!(select(train, validation, &[3, 2, 4], &options, &mut rng(1)).unwrap().trials.len(), 1);
    let refused = |classes| {
        let options = SelectOptions { classes, ..SelectOptions::default() };
        select(train, Array2::zeros((0, 3)).view(), &[3, 2, 4], &options, &mut rng(1)).unwrap_err().to_string()
    };
    assert!(refused(None).contains("no rows"));
    let options = SelectOptions { classes: Some(0), ..SelectOptions::default() };
    assert!(
        select(train, validation, &[3, 2, 4], &options, &mut rng(1)).unwrap_err().to_string().contains("one class")
    );
}

#[test]
fn weights_that_are_whole_numbers_repeat_rows() {
    let rows = two_classes().sample(300, &mut rng(3));
    let labels = [3, 2, 4];
    let each: Vec<f64> = (0..300).map(|row| f64::from(row * row % 7 % 4)).collect();
    let repeated: Vec<usize> = each.iter().enumerate().flat_map(|(row, &weight)| vec![row; weight as usize]).collect();
    let twice = rows.select(Axis(0), &repeated);
    let weights = RowWeights::new(each).unwrap();
    let counted = Counts::weighted(rows.view(), Some(&weights), &labels).unwrap();
    assert_eq!(counted, Counts::of(twice.view(), &labels).unwrap());
    let options = SelectOptions { classes: Some(2), ..SelectOptions::default() };
    let own = select_counted(&counted, &counted, &options, &mut rng(1)).unwrap();
    let expected = select(twice.view(), twice.view(), &labels, &options, &mut rng(1)).unwrap();
    assert_eq!(own.trials, expected.trials);
    let plain = Counts::of(rows.view(), &labels).unwrap();
    assert_ne!(select_counted(&plain, &plain, &options, &mut rng(1)).unwrap().trials, expected.trials);
    let fewer = RowWeights::new(vec![1.0; 7]).unwrap();
    assert!(Counts::weighted(rows.view(), Some(&fewer), &labels).is_err());
    let other = Counts::of(rows.view(), &[3, 2, 5]).unwrap();
    assert!(select_counted(&counted, &other, &options, &mut rng(1)).is_err());
}
