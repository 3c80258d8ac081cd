//! Few rows: the defaults adapt to them, and what was asked for does not.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::Array2;
use pdmap_data::DataError;
use pdmap_train::{FitConfig, Outcome, Preset, Spacing, SpecError, TrainError, fit};

fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 3), |(i, j)| ((7 * i + 3 * j) as f64).sin() + 0.1 * (i * j % 5) as f64)
}

#[test]
fn ten_rows_train_and_two_are_too_few() {
    for preset in [Preset::DENSE_RELATIVE, Preset::GAUSSIANIZATION_ORTHONORMAL] {
        let config = FitConfig::builder(preset).steps(300).build().unwrap();
        for count in [10, 20, 160] {
            let fitted = fit(rows(count).view(), &config).unwrap();
            let train = count - count.div_ceil(5);
            let settled = &fitted.config;
            assert_eq!((settled.batch, settled.spacing), ((train / 4).clamp(1, 256), Spacing::Geometric), "{count}");
            assert!(!fitted.trained.diverged(), "{:?}", fitted.trained.outcome);
            assert!(fitted.trained.curve.len() > 1);
        }
        match fit(rows(2).view(), &config).unwrap_err() {
            TrainError::Spec(SpecError::Data(DataError::TooFewRows { expected: 4, actual: 2, .. })) => {}
            other => panic!("{other}"),
        }
    }
}

#[test]
fn what_was_asked_for_is_kept_or_refused() {
    let config = FitConfig::builder(Preset::DENSE_RELATIVE).steps(50).batch(256).build().unwrap();
    match fit(rows(160).view(), &config).unwrap_err() {
        TrainError::Spec(SpecError::Data(DataError::TooFewRows { expected: 256, actual: 160, .. })) => {}
        other => panic!("{other}"),
    }
    let config = FitConfig::builder(Preset::DENSE_RELATIVE).steps(50).batch(100).evaluations(5).validation(0.1);
    let fitted = fit(rows(160).view(), &config.build().unwrap()).unwrap();
    let settled = fitted.config;
    assert_eq!((settled.batch, settled.spacing, settled.patience), (100, Spacing::Even, None));
    assert_eq!(fitted.trained.outcome, Outcome::Finished);
    let steps: Vec<u64> = fitted.trained.curve.iter().map(|point| point.step).collect();
    assert_eq!(steps, [0, 10, 20, 30, 40, 50]);
}

#[test]
fn patience_can_be_switched_off() {
    let x = rows(60);
    let config = FitConfig::builder(Preset::GAUSSIANIZATION_ORTHONORMAL).steps(2000);
    let stopped = fit(x.view(), &config.clone().build().unwrap()).unwrap();
    assert!(stopped.trained.steps < 2000 && stopped.config.patience == Some(8), "{:?}", stopped.trained.outcome);
    let whole = fit(x.view(), &config.patience(0).build().unwrap()).unwrap();
    assert_eq!((whole.trained.steps, whole.config.patience), (2000, None));
    assert!(whole.trained.best.validation >= stopped.trained.best.validation - 0.5);
}
