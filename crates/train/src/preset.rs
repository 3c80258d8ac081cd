//! Named models: the arms of the comparison.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use ndarray::ArrayView2;
use pdmap_core::options::nearest;
use pdmap_core::{Flow, Real};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::description::{LayerEntry, ModelFile, ModelSpec, TrainingSpec};
use crate::{Preprocess, TrainError};

/// A flow by name. All of the first eight have the same depth, nonlinearity, base density and start (Haar-orthonormal matrices); they differ
/// in their linear maps, dense or convolutions, in the group of these and in the direction in which they move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// GL(D) by the Euclidean gradient, with an explicit inverse each step: O(D³).
    DenseExact,
    /// GL(D) by the relative gradient in parameter space, no inverse: O(N·D²).
    DenseRelative,
    /// GL(D) by the relative gradient in the Lie algebra: equivariant, O(D³) for adaptive optimizers.
    DenseRelativeAlgebra,
    /// O(D) with per-feature scales between the matrices: a smaller class of maps.
    DenseOrthonormal,
    /// O(D)·diag·O(D): the class of GL(D), in constrained form.
    DenseSvd,
    /// Convolutions that cycle through a set of orthonormal kernels, with a scale for each subband between them.
    ConvOrthonormal,
    /// The same convolutions with their stages in GL, by the relative gradient in the algebra: as the orthonormal ones move, and for small matrices the D³ of
    /// that is nothing. (In parameter space Adam drives such a stage into `det W = 0` at rates that suit the other arms.)
    ConvUnconstrained,
    /// Convolutions with as long kernels that nothing constrains, by their exact gradient through the Fourier transform.
    ConvFreeExact,
    /// The dense model of Gresele et al. 2020 on MNIST.
    PaperMnist,
    /// A deeper one of the same family, for patches of photographs.
    PaperBsds300,
    /// Orthonormal maps with radial layers, splines and couplings between them.
    GaussianizationOrthonormal,
    /// The same with maps in GL(D).
    GaussianizationUnconstrained,
    /// The same with O(D)·diag·O(D).
    GaussianizationSvd,
    /// Multi-scale images by learned orthonormal pyramids.
    ImagePyramidOrthonormal,
    /// The same with unconstrained stages.
    ImagePyramidUnconstrained,
    /// Lapped orthonormal transforms of sound.
    AudioLapped,
}

/// Depth and nonlinearity of a preset.
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

/// Biases in front of a nonlinearity start here, where the smooth leaky ReLU has a slope of 0.95: nearly the identity for standardized
/// rows. From 0, half of each feature would start squeezed by α.
const START_BIAS: f64 = 3.0;

/// Positions of a block of the convolutions, in each direction.
const PERIOD: usize = 4;

/// Overlap of their kernels: they are so many periods long.
const STAGES: usize = 2;

impl Preset {
    /// All of them: dense ones, then convolutions.
    pub const ALL: [Self; 8] = [
        Self::DenseExact,
        Self::DenseRelative,
        Self::DenseRelativeAlgebra,
        Self::DenseOrthonormal,
        Self::DenseSvd,
        Self::ConvOrthonormal,
        Self::ConvUnconstrained,
        Self::ConvFreeExact,
    ];

    /// The dense ones, the unconstrained first: what is compared where nothing else is said.
    pub const DENSE: [Self; 5] = [
        Self::DenseExact,
        Self::DenseRelative,
        Self::DenseRelativeAlgebra,
        Self::DenseOrthonormal,
        Self::DenseSvd,
    ];

    /// Models that stand in files of their own, `presets/NAME.toml`: what they are is said there alone.
    pub const RECIPES: [Self; 8] = [
        Self::PaperMnist,
        Self::PaperBsds300,
        Self::GaussianizationOrthonormal,
        Self::GaussianizationUnconstrained,
        Self::GaussianizationSvd,
        Self::ImagePyramidOrthonormal,
        Self::ImagePyramidUnconstrained,
        Self::AudioLapped,
    ];

