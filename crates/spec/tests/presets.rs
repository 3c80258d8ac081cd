//! Presets as files.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use pdmap_spec::description::{LayerEntry, ModelFile};
use pdmap_spec::{Architecture, Preset, registry};
use serde_json::json;

#[test]
fn every_file_is_a_preset_and_every_preset_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut names: Vec<&str> = Preset::all().map(Preset::name).collect();
    files.sort_unstable();
    names.sort_unstable();
    assert_eq!(files, names);
    for preset in Preset::all() {
        let model = preset.model(Architecture::default());
        assert!(
            (!model.layers.is_empty() || preset == Preset::GAUSSIAN_MIXTURE) && !preset.describe().is_empty(),
            "{preset}"
        );
        assert_eq!(model.training.rate, Some(preset.rate()), "{preset}");
        let text = model.to_toml();
        assert!(!text.contains('$'), "{text}");
        let again = ModelFile::parse("m.toml", &text, &registry::<f64>()).unwrap().spec;
        assert_eq!(again, model, "{preset}");
        assert_eq!(Preset::TEMPLATES.contains(&preset), preset.is_template());
    }
}

/// Without the section that is about presets alone, a file of fixed depth is a model file.
#[test]
fn the_text_of_a_preset_is_a_model_file() {
    for preset in Preset::FIXED {
        let file = ModelFile::parse("m.toml", preset.text(), &registry::<f64>()).unwrap();
        assert_eq!(file.spec, preset.model(Architecture { depth: 9, alpha: 0.5 }), "{preset}");
    }
}

#[test]
fn a_template_has_as_many_linear_layers_as_it_is_deep() {
    let dense = |start: f64| {
        let options = json!({ "group": { "general": "relative" }, "bias": "plain", "bias-start": start });
        LayerEntry::layer("dense", options)
    };
    let leaky = LayerEntry::layer("smooth-leaky-relu", json!({ "alpha": 0.25 }));
    let model = |depth| Preset::DENSE_RELATIVE.model(Architecture { depth, alpha: 0.25 }).layers;
    assert_eq!(model(0), []);
    assert_eq!(model(1), [dense(0.0)]);
    assert_eq!(model(2), [dense(3.0), leaky.clone(), dense(0.0)]);
    assert_eq!(model(5), [LayerEntry::repeated(4, vec![dense(3.0), leaky]), dense(0.0)]);
}
