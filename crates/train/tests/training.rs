//! The training loop.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use ndarray::{Array2, Axis, Slice};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::optim::OptimizerSpec;
use pdmap_core::{Flow, Real};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{
    Architecture, Budget, Outcome, Preprocess, Preset, SpecError, TrainConfig, TrainError, Trained, mean_log_prob,
    train,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn data<F: Real>() -> Splits<F> {
    let generator: Generator = "synthetic:ica?dim=5&source=laplace&condition=5".parse().unwrap();
    generator.splits(Counts { train: 4000, validation: 1000, test: 1000 }, 1).unwrap()
}

fn config(steps: u64) -> TrainConfig {
    TrainConfig { rate: 3e-3, ..TrainConfig::new(Budget::Steps(steps)) }
}

fn run<F: Real>(preset: Preset, config: &TrainConfig) -> (Flow<F>, Trained) {
    let data = data::<F>();
    let mut flow = preset.build(data.train.view(), Preprocess::Standardize, Architecture::default(), 1).unwrap();
    let trained = train(&mut flow, data.train.view(), data.validation.view(), config, &mut |_| {}).unwrap();
    (flow, trained)
}

#[test]
fn every_dense_arm_learns_and_stays_below_the_truth() {
    let data = data::<f64>();
    let truth = data.facts.true_log_likelihood.unwrap();
    for preset in Preset::DENSE {
        let (flow, trained) = run::<f64>(preset, &config(1500));
        let test = mean_log_prob(&flow, data.test.view(), usize::MAX).unwrap();
        let gained = trained.best.validation - trained.curve[0].validation;
        assert!(gained > 0.1, "{preset}: {gained}");
        // Four standard errors of a mean over 1000 rows.
        assert!(test < truth + 4.0 * 2.3 / 1000_f64.sqrt(), "{preset}: {test} against {truth}");
        assert!(test > truth - 1.0, "{preset}: {test} against {truth}");
        assert_eq!(trained.outcome, Outcome::Finished);
        assert_eq!((trained.steps, trained.horizon), (1500, 1500));
    }
}

#[test]
fn the_flow_is_left_with_the_weights_of_the_best_validation() {
    let (flow, trained) = run::<f64>(Preset::DENSE_RELATIVE, &config(300));
    let now = mean_log_prob(&flow, data::<f64>().validation.view(), 10_000).unwrap();
    assert_eq!(now, trained.best.validation);
    let best = trained.curve.iter().fold(f64::NEG_INFINITY, |best, p| best.max(p.validation));
    assert_eq!(best, trained.best.validation);
}

#[test]
fn patience_stops_early() {
    let config = TrainConfig { rate: 0.0, patience: Some(3), evaluations: 100, ..config(1000) };
    let (_, trained) = run::<f32>(Preset::DENSE_RELATIVE, &config);
    assert_eq!(trained.outcome, Outcome::StoppedEarly);
    assert_eq!(trained.steps, 30);
}

#[test]
fn a_time_budget_is_kept_and_its_horizon_recorded() {
    let config = TrainConfig { budget: Budget::Time(Duration::from_millis(300)), ..config(0) };
    let (_, trained) = run::<f32>(Preset::DENSE_RELATIVE, &config);
    assert!(trained.steps > 0 && trained.steps <= trained.horizon);
    assert_eq!(trained.outcome, Outcome::Finished);
}

#[test]
fn a_run_that_diverges_keeps_the_last_good_weights() {
    let mut data = data::<f32>();
    // Drawn sometime in the first epoch.
    data.train.row_mut(2000).fill(1e30);
    let mut flow =
        Preset::DENSE_RELATIVE.build(data.validation.view(), Preprocess::None, Architecture::default(), 1).unwrap();
    let config = TrainConfig { evaluations: 400, retries: 0, ..config(400) };
    let trained = train(&mut flow, data.train.view(), data.validation.view(), &config, &mut |_| {}).unwrap();
    assert!(matches!(trained.outcome, Outcome::Diverged { .. }), "{:?}", trained.outcome);
    let now = mean_log_prob(&flow, data.validation.view(), 10_000).unwrap();
    assert_eq!(now, trained.best.validation);
    assert!(now.is_finite());
}

#[test]
fn a_run_that_diverges_goes_back_and_on_at_a_lower_rate() {
    let mut data = data::<f32>();
    data.train.row_mut(2000).fill(1e30);
    let go = |rate, retries| {
        let mut flow =
            Preset::DENSE_RELATIVE.build(data.validation.view(), Preprocess::None, Architecture::default(), 1).unwrap();
        let config = TrainConfig { evaluations: 40, rate, retries, ..config(400) };
        train(&mut flow, data.train.view(), data.validation.view(), &config, &mut |_| {}).unwrap()
    };
    // The row is met about every 40 steps.
    let trained = go(3e-3, 100);
    assert_eq!((trained.outcome, trained.steps), (Outcome::Finished, 400));
    assert!(trained.rollbacks.len() >= 5, "{:?}", trained.rollbacks);
    let first = &trained.rollbacks[0];
    assert!(first.to <= first.step && first.to >= 10 * (first.step / 10), "{first:?}");
    assert!(trained.best.step > first.step && trained.best.validation > trained.curve[1].validation);
    assert!((trained.rollbacks[1].factor - 0.09).abs() < 1e-12);
    // Bounded, and then given up.
    let bounded = go(3e-3, 2);
    assert_eq!(bounded.rollbacks.len(), 2);
    assert!(matches!(bounded.outcome, Outcome::Diverged { .. }));
}

#[test]
fn every_optimizer_trains_every_dense_arm() {
    let optimizers = [(OptimizerSpec::Sgd, 0.05), (OptimizerSpec::momentum(), 0.01), (OptimizerSpec::smorms3(), 3e-3)];
    for (optimizer, rate) in optimizers {
        for preset in Preset::DENSE {
            let (_, trained) = run::<f64>(preset, &TrainConfig { optimizer, rate, ..config(400) });
            let gained = trained.best.validation - trained.curve[0].validation;
            assert!(gained > 0.05, "{preset} with {optimizer:?}: {gained}");
        }
    }
}

#[test]
fn rows_that_cannot_be_trained_on() {
    let rows: Array2<f32> = draw(&Normal, 50, 3, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let mut flow = Preset::DENSE_SVD.build(rows.view(), Preprocess::None, Architecture::default(), 1).unwrap();
    let mut attempt = |rows: &Array2<f32>, validation: &Array2<f32>| {
        train(&mut flow, rows.view(), validation.view(), &config(5), &mut |_| {}).unwrap_err()
    };
    let few = attempt(&rows, &rows);
    assert!(matches!(few, TrainError::TooFewRows { expected: 100, actual: 50 }), "{few}");
    let many: Array2<f32> = draw(&Normal, 200, 3, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let none = many.slice_axis(Axis(0), Slice::from(0..0)).to_owned();
    assert!(matches!(attempt(&many, &none), TrainError::NoValidation));
    let other: Array2<f32> = draw(&Normal, 200, 4, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    assert!(matches!(attempt(&other, &other), TrainError::Spec(SpecError::Layer(_))));
}
