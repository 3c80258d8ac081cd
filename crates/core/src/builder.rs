//! A flow, one layer after the other.

use crate::{Base, Flow, Layer, LayerError, Real, Result};

/// Layers that become a [`Flow`]: [`Flow::builder`].
#[derive(Debug)]
#[must_use = "`build` makes the flow"]
pub struct FlowBuilder<F: Real> {
    features: usize,
    layers: Vec<Box<dyn Layer<F>>>,
    base: Base,
}

impl<F: Real> Flow<F> {
    /// A flow on `features` numbers a row, one layer after the other, from data to codes.
    ///
    /// ```
    /// use pdmap_core::diagonal::{Scale, ScaleDirection, Shift};
    /// use pdmap_core::{Base, BaseSpec, Flow};
    ///
    /// # fn main() -> pdmap_core::Result<()> {
    /// let flow: Flow<f64> = Flow::builder(3)
    ///     .layer(Shift::zero(3))
    ///     .layer(Scale::one(3, ScaleDirection::Algebra))
    ///     .base(Base::new(BaseSpec::Logistic)?)
    ///     .build()?;
    /// assert_eq!((flow.features(), flow.chain().layers().len()), (3, 2));
    /// assert!(Flow::<f64>::builder(2).layer(Shift::zero(3)).build().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(features: usize) -> FlowBuilder<F> {
        FlowBuilder { features, layers: Vec::new(), base: Base::normal() }
    }
}

impl<F: Real> FlowBuilder<F> {
    /// Adds a layer behind those before it.
    pub fn layer(self, layer: impl Layer<F> + 'static) -> Self {
        self.boxed(Box::new(layer))
    }

    /// The same of a layer whose type is not known here.
    pub fn boxed(mut self, layer: Box<dyn Layer<F>>) -> Self {
        self.layers.push(layer);
        self
    }

    /// The base density; standard normal where nothing is said.
    pub fn base(mut self, base: Base) -> Self {
        self.base = base;
        self
    }

    /// The flow.
    ///
    /// # Errors
    /// [`LayerError::NoFeatures`]; layers with other numbers of features.
    pub fn build(self) -> Result<Flow<F>, LayerError> {
        Flow::new(self.features, self.layers, self.base)
    }
}
