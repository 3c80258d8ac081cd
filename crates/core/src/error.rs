//! What can go wrong in a layer or a flow, with the numbers.

use std::sync::Arc;

use crate::options::OptionsError;

/// Errors of layers, flows, groups and optimizers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// An array has another shape than the layer was built for.
    #[error("{what}: expected shape {expected:?}, found {actual:?}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// The shape that fits.
        expected: Vec<usize>,
        /// The shape that came.
        actual: Vec<usize>,
    },
    /// A batch has another number of features than the layer or flow.
    #[error("{what} has {actual} features a row, the map has {expected}")]
    Features {
        /// Which array.
        what: &'static str,
        /// Features of the layer or flow.
        expected: usize,
        /// Features of the array.
        actual: usize,
    },
    /// A value is NaN or infinite.
    #[error("{what}: row {row}, column {column} is {value}")]
    NonFinite {
        /// Which array.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value, as `f64`.
        value: f64,
    },
    /// A value outside the domain of a layer.
    #[error("row {row}, column {column} is {value}: must be {range}")]
    Domain {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value, as `f64`.
        value: f64,
        /// The domain, in words.
        range: &'static str,
    },
    /// An array is not contiguous in row-major order.
    #[error("{what} must be contiguous in row-major order; its strides are {strides:?}")]
    Layout {
        /// Which array.
        what: &'static str,
        /// Strides in elements.
        strides: Vec<isize>,
    },
    /// A matrix of a linear map has no inverse to working precision.
    #[error("singular {dim} x {dim} matrix: pivot {pivot} is {value:e}")]
    Singular {
        /// Side of the matrix.
        dim: usize,
        /// Index of the pivot that vanished.
        pivot: usize,
        /// Its value.
        value: f64,
    },
    /// A matrix that should be orthonormal is not.
    #[error("not orthonormal: max|W'W - I| = {residual:e}, allowed {tolerance:e}")]
    NotOrthonormal {
        /// `max|WᵀW − I|`.
        residual: f64,
        /// The largest residual that is accepted.
        tolerance: f64,
    },
    /// A period that does not divide a length, or is longer than it.
    #[error(
        "{what} {length} does not fit the period {period}: it must be a multiple of it (at least one period where the boundary is isolated)"
    )]
    Indivisible {
        /// Which length.
        what: &'static str,
        /// The length.
        length: usize,
        /// The period.
        period: usize,
    },
    /// One of the matrices that a layer applies one after the other is at fault.
    #[error("stage {stage}: {problem}")]
    Stage {
        /// Which of them, from 0 in the order of application.
        stage: usize,
        /// What is wrong with it.
        problem: Box<LayerError>,
    },
    /// A scale of a positive diagonal is not positive.
    #[error("scale {index} is {value}, and must be positive")]
    NotPositive {
        /// Index of the feature.
        index: usize,
        /// Its scale.
        value: f64,
    },
    /// An option of a layer, optimizer or base density is outside its range.
    #[error("{what} = {value}: must be {range}")]
    Range {
        /// Name of the option.
        what: &'static str,
        /// The value given.
        value: f64,
        /// The accepted values, in words.
        range: &'static str,
    },
    /// A layer that asks what the features of a row are, where nobody says so.
    #[error("{what} needs the shape of the rows: [channels, length] or [channels, height, width]")]
    NoShape {
        /// Which layer.
        what: &'static str,
    },
    /// Rows that come with a condition of another width than the flow wants, or with none.
    #[error("the flow wants a condition of {expected} numbers a row, {actual} came")]
    Conditions {
        /// Numbers of a condition that the flow wants.
        expected: usize,
        /// Numbers that came.
        actual: usize,
    },
    /// Two options exclude each other.
    #[error("{first} does not go with {second}")]
    Conflict {
        /// One option.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// `backward` was called on a tape that holds no forward pass of the same batch.
    #[error("the tape holds no recorded forward pass: buffer {index} is missing or of another size")]
    Tape {
        /// Index of the buffer that is missing.
        index: usize,
    },
    /// Gradients that were made for another layer.
    #[error("gradients of another layer: {expected} parameters expected, {actual} found")]
    Grads {
        /// Parameters (or children) of the layer.
        expected: usize,
        /// Parameters (or children) of the gradients.
        actual: usize,
    },
    /// An update was asked for before any row was accumulated.
    #[error("no rows were accumulated before the update")]
    NoRows,
    /// The optimizer's memory belongs to a parameter of another size.
    #[error("optimizer memory holds {actual} numbers, the parameter has {expected}")]
    Memory {
        /// Size of the parameter.
        expected: usize,
        /// Size of the memory.
        actual: usize,
    },
    /// A named tensor is missing.
    #[error("tensor `{name}` is missing")]
    MissingTensor {
        /// Path name of the tensor.
        name: String,
    },
    /// A named tensor has another shape.
    #[error("tensor `{name}`: expected shape {expected:?}, found {actual:?}")]
    TensorShape {
        /// Path name of the tensor.
        name: String,
        /// The shape that the specification asks for.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// Tensors that no layer took.
    #[error("{count} tensors belong to no layer, the first is `{name}`")]
    UnusedTensors {
        /// How many were left.
        count: usize,
        /// The first of them.
        name: String,
    },
    /// A kind of layer, module or base density that the registry does not know.
    #[error("unknown kind of {what} `{kind}`; nearest is `{nearest}`, known: {known}")]
    UnknownKind {
        /// Layer, module or base density.
        what: &'static str,
        /// The kind asked for.
        kind: String,
        /// The known kind nearest to it; empty where none is known.
        nearest: String,
        /// All known kinds, separated by commas.
        known: String,
    },
    /// The options of a layer do not parse.
    #[error("layer `{kind}`: {problem}")]
    Options {
        /// The kind of layer.
        kind: String,
        /// What is wrong, and with which key.
        problem: Box<OptionsError>,
    },
    /// A kind of layer that can be loaded but not made afresh from options alone.
    #[error("a layer of kind `{kind}` cannot be made from a description: {reason}")]
    NotBuildable {
        /// The kind.
        kind: String,
        /// Why not.
        reason: &'static str,
    },
    /// A convolution that is not invertible: one of its blocks in the frequency domain is singular to working precision.
    #[error("singular at frequency {frequency:?} of {blocks:?}: a pivot is {pivot:e}")]
    SingularFrequency {
        /// Index of the frequency along each axis.
        frequency: [usize; 2],
        /// Number of frequencies along each axis: blocks of the signal or image.
        blocks: [usize; 2],
        /// Modulus of the smallest pivot that was met.
        pivot: f64,
    },
    /// Kernels that should be orthonormal to their own shifts by whole periods are not.
    #[error("not paraunitary: max|sum_m E_m E_(m+s)' - d_s I| = {residual:e}, allowed {tolerance:e}")]
    NotParaunitary {
        /// `max_s |Σ_m E_m E_{m+s}ᵀ − δ_s I|`.
        residual: f64,
        /// The largest residual that is accepted.
        tolerance: f64,
    },
    /// Kernels that are no product of the stages asked for.
    #[error("no product of {stages} stages: the kernels miss it by {residual:e}, allowed {tolerance:e}")]
    NotFactorable {
        /// How many stages were tried at most.
        stages: usize,
        /// The largest kernel entry that the best product of stages leaves out.
        residual: f64,
        /// The largest that is accepted.
        tolerance: f64,
    },
    /// Kernels that move their inputs by a fraction of a position: a product of stages moves nothing on the whole, and a shift by whole positions.
    #[error(
        "along axis {axis} the kernels move their inputs by {shift} positions on the whole, which is no whole number"
    )]
    FractionalShift {
        /// The axis, 0 for the height.
        axis: usize,
        /// Mean over the numbers of a block of the positions that they are moved by.
        shift: f64,
    },
    /// A flow without features, or whose layers disagree on their number.
    #[error("a flow needs at least one feature")]
    NoFeatures,
    /// An error of a layer, module, base density or rule that is defined elsewhere.
    #[error(transparent)]
    Other(#[from] ForeignError),
}

/// An error that this crate does not know, of a layer defined elsewhere.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct ForeignError(Arc<dyn std::error::Error + Send + Sync>);

impl ForeignError {
    /// The error itself.
    pub fn inner(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl PartialEq for ForeignError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl LayerError {
    /// An error of a layer that is defined elsewhere.
    pub fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Other(ForeignError(Arc::new(error)))
    }

    /// The same error of rows that stand `offset` rows further down.
    #[must_use]
    pub fn below(mut self, offset: usize) -> Self {
        if let Self::NonFinite { row, .. } | Self::Domain { row, .. } = &mut self {
            *row += offset;
        }
        self
    }
}

/// Result of the operations of this crate.
pub type Result<T, E = LayerError> = std::result::Result<T, E>;
