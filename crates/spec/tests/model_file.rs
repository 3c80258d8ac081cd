//! Model files: the same model comes back, and nothing damaged is believed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use ndarray::Array2;
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::{Flow, Layer, Real};
use pdmap_layers::diagonal::Shift;
use pdmap_spec::{Architecture, Model, ModelFile, ModelSpec, Preprocess, Preset, SpecError, model_file, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rows<F: Real>() -> Array2<F> {
    draw(&Normal, 200, 4, &mut ChaCha8Rng::seed_from_u64(1)).unwrap()
}

fn model<F: Real>(preset: Preset, preprocess: Preprocess) -> Model<F> {
    let flow = preset.build(rows::<F>().view(), preprocess, Architecture::default(), 1).unwrap();
    Model::new(flow, "the test's own space".into(), usize::from(preprocess != Preprocess::None))
}

fn round_trip<F: Real>(folder: &Path) {
    let path = folder.join("m.safetensors");
    for preset in Preset::TEMPLATES {
        for preprocess in [Preprocess::None, Preprocess::Standardize, Preprocess::Whiten] {
            let model = model::<F>(preset, preprocess);
            model.save(&path).unwrap();
            assert_eq!(model_file::dtype(&path).unwrap(), F::DTYPE);
            let again = Model::<F>::load(&path, &registry()).unwrap();
            assert_eq!(again.header, model.header);
            let x = rows::<F>();
            assert_eq!(again.flow.log_prob(&x).unwrap(), model.flow.log_prob(&x).unwrap(), "{preset} {preprocess}");
        }
    }
}

#[test]
fn the_same_model_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    round_trip::<f32>(folder.path());
    round_trip::<f64>(folder.path());
}

fn saved(folder: &Path) -> (PathBuf, Vec<u8>) {
    let path = folder.join("m.safetensors");
    model::<f64>(Preset::DENSE_ORTHONORMAL, Preprocess::Whiten).save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

fn load(path: &Path, bytes: &[u8]) -> Result<Model<f64>, SpecError> {
    std::fs::write(path, bytes).unwrap();
    Model::load(path, &registry())
}

#[test]
fn every_truncation_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = saved(folder.path());
    for length in (0..bytes.len()).step_by(7) {
        let error = load(&path, &bytes[..length]).unwrap_err();
        assert!(matches!(error, SpecError::Damaged { .. }), "{length} bytes: {error}");
        assert!(error.to_string().contains("m.safetensors"));
    }
    load(&path, &bytes).unwrap();
}

#[test]
fn flipped_bytes_are_refused_or_give_a_valid_model() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = saved(folder.path());
    for at in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        // Whatever is accepted is a flow whose invariants hold; nothing may panic.
        if let Ok(model) = load(&path, &damaged) {
            let _ = model.flow.log_prob(&rows::<f64>());
        }
    }
}

/// Replaces text in the JSON header by text of the same length.
fn edited(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    let mut edited = bytes.to_vec();
    edited[at..at + to.len()].copy_from_slice(to.as_bytes());
    edited
}

