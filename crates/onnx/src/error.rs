//! Errors of an export.

use pdmap_core::LayerError;
use pdmap_mixture::MixtureError;

/// Why a model has no ONNX graph.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A kind of layer that is not written as operators.
    #[error("layer {layer} (`{kind}`) has no ONNX form; the layers and base densities of this project have one")]
    Layer {
        /// Place of the layer: its index, for layers inside of others one index for each level.
        layer: String,
        /// Its kind.
        kind: String,
    },
    /// A base density that is not written as operators.
    #[error("the base density `{kind}` has no ONNX form; those of this project have one")]
    Base {
        /// Its kind.
        kind: String,
    },
    /// A network of a coupling that is not written as operators.
    #[error("layer {layer}: the network `{kind}` has no ONNX form; `perceptron` and `residual` have one")]
    Network {
        /// Place of the layer.
        layer: String,
        /// Kind of the network.
        kind: String,
    },
    /// More numbers than an ONNX file holds.
    #[error("{actual} bytes of tensors: an ONNX file holds fewer than {limit}")]
    TooLarge {
        /// The limit of the format, in bytes.
        limit: usize,
        /// Bytes of all tensors.
        actual: usize,
    },
    /// A layer that cannot be read, or is singular.
    #[error("layer {layer}: {source}")]
    Read {
        /// Place of the layer.
        layer: String,
        /// The reason.
        #[source]
        source: Box<LayerError>,
    },
    /// A base density that cannot be read.
    #[error("base density: {0}")]
    Density(#[from] MixtureError),
}

/// The result of an export.
pub type Result<T> = std::result::Result<T, OnnxError>;
