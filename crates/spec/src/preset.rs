//! Named models: TOML files in `presets/`.
//!
//! A preset is a model file with one more section, `[preset]`. A *template* has two parameters,
//! which stand as strings in its layers: `"$depth - 1"`, how often the part with the nonlinearity
//! is repeated, and `"$alpha"`, the slope of the nonlinearity. In the other files depth and
//! nonlinearity are fixed. To add a preset, add its file and a line to the table below.

use std::fmt::{Debug, Display, Formatter};
use std::str::FromStr;
use std::sync::LazyLock;

use ndarray::ArrayView2;
use pdmap_core::options::{self, nearest};
use pdmap_core::{Flow, Real};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::description::{LayerEntry, ModelSpec};
use crate::document::Document;
use crate::error::SpecError;
use crate::preprocess::Preprocess;
use crate::registry::registry;

/// A named model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Preset(u8);

macro_rules! presets {
    ($(#[doc = $templates:literal])+ templates {$($(#[doc = $t_doc:literal])+ $template:ident = $t_name:literal;)+}
     $(#[doc = $fixed:literal])+ fixed {$($(#[doc = $f_doc:literal])+ $model:ident = $f_name:literal;)+}) => {
        /// Names, in the order of listings.
        const NAMES: &[&str] = &[$($t_name,)+ $($f_name,)+];

        /// Files, in the same order.
        const FILES: &[&str] = &[
            $(include_str!(concat!("../presets/", $t_name, ".toml")),)+
            $(include_str!(concat!("../presets/", $f_name, ".toml")),)+
        ];

        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $($template,)+ $($model,)+ }

        impl Preset {
            $($(#[doc = $t_doc])+ pub const $template: Self = Self(Index::$template as u8);)+
            $($(#[doc = $f_doc])+ pub const $model: Self = Self(Index::$model as u8);)+

            $(#[doc = $templates])+
            pub const TEMPLATES: [Self; [$($t_name),+].len()] = [$(Self::$template),+];

            $(#[doc = $fixed])+
            pub const FIXED: [Self; [$($f_name),+].len()] = [$(Self::$model),+];
        }
    };
}

presets! {
    /// Models that take an [`Architecture`]. All have the same nonlinearity, base density and start
    /// (Haar-orthonormal matrices); they differ in their linear maps, the group of these and the
    /// direction in which they move. Biases in front of a nonlinearity start at 3, where the smooth
    /// leaky ReLU has a slope of 0.95: nearly the identity for standardized rows. From 0, half of
    /// each feature would start squeezed by α.
    templates {
        /// GL(D) by the Euclidean gradient, with an explicit inverse each step: O(D³).
        DENSE_EXACT = "dense-exact";
        /// GL(D) by the relative gradient in parameter space, no inverse: O(N·D²).
        DENSE_RELATIVE = "dense-relative";
        /// GL(D) by the relative gradient in the Lie algebra: equivariant, O(D³) for adaptive
        /// optimizers.
        DENSE_RELATIVE_ALGEBRA = "dense-relative-algebra";
        /// O(D) with per-feature scales between the matrices: a smaller class of maps.
        DENSE_ORTHONORMAL = "dense-orthonormal";
        /// O(D)·diag·O(D): the class of GL(D), in constrained form.
        DENSE_SVD = "dense-svd";
        /// Convolutions that cycle through a set of orthonormal kernels, with a scale for each
        /// subband between them.
        CONV_ORTHONORMAL = "conv-orthonormal";
        /// The same convolutions with their stages in GL, by the relative gradient in the algebra.
        CONV_UNCONSTRAINED = "conv-unconstrained";
        /// Convolutions with unconstrained kernels of the same length, by their exact gradient
        /// through the Fourier transform.
        CONV_FREE_EXACT = "conv-free-exact";
    }
    /// Models of fixed depth.
    fixed {
        /// The dense model of Gresele et al. 2020 on MNIST.
        PAPER_MNIST = "paper-mnist";
        /// A deeper one of the same family, for patches of photographs.
        PAPER_BSDS300 = "paper-bsds300";
        /// Orthonormal maps with radial layers, splines and couplings between them.
        GAUSSIANIZATION_ORTHONORMAL = "gaussianization-orthonormal";
        /// The same with maps in GL(D).
        GAUSSIANIZATION_UNCONSTRAINED = "gaussianization-unconstrained";
        /// The same with O(D)·diag·O(D).
        GAUSSIANIZATION_SVD = "gaussianization-svd";
        /// Multi-scale images by learned orthonormal pyramids.
        IMAGE_PYRAMID_ORTHONORMAL = "image-pyramid-orthonormal";
        /// The same with unconstrained stages.
        IMAGE_PYRAMID_UNCONSTRAINED = "image-pyramid-unconstrained";
        /// Lapped orthonormal transforms of sound.
        AUDIO_LAPPED = "audio-lapped";
        /// A Gaussian mixture alone, fitted by EM and chosen by held-out rows.
        GAUSSIAN_MIXTURE = "gaussian-mixture";
        /// Couplings of splines that start as the identity, in front of a Gaussian mixture.
        MIXTURE_SPLINE = "mixture-spline";
        /// Masked autoregressive splines that start as the identity, in front of a Gaussian mixture.
        MIXTURE_AUTOREGRESSIVE = "mixture-autoregressive";
        /// A monotone spline of each column in front of a Gaussian mixture: marginals and conditionals
        /// in closed form.
        MIXTURE_COPULA = "mixture-copula";
        /// A rotation and a spline for each component.
        LINEAR_SPLINE_ORTHONORMAL = "linear-spline-orthonormal";
        /// The same with a matrix in GL(D).
        LINEAR_SPLINE_UNCONSTRAINED = "linear-spline-unconstrained";
    }
}

/// Depth and nonlinearity of a template.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Linear layers.
    pub depth: usize,
    /// α of the smooth leaky ReLU between them.
    pub alpha: f64,
}

impl Default for Architecture {
    /// Two layers with α = 0.01: the model of Gresele et al. 2020 on MNIST.
    fn default() -> Self {
        Self { depth: 2, alpha: 0.01 }
    }
}

/// How the section that model files do not have begins.
const SECTION: &str = "[preset]";

/// The section `[preset]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    constrained: bool,
}

/// A file that was read.
#[derive(Debug, Default)]
struct Entry {
    /// The model, with its parameters as strings.
    model: Value,
    facts: Facts,
    description: String,
    rate: f64,
}

/// All files, each read once. They are part of the program, and its tests read them; one that could
/// not be read would be a model without layers.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let read = |(name, text): (&&str, &&str)| Entry::read(name, text).unwrap_or_default();
    NAMES.iter().zip(FILES).map(read).collect()
});

impl Entry {
    fn read(name: &str, text: &str) -> Option<Self> {
        let mut model = Document::parse(name, text).ok()?.value;
        let facts = model.as_object_mut()?.remove("preset")?;
        Some(Self {
            facts: options::parse(&facts).ok()?,
            description: model.get("description")?.as_str()?.to_owned(),
            rate: model.get("training")?.get("rate")?.as_f64()?,
            model,
        })
    }
}

impl Preset {
    /// The dense templates, the unconstrained first: what is compared by default.
    pub const DENSE: [Self; 5] = [
        Self::DENSE_EXACT,
        Self::DENSE_RELATIVE,
        Self::DENSE_RELATIVE_ALGEBRA,
        Self::DENSE_ORTHONORMAL,
        Self::DENSE_SVD,
    ];

    /// All presets: the templates, then the others.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TEMPLATES.into_iter().chain(Self::FIXED)
    }

    /// Whether the model takes an [`Architecture`].
    pub fn is_template(self) -> bool {
        Self::TEMPLATES.contains(&self)
    }

    /// The model file, of a preset that is no template.
    pub fn text(self) -> &'static str {
        let text = FILES[usize::from(self.0)];
        text.find(SECTION).map_or(text, |end| &text[..end]).trim_end()
    }

    fn entry(self) -> &'static Entry {
        &ENTRIES[usize::from(self.0)]
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// A description of one line.
    pub fn describe(self) -> &'static str {
        &self.entry().description
    }

    /// Whether the linear maps are orthonormal.
    pub fn constrained(self) -> bool {
        self.entry().facts.constrained
    }

    /// Adam's default learning rate. It is higher for the constrained forms, where it is a rate of
    /// angles.
    pub fn rate(self) -> f64 {
        self.entry().rate
    }

    /// The model as data. The architecture matters to templates only.
    pub fn model(self, architecture: Architecture) -> ModelSpec {
        let Architecture { depth, alpha } = architecture;
        let filled =
            filled(&self.entry().model, &[("$depth - 1", json!(depth.saturating_sub(1))), ("$alpha", json!(alpha))]);
        let mut model: ModelSpec = options::parse(&filled).unwrap_or_else(|_| ModelSpec::new(vec![]));
        if self.is_template() {
            let layers = if depth == 0 { vec![] } else { std::mem::take(&mut model.layers) };
            model.layers = layers.into_iter().flat_map(written_out).collect();
        }
        model
    }

    /// A fresh flow of this model, with preprocessing fitted to `rows`.
    ///
    /// # Errors
    /// Preprocessing that cannot be fitted; α outside [1e-30, 1].
    pub fn build<F: Real>(
        self,
        rows: ArrayView2<'_, F>,
        preprocess: Preprocess,
        architecture: Architecture,
        seed: u64,
    ) -> Result<Flow<F>, SpecError> {
        self.model(architecture).build_on(rows, &[preprocess], seed, &registry())
    }
}

