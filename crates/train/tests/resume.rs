//! Runs that are stopped anywhere resume bit for bit.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pdmap_core::optim::{Clip, OptimizerSpec};
use pdmap_core::{BaseSpec, Flow, Real};
use pdmap_data::{Counts, Generator, Splits, write_npy};
use pdmap_train::{
    Architecture, Budget, Checkpoints, Event, FileRows, Hooks, ModelSpec, Outcome, Preprocess, Preset, Rows, SpecError,
    TrainConfig, TrainError, Trained, registry, train, train_with, weights_hash,
};

fn data<F: Real>() -> Splits<F> {
    let generator: Generator = "synthetic:ica?dim=8&source=laplace&condition=5".parse().unwrap();
    generator.splits(Counts { train: 500, validation: 100, test: 10 }, 1).unwrap()
}

fn config(steps: u64) -> TrainConfig {
    TrainConfig { rate: 1e-2, batch: 30, ..TrainConfig::new(Budget::Steps(steps)) }
}

fn fresh<F: Real>(model: &ModelSpec, rows: Rows<'_, F>) -> Flow<F> {
    model.build_on(rows, &[Preprocess::Standardize], 1, &registry()).unwrap()
}

/// Trains with a checkpoint after each step, and stops after `stop` steps of this session, if that comes first.
fn session<F: Real>(
    model: &ModelSpec,
    rows: Rows<'_, F>,
    config: &TrainConfig,
    folder: &std::path::Path,
    stop: u64,
) -> Result<(Flow<F>, Trained, u64), TrainError> {
    let mut flow = fresh(model, rows);
    let mut checkpoints = Checkpoints::open(folder, Duration::ZERO, true)?;
    let (steps, mut resumed) = (AtomicU64::new(0), 0);
    let mut watch = |event| match event {
        Event::Progress(_) => drop(steps.fetch_add(1, Ordering::Relaxed)),
        Event::Resumed { step, version } => {
            assert_eq!(version, None);
            resumed = step;
        }
        Event::SaveFailed { error, .. } => panic!("{error}"),
        _ => {}
    };
    let stop = || steps.load(Ordering::Relaxed) >= stop;
    let hooks = Hooks { watch: Some(&mut watch), stop: Some(&stop), checkpoints: Some(&mut checkpoints) };
    let trained = train_with(&mut flow, rows, data::<F>().validation.view(), config, hooks)?;
    Ok((flow, trained, resumed))
}

fn curve(trained: &Trained) -> Vec<(u64, u64)> {
    trained.curve.iter().map(|point| (point.step, point.validation.to_bits())).collect()
}

