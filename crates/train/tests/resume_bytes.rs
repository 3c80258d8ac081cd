//! Checkpoints in memory.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ndarray::Array2;
use pdmap_core::Flow;
use pdmap_train::{
    Architecture, Budget, Checkpoints, Event, Hooks, Outcome, Preprocess, Preset, SpecError, TrainConfig, TrainError,
    Trained, train_with, weights_hash,
};

fn rows() -> Array2<f64> {
    Array2::from_shape_fn((200, 3), |(i, j)| ((7 * i + 3 * j) as f64).sin())
}

fn run(checkpoints: &mut Checkpoints, stop: u64) -> Result<(Flow<f64>, Trained), TrainError> {
    let rows = rows();
    let mut flow = Preset::DENSE_SVD.build(rows.view(), Preprocess::Standardize, Architecture::default(), 1).unwrap();
    let config = TrainConfig { batch: 20, ..TrainConfig::new(Budget::Steps(30)) };
    let steps = AtomicU64::new(0);
    let mut watch = |event| {
        if let Event::Progress(_) = event {
            steps.fetch_add(1, Ordering::Relaxed);
        }
    };
    let stop = || steps.load(Ordering::Relaxed) >= stop;
    let hooks = Hooks { watch: Some(&mut watch), stop: Some(&stop), checkpoints: Some(checkpoints) };
    // A run may move to another thread with its hooks.
    let run = std::thread::scope(|scope| {
        scope.spawn(|| train_with(&mut flow, &rows, rows.view(), &config, hooks)).join().unwrap()
    });
    run.map(|trained| (flow, trained))
}

#[test]
fn a_run_resumes_from_bytes_bit_for_bit() {
    let mut whole = Checkpoints::in_memory(None, Duration::ZERO);
    let (expected, _) = run(&mut whole, u64::MAX).unwrap();
    let mut first = Checkpoints::in_memory(None, Duration::ZERO);
    assert!(first.bytes().is_none() && first.file().is_none());
    let (_, stopped) = run(&mut first, 11).unwrap();
    assert_eq!(stopped.outcome, Outcome::Interrupted { step: 11 });
    let bytes = first.bytes().unwrap().to_vec();
    let mut second = Checkpoints::in_memory(Some(bytes.clone()), Duration::ZERO);
    let (flow, trained) = run(&mut second, u64::MAX).unwrap();
    assert_eq!((trained.steps, weights_hash(&flow)), (30, weights_hash(&expected)));
    // The same bytes in a folder are the same checkpoint.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("checkpoint.safetensors"), &bytes).unwrap();
    let mut third = Checkpoints::open(folder.path(), Duration::ZERO, true).unwrap();
    assert_eq!(weights_hash(&run(&mut third, u64::MAX).unwrap().0), weights_hash(&expected));

    let mut damaged = Checkpoints::in_memory(Some(bytes[..bytes.len() / 2].to_vec()), Duration::ZERO);
    let error = run(&mut damaged, 1).unwrap_err();
    assert!(matches!(error, TrainError::Spec(SpecError::Damaged { .. })), "{error}");
}
