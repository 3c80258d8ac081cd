//! A density model: an invertible map and a base density.

use ndarray::{Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rand::Rng;

use crate::optim::{Memory, Reads, StepReport, UpdateRule};
use crate::tape::Buffer;
use crate::{
    Base, BaseSpec, Chain, Diagnostic, Evaluator, Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec,
    ParamGrad, Real, Recorded, Registry, Result, State, Tape, Tensors, check, parallel,
};

/// Features that a specification alone may ask for, without a tensor of that size to show for it: nothing is allocated on the word of a file.
const MOST_UNBACKED: usize = 1 << 16;

/// Features up to which a batch is differentiated in parts: above, single operations are large enough for several threads.
const NARROW: usize = 256;

/// Rows of a part, at least, and most parts.
const PART: usize = 64;
const MOST_PARTS: usize = 8;

/// `log p(x) = log p_base(f(x)) + Σ_layers log|det|`, in nats.
#[derive(Debug, Clone)]
pub struct Flow<F: Real> {
    chain: Chain<F>,
    base: Base,
    features: usize,
}

/// What training keeps between steps: tape, gradients and the optimizer's memory. After the first step it grows no more for batches that are no
/// larger.
#[derive(Debug, Clone)]
pub struct Training<F: Real> {
    /// Gradients, directions and optimizer memory of the layers.
    pub grads: LayerGrads<F>,
    /// The same of the base density.
    pub base: LayerGrads<F>,
    tape: Tape<F>,
    x: Buffer<F>,
    z: Buffer<F>,
    delta: Buffer<F>,
    condition: Buffer<F>,
    log_density: Vec<f64>,
    /// The same for the parts of a batch beyond the first; their sums are added to those above.
    parts: Vec<Training<F>>,
}

impl<F: Real> Training<F> {
    /// Writes the optimizer's memory of every parameter. Sums of gradients are not written: they are empty between steps.
    pub fn save_memory(&self, state: &mut State<F>) {
        let mut save = |path: &str, memory: &Memory<F>| memory.save(path, state);
        self.grads.visit_memory("layers.", &mut save);
        self.base.visit_memory("base.", &mut save);
    }

    /// Takes back what [`save_memory`](Self::save_memory) wrote.
    ///
    /// # Errors
    /// Missing pieces.
    pub fn load_memory(&mut self, state: &mut State<F>) -> Result<()> {
        let mut result = Ok(());
        let mut load = |path: &str, param: &mut ParamGrad<F>| {
            if result.is_ok() {
                result = param.memory.load(path, state);
            }
        };
        self.grads.visit("layers.", &mut load);
        self.base.visit("base.", &mut load);
        result
    }
}

/// What one accumulated batch says about itself without costing anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// Rows of the batch.
    pub rows: usize,
    /// Mean of `log p_base(f(x))`, nats; the log-determinants are left out because a training step does not need them.
    pub base_log_density: f64,
}

impl<F: Real> Flow<F> {
    /// A flow on `features` numbers a row.
    ///
    /// # Errors
    /// No features; layers with another number of them.
    pub fn new(features: usize, layers: Vec<Box<dyn Layer<F>>>, base: Base) -> Result<Self> {
        let chain = Chain::new(layers)?;
        if features == 0 {
            return Err(LayerError::NoFeatures);
        }
        check::features("flow", chain.features().unwrap_or(features), features)?;
        Ok(Self { chain, base, features })
    }

    /// Features a row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Numbers of the condition of a row, where this is a density `p(x | c)`; 0 where it is not.
    pub fn conditions(&self) -> usize {
        self.chain.conditions()
    }

