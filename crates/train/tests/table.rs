//! Fits to tables in memory. That their weights are those of the command is tested from Python.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, concatenate};
use pdmap_core::RowWeights;
use pdmap_data::DataError;
use pdmap_train::{
    AnyModel, Architecture, Budget, Condition, Draws, Hooks, Preset, SpecError, TableConfig, TableData, TableModel,
    TrainError, fit_table,
};

fn rows(count: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, columns), |(i, j)| ((7 * i + 3 * j * i + j) as f64).sin() + 0.1 * (i as f64).cos())
}

fn quick(preset: Preset) -> TableConfig {
    let model = TableModel::Named(preset, Architecture::default());
    TableConfig { model, budget: Budget::Steps(10), ..TableConfig::default() }
}

#[test]
fn columns_without_a_density_are_refused_or_left_out() {
    let x = rows(200, 2);
    let constant = Array2::from_elem((200, 1), 3.0);
    let x = concatenate![Axis(1), x, constant];
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let short = TableData::new(x.view()).named(names[..2].to_vec());
    assert!(fit_table::<f64>(short, &quick(Preset::DENSE_SVD), Hooks::default()).is_err());
    let data = || TableData::new(x.view()).named(names.clone());
    let refused = fit_table::<f64>(data(), &quick(Preset::DENSE_SVD), Hooks::default()).unwrap_err();
    assert!(
        matches!(&refused, TrainError::Spec(SpecError::Data(DataError::DegenerateColumns { notes, .. })) if notes[0].contains('c')),
        "{refused}"
    );
    let config = TableConfig { drop_degenerate: true, ..quick(Preset::DENSE_SVD) };
    let model = fit_table::<f64>(data(), &config, Hooks::default()).unwrap().model;
    assert_eq!((model.header.features, &model.header.columns.kept), (2, &vec![0, 1]));
    let record = model.header.training.clone().unwrap();
    assert_eq!((record.columns, record.left_out), (names[..2].to_vec(), names[2..].to_vec()));
    // Rows may have all columns, or those of the model.
    let model = AnyModel::from(model);
    let scores = model.score_rows(&x.view().into(), None, Draws::default()).unwrap();
    let own = model.score_rows(&x.select(Axis(1), &[0, 1]).view().into(), None, Draws::default()).unwrap();
    assert_eq!(scores, own);
    assert!(model.score_rows(&rows(5, 4).view().into(), None, Draws::default()).is_err());
}

#[test]
fn conditions_and_weights_have_to_fit() {
    let (x, c) = (rows(200, 2), rows(200, 1));
    let vector = || Condition::vector(1);
    let data = || TableData::new(x.view()).condition(vector(), c.view());
    let refused = fit_table::<f64>(data(), &quick(Preset::DENSE_SVD), Hooks::default()).unwrap_err();
    assert!(matches!(refused, TrainError::Unconditional), "{refused}");
    let model = fit_table::<f64>(data(), &quick(Preset::MIXTURE_SPLINE), Hooks::default()).unwrap().model;
    assert!(matches!(model.header.condition, Some(Condition::Standardized { .. })));
    let short = rows(7, 1);
    let data = TableData::new(x.view()).condition(vector(), short.view());
    assert!(fit_table::<f64>(data, &quick(Preset::MIXTURE_SPLINE), Hooks::default()).is_err());
    let weights = RowWeights::new(vec![0.5; 200]).unwrap();
    let validation = rows(50, 2);
    let data = TableData::new(x.view()).weights(&weights).validation(validation.view(), None, None);
    let refused = fit_table::<f64>(data, &quick(Preset::DENSE_SVD), Hooks::default()).unwrap_err();
    assert!(matches!(refused, TrainError::PartlyWeighted { missing: "validation", .. }), "{refused}");
}

#[test]
fn scores_of_a_table_are_those_of_the_flow_and_discrete_columns_have_noise() {
    let mut x = rows(400, 3);
    let model = fit_table::<f64>(TableData::new(x.view()), &quick(Preset::DENSE_SVD), Hooks::default()).unwrap().model;
    let expected = model.flow.log_prob(&x).unwrap();
    assert_eq!(AnyModel::from(model).score_rows(&x.view().into(), None, Draws::default()).unwrap(), expected);
    x.column_mut(1).mapv_inplace(|value| (3.0 * value).round());
    let model = fit_table::<f64>(TableData::new(x.view()), &quick(Preset::DENSE_SVD), Hooks::default()).unwrap().model;
    assert_eq!(model.header.columns.discrete.len(), 1);
    let model = AnyModel::from(model);
    let score = |seed| model.score_rows(&x.view().into(), None, Draws { seed, ..Draws::default() }).unwrap();
    assert_eq!(score(0), score(0));
    assert_ne!(score(0), score(1));
}

#[test]
fn rows_of_double_precision_keep_their_digits_in_a_model_of_single_precision() {
    let mut x = rows(300, 2);
    x.column_mut(1).mapv_inplace(|value| 1.7e9 + 10.0 * value);
    let model = fit_table::<f32>(TableData::new(x.view()), &quick(Preset::DENSE_SVD), Hooks::default()).unwrap().model;
    assert!(model.header.columns.discrete.is_empty());
    assert!((model.header.columns.offsets[1] - 1.7e9).abs() < 100.0);
}

#[test]
fn wide_rows_are_not_searched() {
    assert_eq!(TableModel::auto_preset(256), None);
    assert_eq!(TableModel::auto_preset(257), Some(Preset::GAUSSIANIZATION_ORTHONORMAL));
}
