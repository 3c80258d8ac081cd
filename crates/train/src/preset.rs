//! Named models: the dense arms of the comparison.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use ndarray::{Array1, ArrayView2};
use pdmap_core::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_core::elementwise::{Elementwise, SmoothLeakyRelu};
use pdmap_core::{Base, Flow, Layer, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group, svd};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Preprocess, TrainError};

/// A dense flow by name. All of them have the same depth, nonlinearity, base density and start (Haar-orthonormal matrices); they differ
/// in the group of their linear maps and in the direction in which these move.
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

impl Preset {
    /// All of them, the unconstrained first.
    pub const ALL: [Self; 5] = [
        Self::DenseExact,
        Self::DenseRelative,
        Self::DenseRelativeAlgebra,
        Self::DenseOrthonormal,
        Self::DenseSvd,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DenseExact => "dense-exact",
            Self::DenseRelative => "dense-relative",
            Self::DenseRelativeAlgebra => "dense-relative-algebra",
            Self::DenseOrthonormal => "dense-orthonormal",
            Self::DenseSvd => "dense-svd",
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
        }
    }

    /// Whether the linear maps are orthonormal.
    pub fn constrained(self) -> bool {
        matches!(self, Self::DenseOrthonormal | Self::DenseSvd)
    }

    /// Adam's learning rate where nothing else is said: chosen on MNIST validation rows for the relative arm, lower for the algebra, where
    /// high rates are known to fail, and higher for the constrained forms, whose angles it is.
    pub fn rate(self) -> f64 {
        match self {
            Self::DenseExact | Self::DenseRelative => 3e-4,
            Self::DenseRelativeAlgebra => 1e-4,
            Self::DenseOrthonormal | Self::DenseSvd => 1e-3,
        }
    }

    /// A fresh flow: preprocessing fitted to `rows`, then `depth` linear layers with the nonlinearity between them, standard normal
    /// base.
    ///
    /// # Errors
    /// Preprocessing that cannot be fitted; α outside (0, 1].
    pub fn build<F: Real>(
        self,
        rows: ArrayView2<'_, F>,
        preprocess: Preprocess,
        architecture: Architecture,
        seed: u64,
    ) -> Result<Flow<F>, TrainError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let features = rows.ncols();
        let mut layers: Vec<Box<dyn Layer<F>>> = preprocess.fit(rows)?;
        for depth in 0..architecture.depth {
            let last = depth + 1 == architecture.depth;
            let bias = Array1::from_elem(features, F::of(if last { 0.0 } else { START_BIAS }));
            layers.extend(self.linear(bias, &mut rng)?);
            if !last {
                layers.push(Box::new(Elementwise::new(SmoothLeakyRelu { alpha: architecture.alpha })?));
            }
        }
        Ok(Flow::new(features, layers, Base::normal())?)
    }

    /// One linear map with its bias, as far as layers are concerned.
    fn linear<F: Real>(
        self,
        bias: Array1<F>,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<Box<dyn Layer<F>>>, TrainError> {
        let features = bias.len();
        let general = |direction, rng| -> Result<Vec<Box<dyn Layer<F>>>, TrainError> {
            let dense = Dense::random(features, Group::General(direction), BiasKind::Plain, rng)?;
            Ok(vec![Box::new(dense.biased(bias.clone())?)])
        };
        let mut layers: Vec<Box<dyn Layer<F>>> = match self {
            Self::DenseExact => return general(Direction::Euclidean, rng),
            Self::DenseRelative => return general(Direction::Relative, rng),
            Self::DenseRelativeAlgebra => return general(Direction::Algebra, rng),
            Self::DenseSvd => svd(features, BiasKind::None, ScaleDirection::Algebra, rng)?,
            Self::DenseOrthonormal => vec![
                Box::new(Dense::random(features, Group::Orthonormal, BiasKind::None, rng)?),
                Box::new(Scale::one(features, ScaleDirection::Algebra)),
            ],
        };
        layers.push(Box::new(Shift::new(bias)?));
        Ok(layers)
    }
}

impl Display for Preset {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = TrainError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| TrainError::UnknownPreset {
            name: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}
