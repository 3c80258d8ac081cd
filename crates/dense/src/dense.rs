//! The dense layer.

use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::group::{Direction, Group, GroupMatrix, Passed, haar};
use pdmap_core::linalg::{Add, LogDet, gemm};
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{
    Diagnostic, Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Registry,
    Result, State, Tape, Tensors, check, parallel,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::BiasKind;
use crate::bias::Bias;

/// `y = W x + b` on each row: `Y = X Wᵀ + b`, with `W` in a [`Group`].
///
/// `log|det| = log|det W|` for GL(D), by an `f64` LU kept until the weight changes or carried along by plain steps on few rows; 0 for O(D). The
/// inverse is a solve, the transpose, or a [tracked](Self::tracking_inverse) inverse.
#[derive(Debug, Clone)]
pub struct Dense<F: Real> {
    matrix: GroupMatrix<F>,
    bias: Bias<F>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    group: Group,
    bias: BiasKind,
    #[serde(default, rename = "tracking-inverse", skip_serializing_if = "std::ops::Not::not")]
    tracking_inverse: bool,
}

/// Options of a new layer: those of a saved one, and how to start.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NewOptions {
    group: Group,
    #[serde(default = "plain")]
    bias: BiasKind,
    #[serde(default)]
    start: Start,
    /// Where every entry of the bias starts.
    #[serde(default)]
    bias_start: f64,
    /// See [`Dense::tracking_inverse`].
    #[serde(default)]
    tracking_inverse: bool,
}

fn plain() -> BiasKind {
    BiasKind::Plain
}

/// The weight of a new layer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Start {
    /// Drawn from the Haar measure on O(D).
    #[default]
    Haar,
    /// The identity.
    Identity,
}

impl<F: Real> Dense<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "dense";

    /// The given weight, `[features, features]`, and a bias of zeros.
    ///
    /// # Errors
    /// A weight that is not square, not finite or, for O(D), not orthonormal; an augmented bias where it does not apply.
    pub fn new(weight: Array2<F>, group: Group, bias: BiasKind) -> Result<Self> {
        let features = weight.nrows();
        Self::with_bias(weight, group, Bias::of(bias, || Array1::zeros(features)))
    }

    /// A weight drawn from the Haar measure on O(D): a start that is well conditioned in either group.
    ///
    /// # Errors
    /// An augmented bias where it does not apply.
    pub fn random(features: usize, group: Group, bias: BiasKind, rng: &mut dyn Rng) -> Result<Self> {
        Self::new(haar(features, rng), group, bias)
    }

    /// The same layer with the given bias.
    ///
    /// # Errors
    /// A layer without bias; another number of values; NaN and infinities.
    pub fn biased(mut self, bias: Array1<F>) -> Result<Self> {
        let expected = self.bias.values().map_or(0, Array1::len);
        check::features("bias", expected, bias.len())?;
        check::finite("bias", bias.view().insert_axis(ndarray::Axis(0)))?;
        if let Some(values) = self.bias.values_mut() {
            values.assign(&bias);
        }
        Ok(self)
    }

    /// The same layer, which carries `W⁻¹` along with plain steps on few rows: see [`GroupMatrix::tracking_inverse`]. Decoding, sampling and
    /// inverses between such steps then cost a product in place of an LU.
    pub fn tracking_inverse(self) -> Self {
        Self { matrix: self.matrix.tracking_inverse(), ..self }
    }

    /// `W` with what is kept beside it.
    pub fn matrix(&self) -> &GroupMatrix<F> {
        &self.matrix
    }

    /// The weight, `[features, features]`.
    pub fn weight(&self) -> ArrayView2<'_, F> {
        self.matrix.weight()
    }

    /// The bias, where there is one.
    pub fn bias(&self) -> Option<&Array1<F>> {
        self.bias.values()
    }

    /// The group.
    pub fn group(&self) -> Group {
        self.matrix.group()
    }

    /// `log|det W|` in nats, and the determinant's sign.
    ///
    /// # Errors
    /// A singular weight.
    pub fn log_det(&self) -> Result<LogDet> {
        self.matrix.log_det()
    }

    fn with_bias(weight: Array2<F>, group: Group, bias: Bias<F>) -> Result<Self> {
        let homogeneous = matches!(group, Group::General(Direction::Relative | Direction::Algebra));
        if bias.kind() == BiasKind::Augmented && !homogeneous {
            return Err(LayerError::Conflict {
                first: "an augmented bias",
                second: "a group other than GL(D) by the relative direction or in the algebra",
            });
        }
        Ok(Self { matrix: GroupMatrix::new(weight, group)?, bias })
    }

    pub(crate) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let NewOptions { group, bias, start, bias_start, tracking_inverse } = spec.parse()?;
        fresh.claim(fresh.features.saturating_mul(fresh.features))?;
        let mut layer = match start {
            Start::Haar => Self::random(fresh.features, group, bias, fresh.rng)?,
            Start::Identity => Self::new(Array2::eye(fresh.features), group, bias)?,
        };
        if tracking_inverse {
            layer = layer.tracking_inverse();
        }
        match bias {
            BiasKind::None if bias_start != 0.0 => {
                Err(LayerError::Conflict { first: "bias-start", second: "a layer without bias" })
            }
            BiasKind::None => Ok(Box::new(layer)),
            _ => Ok(Box::new(layer.biased(Array1::from_elem(fresh.features, F::of(bias_start)))?)),
        }
    }

    pub(crate) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        Ok(Box::new(Self::from_tensors(spec.parse()?, None, tensors)?))
    }

    fn options(&self) -> Options {
        let tracking_inverse = self.matrix.tracks_inverse();
        Options { group: self.group(), bias: self.bias.kind(), tracking_inverse }
    }

    fn from_tensors(
        Options { group, bias, tracking_inverse }: Options,
        features: Option<usize>,
        tensors: &mut Tensors<F>,
    ) -> Result<Self> {
        let weight = tensors.square("weight", features)?;
        let features = weight.nrows();
        let mut layer = Self::new(weight, group, bias)?;
        if tracking_inverse {
            layer = layer.tracking_inverse();
        }
        match bias {
            BiasKind::None => Ok(layer),
            _ => layer.biased(tensors.vector("bias", Some(features))?),
        }
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) -> Result<()> {
        if let Some(log_det) = log_det {
            let own = sign * self.matrix.log_abs_det()?;
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }

    /// `(mean δ, b)` of an augmented bias.
    fn augmented(&self, grads: &LayerGrads<F>) -> Result<Option<(Vec<F>, &Array1<F>)>> {
        match &self.bias {
            Bias::Augmented(b) => Ok(Some((grads.param(1)?.mean(grads.some_rows()?)?, b))),
            _ => Ok(None),
        }
    }
}

