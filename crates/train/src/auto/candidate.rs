//! The kinds of models that are tried.

use pdmap_spec::{Architecture, ModelSpec, Preset};

/// A model that is tried.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) spec: ModelSpec,
}

impl Candidate {
    /// A named model, whose mixture is chosen within so many floating-point operations.
    fn of(preset: Preset, operations: f64) -> Self {
        let mut own = Self::new(preset);
        own.spec.base.options.insert("operations".to_owned(), operations.into());
        own
    }

    fn new(preset: Preset) -> Self {
        Self { name: preset.to_string(), spec: preset.model(Architecture::default()) }
    }

    /// The Gaussian mixture by itself, by EM alone.
    pub(super) fn mixture(operations: f64) -> Self {
        Self::of(Preset::GAUSSIAN_MIXTURE, operations)
    }

    /// Flows: splines on a mixture; and linear maps to independent components, orthonormal and
    /// unconstrained. A single feature has none, since it has nothing to be coupled with.
    pub(super) fn flows(features: usize, operations: f64) -> Vec<Self> {
        if features == 1 {
            return vec![];
        }
        vec![
            Self::of(Preset::MIXTURE_SPLINE, operations),
            Self::new(Preset::LINEAR_SPLINE_ORTHONORMAL),
            Self::new(Preset::LINEAR_SPLINE_UNCONSTRAINED),
        ]
    }
}