    /// Rows that hold their condition behind their features, `[rows, features + conditions]`, taken apart. Whatever else their width is, it is for the flow
    /// to refuse.
    pub fn given<'a>(&self, rows: ArrayView2<'a, F>) -> Input<'a, F> {
        let conditions = self.conditions();
        if conditions == 0 || rows.ncols() != self.features + conditions {
            return rows.into();
        }
        let (x, condition) = rows.split_at(Axis(1), self.features);
        Input { x, condition: Some(condition) }
    }

    /// The map.
    pub fn chain(&self) -> &Chain<F> {
        &self.chain
    }

    /// The base density.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Memory for repeated evaluations of blocks of rows.
    pub fn evaluator(&self) -> Evaluator<'_, F> {
        Evaluator::new(self)
    }

    /// `log p(x)` of each row, nats.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities, a singular matrix.
    pub fn log_prob<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<Vec<f64>> {
        let input = x.into();
        let mut log_prob = vec![0.0; input.x.nrows()];
        self.evaluator().log_prob_into(input, &mut log_prob)?;
        Ok(log_prob)
    }

    /// `z = f(x)`.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities.
    pub fn encode<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<Array2<F>> {
        let input = x.into();
        let mut z = Array2::zeros(input.x.dim());
        self.evaluator().encode_into(input, z.view_mut())?;
        Ok(z)
    }

    /// `x = f⁻¹(z)`.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities (also in the result, where the inverse overflows), a singular matrix.
    pub fn decode<'a>(&self, z: impl Into<Input<'a, F>>) -> Result<Array2<F>> {
        let input = z.into();
        let mut x = Array2::zeros(input.x.dim());
        self.evaluator().decode_into(input, x.view_mut())?;
        Ok(x)
    }

    /// `count` rows drawn from the model.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Result<Array2<F>> {
        self.decode(&self.base.sample(count, self.features, rng)?)
    }

    /// One row drawn from `p(x | c)` for each row of `condition`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn sample_given(&self, condition: ArrayView2<'_, F>, rng: &mut dyn Rng) -> Result<Array2<F>> {
        let z = self.base.sample(condition.nrows(), self.features, rng)?;
        let input: Input<'_, F> = (&z).into();
        self.decode(input.given(condition))
    }

    /// `∂ log p / ∂x` of each row, nats per unit of each feature.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities.
    pub fn input_gradient<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<Array2<F>> {
        let input = x.into();
        let mut gradient = Array2::zeros(input.x.dim());
        self.evaluator().input_gradient_into(input, gradient.view_mut())?;
        Ok(gradient)
    }

    /// An empty training state for this flow.
    pub fn training(&self) -> Training<F> {
        Training {
            grads: self.chain.new_grads(),
            base: self.base.new_grads(),
            tape: Tape::recording(),
            x: Buffer::default(),
            z: Buffer::default(),
            delta: Buffer::default(),
            condition: Buffer::default(),
            log_density: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Forward and backward: adds the gradients of a batch to `training`.
    ///
    /// # Errors
    /// Wrong shapes; NaN and infinities in the batch or in its image.
    pub fn accumulate<'a>(
        &self,
        x: impl Into<Input<'a, F>>,
        training: &mut Training<F>,
    ) -> Result<BatchReport> {
        self.differentiate(x.into(), training, None)
    }

    pub(crate) fn differentiate(
        &self,
        input: Input<'_, F>,
        training: &mut Training<F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) -> Result<BatchReport> {
        let rows = input.x.nrows();
        parallel::in_pool(self.numbers(rows), || {
            let parts = if dx.is_none() { self.parts(rows) } else { 1 };
            if parts == 1 {
                return self.differentiate_here(input, training, dx);
            }
            let Training { parts: others, .. } = training;
            let mut others = std::mem::take(others);
            if others.len() < parts - 1 {
                others.resize_with(parts - 1, || self.training());
            }
            let report = self.in_parts(input, training, &mut others[..parts - 1]);
            let merged = others[..parts - 1].iter_mut().try_for_each(|other| {
                training.grads.absorb(&mut other.grads)?;
                training.base.absorb(&mut other.base)
            });
            training.parts = others;
            merged.and(report)
        })
    }

    /// How many parts of a batch are differentiated beside each other: a matter of sizes alone, so that results do not depend on the number of
    /// threads. Where rows are wide, the threads share each operation instead.
    fn parts(&self, rows: usize) -> usize {
        if self.features > NARROW { 1 } else { (rows / PART).clamp(1, MOST_PARTS) }
    }

    /// The first rows into `first`, the rest into `others`, in halves of the parts.
    fn in_parts(
        &self,
        input: Input<'_, F>,
        first: &mut Training<F>,
        others: &mut [Training<F>],
    ) -> Result<BatchReport> {
        if others.is_empty() {
            return self.differentiate_here(input, first, None);
        }
        let count = others.len() + 1;
        let (rows, half) = (input.x.nrows(), count / 2);
        let at = rows * half / count;
        let (x_0, x_1) = input.x.split_at(Axis(0), at);
        let (given_0, given_1) = input.condition.map(|given| given.split_at(Axis(0), at)).unzip();
        let (before, after) = others.split_at_mut(half - 1);
        let Some((next, after)) = after.split_first_mut() else {
            return self.differentiate_here(input, first, None);
        };
        let (a, b) = rayon::join(
            || self.in_parts(Input { x: x_0, condition: given_0 }, first, before),
            || self.in_parts(Input { x: x_1, condition: given_1 }, next, after),
        );
        let (a, b) = (a?, b.map_err(|error| error.below(at))?);
        let mean = |report: &BatchReport| report.base_log_density * report.rows as f64 / rows as f64;
        Ok(BatchReport { rows, base_log_density: mean(&a) + mean(&b) })
    }

    /// Numbers that the largest operation of a step works on.
    fn numbers(&self, rows: usize) -> usize {
        self.features * self.features.max(rows)
    }

    fn differentiate_here(
        &self,
        input: Input<'_, F>,
        training: &mut Training<F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) -> Result<BatchReport> {
        let Training { grads, base, tape, x, z, delta, condition, log_density, .. } = training;
        let rows = input.x.nrows();
        self.check("batch", input.reborrow())?;
        // Any layout is welcome here; inside, rows are contiguous.
        let input = match &input.condition {
            Some(given) if !given.is_standard_layout() => {
                condition.shaped(rows, given.ncols()).assign(given);
                Input { condition: Some(condition.view()), x: input.x.reborrow() }
            }
            _ => input.reborrow(),
        };
        let input = if input.x.is_standard_layout() {
            input.reborrow()
        } else {
            x.shaped(rows, self.features).assign(&input.x);
            input.with(x.view())
        };
        self.chain.forward(input, z.shaped(rows, self.features), None, tape)?;
        check::finite("image of the batch", z.view())?;
        log_density.clear();
        log_density.resize(rows, 0.0);
        self.base.add_log_density(z.view(), log_density)?;
        check::finite("log-density of the batch", ArrayView1::from(&*log_density).insert_axis(Axis(1)))?;
        self.base.score(z.view(), delta.shaped(rows, self.features))?;
        self.base.accumulate(z.view(), base)?;
        let at = Recorded { input, y: z.view(), tape };
        self.chain.backward(at, delta.view(), dx, grads)?;
        Ok(BatchReport { rows, base_log_density: log_density.iter().sum::<f64>() / rows.max(1) as f64 })
    }

    /// Follows the accumulated gradients through `rule`, and clears them.
    ///
    /// # Errors
    /// No rows; gradients of another flow; a singular matrix where a direction needs an inverse; a step that is not finite. Layers before the
    /// one that failed have made their step then.
    pub fn update(&mut self, rule: &mut dyn UpdateRule<F>, training: &mut Training<F>) -> Result<StepReport> {
        let Training { grads, base, .. } = training;
        // A plain rule reads no entries, and directions may stay in factors; whoever calls `direct` by hand finds entries.
        grads.set_reads(rule.reads());
        let report = parallel::in_pool(self.numbers(grads.rows), || self.follow(rule, grads, base));
        grads.set_reads(Reads::Entries);
        grads.clear();
        base.clear();
        report
    }

    fn follow(
        &mut self,
        rule: &mut dyn UpdateRule<F>,
        grads: &mut LayerGrads<F>,
        base: &mut LayerGrads<F>,
    ) -> Result<StepReport> {
        self.chain.direct(grads)?;
        self.base.direct(base)?;
        rule.begin(&mut || (grads.direction_norm_squared() + base.direction_norm_squared()).sqrt())?;
        let mut report = self.chain.update(rule, grads)?;
        report += self.base.update(rule, base)?;
        Ok(report)
    }

    /// Euclidean gradients of the mean log-likelihood by tensor name, from what was accumulated. Diagnostics; may cost O(D³).
    ///
    /// # Errors
    /// No rows; a singular matrix.
    pub fn gradients(&self, training: &Training<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        let layers = self.chain.gradients(&training.grads)?;
        Ok(layers.into_iter().map(|(name, value)| (format!("layers.{name}"), value)).collect())
    }

    /// All tensors by path name (`layers.3.weight`, `base.log_nu`).
    pub fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let layers = self.chain.tensors().into_iter().map(|(name, value)| (format!("layers.{name}"), value));
        layers
            .chain(self.base.tensors().into_iter().map(|(name, value)| (format!("base.{name}"), value)))
            .collect()
    }

    /// Takes back what [`tensors`](Self::tensors) gave.
    ///
    /// # Errors
    /// Missing, superfluous or misshapen tensors; values that break an invariant. The flow is unchanged then.
    pub fn set_tensors(&mut self, mut tensors: Tensors<F>) -> Result<()> {
        let mut next = self.clone();
        tensors.scoped("layers.", |tensors| next.chain.set_tensors(tensors))?;
        tensors.scoped("base.", |tensors| next.base.set_tensors(tensors))?;
        tensors.finish()?;
        *self = next;
        Ok(())
    }

    /// Writes what training changed beside the tensors, for [`load_state`](Self::load_state).
    pub fn save_state(&self, state: &mut State<F>) {
        state.scoped("layers.", |state| self.chain.save_state(state));
        state.scoped("base.", |state| self.base.save_state(state));
    }

    /// Takes back what [`save_state`](Self::save_state) wrote, once the tensors are set.
    ///
    /// # Errors
    /// Missing pieces, other shapes.
    pub fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        state.scoped("layers.", |state| self.chain.load_state(state))?;
        state.scoped("base.", |state| self.base.load_state(state))
    }

    /// Makes a new flow from a description: each layer by its kind and options, `fixed` layers (fitted preprocessing) in front of them.
    ///
    /// # Errors
    /// Those of the layers; no features.
    pub fn build(
        fixed: Vec<Box<dyn Layer<F>>>,
        layers: &[LayerSpec],
        base: BaseSpec,
        fresh: &mut Fresh<'_, F>,
        registry: &Registry<F>,
    ) -> Result<Self> {
        let base = Base::new(base)?;
        let mut all = fixed;
        for spec in layers {
            let layer = registry.build(spec, &mut fresh.behind(&all))?;
            all.push(layer);
        }
        Self::new(fresh.features, all, base)
    }

    /// Builds a flow from its specification and tensors.
    ///
    /// # Errors
    /// Unknown kinds; missing, superfluous or misshapen tensors; values that break an invariant.
    pub fn restore(
        features: usize,
        layers: &[LayerSpec],
        base: BaseSpec,
        mut tensors: Tensors<F>,
        registry: &Registry<F>,
    ) -> Result<Self> {
        let chain = tensors.scoped("layers.", |tensors| Chain::from_specs(layers, tensors, registry))?;
        if chain.features().is_none() && features > MOST_UNBACKED {
            let range = "at most 65536 where no tensor fixes it";
            return Err(LayerError::Range { what: "features", value: features as f64, range });
        }
        let mut base = Base::new(base)?;
        tensors.scoped("base.", |tensors| base.set_tensors(tensors))?;
        tensors.finish()?;
        Self::new(features, chain.layers().to_vec(), base)
    }

    /// Numbers that training changes or that were fitted to data: the sizes of all tensors.
    pub fn parameters(&self) -> usize {
        self.tensors().iter().map(|(_, tensor)| tensor.len()).sum()
    }

    /// Figures about each layer, with its index in front.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.chain.diagnostics()
    }

    pub(crate) fn check(&self, what: &'static str, input: Input<'_, F>) -> Result<()> {
        check::features(what, self.features, input.x.ncols())?;
        let (expected, actual) =
            (self.conditions(), input.condition.as_ref().map_or(0, |given| given.ncols()));
        if expected > 0 && expected != actual {
            return Err(LayerError::Conditions { expected, actual });
        }
        if let Some(condition) = input.condition {
            check::shape("condition", (input.x.nrows(), condition.ncols()), condition.dim())?;
            check::finite("condition", condition)?;
        }
        check::finite(what, input.x)
    }
}
