//! The dense layer.

use ndarray::{Array1, Array2, ArrayView2};

use pdmap_core::group::{Activations, Direction, Group, GroupMatrix, Start, haar};
use pdmap_core::linalg::LogDet;
use pdmap_core::parallel;
use pdmap_core::prelude::*;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bias::{Bias, BiasKind};

/// `y = W x + b` on each row: `Y = X Wᵀ + b`, with `W` in a [`Group`].
///
/// `log|det| = log|det W|`. On GL(D) it comes from an `f64` LU that is kept until the weight
/// changes, or is tracked by low-rank steps; on O(D) it is 0. The inverse is a solve, the
/// transpose, or a [tracked](Self::tracking_inverse) inverse.
#[derive(Debug, Clone)]
pub struct Dense<F: Real> {
    pub(crate) matrix: GroupMatrix<F>,
    pub(crate) bias: Option<Bias<F>>,
    pub(crate) kind: BiasKind,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    group: Group,
    bias: BiasKind,
    #[serde(default, rename = "tracking-inverse", skip_serializing_if = "std::ops::Not::not")]
    tracking_inverse: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    preconditioned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shears: Option<f64>,
}

/// Options of a new layer: those of a saved one, and its initialization.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NewOptions {
    group: Group,
    #[serde(default = "plain")]
    bias: BiasKind,
    #[serde(default)]
    start: Start,
    /// Initial value of every entry of the bias.
    #[serde(default)]
    bias_start: f64,
    /// See [`Dense::tracking_inverse`].
    #[serde(default)]
    tracking_inverse: bool,
    /// See [`Dense::preconditioned`].
    #[serde(default)]
    preconditioned: bool,
    /// See [`Dense::with_shears`].
    #[serde(default)]
    shears: Option<f64>,
}

fn plain() -> BiasKind {
    BiasKind::Plain
}

impl<F: Real> Dense<F> {
    /// The given weight, `[features, features]`, and a bias of zeros.
    ///
    /// # Errors
    /// A weight that is not square, not finite or, for O(D), not orthonormal; an augmented bias for
    /// a group or direction that does not support it.
    pub fn new(weight: Array2<F>, group: Group, bias: BiasKind) -> Result<Self> {
        if bias == BiasKind::Augmented && !matches!(group, Group::General(Direction::Relative | Direction::Algebra)) {
            return Err(LayerError::Conflict {
                first: "an augmented bias",
                second: "a group other than GL(D) by the relative direction or in the algebra",
            });
        }
        let features = weight.nrows();
        let mut matrix = GroupMatrix::new(weight, group)?;
        if bias == BiasKind::Augmented && group == Group::General(Direction::Algebra) {
            // The bias moves by the entries of the weight's step.
            matrix = matrix.with_entries();
        }
        let values = (bias != BiasKind::None).then(|| Bias::new(Array1::zeros(features))).transpose()?;
        Ok(Self { matrix, bias: values, kind: bias })
    }

    /// A weight drawn from the Haar measure on O(D), a well-conditioned start in either group.
    ///
    /// # Errors
    /// An augmented bias for a group or direction that does not support it.
    pub fn random(features: usize, group: Group, bias: BiasKind, rng: &mut dyn Rng) -> Result<Self> {
        Self::new(haar(features, rng), group, bias)
    }

    /// The same layer with the given bias.
    ///
    /// # Errors
    /// A layer without bias; another number of values; NaN and infinities.
    pub fn biased(mut self, bias: Array1<F>) -> Result<Self> {
        check::features("bias", self.bias().map_or(0, Array1::len), bias.len())?;
        self.bias = Some(Bias::new(bias)?);
        Ok(self)
    }

    /// The same layer, tracking `W⁻¹` through low-rank steps; see
    /// [`GroupMatrix::tracking_inverse`]. Decoding, sampling and inverses between such steps then
    /// cost a product instead of an LU.
    pub fn tracking_inverse(self) -> Self {
        Self { matrix: self.matrix.tracking_inverse(), ..self }
    }

    /// The same layer, whose direction is divided by the curvature that each batch shows; see
    /// [`GroupMatrix::preconditioned`].
    ///
    /// # Errors
    /// [`LayerError::Conflict`] for directions on GL(D) other than the one in the algebra.
    pub fn preconditioned(self) -> Result<Self> {
        Ok(Self { matrix: self.matrix.preconditioned()?, ..self })
    }

    /// The same layer, whose shears move at a rate of their own; see [`GroupMatrix::with_shears`].
    ///
    /// # Errors
    /// [`LayerError::Conflict`] but in the algebra of GL(D); [`LayerError::Range`] for a rate outside
    /// (0, 1].
    pub fn with_shears(self, rate: f64) -> Result<Self> {
        Ok(Self { matrix: self.matrix.with_shears(rate)?, ..self })
    }

