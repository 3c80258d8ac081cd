//! Choices by validation rows.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, Slice, array};
use pdmap_mixture::{
    CovarianceForm, EmOptions, GaussianMixture, MixtureError, SelectOptions, Selection, Standardized, select,
};

use crate::common::{gaussian, rng, three};

/// The first rows for training, the others for validation.
fn halves(rows: &Array2<f64>, train: usize) -> (Array2<f64>, Array2<f64>) {
    let part = |from: usize, to: usize| rows.slice_axis(Axis(0), Slice::from(from..to)).to_owned();
    (part(0, train), part(train, rows.nrows()))
}

fn chosen(rows: &Array2<f64>, train: usize, options: &SelectOptions) -> Selection {
    let (train, validation) = halves(rows, train);
    select(train.view(), validation.view(), options, &mut rng(5)).unwrap()
}

#[test]
fn a_mixture_beats_the_gaussian_where_there_are_clusters() {
    let truth = three();
    let rows = truth.sample(3000, &mut rng(1)).unwrap().0;
    let selection = chosen(&rows, 2000, &SelectOptions::default());
    let (_, validation) = halves(&rows, 2000);
    let (found, best) = (
        selection.mixture.mean_log_density(validation.view()).unwrap(),
        truth.mean_log_density(validation.view()).unwrap(),
    );
    assert!(best - found < 0.05, "{found} of {best}");
    assert!(selection.trial().components >= 3 && selection.trials.len() > 3);
    assert!(found - selection.trials[0].validation > 0.1);
    // What the trial says is what the mixture has.
    assert!((found - selection.trial().validation).abs() < 1e-9);
    assert!(selection.trials.iter().all(|trial| trial.validation <= selection.trial().validation));
    // Going on with all rows stays near.
    let all = selection.refit(rows.view(), EmOptions::default()).unwrap();
    assert!((all.mean_log_density(validation.view()).unwrap() - best).abs() < 0.05);
}

/// Never below the shrunk Gaussian, whatever the rows are.
#[test]
fn the_shrunk_gaussian_is_the_least() {
    let normal = GaussianMixture::of_one(gaussian(ndarray::Array1::zeros(5), Array2::eye(5)));
    let few = normal.sample(30, &mut rng(1)).unwrap().0;
    let wide = Array2::from_shape_fn((9, 15), |(i, j)| ((3 * i + 7 * j * j + i * j) as f64).sin());
    let line = Array2::from_shape_fn((40, 1), |(i, _)| ((i * i) as f64).sin());
    let mut repeated = few.clone();
    (0..30).for_each(|row| repeated.row_mut(row).assign(&few.row(row % 4)));
    for (rows, train) in [(few, 20), (wide, 6), (line, 30), (repeated, 24)] {
        let selection = chosen(&rows, train, &SelectOptions::default());
        let first = selection.trials[0];
        assert_eq!((first.components, first.form), (1, CovarianceForm::Full));
        assert!(selection.trial().validation >= first.validation);
        let (_, validation) = halves(&rows, train);
        let found = selection.mixture.mean_log_density(validation.view()).unwrap();
        assert!((found - selection.trial().validation).abs() < 1e-7, "{found} {:?}", selection.trial());
        assert!(selection.refit(rows.view(), EmOptions::default()).is_ok());
    }
}

#[test]
fn what_is_given_is_kept() {
    let rows = three().sample(600, &mut rng(1)).unwrap().0;
    let options = SelectOptions {
        components: Some(4),
        forms: vec![CovarianceForm::Diagonal],
        shrinkage: Some(2.0),
        starts: 3,
        ..SelectOptions::default()
    };
    let selection = chosen(&rows, 500, &options);
    assert_eq!(selection.trials.len(), 3);
    let same = |trial: &pdmap_mixture::Trial| (trial.form, trial.shrinkage) == (CovarianceForm::Diagonal, 2.0);
    assert!(selection.trials.iter().all(same), "{:?}", selection.trials);
    // A limit of operations ends the search early, without any there is the shrunk Gaussian.
    let trials = |operations: f64| {
        let limited = SelectOptions { operations: Some(operations), ..SelectOptions::default() };
        chosen(&rows, 500, &limited).trials.len()
    };
    assert_eq!(trials(0.0), 1);
    assert!(trials(1e6) > 1 && trials(1e6) < trials(1e12));
    // Without any time there is the shrunk Gaussian.
    let none = SelectOptions { budget: Some(std::time::Duration::ZERO), ..SelectOptions::default() };
    assert_eq!(chosen(&rows, 500, &none).trials.len(), 1);
}

#[test]
fn choices_are_reproducible() {
    let rows = three().sample(400, &mut rng(1)).unwrap().0;
    let run = || chosen(&rows, 300, &SelectOptions::default());
    let (first, second) = (run(), run());
    assert_eq!((first.mixture, first.trials), (second.mixture, second.trials));
}

#[test]
fn coordinates_go_back_and_forth() {
    let rows = three().sample(50, &mut rng(1)).unwrap().0 * 3.0 + 7.0;
    let standardized = Standardized::new(rows.view()).unwrap();
    let there = standardized.standardize(&three()).unwrap();
    let back = standardized.restore(&there).unwrap();
    let (a, b) = (three().log_density(rows.view()).unwrap(), back.log_density(rows.view()).unwrap());
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-11 * a.abs().max(1.0)));
    let own = there.log_density(standardized.rows()).unwrap();
    let volume = standardized.log_volume();
    assert!(a.iter().zip(&own).all(|(a, own)| (a + volume - own).abs() <= 1e-11 * a.abs().max(1.0)));
}

#[test]
fn mistakes_are_errors() {
    let rows = three().sample(20, &mut rng(1)).unwrap().0;
    let none = Array2::zeros((0, 4));
    let options = SelectOptions::default();
    assert_eq!(select(rows.view(), none.view(), &options, &mut rng(1)).unwrap_err(), MixtureError::NoRows);
    assert_eq!(select(none.view(), rows.view(), &options, &mut rng(1)).unwrap_err(), MixtureError::NoRows);
    assert!(select(rows.view(), array![[0.0]].view(), &options, &mut rng(1)).is_err());
}
