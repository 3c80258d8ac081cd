//! The density model.

use ndarray::{ArrayD, ArrayView2, Axis};

use crate::combine::Chain;
use crate::contract::{
    Base, BaseSpec, BuildContext, Input, Layer, LayerSpec, ParamGrad, Parametric, ParametricExt, Reads, Registry, Rule,
    Shape, StepReport, Tensors, Visit, VisitMut, check_condition,
};
use crate::{LayerError, Real, Result, check};

/// Maximum number of features that a specification without tensors of that size may request, so
/// that a small file cannot cause a large allocation.
const MOST_UNBACKED: usize = 1 << 16;

/// `log p(x) = log p_base(f(x)) + Σ_layers log|det|`, in nats.
#[derive(Debug, Clone)]
pub struct Flow<F: Real> {
    chain: Chain<F>,
    base: Box<dyn Base<F>>,
    shape: Shape,
    /// Trained parameters of the layers; those of the base density follow.
    trained: usize,
}

impl<F: Real> Flow<F> {
    /// A flow on rows of the given shape or number of features.
    ///
    /// # Errors
    /// No features; layers whose shapes do not match; a base density of another number of features, or with a
    /// condition of another width than the layers.
    pub fn new(shape: impl Into<Shape>, layers: Vec<Box<dyn Layer<F>>>, base: Box<dyn Base<F>>) -> Result<Self> {
        let (chain, shape) = (Chain::new(layers)?, shape.into());
        if shape.features() == 0 {
            return Err(LayerError::NoFeatures);
        }
        let codes = chain.shape(shape)?;
        if let Some(features) = base.features() {
            check::features("the code of a row for the base density", features, codes.features())?;
        }
        let (expected, actual) = (chain.conditions(), base.conditions());
        if expected > 0 && actual > 0 && expected != actual {
            return Err(LayerError::Conditions { expected, actual });
        }
        let trained = chain.trained();
        Ok(Self { chain, base, shape, trained })
    }

    /// Features per row.
    pub fn features(&self) -> usize {
        self.shape.features()
    }

    /// Shape of the input rows.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Width of the condition `c` of a density `p(x | c)`; 0 for an unconditional one.
    pub fn conditions(&self) -> usize {
        self.chain.conditions().max(self.base.conditions())
    }

    /// Splits rows that hold their condition after their features, `[rows, features + conditions]`.
    /// Rows of any other width pass unchanged and are rejected by the flow.
    pub fn given<'a>(&self, rows: ArrayView2<'a, F>) -> Input<'a, F> {
        let conditions = self.conditions();
        if conditions == 0 || rows.ncols() != self.features() + conditions {
            return rows.into();
        }
        let (x, condition) = rows.split_at(Axis(1), self.features());
        Input::new(x, Some(condition))
    }

    /// The map.
    pub fn chain(&self) -> &Chain<F> {
        &self.chain
    }

    /// The base density.
    pub fn base(&self) -> &dyn Base<F> {
        &*self.base
    }

    pub(super) fn trained_in_layers(&self) -> usize {
        self.trained
    }

    /// Restores the tensors of a flow of the same architecture, by path name (`layers.3.weight`,
    /// `base.log_nu`).
    ///
    /// # Errors
    /// Missing, superfluous or misshapen tensors; values that break an invariant. The flow is
    /// unchanged then.
    pub fn set_tensors(&mut self, mut tensors: Tensors<F>) -> Result<()> {
        let mut next = self.clone();
        ParametricExt::set_tensors(&mut next, &mut tensors)?;
        tensors.finish()?;
        *self = next;
        Ok(())
    }

    /// Builds a new flow from a description: each layer from its kind and options, after the
    /// `fixed` layers (fitted preprocessing).
    ///
    /// # Errors
    /// Those of the layers and of the base density; no features.
    pub fn build(
        fixed: Vec<Box<dyn Layer<F>>>,
        layers: &[LayerSpec],
        base: &BaseSpec,
        context: &mut BuildContext<'_, F>,
        registry: &Registry<F>,
    ) -> Result<Self> {
        let mut all = fixed;
        for spec in layers {
            let layer = registry.build(spec, &mut context.behind(&all)?)?;
            all.push(layer);
        }
        let base = registry.build_base(base, &mut context.behind(&all)?)?;
        // A shape that does not describe the rows is for the layers that read it to refuse.
        let described = context.shape.features() == context.features;
        Self::new(if described { context.shape } else { context.features.into() }, all, base)
    }

    /// Restores a flow from its specification and tensors.
    ///
    /// # Errors
    /// Unknown kinds; missing, superfluous or misshapen tensors; values that break an invariant.
    pub fn restore(
        shape: impl Into<Shape>,
        layers: &[LayerSpec],
        base: &BaseSpec,
        mut tensors: Tensors<F>,
        registry: &Registry<F>,
    ) -> Result<Self> {
        let flow = Self::take(shape, layers, base, &mut tensors, registry)?;
        tensors.finish()?;
        Ok(flow)
    }

    /// As [`restore`](Self::restore), from tensors of which others may be left.
    pub(super) fn take(
        shape: impl Into<Shape>,
        layers: &[LayerSpec],
        base: &BaseSpec,
        tensors: &mut Tensors<F>,
        registry: &Registry<F>,
    ) -> Result<Self> {
        let chain = tensors.scoped("layers.", |tensors| Chain::from_specs(layers, tensors, registry))?;
        let base = tensors.scoped("base.", |tensors| registry.restore_base(base, tensors))?;
        let shape = shape.into();
        if !chain.fixes_features() && base.features().is_none() && shape.features() > MOST_UNBACKED {
            let (value, range) = (shape.features() as f64, "at most 65536 where no tensor fixes it");
            return Err(LayerError::Range { what: "features", value, range });
        }
        Self::new(shape, chain.layers().to_vec(), base)
    }

    pub(super) fn check(&self, what: &'static str, input: &Input<'_, F>) -> Result<()> {
        check::features(what, self.features(), input.x.ncols())?;
        check_condition(self.conditions(), input)?;
        check::finite(what, input.x.reborrow())
    }
}

