//! Model files, and the flows in them.

use std::path::Path;

use ndarray::Array2;
use pdmap_core::{ParametricExt, Real};
use pdmap_train::{Model, model_file, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::framed;
use crate::scratch::with_scratch;

pub(crate) fn model_file(bytes: &[u8]) {
    let file = framed::file(bytes);
    with_scratch!("model.safetensors", |scratch| {
        let path = scratch.holding(&file);
        match model_file::dtype(path).as_deref() {
            Ok("f32") => of_precision::<f32>(path),
            Ok(_) => of_precision::<f64>(path),
            Err(_) => {
                let model = Model::<f32>::load(path, &registry());
                assert!(model.is_err(), "a file without a precision was read");
            }
        }
    });
}

fn of_precision<F: Real>(path: &Path) {
    let Ok(model) = Model::<F>::load(path, &registry()) else { return };
    let again = path.with_file_name("again.safetensors");
    if let Err(error) = model.save(&again) {
        panic!("a model that was read cannot be written: {error}");
    }
    match Model::<F>::load(&again, &registry()) {
        Ok(stored) => assert_eq!(stored.weights_hash(), model.weights_hash(), "a stored model differs"),
        Err(error) => panic!("a written model cannot be read back: {error}"),
    }
    used(&model);
}

/// Everything the command line does with a model. Errors are acceptable; panics and NaN scores are
/// not.
fn used<F: Real>(model: &Model<F>) {
    let flow = &model.flow;
    drop(flow.diagnostics());
    let rows = Array2::from_shape_fn((2, flow.features()), |(i, j)| F::of(0.25 + i as f64 - 0.125 * j as f64));
    let given = Array2::from_elem((2, flow.conditions()), F::of(0.5));
    let input = pdmap_core::Input::from(&rows);
    let input = if flow.conditions() > 0 { input.given(given.view()) } else { input };
    if let Ok(scores) = flow.log_prob(input) {
        assert!(scores.iter().all(|score| !score.is_nan()), "a score is NaN");
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    if flow.conditions() == 0 {
        let _ = flow.sample(2, &mut rng);
    }
}
