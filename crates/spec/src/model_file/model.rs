//! A flow with its header, to and from a file or bytes. Reading trusts nothing that the file does
//! not prove.

use std::path::Path;

use pdmap_core::{Flow, ParametricExt, Real, Registry, Tensors};

use super::header::{ENTRY, FORMAT, Header};
use crate::categorical::{Categories, LabelDensity};
use crate::column_map::ColumnMap;
use crate::condition::Condition;
use crate::error::SpecError;
use crate::limits;
use crate::tensor_file::{self, IN_MEMORY, damaged};
use crate::weights_hash::{hash_with, weights_hash};

/// A flow with what its file says about it.
#[derive(Debug, Clone)]
pub struct Model<F: Real> {
    /// The header.
    pub header: Header,
    /// The flow.
    pub flow: Flow<F>,
    /// The density of the columns of categories that the header lists, if there are any.
    pub labels: Option<LabelDensity>,
}

impl<F: Real> Model<F> {
    /// A model of a flow, ready to be saved. The header lists the first `preprocessing` layers as
    /// preprocessing.
    pub fn new(flow: Flow<F>, space: String, preprocessing: usize) -> Self {
        let header = Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dtype: F::DTYPE.to_owned(),
            features: flow.features(),
            space,
            condition: (flow.conditions() > 0).then(|| Condition::vector(flow.conditions())),
            categories: None,
            columns: ColumnMap::default(),
            preprocessing,
            layers: flow.chain().specs(),
            base: flow.base().spec(),
            training: None,
        };
        Self { header, flow, labels: None }
    }

    /// The joint density of columns of categories and of the numbers, whose flow has one-hot
    /// vectors of the categories as its condition.
    #[must_use]
    pub fn with_categories(mut self, categories: Categories, labels: LabelDensity) -> Self {
        (self.header.condition, self.header.categories, self.labels) = (None, Some(categories), Some(labels));
        self
    }

    /// The columns of categories and their density, if there are any.
    pub fn categorical(&self) -> Option<(&Categories, &LabelDensity)> {
        self.header.categories.as_ref().zip(self.labels.as_ref())
    }

    /// A hash of all weights: equal for equal bits, independent of the header.
    pub fn weights_hash(&self) -> String {
        match &self.labels {
            None => weights_hash(&self.flow),
            Some(labels) => hash_with(&self.flow, &labels.tensors()),
        }
    }

    /// Reads a model whose kinds of layers `registry` knows.
    ///
    /// # Errors
    /// A missing, damaged, truncated or inconsistent file; another format or precision; unknown
    /// kinds of layers.
    pub fn load(path: &Path, registry: &Registry<F>) -> Result<Self, SpecError> {
        Self::read(path, &tensor_file::read(path)?, registry)
    }

    /// As [`load`](Self::load), from the bytes of a file.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_bytes(bytes: &[u8], registry: &Registry<F>) -> Result<Self, SpecError> {
        Self::read(Path::new(IN_MEMORY), bytes, registry)
    }

    /// Reads the bytes of the file called `path`.
    pub(super) fn read(path: &Path, contents: &[u8], registry: &Registry<F>) -> Result<Self, SpecError> {
        let header = header(path, contents)?;
        if header.dtype != F::DTYPE {
            return Err(SpecError::Dtype { path: path.to_owned(), expected: F::DTYPE, actual: header.dtype.clone() });
        }
        // Before any tensor is read.
        header.check(None).map_err(|reason| damaged(path, reason))?;
        let own = |name: &str| header.categories.is_some() && LabelDensity::owns(name);
        let tensors = Tensors::from_iter(tensor_file::tensors_where(path, contents, |name| !own(name))?);
        let labels = header.categories.as_ref().map(|categories| -> Result<_, SpecError> {
            let tensors = tensor_file::tensors_where::<f64>(path, contents, own)?;
            LabelDensity::restore(categories, tensors).map_err(|reason| damaged(path, reason))
        });
        let labels = labels.transpose()?;
        let flow = Flow::restore(header.features, &header.layers, &header.base, tensors, registry)
            .map_err(|source| SpecError::Inconsistent { path: path.to_owned(), source: Box::new(source) })?;
        header.check(Some(flow.conditions())).map_err(|reason| damaged(path, reason))?;
        Ok(Self { header, flow, labels })
    }

    /// Writes the model atomically: a temporary file beside `path`, flushed to the disk, then
    /// renamed. An interrupted write leaves the old file.
    ///
    /// # Errors
    /// [`SpecError::Io`] with the path; as [`to_bytes`](Self::to_bytes).
    pub fn save(&self, path: &Path) -> Result<(), SpecError> {
        tensor_file::save(path, &self.to_bytes()?)
    }

    /// The bytes of the model's file.
    ///
    /// # Errors
    /// [`SpecError::TooLarge`] and [`SpecError::Unsavable`] for a model that could not be read again.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SpecError> {
        let header = Header { format: FORMAT, ..self.header.clone() };
        let backed = self.flow.chain().fixes_features() || self.flow.base().features().is_some();
        limits::check(header.features, backed, &header.layers)?;
        header.check(Some(self.flow.conditions())).map_err(|reason| SpecError::Unsavable { reason })?;
        let (categories, labels) = (header.categories.as_ref(), self.labels.as_ref());
        let counts = labels.map(|labels| labels.known().labels().to_vec());
        if categories.map(Categories::counts) != counts {
            let reason = format!(
                "columns of categories with {:?} labels, and a density of {counts:?}",
                categories.map(Categories::counts)
            );
            return Err(SpecError::Unsavable { reason });
        }
        let json = serde_json::to_string(&header);
        let json = json.map_err(|error| SpecError::Unsavable { reason: error.to_string() })?;
        // Layers nested too deeply are written, but not parsed; neither are infinite options.
        tensor_file::parse::<Header>(Path::new(IN_MEMORY), &json, FORMAT)
            .map_err(|error| SpecError::Unsavable { reason: error.to_string() })?;
        let beside = labels.map(LabelDensity::tensors).unwrap_or_default();
        tensor_file::bytes_beside(ENTRY, json, self.flow.tensors(), beside)
    }
}

