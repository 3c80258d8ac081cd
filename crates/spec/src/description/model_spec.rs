//! A model as data.

use std::path::Path;

use ndarray::Array2;
use pdmap_core::options::{OptionsError, Problem, Segment};
use pdmap_core::{BaseSpec, BuildContext, Flow, Layer, LayerError, LayerSpec, Real, Registry, Sample, Shape};
use pdmap_layers::preprocess::Domain;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::layer_entry::{LayerEntry, every_layer, expanded};
use crate::document::Document;
use crate::domains::ColumnDomains;
use crate::error::SpecError;
use crate::front::Front;
use crate::preprocess::Preprocess;
use crate::rows::Rows;
use crate::training_options::{TrainConfig, TrainingSpec};

/// Rows of the sample that layers with a data-dependent start may look at.
const SAMPLE: usize = 4096;

/// Rows of the sample, and numbers in it, where the base density is fitted to it. Wide rows are as
/// many as without.
const FITTED: [usize; 2] = [1 << 16, 1 << 24];

/// A flow before it is built: preprocessing, layers, base density, and how to train it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelSpec {
    /// A description in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Preprocessing in order, fitted to the training rows; by default what suits the data.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Option::is_none")]
    pub preprocess: Option<Vec<Preprocess>>,
    /// Bounds and periods of columns, by name or index; the density is 0 outside.
    #[serde(default, skip_serializing_if = "ColumnDomains::is_empty")]
    pub columns: ColumnDomains,
    /// The shape of a row: `[channels, length]` of a signal or `[channels, height, width]` of an
    /// image, for layers that need it; by default that of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// Numbers of the condition that follows the features of each row, for a density `p(x | c)`.
    /// They come with the data, not with a file.
    #[serde(skip)]
    pub conditions: usize,
    /// The domain of each feature, in its unit; empty if all are real. They come with the data, whose
    /// names [`columns`](Self::columns) refers to.
    #[serde(skip)]
    pub domains: Vec<Domain>,
    /// The base density.
    #[serde(default = "normal")]
    pub base: BaseSpec,
    /// The layers, in the order of application to data. There may be none in front of a base density
    /// that is fitted to rows.
    pub layers: Vec<LayerEntry>,
    /// How to train it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub training: TrainingSpec,
}

fn normal() -> BaseSpec {
    BaseSpec::default()
}

fn is_default(training: &TrainingSpec) -> bool {
    *training == TrainingSpec::default()
}

/// `"whiten"` is `["whiten"]`.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Preprocess>>, D::Error> {
    struct OneOrMany;

    impl<'de> Visitor<'de> for OneOrMany {
        type Value = Vec<Preprocess>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a preprocessing step or a list of them")
        }

        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
            name.parse().map(|step| vec![step]).map_err(|_| E::unknown_variant(name, Preprocess::NAMES))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Ok(vec![Preprocess::deserialize(MapAccessDeserializer::new(map))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut steps = Vec::new();
            while let Some(step) = items.next_element()? {
                steps.push(step);
            }
            Ok(steps)
        }
    }
    deserializer.deserialize_any(OneOrMany).map(Some)
}

impl ModelSpec {
    /// Layers on a standard normal base, without training options.
    pub fn new(layers: Vec<LayerEntry>) -> Self {
        let training = TrainingSpec::default();
        Self {
            description: None,
            preprocess: None,
            columns: ColumnDomains::default(),
            shape: None,
            conditions: 0,
            domains: vec![],
            base: BaseSpec::default(),
            layers,
            training,
        }
    }

    /// The model for rows of this shape, unless it sets a shape itself.
    #[must_use]
    pub fn shaped(&self, shape: Vec<usize>) -> Self {
        Self { shape: self.shape.clone().or(Some(shape)), ..self.clone() }
    }

    /// All layers, repeats written out, each with its place in the description.
    ///
    /// # Errors
    /// An entry that is neither a layer nor a repeat; more than 10,000 layers.
    pub fn expand(&self) -> Result<Vec<(LayerSpec, Vec<Segment>)>, OptionsError> {
        expanded(&self.layers)
    }

