//! The search without a choice of model.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ndarray::{Array2, Axis};
use pdmap_core::{Input, LayerError};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{
    AutoConfig, AutoFitted, Budget, Checkpoints, Event, FitData, Hooks, Outcome, SpecError, TrainError, fit_auto,
    mean_log_prob, train_auto, train_auto_imputed, weights_hash,
};
use rand::{RngExt, SeedableRng};

fn moons(train: usize) -> Splits<f64> {
    let generator: Generator = "synthetic:moons".parse().unwrap();
    generator.splits(Counts { train, validation: 60, test: 2000 }, 1).unwrap()
}

fn run(splits: &Splits<f64>, steps: u64, hooks: Hooks<'_>) -> AutoFitted<f64> {
    let config = AutoConfig::new(Budget::Steps(steps));
    train_auto(splits.train.view().into(), splits.validation.view(), &config, hooks).unwrap()
}

#[test]
fn few_rows_are_all_used_and_the_density_is_that_of_rows_unseen() {
    let splits = moons(300);
    let fitted = run(&splits, 1500, Hooks::default());
    assert_eq!(fitted.folds, 5);
    let flows = fitted.tried.iter().filter(|tried| tried.model == "mixture-spline").count();
    assert!(flows >= 5, "{:?}", fitted.tried);
    assert!(fitted.trained.steps <= 1500 && !matches!(fitted.trained.outcome, Outcome::Interrupted { .. }));
    // What the held-out rows say is what new rows say, to within six errors of 360 rows.
    let test = mean_log_prob(&fitted.flow, splits.test.view(), usize::MAX).unwrap();
    assert!((test - fitted.trained.best.validation).abs() < 6.0 / 360.0_f64.sqrt(), "{test} {:?}", fitted.trained.best);
    // Better than each mixture alone.
    let mixture = fitted.tried.iter().filter(|tried| tried.steps == 0).map(|tried| tried.held_out);
    assert!(fitted.trained.best.validation > mixture.sum::<f64>() / 5.0);
}

#[test]
fn the_density_integrates_to_one() {
    let fitted = run(&moons(300), 300, Hooks::default());
    // By the midpoint rule, on a square that has all but a negligible part of the mass.
    let (side, cells) = (8.0, 400);
    let at = |index: usize| side * ((index as f64 + 0.5) / cells as f64 - 0.5);
    let grid = Array2::from_shape_fn((cells * cells, 2), |(row, column)| {
        at(if column == 0 { row / cells } else { row % cells }) + 0.5 * (1 - column) as f64
    });
    let mass: f64 = fitted.flow.log_prob(&grid).unwrap().into_iter().map(f64::exp).sum();
    let mass = mass * (side / cells as f64).powi(2);
    assert!((mass - 1.0).abs() < 2e-3, "{mass}");
}

#[test]
fn a_budget_of_steps_gives_the_same_bits() {
    let splits = moons(200);
    let hash = || weights_hash(&run(&splits, 40, Hooks::default()).flow);
    assert_eq!(hash(), hash());
}

#[test]
fn many_rows_are_judged_by_the_validation_rows() {
    let splits = moons(12_000);
    let fitted = run(&splits, 30, Hooks::default());
    assert_eq!(fitted.folds, 1);
    let own = mean_log_prob(&fitted.flow, splits.validation.view(), usize::MAX).unwrap();
    assert!((own - fitted.trained.best.validation).abs() < 1e-9);
}

#[test]
fn one_feature_and_hardly_any_rows() {
    let x = Array2::from_shape_fn((60, 1), |(row, _)| ((7 * row) as f64).sin());
    let fitted = fit_auto(FitData::new(x.view()), &AutoConfig::new(Budget::Steps(9)), Hooks::default()).unwrap();
    assert!(fitted.tried.iter().all(|tried| tried.model == "gaussian-mixture"));
    let x = Array2::from_shape_fn((10, 3), |(row, column)| ((7 * row + 3 * column) as f64).sin());
    let fitted = fit_auto(FitData::new(x.view()), &AutoConfig::new(Budget::Steps(9)), Hooks::default()).unwrap();
    assert_eq!(fitted.folds, 1);
    assert!(fitted.flow.log_prob(&x).unwrap().iter().all(|value| value.is_finite()));
    // More conditions than numbers in a row.
    let config = AutoConfig { conditions: 3, ..AutoConfig::default() };
    let refused = train_auto(x.view().into(), x.view(), &config, Hooks::default()).unwrap_err();
    assert!(matches!(refused, TrainError::Spec(SpecError::Layer(LayerError::Conditions { expected: 3, actual: 3 }))));
}

