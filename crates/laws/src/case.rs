//! What a law is applied to.

use std::cell::OnceCell;

use ndarray::{Array2, ArrayView2};
use pdmap_core::linalg::singular_values;
use pdmap_core::{Conditioned, Layer, LayerError, LayerExt, LayerSpec, Real, Registry, Tensors};
use rand::RngExt;

use crate::differences::Differences;
use crate::rng;
use crate::verdict::{Verdict, at_most};

/// A layer, rows to try it on, and what else a law needs.
///
/// A layer that reads a condition gets one, drawn from the seed and the same for all rows. What several
/// laws measure, such as Jacobians, is measured once.
#[derive(Debug)]
pub struct Case<'a, F: Real> {
    layer: Box<dyn Layer<F>>,
    condition: Vec<F>,
    rows: Array2<F>,
    seed: u64,
    registry: &'a Registry<F>,
    wide: Option<&'a Registry<f64>>,
    differences: OnceCell<Result<Differences<F>, LayerError>>,
    condition_number: OnceCell<Result<f64, LayerError>>,
}

impl<'a, F: Real> Case<'a, F> {
    /// A layer on rows of its domain. The registry must know the layer's kind.
    pub fn new(layer: &dyn Layer<F>, rows: ArrayView2<'_, F>, registry: &'a Registry<F>) -> Self {
        Self::seeded(layer, rows, registry, 1)
    }

    /// The same with another seed for whatever a law draws.
    pub fn seeded(layer: &dyn Layer<F>, rows: ArrayView2<'_, F>, registry: &'a Registry<F>, seed: u64) -> Self {
        let mut rng = rng(seed);
        let condition: Vec<F> = (0..layer.conditions()).map(|_| F::of(rng.random_range(-1.0..1.0))).collect();
        Self {
            layer: under(layer.duplicate(), &condition),
            condition,
            rows: rows.as_standard_layout().into_owned(),
            seed,
            registry,
            wide: None,
            differences: OnceCell::new(),
            condition_number: OnceCell::new(),
        }
    }

    /// With a registry for the same layer in double precision, which [`extremes`](crate::laws::extremes)
    /// compares with.
    #[must_use]
    pub fn wide(self, wide: &'a Registry<f64>) -> Self {
        Self { wide: Some(wide), ..self }
    }

    /// The same layer on other rows.
    pub(crate) fn on(&self, rows: Array2<F>) -> Self {
        Self {
            layer: self.layer.duplicate(),
            condition: self.condition.clone(),
            rows,
            differences: OnceCell::new(),
            condition_number: OnceCell::new(),
            ..*self
        }
    }

    /// Another layer on the same rows, under its condition where it reads one.
    pub(crate) fn with(&self, layer: Box<dyn Layer<F>>) -> Self {
        Self { layer, ..self.on(self.rows.clone()) }
    }

    /// The layer, under its condition where it reads one.
    pub fn layer(&self) -> &dyn Layer<F> {
        &*self.layer
    }

    /// The rows.
    pub fn rows(&self) -> ArrayView2<'_, F> {
        self.rows.view()
    }

    /// The seed for whatever a law draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A layer from a specification and tensors, under the same condition.
    ///
    /// # Errors
    /// Those of the registry.
    pub fn restore(&self, spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<Box<dyn Layer<F>>, LayerError> {
        Ok(under(self.registry.restore(spec, tensors)?, &self.condition))
    }

    /// The same layer in double precision, where it exists: an orthonormal `f32` matrix is not
    /// orthonormal in `f64`.
    pub(crate) fn widened(&self) -> Option<Box<dyn Layer<f64>>> {
        let wide = |value: &F| value.f64();
        let tensors = tensors(self.layer()).into_iter().map(|(name, tensor)| (name, tensor.map(wide)));
        let condition: Vec<f64> = self.condition.iter().map(wide).collect();
        let layer = self.wide?.restore(&self.layer.spec(), &mut Tensors::from_iter(tensors)).ok()?;
        Some(under(layer, &condition))
    }

    /// The layer at the rows moved along each feature, by which it is differentiated.
    pub(crate) fn differences(&self) -> Result<&Differences<F>, LayerError> {
        let made = self.differences.get_or_init(|| Differences::of(self.layer(), self.rows()));
        made.as_ref().map_err(Clone::clone)
    }

    /// `∂y/∂x` at one row, by central differences: `[features, features]`, one row for each output.
    ///
    /// # Errors
    /// Those of the layer.
    pub fn jacobian(&self, row: usize) -> Result<Array2<f64>, LayerError> {
        Ok(self.differences()?.jacobian(row))
    }

    /// The largest condition number of the Jacobians at the rows, at least 1.
    ///
    /// # Errors
    /// Those of the layer.
    pub fn condition_number(&self) -> Result<f64, LayerError> {
        let measure = || {
            let mut worst = 1.0_f64;
            for row in 0..self.rows.nrows() {
                if let [largest, .., smallest] = singular_values(self.jacobian(row)?.view())[..] {
                    worst = worst.max(largest / smallest);
                }
            }
            Ok(worst)
        };
        self.condition_number.get_or_init(measure).clone()
    }

    /// `measured ≤ allowed(condition number)`, where `allowed` grows with the condition number. It is
    /// only measured where 1 does not suffice.
    pub(crate) fn within(&self, what: impl Into<String>, measured: f64, allowed: impl Fn(f64) -> f64) -> Verdict {
        if measured <= allowed(1.0) {
            return Ok(());
        }
        at_most(what, measured, allowed(self.condition_number()?))
    }

    /// `(y, log|det|)` of the rows.
    pub(crate) fn image(&self) -> Result<(Array2<F>, Vec<f64>), LayerError> {
        self.layer.transform(self.rows())
    }
}

/// The tensors of a layer.
pub(crate) fn tensors<F: Real>(layer: &dyn Layer<F>) -> Vec<(String, ndarray::ArrayD<F>)> {
    pdmap_core::ParametricExt::tensors(layer)
}

/// A layer under a condition, where it reads one.
fn under<F: Real>(layer: Box<dyn Layer<F>>, condition: &[F]) -> Box<dyn Layer<F>> {
    if layer.conditions() == 0 {
        return layer;
    }
    let copy = layer.duplicate();
    match Conditioned::new(layer, condition.to_vec()) {
        Ok(conditioned) => Box::new(conditioned),
        // Laws then meet the layer's own error.
        Err(_) => copy,
    }
}
