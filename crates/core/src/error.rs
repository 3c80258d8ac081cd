//! Errors of layers and flows, with their numbers.

use std::sync::Arc;

use crate::options::OptionsError;

/// Errors of layers, flows, groups and optimizers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// An array has another shape than expected.
    #[error("{what}: expected shape {expected:?}, found {actual:?}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// The expected shape.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// A batch has another number of features than the layer or flow.
    #[error("{what} has {actual} features per row, expected {expected}")]
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
    /// A weight of a row that is no number of rows.
    #[error("the weight of row {row} is {value}: must be finite and at least 0")]
    RowWeight {
        /// Row, from 0.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// A value is outside the domain of a layer.
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
    /// A matrix is singular to working precision.
    #[error("singular {dim} x {dim} matrix: pivot {pivot} is {value:e}")]
    Singular {
        /// Side of the matrix.
        dim: usize,
        /// Index of the pivot that vanishes.
        pivot: usize,
        /// Its value.
        value: f64,
    },
    /// Columns of rows that some linear combination of them makes constant.
    #[error("{}", dependent(groups, *ratio, *least))]
    Dependent {
        /// Columns from 0, ascending. Columns of one group depend on each other; a group of one is a
        /// constant column.
        groups: Vec<Vec<usize>>,
        /// Smallest standard deviation along a principal axis of the columns scaled to unit variance,
        /// as a share of the largest.
        ratio: f64,
        /// The smallest share that counts as signal.
        least: f64,
    },
    /// A matrix that should be orthonormal is not.
    #[error("not orthonormal: max|W'W - I| = {residual:e}, allowed {tolerance:e}")]
    NotOrthonormal {
        /// `max|WᵀW − I|`.
        residual: f64,
        /// The largest residual allowed.
        tolerance: f64,
    },
    /// A period does not divide a length, or is longer than it.
    #[error(
        "{what} {length} does not fit the period {period}: it must be a multiple of the \
         period, or at least one period with an isolated boundary"
    )]
    Indivisible {
        /// Which length.
        what: &'static str,
        /// The length.
        length: usize,
        /// The period.
        period: usize,
    },
    /// An error in one of the matrices that a layer applies in turn.
    #[error("stage {stage}: {problem}")]
    Stage {
        /// Index of the stage, from 0 in order of application.
        stage: usize,
        /// The error.
        problem: Box<LayerError>,
    },
    /// Rows of a lower rank than is asked for.
    #[error("{what}: {asked} asked for, and the rows have the rank {rank}")]
    Rank {
        /// What is asked for.
        what: &'static str,
        /// How many.
        asked: usize,
        /// The rank of the rows.
        rank: usize,
    },
    /// Two matrices of which the second does not undo the first.
    #[error("max|U A - I| = {residual:e}, allowed {tolerance:e}")]
    NotInverse {
        /// `max|U A − I|`.
        residual: f64,
        /// The largest residual allowed.
        tolerance: f64,
    },
    /// A scale is not positive and finite.
    #[error("scale {index} is {value}: must be positive")]
    NotPositive {
        /// Index of the feature.
        index: usize,
        /// Its scale.
        value: f64,
    },
    /// An option or size is outside its range.
    #[error("{what} = {value}: must be {range}")]
    Range {
        /// Name of the option.
        what: &'static str,
        /// The value given.
        value: f64,
        /// The accepted values, in words.
        range: &'static str,
    },
    /// A layer needs the shape of the rows, and none is given.
    #[error("{what} needs the shape of the rows: [channels, length] or [channels, height, width]")]
    NoShape {
        /// Which layer.
        what: &'static str,
    },
    /// Rows have a condition of another width than the flow reads, or none.
    #[error("the flow needs a condition of {expected} numbers per row, found {actual}")]
    Conditions {
        /// Width of the condition that the flow reads.
        expected: usize,
        /// Width of the given condition.
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
    #[error("the tape holds no forward pass of this batch: buffer {index} is missing or has another size")]
    Tape {
        /// Index of the buffer that is missing.
        index: usize,
    },
    /// The gradients belong to another layer.
    #[error("gradients of another layer: expected {expected} parameters, found {actual}")]
    Grads {
        /// Parameters (or children) of the layer.
        expected: usize,
        /// Parameters (or children) of the gradients.
        actual: usize,
    },
    /// An update was requested before any row was accumulated.
    #[error("no rows were accumulated before the update")]
    NoRows,
    /// The optimizer's memory belongs to a parameter of another size.
    #[error("the optimizer memory holds {actual} numbers, the parameter has {expected}")]
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
        /// The shape that the specification requires.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// A weight that a mask keeps at 0 has another value.
    #[error("tensor `{name}`: row {row}, column {column} is {value}, but the mask of the network keeps it at 0")]
    Masked {
        /// Path name of the tensor.
        name: String,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value, as `f64`.
        value: f64,
    },
    /// Tensors that no layer uses.
    #[error("{count} tensors belong to no layer; the first is `{name}`")]
    UnusedTensors {
        /// Number of unused tensors.
        count: usize,
        /// The first of them.
        name: String,
    },
    /// The registry does not know a kind of layer, module or base density.
    #[error("unknown kind of {what} `{kind}`; nearest is `{nearest}`, known: {known}")]
    UnknownKind {
        /// Layer, module or base density.
        what: &'static str,
        /// The unknown kind.
        kind: String,
        /// The known kind nearest to it; empty if none is known.
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
    /// A kind of layer that can be restored, but not built from options alone.
    #[error("a layer of kind `{kind}` cannot be made from a description: {reason}")]
    NotBuildable {
        /// The kind.
        kind: String,
        /// The reason.
        reason: &'static str,
    },
    /// A convolution is not invertible: its matrix at one frequency is singular to working
    /// precision.
    #[error("singular at frequency {frequency:?} of {blocks:?}: a pivot is {pivot:e}")]
    SingularFrequency {
        /// Index of the frequency along each axis.
        frequency: [usize; 2],
        /// Number of frequencies along each axis: blocks of the signal or image.
        blocks: [usize; 2],
        /// Modulus of the smallest pivot.
        pivot: f64,
    },
    /// Kernels are not orthonormal to their own shifts by whole periods.
    #[error("not paraunitary: max|sum_m E_m E_(m+s)' - d_s I| = {residual:e}, allowed {tolerance:e}")]
    NotParaunitary {
        /// `max_s |Σ_m E_m E_{m+s}ᵀ − δ_s I|`.
        residual: f64,
        /// The largest residual allowed.
        tolerance: f64,
    },
    /// Kernels are not a product of stages.
    #[error(
        "no product of up to {stages} stages gives the kernels: the largest error is \
         {residual:e}, allowed {tolerance:e}"
    )]
    NotFactorable {
        /// Largest number of stages tried.
        stages: usize,
        /// Largest error of a kernel entry for the best product of stages.
        residual: f64,
        /// The largest error allowed.
        tolerance: f64,
    },
    /// Kernels have a net shift by a fraction of a position. A product of stages has none, and
    /// shifting the kernels changes it by whole positions only.
    #[error("along axis {axis} the kernels have a net shift of {shift} positions, not a whole number")]
    FractionalShift {
        /// The axis, 0 for the height.
        axis: usize,
        /// Mean shift in positions over the numbers of a block.
        shift: f64,
    },
    /// A flow without features.
    #[error("a flow needs at least one feature")]
    NoFeatures,
    /// An error of a layer, module, base density or rule defined in another crate.
    #[error(transparent)]
    Other(#[from] ForeignError),
}

