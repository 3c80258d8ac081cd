//! An arm as written in a plan file.

use std::path::Path;

use pdmap_core::Registry;
use pdmap_core::options::{self, OptionsError, Problem, Segment};
use pdmap_train::description::{Document, TrainingSpec};
use pdmap_train::{Architecture, ModelFile, ModelSpec, Preset, SpecError};
use serde::Deserialize;
use serde_json::Value;

use super::check::{key, refuse};
use super::common_keys::{check_training, preprocess};
use crate::arm::{AUTO, Arm};

/// Extension of a model file.
const MODEL_FILE: &str = ".toml";

/// One entry of `[[arms]]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ArmText {
    name: Option<String>,
    model: Value,
    depth: Option<usize>,
    alpha: Option<f64>,
    rate: Option<f64>,
    seed_offset: Option<u64>,
    preprocess: Option<Value>,
    #[serde(default)]
    training: TrainingSpec,
}

impl ArmText {
    /// Reads and checks the model of the arm at `index` of the plan.
    pub(crate) fn resolve(
        self,
        index: usize,
        common: &TrainingSpec,
        document: &Document,
        folder: &Path,
        registry: &Registry<f64>,
    ) -> Result<Arm, SpecError> {
        let at = [key("arms"), Segment::Index(index)];
        check_training(document, &at, &self.training, registry)?;
        let place = Place { document, at: &at, registry };
        let searched = self.model == AUTO;
        let preset = match &self.model {
            Value::String(name) if !searched && !name.ends_with(MODEL_FILE) => Some(place.preset(name)?),
            _ => None,
        };
        let mut model = match (preset, &self.model) {
            _ if searched => Arm::auto().model,
            (Some(preset), _) => self.preset_model(preset, common, place)?,
            (None, Value::String(path)) => place.file(&folder.join(path))?,
            (None, Value::Object(_)) => place.inline(&self.model)?,
            (None, _) => {
                return place.refuse("model", "expected a preset's name, the path of a model file, or a table");
            }
        };
        if preset.is_none_or(|preset| !preset.is_template()) {
            let given = [(self.depth.is_some(), "depth"), (self.alpha.is_some(), "alpha")];
            if let Some((_, name)) = given.into_iter().find(|(given, _)| *given) {
                return place.refuse(name, "applies to presets with a depth only: this model lists its layers");
            }
        }
        if searched && (self.rate.is_some() || self.training.rate.is_some()) {
            return place.refuse("rate", "has no effect: the members of `auto` have learning rates of their own");
        }
        if let Some(steps) = &self.preprocess {
            model.preprocess = Some(preprocess(steps).map_err(|error| {
                let path = at.iter().cloned().chain(error.path).collect();
                document.error(OptionsError { path, problem: error.problem })
            })?);
        }
        let usual = || searched.then(|| AUTO.to_owned());
        let name = self.name.or(preset.map(|preset| preset.name().to_owned())).or_else(usual);
        let name = name.ok_or_else(|| {
            let problem = Problem::MissingKey { key: "name" };
            document.error(OptionsError { path: at.to_vec(), problem })
        })?;
        let seed_offset = self.seed_offset.unwrap_or(0);
        Ok(Arm { name, model, training: self.training, rate: self.rate, seed_offset, searched })
    }

    /// The model of a preset. A learning rate common to all arms overrides the preset's suggestion.
    fn preset_model(&self, preset: Preset, common: &TrainingSpec, place: Place<'_>) -> Result<ModelSpec, SpecError> {
        let usual = Architecture::default();
        let depth = self.depth.unwrap_or(usual.depth);
        let alpha = self.alpha.unwrap_or(usual.alpha);
        if depth == 0 {
            return place.refuse("depth", "0: a flow needs at least one linear layer");
        }
        if !preset.is_template() {
            let mut model = preset.model(usual);
            if common.rate.is_some() {
                model.training.rate = None;
            }
            return Ok(model);
        }
        let mut model = preset.model(Architecture { depth, alpha });
        if let Err(error) = model.expand() {
            return place.refuse("depth", &format!("{depth}: {}", reason(error.problem)));
        }
        // Only α can be invalid here. A single layer has no α, so two are checked.
        let tried = preset.model(Architecture { depth: 2, alpha });
        match tried.check(place.document, place.at, place.registry) {
            Ok(()) => {}
            Err(SpecError::DescriptionLayer { source, .. }) => {
                return place.refuse("alpha", &source.to_string());
            }
            Err(other) => return Err(other),
        }
        if common.rate.is_some() {
            model.training.rate = None;
        }
        Ok(model)
    }
}

fn reason(problem: Problem) -> String {
    match problem {
        Problem::Invalid { reason } => reason,
        other => OptionsError::here(other).to_string(),
    }
}

/// The place of an arm in the plan file.
#[derive(Clone, Copy)]
struct Place<'a> {
    document: &'a Document,
    at: &'a [Segment],
    registry: &'a Registry<f64>,
}

impl Place<'_> {
    fn path(self, name: &str) -> Vec<Segment> {
        self.at.iter().cloned().chain([key(name)]).collect()
    }

    fn refuse<T>(self, name: &str, reason: &str) -> Result<T, SpecError> {
        refuse(&self.path(name), reason).map_err(|error| self.document.error(error))
    }

    fn preset(self, name: &str) -> Result<Preset, SpecError> {
        name.parse().or_else(|error: SpecError| {
            self.refuse("model", &format!("{error}; the path of a model file ends in {MODEL_FILE}"))
        })
    }

    /// A model written in the plan.
    fn inline(self, value: &Value) -> Result<ModelSpec, SpecError> {
        let at = self.path("model");
        let model: ModelSpec = options::parse(value).map_err(|OptionsError { path, problem }| {
            let path = at.iter().cloned().chain(path).collect();
            self.document.error(OptionsError { path, problem })
        })?;
        model.check(self.document, &at, self.registry)?;
        Ok(model)
    }

    /// A model file. Errors inside it name that file; a file that cannot be read is an error of the
    /// plan. Its training budget is ignored in favour of the comparison's.
    fn file(self, path: &Path) -> Result<ModelSpec, SpecError> {
        let mut model = match ModelFile::load(path, self.registry) {
            Ok(file) => file.spec,
            Err(error @ SpecError::Io { .. }) => return self.refuse("model", &error.to_string()),
            Err(other) => return Err(other),
        };
        model.training.steps = None;
        model.training.budget = None;
        Ok(model)
    }
}
