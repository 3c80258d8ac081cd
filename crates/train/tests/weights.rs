//! Training on rows that count as often as their weights say.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use ndarray::{Array2, Axis};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::{LayerError, ParametricExt, RowWeights};
use pdmap_train::{
    AutoConfig, Budget, Checkpoints, FitConfig, FitData, Fitted, Hooks, InMemory, Preset, Rows, SpecError, TrainError,
    ValidationRows, fit_auto, fit_with, mean_log_prob, registry, train_with,
};
use rand::SeedableRng;

/// Two groups of rows, the second six deviations away.
fn rows(count: usize) -> Array2<f64> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let mut rows = draw::<f64>(&Normal, count, 2, &mut rng).unwrap();
    rows.axis_iter_mut(Axis(0)).skip(1).step_by(2).for_each(|mut row| row += 6.0);
    rows
}

fn config(steps: u64) -> FitConfig {
    FitConfig::builder(Preset::DENSE_SVD).steps(steps).batch(50).seed(3).build().unwrap()
}

fn fitted(rows: &Array2<f64>, weights: Option<&RowWeights>, steps: u64) -> Fitted<f64> {
    let data = FitData::new(rows.view()).validation(rows.view(), None);
    let data = match weights {
        None => data,
        Some(weights) => data.weights(weights).validation_weights(weights),
    };
    fit_with(data, &config(steps), Hooks::default()).unwrap()
}

#[test]
fn a_weighted_fit_is_that_of_repeated_rows() {
    let rows = rows(400);
    // The second group counts a tenth as much.
    let each: Vec<f64> = (0..400).map(|row| if row % 2 == 1 { 1.0 } else { 10.0 }).collect();
    let repeated: Vec<usize> = each.iter().enumerate().flat_map(|(row, &weight)| vec![row; weight as usize]).collect();
    let (weights, twice) = (RowWeights::new(each).unwrap(), rows.select(Axis(0), &repeated));
    // Before a step, all is sums over the rows: preprocessing and validation.
    let (own, expected) = (fitted(&rows, Some(&weights), 1), fitted(&twice, None, 1));
    let start = |fitted: &Fitted<f64>| fitted.trained.curve[0].validation;
    assert!((start(&own) - start(&expected)).abs() < 1e-9, "{} {}", start(&own), start(&expected));
    // Later, minibatches agree in expectation only.
    let (own, expected) = (fitted(&rows, Some(&weights), 400), fitted(&twice, None, 400));
    let plain = fitted(&rows, None, 400);
    let judge = |fitted: &Fitted<f64>| mean_log_prob(&fitted.flow, &twice, usize::MAX).unwrap();
    assert!((judge(&own) - judge(&expected)).abs() < 0.03, "{} {}", judge(&own), judge(&expected));
    assert!(judge(&plain) < judge(&expected) - 0.1, "{} {}", judge(&plain), judge(&expected));
}

#[test]
fn weights_of_one_change_no_bit_of_preprocessing_and_validation() {
    let rows = rows(200);
    let ones = RowWeights::new(vec![1.0; 200]).unwrap();
    let (own, plain) = (fitted(&rows, Some(&ones), 1), fitted(&rows, None, 1));
    assert_eq!(own.trained.curve[0].validation, plain.trained.curve[0].validation);
}

#[test]
fn a_search_weights_the_rows_that_judge() {
    let rows = rows(300);
    let each: Vec<f64> = (0..300).map(|row| if row % 2 == 1 { 0.0 } else { 2.0 }).collect();
    let weights = RowWeights::new(each).unwrap();
    let search = |data: FitData<'_, f64>| fit_auto(data, &AutoConfig::new(Budget::Steps(9)), Hooks::default()).unwrap();
    let own = search(FitData::new(rows.view()).weights(&weights));
    let counted: Vec<usize> = (0..300).step_by(2).collect();
    let alone = rows.select(Axis(0), &counted);
    let of = |flow| mean_log_prob(flow, &alone, usize::MAX).unwrap();
    let (own, plain) = (of(&own.flow), of(&search(FitData::new(rows.view())).flow));
    // A half of the rows counts: log 2 more for each of them.
    assert!((own - plain - 2f64.ln()).abs() < 0.15, "{own} {plain}");
}

#[test]
fn a_checkpoint_knows_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(200);
    let config = config(20);
    let run = |each: Option<Vec<f64>>| -> Result<Vec<Vec<f64>>, TrainError> {
        let weights = each.map(|each| RowWeights::new(each).unwrap());
        let all: Rows<'_, f64> = InMemory::from(rows.view()).weighted(weights.as_ref())?.into();
        let mut flow = config.model.build_on(all, &[], 1, &registry())?;
        let mut checkpoints = Checkpoints::open(folder.path(), std::time::Duration::ZERO, true)?;
        let hooks = Hooks { checkpoints: Some(&mut checkpoints), ..Hooks::default() };
        let validation = ValidationRows::new(rows.view(), weights.as_ref())?;
        train_with(&mut flow, all, validation, &config.training, hooks)?;
        Ok(flow.tensors().into_iter().map(|(_, values)| values.into_iter().collect()).collect())
    };
    let weights: Vec<f64> = (0..200).map(|row| f64::from(row % 3)).collect();
    let first = run(Some(weights.clone())).unwrap();
    assert_eq!(run(Some(weights)).unwrap(), first);
    let refused = run(None).unwrap_err().to_string();
    assert!(refused.contains("hash of the rows"), "{refused}");
}

#[test]
fn weights_that_do_not_fit_the_rows_are_refused() {
    let rows = rows(100);
    let fewer = RowWeights::new(vec![1.0; 99]).unwrap();
    let refused = fit_with(FitData::new(rows.view()).weights(&fewer), &config(1), Hooks::default()).unwrap_err();
    assert!(refused.to_string().contains("weights of rows"), "{refused}");
    // All weight on one row: no validation row counts, or no training row.
    let mut one = vec![0.0; 100];
    one[5] = 1.0;
    let one = RowWeights::new(one).unwrap();
    let refused = fit_with(FitData::new(rows.view()).weights(&one), &config(1), Hooks::default()).unwrap_err();
    assert!(matches!(refused, TrainError::Spec(SpecError::Layer(LayerError::Range { .. }))), "{refused}");
}
