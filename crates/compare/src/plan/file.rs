//! A plan as a TOML file. Every key is documented in `docs/plans.md`.

use std::path::Path;

use pdmap_core::options::{self, OptionsError, Segment};
use pdmap_train::description::{Document, TrainingSpec};
use pdmap_train::{Budget, Preprocess, SpecError, registry};
use serde::Deserialize;
use serde_json::Value;

use super::arm_text::ArmText;
use super::axes::family;
use super::check::{key, refuse};
use super::common_keys::{check_training, preprocess};
use super::data::Plan;
use super::parallel::Parallel;
use crate::arm::Arm;

/// A partial plan from a file, checked, with every model read. The command line or the
/// program supplies the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFile {
    text: PlanText,
    preprocess: Option<Vec<Preprocess>>,
    arms: Vec<Arm>,
    contrasts: Vec<[String; 2]>,
}

/// The keys of the file. Those of `plan` replace fields of a [`Plan`].
macro_rules! plan_text {
    ($first:ident: $first_type:ty, plan { $($key:ident: $type:ty,)+ } $($(#[$meta:meta])* $other:ident: $other_type:ty,)+) => {
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        struct PlanText {
            $first: $first_type,
            $($key: Option<$type>,)+
            $($(#[$meta])* $other: $other_type,)+
        }

        impl PlanText {
            fn onto(&self, mut plan: Plan) -> Plan {
                $(if let Some(value) = &self.$key {
                    plan.$key.clone_from(value);
                })+
                plan
            }
        }
    };
}

plan_text! {
    description: Option<String>,
    plan {
        seeds: u64,
        rates: Vec<f64>,
        tuning_share: f64,
        tuning_seeds: u64,
        smallest_effect: f64,
    }
    parallel: Option<Parallel>,
    data: Option<String>,
    rows: Option<[usize; 3]>,
    preprocess: Option<Value>,
    #[serde(default)]
    training: TrainingSpec,
    #[serde(default)]
    contrasts: Vec<Vec<String>>,
    arms: Vec<Value>,
}

impl PlanFile {
    /// Reads and checks a plan and the models that it names, relative to its folder.
    ///
    /// # Errors
    /// Errors of the plan or a model, with file and line: [`SpecError::Description`],
    /// [`SpecError::DescriptionLayer`]; as
    /// [`Document::load`].
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        Self::new(&Document::load(path)?, path.parent().unwrap_or(Path::new("")))
    }

    /// Parses the text of the file called `name`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(name: &str, text: &str) -> Result<Self, SpecError> {
        Self::new(&Document::parse(name, text)?, Path::new(name).parent().unwrap_or(Path::new("")))
    }

    fn new(document: &Document, folder: &Path) -> Result<Self, SpecError> {
        // Both precisions have the same kinds of layers.
        let registry = registry::<f64>();
        let text: PlanText = document.read()?;
        check_training(document, &[], &text.training, &registry)?;
        let mut arms = Vec::new();
        let mut entries = Vec::new();
        for (index, entry) in text.arms.iter().enumerate() {
            let at = [key("arms"), Segment::Index(index)];
            let inside = |error: OptionsError| {
                let path = at.iter().cloned().chain(error.path).collect();
                document.error(OptionsError { path, problem: error.problem })
            };
            for member in family(entry).map_err(inside)? {
                let arm: ArmText = options::parse(&member).map_err(inside)?;
                arms.push(arm.resolve(index, &text.training, document, folder, &registry)?);
                entries.push(index);
            }
        }
        let read = |steps: &Value| preprocess(steps).map_err(|error| document.error(error));
        let file = Self {
            arms,
            preprocess: text.preprocess.as_ref().map(read).transpose()?,
            contrasts: pairs(&text.contrasts).map_err(|error| document.error(error))?,
            text,
        };
        let plan = file.onto(Plan::new(Budget::Steps(1)));
        plan.check().map_err(|error| document.error(in_file(error, &entries)))?;
        Ok(file)
    }

    /// The data of the plan, in the form that `--data` takes, if given.
    pub fn data(&self) -> Option<&str> {
        self.text.data.as_deref()
    }

    /// Numbers of training, validation and test rows, if given.
    pub fn rows(&self) -> Option<[usize; 3]> {
        self.text.rows
    }

    /// `plan`, overridden by this file; arms and contrasts are those of the file.
    pub fn onto(&self, plan: Plan) -> Plan {
        let plan = self.text.onto(plan);
        Plan {
            description: self.text.description.clone(),
            arms: self.arms.clone(),
            preprocess: self.preprocess.clone().unwrap_or(plan.preprocess),
            training: self.text.training.onto(plan.training),
            parallel: self.text.parallel.or(plan.parallel),
            contrasts: self.contrasts.clone(),
            ..plan
        }
    }
}

/// Assigns an error about an arm to the arm's entry in the file.
fn in_file(mut error: OptionsError, entries: &[usize]) -> OptionsError {
    if let [Segment::Key(name), Segment::Index(arm), ..] = &mut error.path[..]
        && name == "arms"
        && let Some(&entry) = entries.get(*arm)
    {
        *arm = entry;
    }
    error
}

fn pairs(contrasts: &[Vec<String>]) -> Result<Vec<[String; 2]>, OptionsError> {
    let pair = |(index, names): (usize, &Vec<String>)| {
        <[String; 2]>::try_from(names.clone()).or_else(|names| {
            let reason = format!("{} names, a contrast is [\"an arm\", \"what it is compared with\"]", names.len());
            refuse(&[key("contrasts"), Segment::Index(index)], &reason)
        })
    };
    contrasts.iter().enumerate().map(pair).collect()
}