/// A copy with the strings that are parameters replaced by their values.
fn filled(value: &Value, parameters: &[(&str, Value)]) -> Value {
    match value {
        Value::String(text) => {
            let known = parameters.iter().find(|(name, _)| name == text);
            known.map_or_else(|| value.clone(), |(_, by)| by.clone())
        }
        Value::Array(list) => list.iter().map(|value| filled(value, parameters)).collect(),
        Value::Object(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.clone(), filled(value, parameters))).collect())
        }
        other => other.clone(),
    }
}

/// Layers that are repeated once stand for themselves, and those that are repeated never for
/// nothing.
fn written_out(entry: LayerEntry) -> Vec<LayerEntry> {
    match (entry.repeat, entry.layers) {
        (Some(0), _) => vec![],
        (Some(1), Some(layers)) => layers,
        (_, layers) => vec![LayerEntry { layers, ..entry }],
    }
}

impl Debug for Preset {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Preset").field(&self.name()).finish()
    }
}

impl Display for Preset {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Preset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Preset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_| serde::de::Error::unknown_variant(&name, NAMES))
    }
}

impl FromStr for Preset {
    type Err = SpecError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all().find(|preset| preset.name() == name).ok_or_else(|| SpecError::UnknownPreset {
            name: name.to_owned(),
            nearest: nearest(name, NAMES.iter().copied()).unwrap_or_default().to_owned(),
            known: NAMES.join(", "),
        })
    }
}
