//! Checkpoints, and the runs that resume from them.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ndarray::Array2;
use pdmap_core::Flow;
use pdmap_train::{
    Budget, Checkpoints, Hooks, ModelFile, Preprocess, SpecError, TrainConfig, TrainError, Trained, registry,
    train_with,
};

use crate::framed;
use crate::scratch::with_scratch;

/// A small flow with every kind of layer that has state besides its tensors.
const MODEL: &str = r#"
base = { student-t = { nu = 30.0, learned = true } }
layers = [
  { kind = "dense", group = "orthonormal", bias = "plain" },
  { kind = "dense", group = { general = "relative" }, bias = "none" },
  { kind = "scale" },
]
"#;

const FILE: &str = "checkpoint.safetensors";

/// Training steps of the run.
const STEPS: u64 = 4;

/// Resumes from the checkpoint in `folder`, if there is one, and stops with a checkpoint after
/// `stop` steps.
fn run(flow: &Flow<f32>, rows: &Array2<f32>, folder: &Path, stop: u64) -> Result<(Flow<f32>, Trained), TrainError> {
    let mut flow = flow.clone();
    let config = TrainConfig { batch: 3, evaluations: 2, rate: 1e-2, ..TrainConfig::new(Budget::Steps(STEPS)) };
    let mut checkpoints = Checkpoints::open(folder, Duration::from_secs(3600), true)?;
    let steps = AtomicU64::new(0);
    let mut watch = |event| {
        if let pdmap_train::Event::Progress(_) = event {
            steps.fetch_add(1, Ordering::Relaxed);
        }
    };
    let stop = || steps.load(Ordering::Relaxed) >= stop;
    let hooks = Hooks { watch: Some(&mut watch), stop: Some(&stop), checkpoints: Some(&mut checkpoints) };
    let trained = train_with(&mut flow, rows, rows.view(), &config, hooks)?;
    Ok((flow, trained))
}

fn start() -> Result<(Flow<f32>, Array2<f32>), TrainError> {
    let rows = Array2::from_shape_fn((7, 2), |(i, j)| ((3 * i + 5 * j) % 7) as f32 / 3.0 - 1.0);
    let model = ModelFile::parse("model", MODEL, &registry::<f32>())?.spec;
    Ok((model.build_on(&rows, &[Preprocess::Standardize], 1, &registry())?, rows))
}

pub(crate) fn checkpoint(bytes: &[u8]) {
    thread_local! {
        static START: (Flow<f32>, Array2<f32>) = start().unwrap_or_else(|error| panic!("the model of this check: {error}"));
    }
    let file = framed::file(bytes);
    with_scratch!("checkpoint.safetensors", |scratch| {
        let path = scratch.folder().join(FILE);
        // The run replaces its checkpoint, so the open handle of the scratch file cannot be used.
        if std::fs::write(&path, &file).is_err() {
            panic!("cannot write a small file");
        }
        let found = START.with(|(flow, rows)| run(flow, rows, scratch.folder(), u64::MAX));
        if let Ok((flow, trained)) = found {
            assert!(trained.steps <= STEPS, "{} steps of {STEPS}", trained.steps);
            START.with(|(_, rows)| {
                if let Ok(scores) = flow.log_prob(rows) {
                    assert!(scores.iter().all(|score| !score.is_nan()), "a score is NaN");
                }
            });
        }
    });
}

/// The checkpoint of that run after two steps.
///
/// # Errors
/// The errors of training.
pub fn sound_checkpoint() -> Result<Vec<u8>, TrainError> {
    let (flow, rows) = start()?;
    let io = |source| SpecError::Io { path: FILE.into(), source };
    let folder = tempfile::tempdir().map_err(io)?;
    run(&flow, &rows, folder.path(), 2)?;
    Ok(std::fs::read(folder.path().join(FILE)).map_err(io)?)
}
