//! Convolutions as TOML: described, trained, saved and loaded; every mistake has its line and its words.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::Array2;
use pdmap_core::Real;
use pdmap_train::{Budget, Model, ModelFile, TrainConfig, registry, train};

const SIGNAL: &str = r#"
layers = [
  { kind = "cycled-conv", shape = [1, 24], period = 4, stages = 2, group = "orthonormal" },
  { kind = "subband-scale", shape = [1, 24], period = 4 },
  { kind = "subband-shift", shape = [1, 24], period = 4, start = 0.5 },
  { kind = "asinh" },
  { kind = "cycled-conv", shape = [2, 12], period = [3], stages = 3, group = { general = "relative" }, output = "subbands", start = "identity" },
  { kind = "subband-scale", shape = [6, 4], direction = "relative" },
]
"#;

const IMAGE: &str = r#"
layers = [
  { kind = "cycled-conv", shape = [2, 4, 3], period = [2, 3], stages = 2, group = "orthonormal" },
  { kind = "cycled-conv", shape = [2, 4, 3], period = 2, stages = 2, group = { general = "algebra" }, boundary = "isolated" },
  { kind = "subband-scale", shape = [2, 4, 3], period = [2, 2], direction = "euclidean" },
]
"#;

fn goes_round<F: Real>(text: &str) {
    let file = ModelFile::parse("m.toml", text, &registry::<F>()).unwrap();
    let rows = Array2::from_shape_fn((200, 24), |(i, j)| F::of(((i * 37 + j * 11) as f64).sin()));
    let mut flow = file.spec.build_on(&rows, &[], 1, &registry()).unwrap();
    let config = TrainConfig { batch: 50, ..TrainConfig::new(Budget::Steps(20)) };
    train(&mut flow, &rows, rows.view(), &config, &mut |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    Model::new(flow.clone(), "here".into(), 0).save(&path).unwrap();
    let again = Model::load(&path, &registry::<F>()).unwrap();
    assert_eq!(again.flow.log_prob(&rows).unwrap(), flow.log_prob(&rows).unwrap());
}

#[test]
fn described_trained_saved_and_loaded() {
    for text in [SIGNAL, IMAGE] {
        goes_round::<f32>(text);
        goes_round::<f64>(text);
    }
}

#[test]
fn mistakes_have_their_words() {
    for (options, words) in [
        ("perod = 4", "unknown key `perod` in `layers[0]`; nearest is `period`"),
        ("shape = [1, 24], stages = 2, group = \"orthonormal\"", "key `period` is missing"),
        ("shape = [1, 24], period = 4, stages = 2", "key `group` is missing"),
        ("shape = [1, 24], period = \"4\", stages = 2, group = \"orthonormal\"", "period"),
        ("shape = [1, 24], period = 4, stages = 2, group = \"orthogonal\"", "`orthonormal`"),
        ("shape = [1, 24], period = 4, stages = 2, group = \"orthonormal\", boundary = \"x\"", "isolated"),
        ("shape = [1, 24], period = 4, stages = 2, group = \"orthonormal\", output = \"x\"", "subbands"),
        ("shape = [1, 24], period = 5, stages = 2, group = \"orthonormal\"", "length 24 does not fit the period 5"),
        ("shape = [1, 24], period = 0, stages = 2, group = \"orthonormal\"", "period = 0: must be at least 1"),
        ("shape = [0, 24], period = 2, stages = 2, group = \"orthonormal\"", "channels = 0: must be at least 1"),
        ("shape = [1, 24], period = 4, stages = 0, group = \"orthonormal\"", "stages = 0: must be from 1"),
        ("shape = [1, 24], period = 4, stages = 1_000_000, group = \"orthonormal\"", "stages = 1000000"),
        ("shape = [24], period = 4, stages = 2, group = \"orthonormal\"", "numbers in shape = 1"),
        (
            "shape = [1, 24], period = [2, 2], stages = 2, group = \"orthonormal\"",
            "does not go with the shape of a signal",
        ),
        (
            "shape = [1000000, 1000000], period = 4, stages = 2, group = \"orthonormal\"",
            "features = 1000000000000: must be at most 16777216",
        ),
        (
            "shape = [1, 25], period = 4, stages = 2, group = \"orthonormal\", boundary = \"isolated\", output = \"subbands\"",
            "the output layout `subbands` does not go with the boundary `isolated`",
        ),
    ] {
        let text = format!("layers = [{{ kind = \"cycled-conv\", {options} }}]");
        let error = ModelFile::parse("m.toml", &text, &registry::<f64>()).unwrap_err();
        let source = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
        let said = format!("{error}: {source}");
        assert!(said.starts_with("m.toml:1") && said.contains(words), "{options}: {said}");
    }
    // Data of another size are refused when they are there.
    let file = ModelFile::parse("m.toml", SIGNAL, &registry::<f64>()).unwrap();
    let rows = Array2::<f64>::zeros((10, 23));
    let error = file.spec.build_on(&rows, &[], 1, &registry()).unwrap_err().to_string();
    assert!(error.contains("shape has 24 features per row, expected 23"), "{error}");
}