impl<F: Real> Layer<F> for Dense<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &self.options())
    }

    fn features(&self) -> Option<usize> {
        Some(self.matrix.dim())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::log_det(input.x.nrows(), log_det.as_deref())?;
        match self.bias.values().and_then(|bias| bias.as_slice()) {
            None => self.matrix.apply(input.x, y.view_mut())?,
            Some(bias) => {
                check::shape("output", (input.x.nrows(), bias.len()), y.dim())?;
                parallel::rows_mut(check::slice_mut("output", &mut y)?, bias.len(), |_, y| {
                    y.copy_from_slice(bias);
                });
                self.matrix.add_applied(input.x, y.view_mut())?;
            }
        }
        self.add_log_det(1.0, log_det)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (rows, columns) = output.x.dim();
        check::features("output", self.matrix.dim(), columns)?;
        check::log_det(rows, log_det.as_deref())?;
        match self.bias.values() {
            None => self.matrix.apply_inverse(output.x, x)?,
            Some(bias) => {
                let mut centred = tape.store(0, rows, columns);
                centred.assign(&output.x);
                centred -= bias;
                self.matrix.apply_inverse(centred.view(), x)?;
            }
        }
        self.add_log_det(-1.0, log_det)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, y, tape } = at;
        let (rows, columns) = input.x.dim();
        check::shape("gradient of the output", (rows, columns), dy.dim())?;
        let mut own = (dx.is_none() && self.matrix.needs_dx()).then(|| tape.store(0, rows, columns));
        let mut dx = dx.or_else(|| own.as_mut().map(|own| own.view_mut()));
        if let Some(dx) = &mut dx {
            self.matrix.apply_adjoint(dy.reborrow(), dx.view_mut())?;
        }
        grads.rows += rows;
        let shift = match &self.bias {
            Bias::Plain(b) => b.as_slice(),
            Bias::None | Bias::Augmented(_) => None,
        };
        let Some((weight, rest)) = grads.params.split_first_mut() else {
            return Err(LayerError::Grads { expected: 1, actual: 0 });
        };
        let passed = Passed { x: input.x, y, shift, dy: dy.reborrow(), dx: dx.as_ref().map(|dx| dx.view()) };
        self.matrix.accumulate(weight, passed)?;
        if self.bias.values().is_some() {
            let [bias] = rest else { return Err(LayerError::Grads { expected: 2, actual: 1 }) };
            parallel::add_column_sums(bias.flat_mut()?, check::slice("gradient of the output", &dy)?);
        }
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        let weight = self.matrix.new_grad("weight");
        // Entries of the weight's step move an augmented bias in the algebra.
        let entries =
            self.bias.kind() == BiasKind::Augmented && self.group() == Group::General(Direction::Algebra);
        let mut params = vec![if entries { weight } else { weight.factorable() }];
        params.extend(self.bias.values().map(|b| ParamGrad::flat("bias", b.len())));
        LayerGrads::of(params)
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let rows = grads.some_rows()?;
        let Some(bias) = self.bias.values() else {
            let [weight] = grads.params_mut()?;
            return self.matrix.direct(weight);
        };
        let [weight, bias_grad] = grads.params_mut()?;
        self.matrix.direct(weight)?;
        bias_grad.write_mean(rows)?;
        if self.bias.kind() == BiasKind::Augmented && self.group() == Group::General(Direction::Relative) {
            // e_b + E_W b, where E_W = mean(δ zᵀ) + I.
            let direction = ArrayViewMut2::from_shape((bias.len(), 1), &mut bias_grad.direction)
                .map_err(|_| LayerError::Memory { expected: bias.len(), actual: 0 })?;
            weight.outer_mut()?.add_times_vector(F::one() / rows, bias.view(), direction)?;
            bias_grad.direction.iter_mut().zip(bias).for_each(|(direction, &b)| *direction += b);
        }
        Ok(())
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let algebra = self.group() == Group::General(Direction::Algebra);
        let augmented = self.bias.kind() == BiasKind::Augmented;
        let Some(bias) = self.bias.values_mut() else {
            let [weight] = grads.params_mut()?;
            return self.matrix.update(rule, weight);
        };
        let [weight, bias_grad] = grads.params_mut()?;
        let report = self.matrix.update(rule, weight)?;
        rule.step(&mut bias_grad.memory, &mut bias_grad.direction)?;
        let features = bias.len();
        if augmented && algebra {
            // W̃ makes one step: where the guard shortened that of W, the bias's is as short.
            let share = F::of(report.share());
            bias_grad.direction.iter_mut().for_each(|step| *step *= share);
            // W̃ ← (I + S̃) W̃: the weight's direction now holds S_W, and b moves with it.
            let step = ArrayView2::from_shape((features, features), &weight.direction[..features * features])
                .map_err(|_| LayerError::Memory { expected: features, actual: 0 })?;
            let old = bias.clone().insert_axis(ndarray::Axis(1));
            let moved = bias.view_mut().insert_axis(ndarray::Axis(1));
            gemm(F::one(), step, old.view(), Add::Yes, moved)?;
        }
        bias.iter_mut().zip(&bias_grad.direction).for_each(|(b, &step)| *b += step);
        Ok(report)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        let augmented = self.augmented(grads)?;
        let augmented = augmented.as_ref().and_then(|(delta, b)| Some((&delta[..], b.as_slice()?)));
        let weight = self.matrix.euclidean(grads.param(0)?, augmented)?;
        let mut found = vec![("weight".to_owned(), weight.into_dyn())];
        if self.bias.values().is_some() {
            let mean = grads.param(1)?.mean(grads.some_rows()?)?;
            found.push(("bias".to_owned(), Array1::from(mean).into_dyn()));
        }
        Ok(found)
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let mut found = vec![("weight".to_owned(), self.weight().to_owned().into_dyn())];
        found.extend(self.bias.values().map(|b| ("bias".to_owned(), b.clone().into_dyn())));
        found
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        *self = Self::from_tensors(self.options(), self.features(), tensors)?;
        Ok(())
    }

    fn save_state(&self, state: &mut State<F>) {
        self.matrix.save_state("weight", state);
    }

    fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        self.matrix.load_state("weight", state)
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        self.matrix.diagnostics("weight")
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
