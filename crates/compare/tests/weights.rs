//! Comparisons of rows with weights.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis};
use pdmap_compare::{Arm, HeldOutWeights, Plan, Results, Store, compare, compare_on};
use pdmap_core::RowWeights;
use pdmap_data::{DataFacts, Splits};
use pdmap_train::{Budget, InMemory, Preprocess, Preset};

fn rows(count: usize, seed: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 2), |(row, column)| {
        let noise = |k: usize| ((row * row * (7 + k) + 13 * row + 31 * k + seed) % 997) as f64 / 997.0 - 0.5;
        4.0 * (row % 2) as f64 + noise(column) + noise(column + 3)
    })
}

fn each(count: usize) -> Vec<f64> {
    (0..count).map(|row| f64::from(((row * row) % 11 + row) as u32 % 4)).collect()
}

fn repeated(rows: &Array2<f64>, weights: &[f64]) -> Array2<f64> {
    let all: Vec<usize> = weights.iter().enumerate().flat_map(|(row, &weight)| vec![row; weight as usize]).collect();
    rows.select(Axis(0), &all)
}

fn plan() -> Plan {
    Plan {
        arms: [Preset::DENSE_RELATIVE, Preset::DENSE_ORTHONORMAL].into_iter().map(Arm::from).collect(),
        seeds: 2,
        preprocess: vec![Preprocess::Standardize],
        rates: vec![3e-3],
        ..Plan::new(Budget::Steps(2))
    }
}

/// The figures that are sums over rows: baselines, and validations before the first step.
fn sums(results: &Results) -> Vec<f64> {
    let baselines =
        results.baselines.iter().flat_map(|baseline| [baseline.test.unwrap(), baseline.test_error.unwrap()]);
    baselines.chain(results.runs.iter().map(|run| run.trained.curve[0].validation)).collect()
}

#[test]
fn whole_numbers_repeat_rows() {
    let facts = || DataFacts::new("rows", "the rows", 2);
    let [train, validation, test] = [rows(400, 1), rows(200, 5), rows(200, 9)];
    let weights = [&train, &validation, &test].map(|rows| RowWeights::new(each(rows.nrows())).unwrap());
    let of = |rows: &Array2<f64>| repeated(rows, &each(rows.nrows()));
    let twice =
        Splits { train: of(&train), validation: of(&validation), test: of(&test), test_groups: None, facts: facts() };
    let data = Splits { train, validation, test, test_groups: None, facts: facts() };
    let (plan, store) = (plan(), Store::none());
    let expected = compare(&twice, &plan, &store, &mut |_| {}).unwrap();
    let training = InMemory::from(data.train.view()).weighted(Some(&weights[0])).unwrap();
    let held_out = HeldOutWeights { validation: Some(&weights[1]), test: Some(&weights[2]) };
    let own = compare_on(&data, (training, held_out), &plan, &store, &mut |_| {}).unwrap();
    let plain = compare(&data, &plan, &store, &mut |_| {}).unwrap();
    let (own, expected, plain) = (sums(&own), sums(&expected), sums(&plain));
    assert_eq!(own.len(), expected.len());
    for ((own, expected), plain) in own.iter().zip(&expected).zip(&plain) {
        assert!((own - expected).abs() < 1e-9, "{own} {expected}");
        assert!((plain - expected).abs() > 1e-6, "{plain} {expected}");
    }
}
