//! The fixed layers in front of a flow: domains of columns, then preprocessing.

use pdmap_core::{Chain, FactorOut, Layer, LayerError, Real};
use pdmap_layers::preprocess::{Domain, Domains, Permute};

use crate::error::SpecError;
use crate::preprocess::Preprocess;
use crate::rows::Rows;

/// Most rows that the maps of bounded columns are fitted to.
const FITTED: usize = 1 << 16;

/// What stands in front of the layers of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Front<'a> {
    /// The domain of each feature; none if all are real.
    pub(crate) domains: &'a [Domain],
    /// Whether circles are cut open.
    pub(crate) cut: bool,
    /// Steps of the features that are not angles.
    pub(crate) steps: &'a [Preprocess],
}

impl Front<'_> {
    /// Whether no feature has bounds or a period.
    fn is_real(&self) -> bool {
        self.domains.iter().all(|&domain| domain == Domain::Real)
    }

    /// Angles that stay circles.
    pub(crate) fn angles(&self) -> usize {
        if self.cut { 0 } else { self.domains.iter().filter(|domain| domain.is_angle()).count() }
    }

    /// Angles move behind the other features.
    fn order(&self) -> Result<Option<Permute>, LayerError> {
        let last: Vec<bool> = self.domains.iter().map(|domain| domain.is_angle()).collect();
        let order = if self.angles() > 0 { Some(Permute::to_the_end(&last)?) } else { None };
        Ok(order.filter(|order| !order.is_identity()))
    }

    /// The number of layers.
    pub(crate) fn layers(&self) -> usize {
        let steps = Preprocess::layers(self.steps);
        if self.is_real() {
            return steps;
        }
        let angles = self.angles();
        let ordered = usize::from(self.order().is_ok_and(|order| order.is_some()));
        let steps = if angles == 0 { steps } else { usize::from(steps > 0 && self.domains.len() > angles) };
        1 + ordered + steps
    }

    /// The layers, fitted to training rows.
    ///
    /// # Errors
    /// Values outside their bounds; another number of domains than of features; those of
    /// [`Preprocess::fit`].
    pub(crate) fn fit<F: Real>(&self, rows: Rows<'_, F>) -> Result<Vec<Box<dyn Layer<F>>>, SpecError> {
        if self.is_real() {
            return Preprocess::fit(self.steps, rows);
        }
        let (features, angles) = (rows.features(), self.angles());
        let domains = Domains::fit(rows.sample_by_weight(FITTED)?.view(), self.domains, self.cut)?;
        let mut layers: Vec<Box<dyn Layer<F>>> = vec![Box::new(domains)];
        if let Some(order) = self.order()? {
            layers.push(Box::new(order));
        }
        let others = features - angles;
        if others == 0 {
            return Ok(layers);
        }
        let steps = Preprocess::fit_behind(&layers, others, self.steps, rows)?;
        match angles {
            0 => layers.extend(steps),
            _ if steps.is_empty() => {}
            _ => layers.push(Box::new(FactorOut::new(features, others, Chain::new(steps)?)?)),
        }
        Ok(layers)
    }
}