impl Header {
    /// Whether the parts of a header agree with each other and, where it is known, with a flow of
    /// so many conditions.
    fn check(&self, wanted: Option<usize>) -> Result<(), String> {
        self.condition.as_ref().map_or(Ok(()), Condition::check)?;
        self.columns.check(self.features)?;
        if let Some(categories) = &self.categories {
            categories.check(self.columns.columns_of(self.features))?;
            if self.condition.is_some() {
                return Err("a condition and columns of categories".to_owned());
            }
        }
        let said = self.condition.as_ref().map_or(0, Condition::width);
        let said = self.categories.as_ref().map_or(said, Categories::width);
        if let Some(wanted) = wanted.filter(|&wanted| wanted > 0 && said != wanted) {
            return Err(format!("a condition of {said} numbers, and layers that need {wanted}"));
        }
        if self.preprocessing > self.layers.len() {
            return Err(format!("{} of {} layers are preprocessing", self.preprocessing, self.layers.len()));
        }
        Ok(())
    }
}

/// The precision of a model file, `f32` or `f64`, without reading its tensors.
///
/// # Errors
/// As [`Model::load`].
pub fn dtype(path: &Path) -> Result<String, SpecError> {
    dtype_of(path, &tensor_file::read(path)?)
}

/// The precision that the bytes of the file called `path` have.
pub(super) fn dtype_of(path: &Path, contents: &[u8]) -> Result<String, SpecError> {
    let dtype = header(path, contents)?.dtype;
    if dtype == "f32" || dtype == "f64" {
        Ok(dtype)
    } else {
        Err(damaged(path, format!("unknown dtype `{dtype}`; known: f32, f64")))
    }
}

fn header(path: &Path, contents: &[u8]) -> Result<Header, SpecError> {
    tensor_file::parse(path, &tensor_file::entry(path, contents, ENTRY)?, FORMAT)
}
