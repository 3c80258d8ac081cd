//! An arm of a comparison.

use pdmap_train::description::TrainingSpec;
use pdmap_train::{Architecture, ModelSpec, Preset};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One of the compared models, with the name that figures and the verdict use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name, unique within a plan.
    pub name: String,
    /// The model. Its `preprocess` and `training` override the plan's, except for the budget.
    pub model: ModelSpec,
    /// Training options that override those of the plan and the model; without a budget. Its rate
    /// applies without tuning.
    #[serde(default, skip_serializing_if = "unchanged")]
    pub training: TrainingSpec,
    /// A fixed learning rate: the arm is not tuned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Added to the seeds 1, 2, … of its runs: two arms that differ only in this differ by chance
    /// alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seed_offset: u64,
    /// Whether the model is searched for ([`train_auto`](pdmap_train::train_auto)). `model` then holds
    /// preprocessing and a description alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub searched: bool,
}

/// The name of a model that is searched for.
pub const AUTO: &str = "auto";

fn is_zero(offset: &u64) -> bool {
    *offset == 0
}

fn unchanged(training: &TrainingSpec) -> bool {
    *training == TrainingSpec::default()
}

/// The nonlinearity of the presets.
const BETWEEN: &str = "smooth-leaky-relu";

impl Arm {
    /// A named model; options that it does not set are the plan's.
    pub fn new(name: impl Into<String>, model: ModelSpec) -> Self {
        let training = TrainingSpec::default();
        Self { name: name.into(), model, training, rate: None, seed_offset: 0, searched: false }
    }

    /// An ensemble of mixtures and flows, searched for within the budget of each run. Its members have
    /// learning rates of their own, so it is not tuned. Up to 10,000 rows, the training and the
    /// validation rows together, are divided anew.
    pub fn auto() -> Self {
        let model = ModelSpec {
            description: Some("an ensemble of mixtures and flows, weighted by held-out rows".to_owned()),
            training: TrainingSpec::default(),
            ..Preset::MIXTURE_SPLINE.model(Architecture::default())
        };
        Self { searched: true, ..Self::new(AUTO, model) }
    }

    /// A preset, under its own name.
    pub fn preset(preset: Preset, architecture: Architecture) -> Self {
        Self::new(preset.name(), preset.model(architecture))
    }

    /// The preset with the layers and base density of this arm, whatever its name, with depth and
    /// α. The α of a single layer, which has no nonlinearity, is the default.
    pub fn as_preset(&self) -> Option<(Preset, Architecture)> {
        if self.searched {
            return None;
        }
        let fixed = |preset: &Preset| {
            let model = preset.model(Architecture::default());
            model.layers == self.model.layers && model.base == self.model.base
        };
        if let Some(preset) = Preset::FIXED.into_iter().find(fixed) {
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
        Preset::TEMPLATES.into_iter().find(same).map(|preset| (preset, architecture))
    }

    /// A description in one line: that of its model, or its layers.
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
    /// A preset with the default depth and nonlinearity.
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
        for preset in Preset::TEMPLATES {
            for architecture in [(1, 0.01), (2, 0.1), (5, 0.3)].map(|(depth, alpha)| Architecture { depth, alpha }) {
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
    fn a_searched_model_is_no_preset() {
        let arm = Arm::auto();
        assert_eq!((arm.as_preset(), arm.name.as_str()), (None, AUTO));
        let text = serde_json::to_string(&arm).unwrap();
        assert!(text.contains("\"searched\":true") && serde_json::from_str::<Arm>(&text).unwrap() == arm);
    }

    #[test]
    fn models_without_words_are_described_by_their_layers() {
        let mut arm = Arm::from(Preset::DENSE_RELATIVE);
        assert_eq!(arm.describe(), Preset::DENSE_RELATIVE.describe());
        arm.model.description = None;
        assert_eq!(arm.describe(), "3 layers: dense, smooth-leaky-relu, dense");
    }
}