/// `x = c + (1 + |c|) e` with `e` uniform: the ensemble learns `p(x | c)`, and stays a density of
/// `x` given `c` where no flow was trained.
#[test]
fn conditions_are_read() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let c = Array2::from_shape_simple_fn((600, 1), || rng.random_range(-2.0..2.0));
    let x = c.mapv(|c: f64| c + (1.0 + c.abs()) * rng.random_range(-0.5..0.5));
    let fitted = |steps: u64| {
        let data = FitData::new(x.view()).condition(c.view());
        fit_auto(data, &AutoConfig::new(Budget::Steps(steps)), Hooks::default()).unwrap()
    };
    let ours = fitted(3000);
    assert_eq!((ours.flow.features(), ours.flow.conditions()), (1, 1));
    // −E log(1 + |c|) for c uniform on (−2, 2): the truth has no more.
    let truth = -(3.0 * 3.0_f64.ln() - 2.0) / 2.0;
    let own = ours.trained.best.validation;
    assert!(own > truth - 0.3 && own < truth + 0.05, "{own} {truth}");
    let mixture = ours.tried.iter().find(|tried| tried.steps == 0).unwrap();
    assert!(own > mixture.held_out + 0.3, "{own} {:?}", ours.tried);
    // Each condition has its own density of mass 1, and its own samples.
    for at in [-1.5, 0.0, 1.0] {
        let grid = Array2::from_shape_fn((4000, 1), |(row, _)| 0.005 * (row as f64 - 1999.5));
        let given = Array2::from_elem((4000, 1), at);
        let log_prob = ours.flow.log_prob(Input::new(grid.view(), Some(given.view()))).unwrap();
        let mass: f64 = log_prob.iter().map(|value| 0.005 * value.exp()).sum();
        assert!((mass - 1.0).abs() < 1e-3, "{at}: {mass}");
        let drawn = ours.flow.sample_given(given.view(), &mut rand_chacha::ChaCha8Rng::seed_from_u64(1)).unwrap();
        assert!((drawn.mean().unwrap() - at).abs() < 0.3, "{at}: {:?}", drawn.mean());
    }
    let few = fitted(1);
    assert_eq!(few.flow.conditions(), 1);
    assert!(few.flow.log_prob(Input::new(x.view(), Some(c.view()))).is_ok());
    assert!(matches!(few.flow.log_prob(&x), Err(LayerError::Conditions { expected: 1, actual: 0 })));
}

/// Stops after so many steps of this session.
fn session(splits: &Splits<f64>, folder: &std::path::Path, most: u64) -> AutoFitted<f64> {
    let mut checkpoints = Checkpoints::open(folder, Duration::ZERO, true).unwrap();
    let taken = AtomicU64::new(0);
    let mut watch = |event| {
        if let Event::Progress(_) = event {
            taken.fetch_add(1, Ordering::Relaxed);
        }
    };
    let stop = || taken.load(Ordering::Relaxed) >= most;
    let hooks = Hooks { watch: Some(&mut watch), stop: Some(&stop), checkpoints: Some(&mut checkpoints) };
    run(splits, 60, hooks)
}

#[test]
fn a_search_that_is_stopped_has_something_and_goes_on_bit_for_bit() {
    let (splits, folder) = (moons(200), tempfile::tempdir().unwrap());
    let whole = run(&splits, 60, Hooks::default());
    for most in [7, 25] {
        let stopped = session(&splits, folder.path(), most);
        assert!(matches!(stopped.trained.outcome, Outcome::Interrupted { .. }), "{:?}", stopped.trained.outcome);
        let first = splits.test.select(Axis(0), &[0]);
        assert!(stopped.flow.log_prob(&first).unwrap()[0].is_finite());
    }
    let resumed = session(&splits, folder.path(), u64::MAX);
    assert_eq!(weights_hash(&resumed.flow), weights_hash(&whole.flow));
}

/// The density over imputed copies is the mean of those of the copies, not the mean of their
/// logarithms.
#[test]
fn copies_have_one_ensemble_whose_density_is_their_mean() {
    let splits = moons(30);
    let part = |by: f64| {
        (splits.train.mapv(|x| x + by), splits.test.slice_axis(Axis(0), ndarray::Slice::from(..8)).to_owned())
    };
    let copies = [part(0.0), part(0.3)];
    let config = AutoConfig::new(Budget::Steps(12));
    let both = train_auto_imputed(&copies, &config, Hooks::default()).unwrap();
    let half = AutoConfig::new(Budget::Steps(6));
    let rows = splits.validation.view();
    let mut each = copies.iter().map(|(train, validation)| {
        let fitted = train_auto(train.view().into(), validation.view(), &half, Hooks::default()).unwrap();
        fitted.flow.log_prob(rows).unwrap()
    });
    let (first, second) = (each.next().unwrap(), each.next().unwrap());
    let mut apart = 0.0_f64;
    for ((found, a), b) in both.flow.log_prob(rows).unwrap().iter().zip(&first).zip(&second) {
        assert!((found - (0.5 * (a.exp() + b.exp())).ln()).abs() < 1e-9);
        apart = apart.max((found - 0.5 * (a + b)).abs());
    }
    assert!(apart > 0.01, "the mean of the logarithms");
    let weights: f64 = both.tried.iter().map(|member| member.weight).sum();
    assert!((weights - 1.0).abs() < 1e-9);
    let none: [(Array2<f64>, Array2<f64>); 0] = [];
    assert!(train_auto_imputed(&none, &config, Hooks::default()).is_err());
}