    /// All names: [`ALL`](Self::ALL), then [`RECIPES`](Self::RECIPES).
    pub fn named() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Self::RECIPES)
    }

    /// The file of a model that stands in one. Its depth is its own.
    pub fn recipe(self) -> Option<&'static str> {
        match self {
            Self::PaperMnist => Some(include_str!("../presets/paper-mnist.toml")),
            Self::PaperBsds300 => Some(include_str!("../presets/paper-bsds300.toml")),
            Self::GaussianizationOrthonormal => {
                Some(include_str!("../presets/gaussianization-orthonormal.toml"))
            }
            Self::GaussianizationUnconstrained => {
                Some(include_str!("../presets/gaussianization-unconstrained.toml"))
            }
            Self::GaussianizationSvd => Some(include_str!("../presets/gaussianization-svd.toml")),
            Self::ImagePyramidOrthonormal => Some(include_str!("../presets/image-pyramid-orthonormal.toml")),
            Self::ImagePyramidUnconstrained => {
                Some(include_str!("../presets/image-pyramid-unconstrained.toml"))
            }
            Self::AudioLapped => Some(include_str!("../presets/audio-lapped.toml")),
            _ => None,
        }
    }

    /// The model of a file. The files are part of the program and read in its tests; one that could not be read would be a model without layers.
    fn described(self) -> Option<ModelSpec> {
        let text = self.recipe()?;
        let read = ModelFile::parse(self.name(), text, &crate::registry::<f64>());
        Some(read.map_or_else(|_| ModelSpec::new(vec![]), |file| file.spec))
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DenseExact => "dense-exact",
            Self::DenseRelative => "dense-relative",
            Self::DenseRelativeAlgebra => "dense-relative-algebra",
            Self::DenseOrthonormal => "dense-orthonormal",
            Self::DenseSvd => "dense-svd",
            Self::ConvOrthonormal => "conv-orthonormal",
            Self::ConvUnconstrained => "conv-unconstrained",
            Self::ConvFreeExact => "conv-free-exact",
            Self::PaperMnist => "paper-mnist",
            Self::PaperBsds300 => "paper-bsds300",
            Self::GaussianizationOrthonormal => "gaussianization-orthonormal",
            Self::GaussianizationUnconstrained => "gaussianization-unconstrained",
            Self::GaussianizationSvd => "gaussianization-svd",
            Self::ImagePyramidOrthonormal => "image-pyramid-orthonormal",
            Self::ImagePyramidUnconstrained => "image-pyramid-unconstrained",
            Self::AudioLapped => "audio-lapped",
        }
    }

    /// One line about it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::DenseExact => "GL(D), Euclidean gradient with an explicit inverse, O(D³) a step",
            Self::DenseRelative => "GL(D), relative gradient in parameter space, O(N·D²) a step",
            Self::DenseRelativeAlgebra => {
                "GL(D), relative gradient in the algebra, equivariant, O(D³) with Adam"
            }
            Self::DenseOrthonormal => {
                "O(D) by Cayley steps, with per-feature scales: a smaller class, O(D³) a step"
            }
            Self::DenseSvd => "O(D)·diag·O(D): the class of GL(D) in constrained form, O(D³) a step",
            Self::ConvOrthonormal => {
                "orthonormal convolutions of period 4, the inverse their transpose, with a scale for each subband; O(N·D) a step"
            }
            Self::ConvUnconstrained => {
                "the same convolutions with stages in GL, by the relative gradient in the algebra, O(N·D) a step"
            }
            Self::ConvFreeExact => {
                "free kernels of the same length, exact gradient by FFT; the period must divide the lengths"
            }
            recipe => recipe.recipe().and_then(description).unwrap_or(""),
        }
    }

    /// Whether the linear maps are orthonormal.
    pub fn constrained(self) -> bool {
        matches!(
            self,
            Self::DenseOrthonormal
                | Self::DenseSvd
                | Self::ConvOrthonormal
                | Self::GaussianizationOrthonormal
                | Self::GaussianizationSvd
                | Self::ImagePyramidOrthonormal
                | Self::AudioLapped
        )
    }

    /// Adam's learning rate where nothing else is said: chosen on MNIST validation rows for the relative arm, lower for the algebra, where
    /// high rates are known to fail, and higher for the constrained forms, whose angles it is.
    pub fn rate(self) -> f64 {
        match self {
            Self::DenseExact | Self::DenseRelative => 3e-4,
            Self::DenseRelativeAlgebra => 1e-4,
            Self::DenseOrthonormal | Self::DenseSvd => 1e-3,
            Self::ConvOrthonormal | Self::ConvUnconstrained | Self::ConvFreeExact => 3e-3,
            recipe => recipe.described().and_then(|model| model.training.rate).unwrap_or(1e-3),
        }
    }

    /// The model as data: `depth` linear layers with the nonlinearity between them, standard normal base. One that stands in a [file](Self::recipe) is as it
    /// stands there, whatever the architecture.
    pub fn model(self, architecture: Architecture) -> ModelSpec {
        if let Some(model) = self.described() {
            return model;
        }
        let Architecture { depth, alpha } = architecture;
        let mut between = self.linear(START_BIAS);
        between.push(LayerEntry::layer("smooth-leaky-relu", json!({ "alpha": alpha })));
        let mut layers = match depth.saturating_sub(1) {
            0 => vec![],
            1 => between,
            times => vec![LayerEntry::repeated(times, between)],
        };
        if depth > 0 {
            layers.extend(self.linear(0.0));
        }
        let training = TrainingSpec { rate: Some(self.rate()), ..TrainingSpec::default() };
        ModelSpec { description: Some(self.describe().to_owned()), training, ..ModelSpec::new(layers) }
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
    ) -> Result<Flow<F>, TrainError> {
        self.model(architecture).build_on(rows, &[preprocess], seed, &crate::registry())
    }

    /// One linear map with its bias, as far as layers are concerned.
    fn linear(self, bias_start: f64) -> Vec<LayerEntry> {
        let general = |direction: &str| {
            let options =
                json!({ "group": { "general": direction }, "bias": "plain", "bias-start": bias_start });
            vec![LayerEntry::layer("dense", options)]
        };
        let orthonormal = || LayerEntry::layer("dense", json!({ "group": "orthonormal", "bias": "none" }));
        let scale = LayerEntry::layer("scale", json!({ "direction": "algebra" }));
        let shift = LayerEntry::layer("shift", json!({ "start": bias_start }));
        let convolution = |group: serde_json::Value| {
            let options =
                json!({ "group": group, "period": PERIOD, "stages": STAGES, "boundary": "isolated" });
            LayerEntry::layer("cycled-conv", options)
        };
        match self {
            Self::DenseExact => general("euclidean"),
            Self::DenseRelative => general("relative"),
            Self::DenseRelativeAlgebra => general("algebra"),
            Self::DenseSvd => vec![orthonormal(), scale, orthonormal(), shift],
            Self::DenseOrthonormal => vec![orthonormal(), scale, shift],
            Self::ConvOrthonormal => {
                let scale = LayerEntry::layer("subband-scale", json!({ "period": PERIOD }));
                vec![convolution(json!("orthonormal")), scale, shift]
            }
            Self::ConvUnconstrained => vec![convolution(json!({ "general": "algebra" })), shift],
            Self::ConvFreeExact => {
                let options = json!({ "period": PERIOD, "overlap": STAGES });
                vec![LayerEntry::layer("free-conv", options), shift]
            }
            // Models of files have no linear map by itself.
            _ => vec![],
        }
    }
}

/// What a model file says of itself in its first line.
fn description(text: &'static str) -> Option<&'static str> {
    text.lines().find_map(|line| line.strip_prefix("description = \""))?.strip_suffix('"')
}

impl Display for Preset {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = TrainError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::named().find(|preset| preset.name() == name).ok_or_else(|| TrainError::UnknownPreset {
            name: name.to_owned(),
            nearest: nearest(name, Self::named().map(Self::name)).unwrap_or_default().to_owned(),
            known: Self::named().map(Self::name).collect::<Vec<_>>().join(", "),
        })
    }
}