fn goes_on<F: Real>(model: &ModelSpec, rows: Rows<'_, F>, config: &TrainConfig, stops: &[u64], case: &str) {
    let mut unbroken = fresh(model, rows);
    let whole = train(&mut unbroken, rows, data::<F>().validation.view(), config, &mut |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut expected = 0;
    for &stop in stops {
        let (_, trained, resumed) = session(model, rows, config, folder.path(), stop).unwrap();
        assert_eq!(resumed, expected, "{case}");
        expected += stop;
        assert_eq!(trained.outcome, Outcome::Interrupted { step: expected }, "{case}");
    }
    let (flow, trained, _) = session(model, rows, config, folder.path(), u64::MAX).unwrap();
    assert_eq!(weights_hash(&flow), weights_hash(&unbroken), "{case} in {}", F::DTYPE);
    assert_eq!(curve(&trained), curve(&whole), "{case}");
    assert_eq!((trained.outcome, trained.steps, trained.halvings), (whole.outcome, whole.steps, whole.halvings));
    // A run that is over is over at once, with the same weights.
    let (flow, _, resumed) = session(model, rows, config, folder.path(), u64::MAX).unwrap();
    assert_eq!((resumed, weights_hash(&flow)), (whole.steps, weights_hash(&unbroken)), "{case}");
}

#[test]
fn every_preset_and_optimizer_goes_on_bit_for_bit() {
    let optimizers = [OptimizerSpec::adam(), OptimizerSpec::smorms3(), OptimizerSpec::momentum(), OptimizerSpec::Sgd];
    for (index, preset) in Preset::TEMPLATES.into_iter().enumerate() {
        let model = preset.model(Architecture { depth: 3, alpha: 0.1 });
        let clip = if index % 2 == 0 { Clip::Norm(1.0) } else { Clip::None };
        let config = TrainConfig { optimizer: optimizers[index % 4], clip, ..config(60) };
        let case = format!("{preset} by {}", config.optimizer);
        goes_on::<f32>(&model, Rows::from(&data().train), &config, &[1, 6, 24], &case);
        goes_on::<f64>(&model, Rows::from(&data().train), &config, &[13, 1], &case);
    }
}

#[test]
fn a_run_that_goes_back_goes_on_bit_for_bit() {
    let model = Preset::DENSE_EXACT.model(Architecture::default());
    let config = TrainConfig { optimizer: OptimizerSpec::Sgd, rate: 40.0, retries: 20, ..config(80) };
    let rows = data::<f64>().train;
    let mut unbroken = fresh(&model, Rows::from(&rows));
    let whole = train(&mut unbroken, &rows, data::<f64>().validation.view(), &config, &mut |_| {}).unwrap();
    let back = whole.rollbacks.len();
    assert!(back > 1 && whole.outcome == Outcome::Finished, "{back}: this test tests nothing");
    let folder = tempfile::tempdir().unwrap();
    let mut sessions = 0;
    let (flow, trained) = loop {
        let (flow, trained, _) = session(&model, Rows::from(&rows), &config, folder.path(), 7).unwrap();
        sessions += 1;
        if !matches!(trained.outcome, Outcome::Interrupted { .. }) {
            break (flow, trained);
        }
    };
    assert!(sessions > 5, "{sessions}");
    assert_eq!(weights_hash(&flow), weights_hash(&unbroken));
    assert_eq!((curve(&trained), trained.rollbacks), (curve(&whole), whole.rollbacks));
}

#[test]
fn a_guard_that_halves_steps_goes_on_bit_for_bit() {
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    let config = TrainConfig { rate: 0.3, ..config(80) };
    let rows = data::<f64>().train;
    let whole =
        train(&mut fresh(&model, Rows::from(&rows)), &rows, data::<f64>().validation.view(), &config, &mut |_| {});
    assert!(whole.unwrap().halvings > 0, "nothing was halved: this test tests nothing");
    goes_on::<f64>(&model, Rows::from(&rows), &config, &[5, 9, 20], "halved");
}

#[test]
fn a_moving_average_and_a_lower_rate_after_halvings_go_on_bit_for_bit() {
    let rows = data::<f64>().train;
    for preset in [Preset::DENSE_RELATIVE, Preset::DENSE_SVD, Preset::GAUSSIAN_MIXTURE] {
        let model = preset.model(Architecture::default());
        let config = TrainConfig { average: 0.9, rate: 0.1, ..config(100) };
        goes_on::<f64>(&model, Rows::from(&rows), &config, &[7, 8], "average");
    }
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    let config = TrainConfig { rate: 0.5, most_halvings: Some(0.01), ..config(1200) };
    goes_on::<f64>(&model, Rows::from(&rows), &config, &[301, 703], "eased");
}

#[test]
fn a_learned_nu_patience_and_a_file_of_rows_go_on_bit_for_bit() {
    let mut model = Preset::DENSE_ORTHONORMAL.model(Architecture::default());
    model.base = BaseSpec::new("student-t", &serde_json::json!({ "nu": 5.0, "learned": true }));
    let config = TrainConfig { patience: Some(6), plateau: Some(2), rate: 0.05, ..config(100) };
    goes_on::<f32>(&model, Rows::from(&data().train), &config, &[7, 8], "Student-t");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    write_npy(&path, &data::<f32>().train).unwrap();
    let file = FileRows::open(&path, vec![3, 4, 5], 64).unwrap();
    goes_on::<f32>(&model, Rows::from(&file), &config, &[7, 8], "file");
}

#[test]
fn a_checkpoint_of_another_run_is_refused_with_what_differs() {
    let (rows, folder) = (data::<f64>().train, tempfile::tempdir().unwrap());
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap();
    let differs = |model: &ModelSpec, rows: &ndarray::Array2<f64>, config: &TrainConfig| match session::<f64>(
        model,
        Rows::from(rows),
        config,
        folder.path(),
        4,
    ) {
        Err(TrainError::OtherRun { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(differs(&model, &rows, &config(11)), "budget");
    assert_eq!(differs(&model, &rows, &TrainConfig { rate: 1e-3, ..config(10) }), "rate");
    assert_eq!(differs(&model, &(&rows * 1.5), &config(10)), "hash of the rows");
    let other = Preset::DENSE_EXACT.model(Architecture::default());
    assert_eq!(differs(&other, &rows, &config(10)), "layer 1");
    match session::<f32>(&model, Rows::from(&data().train), &config(10), folder.path(), 4) {
        Err(TrainError::OtherRun { key, checkpoint, run, .. }) => {
            assert_eq!([key.as_str(), &checkpoint, &run], ["precision", "\"f64\"", "\"f32\""]);
        }
        other => panic!("{other:?}"),
    }
    // Whatever was refused, the checkpoint is still there and good.
    let (_, _, resumed) = session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap();
    assert_eq!(resumed, 4);
}

#[test]
fn damaged_checkpoints_are_errors_and_stay_as_they_are() {
    let (rows, folder) = (data::<f64>().train, tempfile::tempdir().unwrap());
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(997) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap_err();
        assert!(matches!(error, TrainError::Spec(SpecError::Damaged { .. })), "{length} bytes: {error}");
    }
    for (from, to) in [("\"format\":1", "\"format\":7"), ("\\\"step\\\":4", "\\\"stop\\\":4")] {
        let text =
            String::from_utf8_lossy(&whole[8..]).find(&from.replace('"', "\\\"").replace("\\\\\"", "\\\"")).unwrap();
        let mut bytes = whole.clone();
        let to = to.replace('"', "\\\"").replace("\\\\\"", "\\\"");
        bytes[8 + text..8 + text + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let error = session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap_err();
        assert!(matches!(error, TrainError::Spec(SpecError::Damaged { .. } | SpecError::Format { .. })), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "left as it was");
    }
}

#[test]
fn a_folder_belongs_to_one_run_and_is_cleared_of_what_a_killed_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let leftover = folder.path().join(".pdmap-x.tmp");
    std::fs::write(&leftover, "half a checkpoint").unwrap();
    let first = Checkpoints::open(folder.path(), Duration::ZERO, false).unwrap();
    assert!(!leftover.exists());
    let second = Checkpoints::open(folder.path(), Duration::ZERO, false);
    assert!(matches!(second, Err(TrainError::Locked { .. })));
    drop(first);
    Checkpoints::open(folder.path(), Duration::ZERO, false).unwrap();
}

/// Where the checkpoint cannot be written the run goes on, and writes as soon as it can.
#[test]
fn a_folder_that_vanishes_is_reported_and_written_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("checkpoints");
    let rows = data::<f64>().train;
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    let mut flow = fresh::<f64>(&model, Rows::from(&rows));
    let mut checkpoints = Checkpoints::open(&folder, Duration::ZERO, false).unwrap();
    let (mut failed, mut saved, mut step) = (Vec::new(), Vec::new(), 0);
    let mut watch = |event| match event {
        Event::Progress(progress) => {
            step = progress.step;
            // From step 3 a file stands where the folder was, from step 6 nothing does.
            if step == 3 {
                std::fs::remove_dir_all(&folder).unwrap();
                std::fs::write(&folder, "in the way").unwrap();
            } else if step == 6 {
                std::fs::remove_file(&folder).unwrap();
            }
        }
        Event::Saved { step } => saved.push(step),
        Event::SaveFailed { step, error, last } => {
            assert!(error.to_string().contains("checkpoints") && !last, "{error}");
            failed.push(step);
        }
        Event::Validated(_) => {}
        _ => panic!("there was nothing to go on from"),
    };
    let hooks = Hooks { checkpoints: Some(&mut checkpoints), ..Hooks::new(&mut watch) };
    let trained = train_with(&mut flow, &rows, data().validation.view(), &config(8), hooks).unwrap();
    assert_eq!(trained.outcome, Outcome::Finished);
    assert_eq!((failed, saved), (vec![3, 4, 5], vec![1, 2, 6, 7, 8, 8]));
    let (_, _, resumed) = session::<f64>(&model, Rows::from(&rows), &config(8), &folder, 1).unwrap_or_else(|error| {
        drop(checkpoints);
        assert!(matches!(error, TrainError::Locked { .. }), "{error}");
        session::<f64>(&model, Rows::from(&rows), &config(8), &folder, 1).unwrap()
    });
    assert_eq!(resumed, 8);
}

/// The whole of the header's JSON entry, changed.
fn edit(path: &std::path::Path, change: impl FnOnce(&mut serde_json::Value)) {
    let bytes = std::fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let entry = &mut header["__metadata__"]["pdmap-checkpoint"];
    let mut inner: serde_json::Value = serde_json::from_str(entry.as_str().unwrap()).unwrap();
    change(&mut inner);
    *entry = inner.to_string().into();
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut whole = (text.len() as u64).to_le_bytes().to_vec();
    whole.extend(text);
    whole.extend(&bytes[8 + length..]);
    std::fs::write(path, whole).unwrap();
}

#[test]
fn numbers_that_no_run_leaves_behind_are_named() {
    let (rows, folder) = (data::<f64>().train, tempfile::tempdir().unwrap());
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let whole = std::fs::read(&path).unwrap();
    let huge = serde_json::json!(u64::MAX);
    let cases: [(&str, &str, &serde_json::Value); 11] = [
        ("/step", "step", &huge),
        ("/halvings", "halvings", &huge),
        ("/position/next", "position", &huge),
        ("/position/epoch", "position", &huge),
        ("/clock/evaluations", "clock", &serde_json::json!(0)),
        ("/clock/horizon", "clock", &serde_json::Value::Null),
        ("/clock/horizon", "clock", &serde_json::json!(1_u64 << 40)),
        ("/clock/evaluation_time/secs", "clock", &huge),
        ("/record/waited", "waited", &huge),
        ("/record/curve", "learning curve", &serde_json::json!([])),
        ("/numbers/memory.layers.1.bias.steps", "steps of the optimizer", &huge),
    ];
    for (pointer, name, value) in cases {
        std::fs::write(&path, &whole).unwrap();
        edit(&path, |header| *header.pointer_mut(pointer).unwrap() = value.clone());
        let error = session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap_err();
        assert!(error.to_string().contains(&format!("the {name} cannot be")), "{pointer}: {error}");
    }
    // Slots without end: the first that is not there is one too many.
    std::fs::write(&path, &whole).unwrap();
    edit(&path, |header| header["numbers"]["memory.layers.1.bias.slots"] = huge.clone());
    let error = session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 4).unwrap_err();
    assert!(error.to_string().contains("`memory.layers.1.bias.2` is missing"), "{error}");
    // Unchanged but written anew, it is read: the cases above fail for what they changed.
    std::fs::write(&path, &whole).unwrap();
    edit(&path, |_| ());
    session::<f64>(&model, Rows::from(&rows), &config(10), folder.path(), 1).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_another_run_made_again_is_not_written() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("run");
    let rows = data::<f64>().train;
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    let mut flow = fresh::<f64>(&model, Rows::from(&rows));
    let mut checkpoints = Checkpoints::open(&folder, Duration::ZERO, false).unwrap();
    let (mut other, mut failed, mut saved) = (None, 0, 0);
    let mut watch = |event| match event {
        Event::Progress(progress) if progress.step == 3 => {
            std::fs::remove_dir_all(&folder).unwrap();
            other = Some(Checkpoints::open(&folder, Duration::ZERO, false).unwrap());
        }
        Event::SaveFailed { error, .. } => {
            assert!(matches!(error, TrainError::Locked { .. }), "{error}");
            failed += 1;
        }
        Event::Saved { .. } => saved += 1,
        _ => {}
    };
    let hooks = Hooks { checkpoints: Some(&mut checkpoints), ..Hooks::new(&mut watch) };
    let trained = train_with(&mut flow, &rows, data().validation.view(), &config(5), hooks).unwrap();
    assert_eq!((saved, failed, trained.checkpoint), (2, 4, Some(2)));
    assert!(!folder.join("checkpoint.safetensors").exists());
}

#[test]
fn rows_that_can_no_longer_be_read_end_a_run_with_everything_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    write_npy(&path, &data::<f64>().train).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    let model = Preset::DENSE_RELATIVE.model(Architecture::default());
    let mut unbroken = fresh::<f64>(&model, Rows::from(&file));
    train(&mut unbroken, &file, data::<f64>().validation.view(), &config(60), &mut |_| {}).unwrap();

    let run = folder.path().join("run");
    let mut flow = fresh::<f64>(&model, Rows::from(&file));
    let mut checkpoints = Checkpoints::open(&run, Duration::from_secs(3600), false).unwrap();
    let mut watch = |event| {
        if let Event::Progress(progress) = event
            && progress.step == 5
        {
            std::fs::write(&path, &bytes[..1000]).unwrap();
        }
    };
    let hooks = Hooks { checkpoints: Some(&mut checkpoints), ..Hooks::new(&mut watch) };
    let trained = train_with(&mut flow, &file, data::<f64>().validation.view(), &config(60), hooks).unwrap();
    let Outcome::Failed { step, reason } = trained.outcome else { panic!("{:?}", trained.outcome) };
    assert!((5..60).contains(&step) && reason.contains("rows.npy"), "{step}: {reason}");
    assert_eq!((trained.checkpoint, trained.best.step), (Some(step), step), "the flow has the best of its weights");
    drop(checkpoints);
    // With the rows back, the run goes on.
    std::fs::write(&path, &bytes).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    let (flow, _, resumed) = session::<f64>(&model, Rows::from(&file), &config(60), &run, u64::MAX).unwrap();
    assert_eq!((resumed, weights_hash(&flow)), (step, weights_hash(&unbroken)));
}