/// An error of a layer, module, base density or rule defined in another crate.
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
    /// Wraps an error of a layer defined in another crate.
    pub fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Other(ForeignError(Arc::new(error)))
    }

    /// The same error with its row index increased by `offset`, for rows that are part of a batch.
    #[must_use]
    pub fn below(mut self, offset: usize) -> Self {
        if let Self::NonFinite { row, .. } | Self::Domain { row, .. } = &mut self {
            *row += offset;
        }
        self
    }
}

/// Columns of a group that a message names at most.
const NAMED: usize = 20;

/// The message of [`LayerError::Dependent`].
fn dependent(groups: &[Vec<usize>], ratio: f64, least: f64) -> String {
    let named = groups.iter().map(|group| {
        let names: Vec<String> = group.iter().take(NAMED).map(usize::to_string).collect();
        match (names.as_slice(), group.len().saturating_sub(NAMED)) {
            ([one], _) => format!("column {one} is constant"),
            ([first @ .., last], 0) => format!("columns {} and {last} are linearly dependent", first.join(", ")),
            (_, more) => format!("columns {} and {more} more are linearly dependent", names.join(", ")),
        }
    });
    let named: Vec<String> = named.collect();
    format!(
        "{} (the smallest deviation along a principal axis is {ratio:.1e} of the largest, needed are {least:.1e}): leave \
         out constant columns and one column of each dependent group, give more rows than columns, or do not whiten",
        named.join("; ")
    )
}

/// Result of the operations of this crate.
pub type Result<T, E = LayerError> = std::result::Result<T, E>;
