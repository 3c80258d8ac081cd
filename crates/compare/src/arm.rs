//! An arm of a comparison.

use pdmap_train::description::TrainingSpec;
use pdmap_train::{Architecture, ModelSpec, Preset};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One of the models that are compared, by the name that figures and verdict give it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// What it is called; no two arms of a plan alike.
    pub name: String,
    /// What is trained. Its `preprocess` and its `training` stand before the plan's, except for the budget, which is the plan's alone.
    pub model: ModelSpec,
    /// How it is trained where that differs from the plan and from its model; without a budget. Its rate stands where nothing is tuned.
    #[serde(default, skip_serializing_if = "unchanged")]
    pub training: TrainingSpec,
    /// Learning rate that is fixed: an arm with one is not tuned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Its runs have seeds 1, 2, … beyond this: two arms that are the same but for it differ by chance alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seed_offset: u64,
}

fn is_zero(offset: &u64) -> bool {
    *offset == 0
}

fn unchanged(training: &TrainingSpec) -> bool {
    *training == TrainingSpec::default()
}

/// The nonlinearity of the presets.
const BETWEEN: &str = "smooth-leaky-relu";

impl Arm {
    /// A model by a name, trained as it says and, where it says nothing, as the plan does.
    pub fn new(name: impl Into<String>, model: ModelSpec) -> Self {
        Self { name: name.into(), model, training: TrainingSpec::default(), rate: None, seed_offset: 0 }
    }

    /// A preset, by its own name.
    pub fn preset(preset: Preset, architecture: Architecture) -> Self {
        Self::new(preset.name(), preset.model(architecture))
    }

    /// The preset whose layers and base density this arm has, whatever its name, with its depth and α. The α of a single layer, which has no
    /// nonlinearity, is the default.
    pub fn as_preset(&self) -> Option<(Preset, Architecture)> {
        let recipe = |preset: &Preset| {
            let model = preset.model(Architecture::default());
            model.layers == self.model.layers && model.base == self.model.base
        };
        if let Some(preset) = Preset::RECIPES.into_iter().find(recipe) {
            return Some((preset, Architecture::default()));
        }
        let layers = self.model.expand().ok()?;
        let between: Vec<_> = layers.iter().filter(|(layer, _)| layer.kind == BETWEEN).collect();
        let alpha = match between.first() {
            Some((layer, _)) => layer.options.get("alpha").and_then(Value::as_f64)?,
            None => Architecture::default().alpha,
        };
        let architecture = Architecture { depth: between.len() + 1, alpha };
        let same = |preset: &Preset| {
            let model = preset.model(architecture);
            model.layers == self.model.layers && model.base == self.model.base
        };
        Preset::ALL.into_iter().find(same).map(|preset| (preset, architecture))
    }

    /// One line about it: what its model says of itself, or its layers.
    pub fn describe(&self) -> String {
        if let Some(description) = &self.model.description {
            return description.trim().trim_end_matches('.').to_owned();
        }
        match self.model.expand() {
            Ok(layers) => {
                let kinds: Vec<&str> = layers.iter().map(|(layer, _)| layer.kind.as_str()).take(12).collect();
                let more = if layers.len() > kinds.len() { ", …" } else { "" };
                format!("{} layers: {}{more}", layers.len(), kinds.join(", "))
            }
            Err(error) => error.to_string(),
        }
    }
}

impl From<Preset> for Arm {
    /// With the usual depth and nonlinearity.
    fn from(preset: Preset) -> Self {
        Self::preset(preset, Architecture::default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_known_by_their_layers() {
        for preset in Preset::ALL {
            for architecture in
                [(1, 0.01), (2, 0.1), (5, 0.3)].map(|(depth, alpha)| Architecture { depth, alpha })
            {
                let mut arm = Arm::preset(preset, architecture);
                "mine".clone_into(&mut arm.name);
                assert_eq!(arm.as_preset(), Some((preset, architecture)));
                let again: Arm = serde_json::from_str(&serde_json::to_string(&arm).unwrap()).unwrap();
                assert_eq!(again, arm);
                arm.model.layers.pop();
                assert_eq!(arm.as_preset(), None);
            }
        }
    }

    #[test]
    fn models_without_words_are_described_by_their_layers() {
        let mut arm = Arm::from(Preset::DenseRelative);
        assert_eq!(arm.describe(), Preset::DenseRelative.describe());
        arm.model.description = None;
        assert_eq!(arm.describe(), "3 layers: dense, smooth-leaky-relu, dense");
    }
}
