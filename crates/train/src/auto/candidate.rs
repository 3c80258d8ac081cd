//! The kinds of models that are tried.

use pdmap_core::BaseSpec;
use pdmap_spec::description::LayerEntry;
use pdmap_spec::{Architecture, Domain, ModelSpec, Preset};
use serde_json::{Value, json};

/// The learning rate of small networks.
const LIGHT_RATE: f64 = 3e-3;

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

    /// The same for a density `p(x | c)`, for so many numbers `c`, of features with these domains.
    #[must_use]
    pub(super) fn given(mut self, conditions: usize, domains: &[Domain]) -> Self {
        self.spec.conditions = conditions;
        self.spec.domains = domains.to_vec();
        self
    }

    /// The Gaussian mixture by itself, by EM alone; it ignores a condition. Angles, which would be cut
    /// open in it, are uniform and independent beside it.
    pub(super) fn mixture(angles: usize, operations: f64) -> Self {
        let mut own = Self::of(Preset::GAUSSIAN_MIXTURE, operations);
        if angles > 0 {
            own.name = format!("{} beside uniform angles", own.name);
            own.spec.layers = vec![LayerEntry::layer("circular", json!({}))];
        }
        own
    }

    /// Circular splines of angles alone, each of which depends on the others before it.
    fn circular(angles: usize) -> Self {
        let mut own = Self { name: "circular".to_owned(), ..Self::new(Preset::MIXTURE_SPLINE) };
        let layer = |order: &str| LayerEntry::layer("circular", json!({ "order": order, "hidden": [64, 64] }));
        own.spec.layers = vec![layer("natural")];
        if angles > 1 {
            own.spec.layers.push(layer("reversed"));
        }
        own
    }

    /// The flows of `others` features given angles: a light one on a normal density, masked
    /// autoregressive splines on a mixture, and from three features on a linear map.
    fn beside_angles(others: usize, angles: usize, operations: f64) -> Vec<Self> {
        if others == 0 {
            return vec![Self::circular(angles)];
        }
        let mut flows = vec![Self::light(), Self::of(Preset::MIXTURE_AUTOREGRESSIVE, operations)];
        if others > 2 {
            flows.push(Self::new(Preset::LINEAR_SPLINE_ORTHONORMAL));
        }
        flows
    }

    /// Each feature depends on those before it and on the angles, by an affine map and then by a
    /// spline of few bins.
    fn light() -> Self {
        let mut own = Self { name: "autoregressive".to_owned(), ..Self::new(Preset::MIXTURE_AUTOREGRESSIVE) };
        let spline = json!({ "spline": { "bins": 4 } });
        own.spec.base = BaseSpec::default();
        own.spec.training.rate = Some(LIGHT_RATE);
        own.spec.layers = vec![
            LayerEntry::layer("autoregressive", json!({ "transform": "affine", "hidden": [32, 32] })),
            LayerEntry::layer("autoregressive", json!({ "transform": spline, "hidden": [16] })),
            LayerEntry::layer("circular", json!({ "hidden": [32] })),
        ];
        own
    }

    /// Flows: couplings and masked autoregressive layers of splines on a mixture; and linear maps to
    /// independent components, orthonormal and unconstrained. A single feature has none, since it has
    /// nothing to be coupled with. Of the features, so many are angles.
    pub(super) fn flows(features: usize, angles: usize, operations: f64) -> Vec<Self> {
        if angles > 0 {
            return Self::beside_angles(features - angles, angles, operations);
        }
        if features == 1 {
            return vec![];
        }
        vec![
            Self::of(Preset::MIXTURE_SPLINE, operations),
            Self::of(Preset::MIXTURE_AUTOREGRESSIVE, operations),
            Self::new(Preset::LINEAR_SPLINE_ORTHONORMAL),
            Self::new(Preset::LINEAR_SPLINE_UNCONSTRAINED),
        ]
    }

    /// The flows of a density `p(x | c)`: splines behind an affine map and a spline of each feature
    /// that depend on the condition alone; on a mixture, which suits a weak dependence, and on a
    /// normal density, which suits a strong one. Linear maps do not read a condition.
    pub(super) fn conditional(features: usize, angles: usize, operations: f64) -> Vec<Self> {
        if angles == features {
            return vec![Self::circular(angles)];
        }
        let features = features - angles;
        let mixed = Self::of(Preset::MIXTURE_SPLINE, operations).behind_condition(features);
        let mut normal = Self { name: "spline".to_owned(), ..Self::new(Preset::MIXTURE_SPLINE) };
        normal.spec.base = BaseSpec::default();
        vec![mixed, normal.behind_condition(features)]
    }

    /// The same with maps in front that depend on the condition alone.
    fn behind_condition(self, features: usize) -> Self {
        let mut own = self;
        own.name = format!("{} given the condition", own.name);
        // A single feature has nothing to be coupled with.
        let coupled = if features == 1 { vec![] } else { std::mem::take(&mut own.spec.layers) };
        let by_condition = |transform: Value| {
            let options = json!({ "split": "none", "transform": transform, "hidden": [64, 64] });
            LayerEntry::layer("coupling", options)
        };
        own.spec.layers = vec![by_condition(json!("affine")), by_condition(json!({ "spline": { "bins": 8 } }))];
        own.spec.layers.extend(coupled);
        own
    }
}