    /// A new flow on `features` numbers a row: the layers `fixed` (fitted preprocessing), then
    /// those of this description, with parameters that depend on `seed` and, for kinds with a
    /// data-dependent start, on the `sample` of rows, of which each counts as often as its weight
    /// says where there are weights.
    ///
    /// # Errors
    /// Layers that cannot be built.
    pub fn build<F: Real>(
        &self,
        fixed: Vec<Box<dyn Layer<F>>>,
        (sample, weights): (Array2<F>, Option<Vec<f64>>),
        features: usize,
        seed: u64,
        registry: &Registry<F>,
    ) -> Result<Flow<F>, SpecError> {
        let layers: Vec<LayerSpec> = self.expand()?.into_iter().map(|(spec, _)| spec).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The sample holds rows followed by their conditions.
        let (rows, given) = match self.conditions {
            0 => (sample, None),
            _ => {
                let (rows, given) = sample.view().split_at(ndarray::Axis(1), features.min(sample.ncols()));
                (rows.to_owned(), Some(given.to_owned()))
            }
        };
        let mut sample = Sample::new(rows).given(given).weighted(weights);
        let shape = self.shape.as_deref().map(Shape::of).transpose()?;
        let context = BuildContext::new(features, &mut rng, &mut sample).shaped(shape);
        let mut context = context.conditioned(self.conditions);
        Ok(Flow::build(fixed, &layers, &self.base, &mut context, registry)?)
    }
}

impl ModelSpec {
    /// A new flow for training rows: preprocessing `steps` fitted to them, then the layers.
    ///
    /// # Errors
    /// As [`Preprocess::fit`] and [`build`](Self::build).
    pub fn build_on<'a, F: Real>(
        &self,
        rows: impl Into<Rows<'a, F>>,
        steps: &[Preprocess],
        seed: u64,
        registry: &Registry<F>,
    ) -> Result<Flow<F>, SpecError> {
        let rows = rows.into();
        let Some(features) = rows.features().checked_sub(self.conditions).filter(|&features| features > 0) else {
            return Err(LayerError::Conditions { expected: self.conditions, actual: rows.features() }.into());
        };
        if self.domains.is_empty() && !self.columns.is_empty() {
            return Err(SpecError::UnboundColumns);
        }
        let front = self.front(steps);
        let fixed = match rows {
            Rows::Memory(rows) => front.fit(rows.first(features).into())?,
            Rows::File(_) if self.conditions > 0 => return Err(SpecError::ConditionsInFile),
            Rows::File(_) => front.fit(rows)?,
        };
        let own = match front.angles() {
            0 => None,
            angles => Some(self.with_angles(features - angles, angles)),
        };
        let own = own.as_ref().unwrap_or(self);
        let [most, numbers] = FITTED;
        let count = if registry.fits_base(&own.base) { (numbers / features).clamp(SAMPLE, most) } else { SAMPLE };
        let sample = match rows.weights() {
            // A start of layers that depends on rows knows no weights.
            Some(_) if !registry.fits_base(&own.base) => (rows.sample_by_weight(count)?, None),
            _ => (rows.sample(count)?, rows.weights_of_sample(count)),
        };
        own.build(fixed, sample, features, seed, registry)
    }
}

impl ModelSpec {
    /// The number of fixed layers in front of those of this description, with these steps of
    /// preprocessing.
    pub fn preprocessing(&self, steps: &[Preprocess]) -> usize {
        self.front(steps).layers()
    }

    fn front<'a>(&'a self, steps: &'a [Preprocess]) -> Front<'a> {
        Front { domains: &self.domains, cut: self.is_columnwise(), steps }
    }
}

/// A description with its file, so that errors give the line.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The model.
    pub spec: ModelSpec,
    document: Document,
}

impl ModelFile {
    /// Reads and checks a description: keys, names, types and ranges.
    ///
    /// # Errors
    /// [`SpecError::Description`], [`SpecError::DescriptionLayer`] with the line; as [`Document::load`].
    pub fn load<F: Real>(path: &Path, registry: &Registry<F>) -> Result<Self, SpecError> {
        Self::new(Document::load(path)?, registry)
    }

    /// Parses a text.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse<F: Real>(name: &str, text: &str, registry: &Registry<F>) -> Result<Self, SpecError> {
        Self::new(Document::parse(name, text)?, registry)
    }

    fn new<F: Real>(document: Document, registry: &Registry<F>) -> Result<Self, SpecError> {
        let file = Self { spec: document.read()?, document };
        file.spec.check(&file.document, &[], registry)?;
        Ok(file)
    }

    /// The file, for messages.
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// Adds the line to an error about one of the layers.
    pub fn locate(&self, error: SpecError) -> SpecError {
        match error {
            SpecError::Options(error) => self.document.error(error),
            other => other,
        }
    }
}