#[test]
fn contradictions_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = saved(folder.path());
    let refused = |from: &str, to: &str| load(&path, &edited(&bytes, from, to)).unwrap_err();
    let later = refused(r#"\"format\":1"#, r#"\"format\":7"#);
    assert!(matches!(later, SpecError::Format { expected: 1, actual: 7, .. }), "{later}");
    let unknown = refused(r#"\"kind\":\"dense\""#, r#"\"kind\":\"dance\""#);
    assert!(unknown.to_string().contains("dance") && unknown.to_string().contains("dense"), "{unknown}");
    let features = refused(r#"\"features\":4"#, r#"\"features\":5"#);
    assert!(matches!(features, SpecError::Inconsistent { .. }), "{features}");
    let dtype = refused(r#"\"dtype\":\"f64\""#, r#"\"dtype\":\"f32\""#);
    assert!(matches!(dtype, SpecError::Dtype { .. }), "{dtype}");
    let absent = Model::<f64>::load(&folder.path().join("absent"), &registry()).unwrap_err();
    assert!(matches!(absent, SpecError::Io { .. }), "{absent}");
}

/// A condition that the header forgot, or tells otherwise than the layers want it.
#[test]
fn a_condition_is_as_wide_as_the_layers_want_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("given.safetensors");
    let text = "layers = [{ kind = \"coupling\", hidden = [4] }]";
    let spec = ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec;
    let spec = ModelSpec { conditions: 2, ..spec };
    // Four features, two of which are the condition.
    let flow = spec.build_on(&rows::<f64>(), &[], 1, &registry()).unwrap();
    let model = Model::new(flow, "plane".into(), 0);
    model.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let again = load(&path, &bytes).unwrap();
    assert_eq!((again.flow.conditions(), again.weights_hash()), (2, model.weights_hash()));
    let width = |to: &str| edited(&bytes, r#"\"width\":2"#, &format!(r#"\"width\":{to}"#));
    let refused = load(&path, &width("3")).unwrap_err().to_string();
    assert!(refused.contains("3 numbers") && refused.contains("need 2"), "{refused}");
    // Layers that want none do not mind.
    let (path, bytes) = saved(folder.path());
    assert!(load(&path, &bytes).is_ok());
}

#[test]
fn a_weight_that_is_not_orthonormal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = saved(folder.path());
    // Tensors lie behind the header; some number of an orthonormal weight gets another exponent.
    let mut refused = 0;
    for at in (bytes.len() - 16 * 8..bytes.len()).step_by(8) {
        let mut damaged = bytes.clone();
        damaged[at + 6] ^= 0x10;
        refused += u32::from(matches!(load(&path, &damaged), Err(SpecError::Inconsistent { .. })));
    }
    assert!(refused > 0);
}

#[test]
fn saving_replaces_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = saved(folder.path());
    let elsewhere = folder.path().join("absent/m.safetensors");
    assert!(matches!(model::<f32>(Preset::DENSE_SVD, Preprocess::None).save(&elsewhere), Err(SpecError::Io { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["m.safetensors"]);
}

#[test]
fn a_model_of_fewer_layers_than_are_preprocessing_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let layers: Vec<Box<dyn Layer<f64>>> = vec![Box::new(Shift::zero(2).unwrap()), Box::new(Shift::zero(2).unwrap())];
    let flow = Flow::new(2, layers, Box::new(Normal)).unwrap();
    let model = |preprocessing| Model::new(flow.clone(), "plane".into(), preprocessing);
    let path = folder.path().join("m.safetensors");
    let bytes = model(0).to_bytes().unwrap();
    for (preprocessing, sound) in [(0, true), (1, true), (2, true), (3, false), (9, false)] {
        let written = edited(&bytes, r#"\"preprocessing\":0"#, &format!(r#"\"preprocessing\":{preprocessing}"#));
        std::fs::write(&path, written).unwrap();
        assert_eq!(Model::<f64>::load(&path, &registry()).is_ok(), sound, "{preprocessing}");
        // What could not be read is not written either.
        assert_eq!(model(preprocessing).to_bytes().is_ok(), sound, "{preprocessing}");
    }
}

#[test]
fn a_hash_of_weights_is_that_of_their_bits() {
    let layer =
        |shift: f64| -> Vec<Box<dyn Layer<f64>>> { vec![Box::new(Shift::new(ndarray::array![shift, 0.5]).unwrap())] };
    let model = |shift: f64, space: &str| {
        let flow = Flow::new(2, layer(shift), Box::new(Normal)).unwrap();
        Model::new(flow, space.into(), 0).weights_hash()
    };
    let hash = model(1.0, "plane");
    assert!(hash.len() >= 16 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
    assert_eq!(hash, model(1.0, "signals"));
    assert_ne!(hash, model(1.0_f64.next_up(), "plane"));
    assert_ne!(model(0.0, "plane"), model(-0.0, "plane"));
}
