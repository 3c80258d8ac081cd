//! A plan as a TOML file. Every key is documented in `docs/plans.md`.

use std::path::Path;

use pdmap_core::Registry;
use pdmap_core::options::{self, OptionsError, Segment};
use pdmap_train::description::{Document, LayerEntry, TrainingSpec};
use pdmap_train::{Budget, ModelSpec, Preprocess, TrainError, registry};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::arm_text::ArmText;
use crate::axes::family;
use crate::check::{key, refuse};
use crate::{Arm, Parallel, Plan};

/// A plan as far as a file says it, checked, with every model read. What it leaves out is as the command line or the program says.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFile {
    description: Option<String>,
    arms: Vec<Arm>,
    seeds: Option<u64>,
    preprocess: Option<Vec<Preprocess>>,
    training: TrainingSpec,
    rates: Option<Vec<f64>>,
    tuning_share: Option<f64>,
    tuning_seeds: Option<u64>,
    smallest_effect: Option<f64>,
    parallel: Option<Parallel>,
    data: Option<String>,
    rows: Option<[usize; 3]>,
    contrasts: Vec<[String; 2]>,
}

/// The keys as they stand in the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PlanText {
    description: Option<String>,
    seeds: Option<u64>,
    rates: Option<Vec<f64>>,
    tuning_share: Option<f64>,
    tuning_seeds: Option<u64>,
    smallest_effect: Option<f64>,
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
    /// Reads and checks a plan and the models that it names, relative to its own folder.
    ///
    /// # Errors
    /// Whatever is wrong with the plan or a model, with file and line: [`TrainError::Description`], [`TrainError::DescriptionLayer`]; as
    /// [`Document::load`].
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        Self::new(&Document::load(path)?, path.parent().unwrap_or(Path::new("")))
    }

    /// The same for the text of the file called `name`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(name: &str, text: &str) -> Result<Self, TrainError> {
        Self::new(&Document::parse(name, text)?, Path::new(name).parent().unwrap_or(Path::new("")))
    }

    fn new(document: &Document, folder: &Path) -> Result<Self, TrainError> {
        // A kind of layer is the same in both precisions.
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
        let file = Self {
            description: text.description,
            arms,
            seeds: text.seeds,
            preprocess: text
                .preprocess
                .map(|steps| preprocess(&steps))
                .transpose()
                .map_err(|e| document.error(e))?,
            training: text.training,
            rates: text.rates,
            tuning_share: text.tuning_share,
            tuning_seeds: text.tuning_seeds,
            smallest_effect: text.smallest_effect,
            parallel: text.parallel,
            data: text.data,
            rows: text.rows,
            contrasts: pairs(text.contrasts).map_err(|error| document.error(error))?,
        };
        let plan = file.onto(Plan::new(Budget::Steps(1)));
        plan.check().map_err(|error| document.error(in_file(error, &entries)))?;
        Ok(file)
    }

    /// The data that the plan is about, where it says so: what `--data` takes.
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// Training, validation and test rows to make of it, where it says so.
    pub fn rows(&self) -> Option<[usize; 3]> {
        self.rows
    }

    /// A plan with what this file says in place of what it said; its arms and contrasts are the file's alone.
    pub fn onto(&self, plan: Plan) -> Plan {
        Plan {
            description: self.description.clone(),
            arms: self.arms.clone(),
            seeds: self.seeds.unwrap_or(plan.seeds),
            preprocess: self.preprocess.clone().unwrap_or(plan.preprocess),
            training: self.training.onto(plan.training),
            rates: self.rates.clone().unwrap_or(plan.rates),
            tuning_share: self.tuning_share.unwrap_or(plan.tuning_share),
            tuning_seeds: self.tuning_seeds.unwrap_or(plan.tuning_seeds),
            smallest_effect: self.smallest_effect.unwrap_or(plan.smallest_effect),
            parallel: self.parallel.or(plan.parallel),
            contrasts: self.contrasts.clone(),
        }
    }
}

/// An error about an arm of the plan, at the entry of the file that it came from.
fn in_file(mut error: OptionsError, entries: &[usize]) -> OptionsError {
    if let [Segment::Key(name), Segment::Index(arm), ..] = &mut error.path[..]
        && name == "arms"
        && let Some(&entry) = entries.get(*arm)
    {
        *arm = entry;
    }
    error
}

/// `"whiten"` is `["whiten"]`.
pub(crate) fn preprocess(steps: &Value) -> Result<Vec<Preprocess>, OptionsError> {
    let read = match steps {
        Value::Array(_) => options::parse(steps),
        one => options::parse(one).map(|step| vec![step]),
    };
    read.map_err(|error| error.within(key("preprocess")))
}

fn pairs(contrasts: Vec<Vec<String>>) -> Result<Vec<[String; 2]>, OptionsError> {
    let pair = |(index, names): (usize, Vec<String>)| {
        <[String; 2]>::try_from(names).or_else(|names| {
            let reason =
                format!("{} names, a contrast is [\"an arm\", \"what it is compared with\"]", names.len());
            refuse(&[key("contrasts"), Segment::Index(index)], &reason)
        })
    };
    contrasts.into_iter().enumerate().map(pair).collect()
}

/// The section `training` at a place of the document, as that of any model is checked.
pub(crate) fn check_training(
    document: &Document,
    at: &[Segment],
    training: &TrainingSpec,
    registry: &Registry<f64>,
) -> Result<(), TrainError> {
    // A layer without options: nothing but the training can be wrong.
    let layers = vec![LayerEntry::layer("shift", json!({}))];
    ModelSpec { training: training.clone(), ..ModelSpec::new(layers) }.check(document, at, registry)
}