/// Features of the flow on which a description is checked: enough to validate the options of any
/// layer.
const TRIED: usize = 2;

impl ModelSpec {
    /// Checks all that does not depend on data: kinds, options and their ranges, contradictions.
    /// `at` is the place of the model in the document.
    ///
    /// # Errors
    /// [`SpecError::Description`], [`SpecError::DescriptionLayer`].
    pub fn check<F: Real>(&self, document: &Document, at: &[Segment], registry: &Registry<F>) -> Result<(), SpecError> {
        let inside = |error: OptionsError| OptionsError {
            path: at.iter().cloned().chain(error.path).collect(),
            problem: error.problem,
        };
        let refuse = |keys: &[&str], reason: String| {
            let path = keys.iter().map(|key| Segment::Key((*key).to_owned())).collect();
            Err(document.error(inside(OptionsError { path, problem: Problem::Invalid { reason } })))
        };
        let training = &self.training;
        if training.steps.is_some() && training.budget.is_some() {
            return refuse(&["training", "budget"], "excludes `steps`: a run has one budget".into());
        }
        if training.batch == Some(0) {
            return refuse(&["training", "batch"], "0: a batch has at least one row".into());
        }
        if let Err((key, error)) = training.onto(TrainConfig::default()).check() {
            return refuse(&["training", key], error.to_string());
        }
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut none = Sample::new(Array2::zeros((0, TRIED)));
        match registry.build_base(&self.base, &mut BuildContext::new(TRIED, &mut rng, &mut none)) {
            Ok(_) => {}
            Err(LayerError::Options { problem, .. }) => {
                let inner = (!self.base.options.is_empty()).then(|| Segment::Key(self.base.kind.clone()));
                let problem = inner.into_iter().fold(*problem, OptionsError::within);
                return Err(document.error(inside(problem.within(Segment::Key("base".to_owned())))));
            }
            Err(error) => return refuse(&["base"], error.to_string()),
        }
        for step in self.preprocess.iter().flatten() {
            if let Err(error) = step.validate() {
                return refuse(&["preprocess"], error.to_string());
            }
        }
        let expanded = self.expand().map_err(|error| document.error(inside(error)))?;
        if expanded.is_empty() && !registry.fits_base(&self.base) {
            return refuse(&["layers"], "a flow has at least one layer".into());
        }
        let layers = every_layer(&self.layers).map_err(|error| document.error(inside(error)))?;
        for (spec, place) in layers {
            let mut sample = Sample::new(Array2::zeros((0, TRIED)));
            let shape = self.shape.as_deref().and_then(|dims| Shape::of(dims).ok());
            let context = BuildContext::new(TRIED, &mut rng, &mut sample).shaped(shape);
            // Whether rows have a condition depends on the data.
            let mut context = context.conditioned(1);
            let shaped = self.shape.is_some() || spec.options.get("shape").is_some();
            if let Err(error) = registry.build(&spec, &mut context) {
                if !shaped && matches!(error, LayerError::Indivisible { .. }) {
                    // The number of features is that of the check, not of the data.
                    continue;
                }
                let place: Vec<Segment> = at.iter().cloned().chain(place).collect();
                about_a_layer(document, place, error)?;
            }
        }
        Ok(())
    }
}

/// Reports an error of a layer that does not depend on the data. Others, such as too few features
/// for a layer, may not occur when the flow is built.
fn about_a_layer(document: &Document, mut place: Vec<Segment>, error: LayerError) -> Result<(), SpecError> {
    match error {
        LayerError::Options { problem, .. } => {
            let OptionsError { path, problem } = *problem;
            place.extend(path);
            Err(document.error(OptionsError { path: place, problem }))
        }
        LayerError::UnknownKind { .. }
        | LayerError::NotBuildable { .. }
        | LayerError::Range { .. }
        | LayerError::NonFinite { .. }
        | LayerError::NotPositive { .. }
        | LayerError::Indivisible { .. }
        | LayerError::Conflict { .. } => {
            if let LayerError::UnknownKind { .. } = error {
                place.push(Segment::Key("kind".to_owned()));
            }
            let (file, line) = (document.name.clone(), document.lines.of(&place));
            Err(SpecError::DescriptionLayer { file, line, source: Box::new(error) })
        }
        _ => Ok(()),
    }
}
