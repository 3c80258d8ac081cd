//! Reading, with nothing believed that the file does not hold.

use std::path::Path;

use pdmap_core::{Flow, Real, Registry, Tensors};

use super::{ENTRY, FORMAT, Header};
use crate::tensor_file::{self, damaged};
use crate::{Condition, TrainError, weights_hash};

/// A flow with what its file says about it.
#[derive(Debug, Clone)]
pub struct Model<F: Real> {
    /// What the header says.
    pub header: Header,
    /// The flow.
    pub flow: Flow<F>,
}

impl<F: Real> Model<F> {
    /// A model of a flow, ready to be saved. The first `preprocessing` layers are named as such in the header.
    pub fn new(flow: Flow<F>, space: String, preprocessing: usize) -> Self {
        let header = Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dtype: F::DTYPE.to_owned(),
            features: flow.features(),
            space,
            condition: (flow.conditions() > 0).then(|| Condition::Vector { width: flow.conditions() }),
            preprocessing,
            layers: flow.chain().specs(),
            base: flow.base().spec(),
            training: None,
        };
        Self { header, flow }
    }

    /// A hash of all weights: equal for equal bits, whatever else the file says.
    pub fn weights_hash(&self) -> String {
        weights_hash(&self.flow)
    }

    /// Reads a model whose kinds of layers `registry` knows.
    ///
    /// # Errors
    /// A missing, damaged, truncated or inconsistent file; another format or precision; unknown kinds of layers.
    pub fn load(path: &Path, registry: &Registry<F>) -> Result<Self, TrainError> {
        let contents = tensor_file::read(path)?;
        let header = header(path, &contents)?;
        if header.dtype != F::DTYPE {
            return Err(TrainError::Dtype {
                path: path.to_owned(),
                expected: F::DTYPE,
                actual: header.dtype.clone(),
            });
        }
        let tensors = Tensors::from_iter(tensor_file::tensors(path, &contents)?);
        let flow = Flow::restore(header.features, &header.layers, &header.base, tensors, registry)
            .map_err(|source| TrainError::Inconsistent { path: path.to_owned(), source })?;
        let (said, wanted) = (header.condition.map_or(0, Condition::width), flow.conditions());
        if wanted > 0 && said != wanted {
            return Err(damaged(
                path,
                format!("a condition of {said} numbers, and layers that want {wanted}"),
            ));
        }
        if header.preprocessing > header.layers.len() {
            let reason =
                format!("{} of {} layers are preprocessing", header.preprocessing, header.layers.len());
            return Err(damaged(path, reason));
        }
        Ok(Self { header, flow })
    }
}

/// The precision of a model file, `f32` or `f64`, without making its tensors.
///
/// # Errors
/// As [`Model::load`].
pub fn dtype(path: &Path) -> Result<String, TrainError> {
    let dtype = header(path, &tensor_file::read(path)?)?.dtype;
    if dtype == "f32" || dtype == "f64" {
        Ok(dtype)
    } else {
        Err(damaged(path, format!("unknown dtype `{dtype}`; known: f32, f64")))
    }
}

fn header(path: &Path, contents: &[u8]) -> Result<Header, TrainError> {
    tensor_file::parse(path, &tensor_file::entry(path, contents, ENTRY)?, FORMAT)
}
