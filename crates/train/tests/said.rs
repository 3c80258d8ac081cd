//! Events and figures of a run, and rows that it refuses. Each check was found missing by a planted bug.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use ndarray::Array2;
use pdmap_core::Flow;
use pdmap_core::optim::{OptimizerSpec, Schedule};
use pdmap_layers::diagonal::Shift;
use pdmap_train::{
    Architecture, Budget, Event, Hooks, Outcome, Preprocess, Preset, SpecError, TrainConfig, TrainError,
    TrainingRecord, train_with,
};

fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 3), |(row, column)| ((row * 7 + column * 3) as f64).sin() + 0.2 * column as f64)
}

#[test]
fn a_run_tells_each_validation_and_where_its_time_went() {
    let (x, validation) = (rows(400), rows(50));
    let preset = Preset::DENSE_ORTHONORMAL;
    let mut flow = preset.build(x.view(), Preprocess::Standardize, Architecture::default(), 1).unwrap();
    let config = TrainConfig { evaluations: 5, ..TrainConfig::new(Budget::Steps(50)) };
    let (mut told, mut latest) = (Vec::new(), Vec::new());
    let mut watch = |event| match event {
        Event::Validated(point) => told.push(point),
        Event::Progress(progress) => latest.push((progress.step, progress.validation)),
        _ => {}
    };
    let trained = train_with(&mut flow, &x, validation.view(), &config, Hooks::new(&mut watch)).unwrap();
    assert_eq!(told, trained.curve);
    assert_eq!(told.first().map(|point| point.step), Some(0));
    // The validation that goes with each step is the last one before or at it.
    for (step, validation) in latest {
        let last = told.iter().rev().find(|point| point.step <= step).unwrap();
        assert_eq!(validation, last.validation, "step {step}");
    }
    let cost = trained.cost;
    for (part, seconds) in [
        ("batches", cost.batches),
        ("gradients", cost.gradients),
        ("updates", cost.updates),
        ("validations", cost.validations),
    ] {
        assert!(seconds > 0.0 && seconds <= trained.seconds, "{part}: {seconds} of {}", trained.seconds);
    }
}

#[test]
fn a_curve_is_thinned_to_its_ends_and_what_is_between() {
    let curve = |count: u64| -> Vec<(u64, f64)> { (0..count).map(|step| (step, -(step as f64))).collect() };
    assert_eq!(TrainingRecord::thinned(&[]), []);
    assert_eq!(TrainingRecord::thinned(&curve(3)), [(0, 0.0), (1, -1.0), (2, -2.0)]);
    let long = TrainingRecord::thinned(&curve(5000));
    assert_eq!((long.len(), long[0].0, long[999].0), (1000, 0, 4999));
    assert!(long.windows(2).all(|pair| (5..=6).contains(&(pair[1].0 - pair[0].0))));
}

/// Steps three times as long as they should be lead away twice as far with each: the likelihood stays finite for hundreds of steps, and is none.
#[test]
fn a_likelihood_that_is_finite_and_absurd_ends_a_run() {
    let mut flow = Flow::builder(3).layer(Shift::zero(3).unwrap()).build().unwrap();
    let config = TrainConfig {
        optimizer: OptimizerSpec::Sgd,
        rate: 3.0,
        schedule: Schedule::constant(),
        evaluations: 50,
        retries: 0,
        ..TrainConfig::new(Budget::Steps(50))
    };
    let trained = train_with(&mut flow, &rows(400), rows(50).view(), &config, Hooks::new(&mut |_| {})).unwrap();
    let Outcome::Diverged { step, reason } = trained.outcome else { panic!("{:?}", trained.outcome) };
    assert!(step <= 15 && reason.contains("training rows"), "{step}: {reason}");
    // What was well above the floor is no end.
    assert!(trained.curve.len() >= 3, "{:?}", trained.curve);
}

#[test]
fn more_rows_than_can_be_numbered_are_refused_before_they_are_read() {
    let row = Array2::<f64>::ones((1, 3));
    let many = row.broadcast((1 << 33, 3)).unwrap();
    let mut flow = Flow::builder(3).layer(Shift::zero(3).unwrap()).build().unwrap();
    let config = TrainConfig::new(Budget::Steps(5));
    let refused = train_with(&mut flow, many, rows(50).view(), &config, Hooks::new(&mut |_| {})).unwrap_err();
    assert!(
        matches!(refused, TrainError::Spec(SpecError::TooManyRows { actual, .. }) if actual == 1 << 33),
        "{refused}"
    );
}

#[test]
fn as_many_rows_as_a_batch_has_are_enough() {
    let config = TrainConfig { batch: 40, ..TrainConfig::new(Budget::Steps(5)) };
    for (count, enough) in [(39, false), (40, true)] {
        let mut flow = Flow::builder(3).layer(Shift::zero(3).unwrap()).build().unwrap();
        let validation = rows(50);
        let run = train_with(&mut flow, &rows(count), validation.view(), &config, Hooks::new(&mut |_| {}));
        match run {
            Ok(trained) => assert!(enough && trained.steps == 5, "{count}"),
            Err(TrainError::TooFewRows { expected: 40, actual }) => assert!(!enough && actual == count),
            Err(other) => panic!("{count}: {other}"),
        }
    }
}
