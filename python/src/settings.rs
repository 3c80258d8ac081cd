//! What is fitted, and how, as the Python package says it.

use std::path::Path;
use std::time::Duration;

use pdmap_core::{Real, options};
use pdmap_train::{
    Architecture, Budget, ColumnDomain, ColumnDomains, Condition, DiscreteColumns, ModelFile, ModelSpec, Preprocess,
    Preset, Seconds, TableConfig, TableModel, TrainingSpec, registry,
};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::error::{of_spec, value};

/// The arguments of `fit`, as JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    model: ModelName,
    /// Seconds.
    budget: Option<f64>,
    steps: Option<u64>,
    seed: u64,
    data_seed: u64,
    #[serde(default)]
    training: TrainingSpec,
    #[serde(default)]
    preprocess: Option<Vec<Preprocess>>,
    #[serde(default)]
    keep_discrete: bool,
    #[serde(default)]
    drop_degenerate: bool,
    /// `COLUMN=A..B`.
    #[serde(default)]
    bounds: Vec<String>,
    /// `COLUMN=PERIOD`.
    #[serde(default)]
    angles: Vec<String>,
    /// What a condition is.
    #[serde(default)]
    condition: Option<Condition>,
}

/// `auto`, a preset, the path of a description, or the description itself.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ModelName {
    Name(String),
    Description(serde_json::Value),
}

/// Time of a fit without a budget.
const BUDGET: Duration = Duration::from_secs(60);

impl Settings {
    pub(crate) fn parse(text: &str) -> PyResult<Self> {
        // As descriptions are read: a bare name is an alternative with default options.
        let given = serde_json::from_str(text).map_err(value)?;
        options::parse(&given).map_err(value)
    }

    /// What a condition is, if there is one.
    pub(crate) fn condition(&self) -> Option<Condition> {
        self.condition.clone()
    }

    pub(crate) fn config<F: Real>(&self) -> PyResult<TableConfig> {
        let model = self.model::<F>()?;
        let own = match &model {
            TableModel::Described(spec) => spec.training.clone(),
            _ => TrainingSpec::default(),
        };
        let named = [self.training.steps.is_some(), self.training.budget.is_some()];
        let given = [self.budget.is_some(), self.steps.is_some()].into_iter().chain(named);
        if given.filter(|&given| given).count() > 1 {
            return Err(value("budget, steps and those of training: a run has one budget"));
        }
        let budget = match (self.budget, self.steps) {
            (None, Some(steps)) => Some(Budget::Steps(steps)),
            (Some(seconds), None) => match Duration::try_from_secs_f64(seconds) {
                Ok(time) if seconds > 0.0 => Some(Budget::Time(time)),
                _ => return Err(value(format!("budget {seconds}: a positive number of seconds"))),
            },
            _ => None,
        };
        let mut training = self.training.clone();
        // Instead of what a description says.
        match budget {
            Some(Budget::Steps(steps)) => training.steps = Some(steps),
            Some(Budget::Time(time)) => training.budget = Some(Seconds(time)),
            None => {}
        }
        if training.batch == Some(0) {
            return Err(value("training: batch 0: a batch has at least one row"));
        }
        let domain = |parse: fn(&str) -> Result<ColumnDomain, String>| move |text: &String| parse(text).map_err(value);
        let mut domains: Vec<ColumnDomain> =
            self.bounds.iter().map(domain(ColumnDomain::bound)).collect::<PyResult<_>>()?;
        domains.extend(self.angles.iter().map(domain(ColumnDomain::angle)).collect::<PyResult<Vec<_>>>()?);
        let described = match &model {
            TableModel::Described(spec) => spec.columns.clone(),
            _ => ColumnDomains::default(),
        };
        let usual = own.onto(pdmap_train::TrainConfig::new(Budget::Time(BUDGET))).budget;
        Ok(TableConfig {
            model,
            budget: budget.unwrap_or(usual),
            seed: self.seed,
            data_seed: self.data_seed,
            training,
            preprocess: self.preprocess.clone(),
            discrete: if self.keep_discrete { DiscreteColumns::Keep } else { DiscreteColumns::Dequantize },
            drop_degenerate: self.drop_degenerate,
            domains: described.overridden_by(&ColumnDomains(domains)),
        })
    }

    fn model<F: Real>(&self) -> PyResult<TableModel> {
        match &self.model {
            ModelName::Name(name) if name == "auto" => Ok(TableModel::Auto),
            ModelName::Name(name) if is_toml(name) => {
                let file = ModelFile::load::<F>(Path::new(name), &registry()).map_err(of_spec)?;
                Ok(TableModel::Described(Box::new(file.spec)))
            }
            ModelName::Name(name) => {
                let preset: Preset = name.parse().map_err(of_spec)?;
                Ok(TableModel::Named(preset, Architecture::default()))
            }
            ModelName::Description(description) => {
                let spec: ModelSpec = options::parse(description).map_err(|error| value(format!("model: {error}")))?;
                Ok(TableModel::Described(Box::new(spec)))
            }
        }
    }
}

fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// Names and descriptions of all presets.
#[pyfunction]
pub(crate) fn presets() -> Vec<(&'static str, &'static str)> {
    Preset::all().map(|preset| (preset.name(), preset.describe())).collect()
}
