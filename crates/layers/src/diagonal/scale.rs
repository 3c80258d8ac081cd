//! Per-feature positive scale: the 1×1 case of a linear layer.

use ndarray::Array1;
use pdmap_core::group::{Positive, ScaleDirection};
use pdmap_core::{BuildContext, Kind, LayerSpec, ParamGrad, Real, Registry, Result, Tensors};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Action, Diagonal, PerFeature, Sharing};

/// `y = s ∘ x` with `s > 0`; `log|det| = Σ log s`.
pub type Scale<F> = Diagonal<F, Positive<F>, PerFeature>;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    direction: ScaleDirection,
}

impl<F: Real> Scale<F> {
    /// All scales equal to 1.
    pub fn one(features: usize, direction: ScaleDirection) -> Result<Self> {
        Self::new(Array1::ones(features), direction)
    }

    /// The given scales.
    ///
    /// # Errors
    /// [`LayerError::NotPositive`](pdmap_core::LayerError::NotPositive) for a scale that is not
    /// positive and finite.
    pub fn new(scale: Array1<F>, direction: ScaleDirection) -> Result<Self> {
        let features = scale.len();
        Ok(Self::of(Positive::new(scale, direction)?, PerFeature { features }))
    }

    /// The scales.
    pub fn scale(&self) -> &Array1<F> {
        self.action().values()
    }
}

impl<F: Real> Action<F> for Positive<F> {
    const NAME: &'static str = "scale";

    fn options(&self) -> Map<String, Value> {
        let value = serde_json::to_value(self.direction()).unwrap_or_default();
        Map::from_iter([("direction".to_owned(), value)])
    }

    fn numbers(&self) -> &[F] {
        self.values().as_slice().unwrap_or(&[])
    }

    fn apply(x: F, s: F) -> F {
        x * s
    }

    fn undo(y: F, s: F) -> F {
        y / s
    }

    fn pull_back(dy: F, s: F) -> F {
        dy * s
    }

    fn log_slope(s: F) -> f64 {
        s.f64().ln()
    }

    fn accumulate(sharing: &impl Sharing<F>, delta: &[F], x: &[F], grad: &mut ParamGrad<F>) -> Result<()> {
        sharing.add_products(delta, x, grad)
    }
}

impl<F: Real> Kind<F> for Scale<F> {
    const KIND: &'static str = "scale";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let Options { direction } = spec.parse()?;
        Self::one(context.features, direction)
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { direction } = spec.parse()?;
        Self::new(tensors.vector("scale", None)?, direction)
    }
}
