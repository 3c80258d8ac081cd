//! Per-feature shift.

use ndarray::{Array1, Ix1};
use pdmap_core::group::Free;
use pdmap_core::{BuildContext, Kind, LayerSpec, ParamGrad, Real, Registry, Result, Tensors};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Action, Diagonal, PerFeature, Sharing};

/// `y = x + t`; `log|det| = 0`. The direction is `mean δ`.
pub type Shift<F> = Diagonal<F, Free<F, Ix1>, PerFeature>;

/// Options of a new shift; a saved one has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Initial value of every entry.
    #[serde(default)]
    start: f64,
}

impl<F: Real> Shift<F> {
    /// A shift initialized to 0.
    pub fn zero(features: usize) -> Result<Self> {
        Self::new(Array1::zeros(features))
    }

    /// A shift by `t`.
    ///
    /// # Errors
    /// [`LayerError::NonFinite`](pdmap_core::LayerError::NonFinite).
    pub fn new(t: Array1<F>) -> Result<Self> {
        let features = t.len();
        Ok(Self::of(Free::new("shift", t)?, PerFeature { features }))
    }

    /// The shift.
    pub fn shift(&self) -> &Array1<F> {
        self.action().values()
    }
}

impl<F: Real> Action<F> for Free<F, Ix1> {
    const NAME: &'static str = "shift";

    fn options(&self) -> Map<String, Value> {
        Map::new()
    }

    fn numbers(&self) -> &[F] {
        self.slice()
    }

    fn apply(x: F, t: F) -> F {
        x + t
    }

    fn undo(y: F, t: F) -> F {
        y - t
    }

    fn pull_back(dy: F, _: F) -> F {
        dy
    }

    fn log_slope(_: F) -> f64 {
        0.0
    }

    fn accumulate(sharing: &impl Sharing<F>, delta: &[F], _: &[F], grad: &mut ParamGrad<F>) -> Result<()> {
        sharing.add_sums(delta, grad)
    }
}

impl<F: Real> Kind<F> for Shift<F> {
    const KIND: &'static str = "shift";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let Start { start } = spec.parse()?;
        Self::new(Array1::from_elem(context.features, F::of(start)))
    }

    fn restore(_: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        Self::new(tensors.vector("shift", None)?)
    }
}
