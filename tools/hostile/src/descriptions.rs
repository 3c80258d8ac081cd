//! TOML: model descriptions and comparison plans.

use ndarray::Array2;
use pdmap_compare::PlanFile;
use pdmap_train::{ModelFile, Preprocess, registry};

/// Features of the flow built from a description.
const FEATURES: usize = 8;

pub(crate) fn description(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let registry = registry::<f64>();
    let Ok(file) = ModelFile::parse("model.toml", text, &registry) else { return };
    let written = file.spec.to_toml();
    match ModelFile::parse("written.toml", &written, &registry) {
        Ok(again) => assert_eq!(again.spec, file.spec, "a written description is read back differently"),
        Err(error) => panic!("a written description cannot be read back: {error}\n{written}"),
    }
    let rows = Array2::from_shape_fn((32, FEATURES), |(i, j)| ((7 * i + 3 * j) % 11) as f64 / 5.0 - 1.0);
    let Ok(flow) = file.spec.build_on(&rows, &[Preprocess::Standardize], 1, &registry) else { return };
    if flow.conditions() == 0 {
        let _ = flow.log_prob(&rows);
    }
}

pub(crate) fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // The folder has no model files.
    let _ = PlanFile::parse("/nowhere/plan.toml", text);
}
