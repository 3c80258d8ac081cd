//! Builds a flow layer by layer.

use super::base::Normal;
use super::model::Flow;
use crate::contract::{Base, Layer, Shape};
use crate::{LayerError, Real, Result};

/// Layers that become a [`Flow`]; see [`Flow::builder`].
#[derive(Debug)]
#[must_use = "`build` makes the flow"]
pub struct FlowBuilder<F: Real> {
    shape: Shape,
    layers: Vec<Box<dyn Layer<F>>>,
    base: Box<dyn Base<F>>,
}

impl<F: Real> Flow<F> {
    /// Starts a flow on rows of the given shape or number of features. Layers are added in order,
    /// from data to latent codes.
    ///
    /// ```
    /// use pdmap_core::flow::base::Logistic;
    /// use pdmap_core::{Chain, Flow};
    ///
    /// # fn main() -> pdmap_core::Result<()> {
    /// // Any layer of pdmap-layers, pdmap-dense or pdmap-conv; here the identity.
    /// let identity = Chain::new(vec![])?;
    /// let flow: Flow<f64> = Flow::builder(3).layer(identity).base(Logistic).build()?;
    /// assert_eq!((flow.features(), flow.chain().layers().len()), (3, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(shape: impl Into<Shape>) -> FlowBuilder<F> {
        FlowBuilder { shape: shape.into(), layers: Vec::new(), base: Box::new(Normal) }
    }
}

impl<F: Real> FlowBuilder<F> {
    /// Appends a layer.
    pub fn layer(self, layer: impl Layer<F> + 'static) -> Self {
        self.boxed(Box::new(layer))
    }

    /// Appends a boxed layer.
    pub fn boxed(mut self, layer: Box<dyn Layer<F>>) -> Self {
        self.layers.push(layer);
        self
    }

    /// Sets the base density; the default is the standard normal.
    pub fn base(self, base: impl Base<F> + 'static) -> Self {
        Self { base: Box::new(base), ..self }
    }

    /// Builds the flow.
    ///
    /// # Errors
    /// [`LayerError::NoFeatures`]; layers with other numbers of features.
    pub fn build(self) -> Result<Flow<F>, LayerError> {
        Flow::new(self.shape, self.layers, self.base)
    }
}
