//! Runs on few rows overfit: they end early, with the best weights, and are not said to diverge.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ndarray::Array2;
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::optim::Schedule;
use pdmap_core::{Flow, Real};
use pdmap_layers::diagonal::{Scale, ScaleDirection};
use pdmap_train::{
    Adaptive, Architecture, Budget, Checkpoints, Event, Hooks, Outcome, Preprocess, Preset, Rows, TrainConfig, Trained,
    mean_log_prob, registry, train, train_with, weights_hash,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const FEATURES: usize = 6;

/// Rows with heavy tails.
fn heavy<F: Real>(rows: usize, seed: u64) -> Array2<F> {
    let rows: Array2<F> = draw(&Normal, rows, FEATURES, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    rows.mapv(|x| x + x * x * x)
}

fn flow<F: Real>(rows: &Array2<F>) -> Flow<F> {
    let (preset, none) = (Preset::GAUSSIANIZATION_UNCONSTRAINED, Preprocess::Standardize);
    preset.build(rows.view(), none, Architecture::default(), 1).unwrap()
}

/// The default settings for these rows, but for the length.
fn config<F>(rows: &Array2<F>, steps: u64) -> TrainConfig {
    let config = TrainConfig { rate: 3e-3, ..TrainConfig::new(Budget::Steps(steps)) };
    Adaptive::default().settle(config, rows.nrows() as u64, rows.ncols())
}

fn run(config: &TrainConfig) -> (Flow<f64>, Trained) {
    let (rows, validation) = (heavy(40, 1), heavy(200, 2));
    let mut flow = flow(&rows);
    let trained = train(&mut flow, &rows, validation.view(), config, &mut |_| {}).unwrap();
    (flow, trained)
}

#[test]
fn a_run_that_overfits_ends_early_with_its_best_weights() {
    let config = config(&heavy::<f64>(40, 1), 20_000);
    let (flow, trained) = run(&config);
    let Outcome::Overfitted { step, training, validation } = trained.outcome else { panic!("{:?}", trained.outcome) };
    assert!(step == trained.steps && step < 5000, "{step}");
    assert!(training > validation && validation < trained.best.validation, "{training}, {validation}");
    // The first steps of an optimizer may lead far away; the run makes up for them.
    let after = trained.curve.iter().filter(|point| point.step > trained.best.step.max(50));
    let lost = after.map(|point| trained.best.validation - point.validation).fold(0.0, f64::max);
    assert!(lost < 10.0, "{lost} nats deep");
    assert!(trained.best.step < step && trained.rollbacks.is_empty() && !trained.diverged());
    let now = mean_log_prob(&flow, heavy::<f64>(200, 2).view(), usize::MAX).unwrap();
    assert_eq!(now.to_bits(), trained.best.validation.to_bits());
    // The same run again is the same run.
    let (again, _) = run(&config);
    assert_eq!(weights_hash(&again), weights_hash(&flow));
}

#[test]
fn without_patience_a_run_that_overfits_goes_on_and_does_not_diverge() {
    let config = TrainConfig { patience: None, ..config(&heavy::<f64>(40, 1), 1500) };
    let (_, trained) = run(&config);
    assert_eq!((trained.outcome, trained.steps), (Outcome::Finished, 1500));
    let least = trained.curve.iter().map(|p| p.validation).fold(f64::INFINITY, f64::min);
    assert!(least < trained.best.validation - 2.0, "{least}: this test tests nothing");
}

/// The same run until a validation that is no new best, and a gentler one from there on.
#[test]
fn a_plateau_lowers_the_rate() {
    let usual = TrainConfig { patience: None, ..config(&heavy::<f64>(40, 1), 1500) };
    let (_, before) = run(&usual);
    let (_, after) = run(&TrainConfig { plateau: Some(1), ..usual });
    let values = |trained: &Trained| trained.curve.iter().map(|point| point.validation).collect::<Vec<_>>();
    let (before, after) = (values(&before), values(&after));
    let first = before.windows(2).position(|pair| pair[1] <= pair[0]).unwrap() + 1;
    assert_eq!(before[..=first], after[..=first]);
    assert_ne!(before[first + 1].to_bits(), after[first + 1].to_bits());
    let least = |values: &[f64]| values.iter().fold(f64::INFINITY, |least, &value| least.min(value));
    assert!(least(&after) > least(&before), "{} {}", least(&after), least(&before));
}

/// A rate that leaps over singular matrices is lowered until few steps have to be halved.
#[test]
fn halved_steps_lower_the_rate() {
    let (rows, validation) = (heavy::<f64>(60, 1), heavy::<f64>(20, 2));
    let run = |most_halvings| {
        let mut flow = Preset::DENSE_RELATIVE
            .model(Architecture::default())
            .build_on(Rows::from(&rows), &[Preprocess::Standardize], 0, &registry())
            .unwrap();
        let budget = Budget::Steps(4000);
        let config = TrainConfig { rate: 0.5, batch: 20, most_halvings, ..TrainConfig::new(budget) };
        let mut factors = vec![];
        let mut watch = |event| {
            if let Event::Eased { factor, .. } = event {
                factors.push(factor);
            }
        };
        let trained = train_with(&mut flow, &rows, validation.view(), &config, Hooks::new(&mut watch)).unwrap();
        (trained.halvings, trained.best.validation, factors)
    };
    let (before, _, none) = run(None);
    let (after, _, factors) = run(Some(0.1));
    assert!(none.is_empty() && before > 400, "{before}: this test tests nothing");
    assert!(factors.first() == Some(&0.5) && factors.windows(2).all(|pair| pair[1] < pair[0]), "{factors:?}");
    assert!(after < before / 2, "{after} of {before}");
}

/// Averages of noisy weights: a rate that never falls leaves them in motion about the best ones.
#[test]
fn an_average_of_the_weights_is_validated_and_kept() {
    let (rows, validation) = (heavy::<f64>(2000, 1), heavy::<f64>(2000, 2));
    let run = |average| {
        let mut flow = flow(&rows);
        let schedule = Schedule::constant();
        let config = TrainConfig { rate: 0.05, batch: 20, average, schedule, ..TrainConfig::new(Budget::Steps(2000)) };
        let trained = train(&mut flow, &rows, validation.view(), &config, &mut |_| {}).unwrap();
        let kept = mean_log_prob(&flow, validation.view(), usize::MAX).unwrap();
        assert!((kept - trained.best.validation).abs() < 1e-9, "{kept} {}", trained.best.validation);
        trained
    };
    let spread = |trained: &Trained| {
        let late: Vec<f64> = trained.curve.iter().rev().take(10).map(|point| point.validation).collect();
        late.iter().fold(f64::NEG_INFINITY, |most, &value| most.max(value))
            - late.iter().fold(f64::INFINITY, |least, &value| least.min(value))
    };
    let (plain, averaged) = (run(0.0), run(0.99));
    assert!(averaged.best.validation > plain.best.validation, "{} {}", averaged.best.validation, plain.best.validation);
    assert!(spread(&averaged) < 0.5 * spread(&plain), "{} {}", spread(&averaged), spread(&plain));
    for average in [1.0, -0.1, f64::NAN] {
        assert!(TrainConfig { average, ..TrainConfig::default() }.validate().is_err());
    }
    for most in [-1.0, f64::NAN] {
        assert!(TrainConfig { most_halvings: Some(most), ..TrainConfig::default() }.validate().is_err());
    }
}

/// Training rows much narrower than the validation rows: a scale that learns them leads the validation
/// rows below any floor, which is no sign of a run that diverges.
#[test]
fn validation_rows_that_become_absurd_are_no_divergence() {
    let (rows, validation) = (heavy::<f64>(400, 1) * 1e-3, heavy::<f64>(50, 2));
    for (patience, ended) in [(None, false), (Some(3), true)] {
        let mut flow =
            Flow::builder(FEATURES).layer(Scale::one(FEATURES, ScaleDirection::Relative).unwrap()).build().unwrap();
        let config = TrainConfig { rate: 0.1, patience, retries: 0, ..TrainConfig::new(Budget::Steps(400)) };
        let trained = train(&mut flow, &rows, validation.view(), &config, &mut |_| {}).unwrap();
        assert_eq!(matches!(trained.outcome, Outcome::Overfitted { .. }), ended, "{:?}", trained.outcome);
        assert_eq!(trained.steps == 400, !ended, "{}", trained.steps);
        let deep = trained.curve.last().unwrap().validation < trained.curve[0].validation - 10.0 * FEATURES as f64;
        assert!(ended || deep, "this test tests nothing");
    }
}

#[test]
fn a_run_that_overfits_resumes_bit_for_bit_and_stays_over() {
    let rows = heavy::<f64>(40, 1);
    let config = config(&rows, 20_000);
    let (whole, expected) = run(&config);
    let session = |bytes: Option<Vec<u8>>, stop: u64| {
        let mut flow = flow(&rows);
        let mut checkpoints = Checkpoints::in_memory(bytes, Duration::from_secs(3600));
        let steps = AtomicU64::new(0);
        let mut watch = |event| {
            if let Event::Progress(_) = event {
                steps.fetch_add(1, Ordering::Relaxed);
            }
        };
        let stop = || steps.load(Ordering::Relaxed) >= stop;
        let hooks = Hooks { watch: Some(&mut watch), stop: Some(&stop), checkpoints: Some(&mut checkpoints) };
        let validation = heavy(200, 2);
        let trained = train_with(&mut flow, &rows, validation.view(), &config, hooks).unwrap();
        (flow, trained, checkpoints.bytes().map(<[u8]>::to_vec))
    };
    let (_, stopped, bytes) = session(None, 37);
    assert_eq!(stopped.outcome, Outcome::Interrupted { step: 37 });
    let (flow, trained, bytes) = session(bytes, u64::MAX);
    assert_eq!((weights_hash(&flow), &trained.outcome), (weights_hash(&whole), &expected.outcome));
    let steps = |trained: &Trained| trained.curve.iter().map(|point| point.step).collect::<Vec<_>>();
    assert_eq!(steps(&trained), steps(&expected));
    let (flow, trained, _) = session(bytes, u64::MAX);
    assert_eq!((weights_hash(&flow), trained.outcome), (weights_hash(&whole), expected.outcome));
}