    /// The weight parameter.
    pub fn matrix(&self) -> &GroupMatrix<F> {
        &self.matrix
    }

    /// The weight, `[features, features]`.
    pub fn weight(&self) -> ArrayView2<'_, F> {
        self.matrix.weight()
    }

    /// The bias, if there is one.
    pub fn bias(&self) -> Option<&Array1<F>> {
        self.bias.as_ref().map(Bias::values)
    }

    /// The group.
    pub fn group(&self) -> Group {
        self.matrix.group()
    }

    /// `log|det W|` in nats, and the sign of the determinant.
    ///
    /// # Errors
    /// A singular weight.
    pub fn log_det(&self) -> Result<LogDet> {
        self.matrix.log_det()
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) -> Result<()> {
        if let Some(log_det) = log_det {
            let own = sign * self.matrix.log_abs_det()?;
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }
}

impl<F: Real> Kind<F> for Dense<F> {
    const KIND: &'static str = "dense";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let NewOptions { group, bias, start, bias_start, tracking_inverse, preconditioned, shears } = spec.parse()?;
        let features = context.features;
        context.reserve_parameters(features.saturating_mul(features))?;
        let mut layer = match start {
            Start::Haar => Self::random(features, group, bias, context.rng)?,
            Start::Identity => Self::new(Array2::eye(features), group, bias)?,
        };
        if tracking_inverse {
            layer = layer.tracking_inverse();
        }
        if preconditioned {
            layer = layer.preconditioned()?;
        }
        if let Some(rate) = shears {
            layer = layer.with_shears(rate)?;
        }
        match bias {
            BiasKind::None if bias_start != 0.0 => {
                Err(LayerError::Conflict { first: "bias-start", second: "a layer without bias" })
            }
            BiasKind::None => Ok(layer),
            _ => layer.biased(Array1::from_elem(features, F::of(bias_start))),
        }
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { group, bias, tracking_inverse, preconditioned, shears } = spec.parse()?;
        let weight = tensors.square("weight", None)?;
        let features = weight.nrows();
        let mut layer = Self::new(weight, group, bias)?;
        if tracking_inverse {
            layer = layer.tracking_inverse();
        }
        if preconditioned {
            layer = layer.preconditioned()?;
        }
        if let Some(rate) = shears {
            layer = layer.with_shears(rate)?;
        }
        match bias {
            BiasKind::None => Ok(layer),
            _ => layer.biased(tensors.vector("bias", Some(features))?),
        }
    }
}

impl<F: Real> Layer<F> for Dense<F> {
    fn spec(&self) -> LayerSpec {
        let (tracking_inverse, preconditioned) = (self.matrix.tracks_inverse(), self.matrix.is_preconditioned());
        let (group, bias, shears) = (self.group(), self.kind, self.matrix.shears());
        LayerSpec::new(Self::KIND, &Options { group, bias, tracking_inverse, preconditioned, shears })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.matrix.dim())
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        match self.bias().and_then(|bias| bias.as_slice()) {
            None => self.matrix.apply(input.x, y.view_mut())?,
            Some(bias) => {
                let rows = check::slice_mut("output", &mut y)?;
                parallel::rows_mut(rows, bias.len(), |_, y| y.copy_from_slice(bias));
                self.matrix.add_applied(input.x, y.view_mut())?;
            }
        }
        self.add_log_det(1.0, log_det)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        match self.bias() {
            None => self.matrix.apply_inverse(output.x, x)?,
            Some(bias) => {
                let (rows, columns) = output.x.dim();
                let mut centred = tape.store(0, rows, columns);
                centred.assign(&output.x);
                centred -= bias;
                self.matrix.apply_inverse(centred.view(), x)?;
            }
        }
        self.add_log_det(-1.0, log_det)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, y, tape } = at;
        let (rows, columns) = input.x.dim();
        let mut own = (dx.is_none() && self.matrix.needs_dx()).then(|| tape.store(0, rows, columns));
        let mut dx = dx.or_else(|| own.as_mut().map(|own| own.view_mut()));
        if let Some(dx) = &mut dx {
            self.matrix.apply_adjoint(dy.reborrow(), dx.view_mut())?;
        }
        let [weight, rest @ ..] = grads else { return Err(LayerError::Grads { expected: 1, actual: 0 }) };
        // An augmented bias stays part of `y`.
        let shift = self.bias().filter(|_| self.kind == BiasKind::Plain).and_then(|bias| bias.as_slice());
        let at = Activations { x: input.x, y, shift, dy: dy.reborrow(), dx: dx.as_ref().map(|dx| dx.view()) };
        self.matrix.accumulate(weight, at)?;
        if self.bias.is_some() {
            let [bias] = rest else { return Err(LayerError::Grads { expected: 2, actual: 1 }) };
            parallel::add_column_sums(bias.flat_mut()?, check::slice("gradient of the output", &dy)?);
        }
        Ok(())
    }
}