impl<F: Real> Parametric<F> for Flow<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.chain.parameters(&mut |name, parameter| visit(&format_args!("layers.{name}"), parameter))?;
        self.base.parameters(&mut |name, parameter| visit(&format_args!("base.{name}"), parameter))
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.chain.parameters_mut(&mut |name, parameter| visit(&format_args!("layers.{name}"), parameter))?;
        self.base.parameters_mut(&mut |name, parameter| visit(&format_args!("base.{name}"), parameter))
    }

    fn direct(&self, rows: usize, reads: Reads, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let (layers, base) = self.split(grads)?;
        self.chain.direct(rows, reads, layers)?;
        self.base.direct(rows, reads, base)
    }

    fn norm_squared(&self, grads: &mut [ParamGrad<F>]) -> Result<f64> {
        let (layers, base) = self.split(grads)?;
        Ok(self.chain.norm_squared(layers)? + self.base.norm_squared(base)?)
    }

    fn update(&mut self, rule: &mut dyn Rule<F>, grads: &mut [ParamGrad<F>]) -> Result<StepReport> {
        let (layers, base) = self.split(grads)?;
        let mut report = self.chain.update(rule, layers)?;
        report += self.base.update(rule, base)?;
        Ok(report)
    }

    fn euclidean(&self, rows: usize, grads: &[ParamGrad<F>]) -> Result<Vec<(String, ArrayD<F>)>> {
        let layers =
            grads.get(..self.trained).ok_or(LayerError::Grads { expected: self.trained, actual: grads.len() })?;
        let mut found = Vec::new();
        for (part, named) in [
            ("layers", self.chain.euclidean(rows, layers)?),
            ("base", self.base.euclidean(rows, &grads[self.trained..])?),
        ] {
            found.extend(named.into_iter().map(|(name, value)| (format!("{part}.{name}"), value)));
        }
        Ok(found)
    }
}

/// The gradients of the layers, and those of the base density.
type Split<'g, F> = (&'g mut [ParamGrad<F>], &'g mut [ParamGrad<F>]);

impl<F: Real> Flow<F> {
    fn split<'g>(&self, grads: &'g mut [ParamGrad<F>]) -> Result<Split<'g, F>> {
        let (expected, actual) = (self.trained, grads.len());
        grads.split_at_mut_checked(self.trained).ok_or(LayerError::Grads { expected, actual })
    }
}
