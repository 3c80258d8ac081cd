//! Members of an ensemble.

use pdmap_core::flow::Ensemble;
use pdmap_core::{ParametricExt, Real, Tensors};

use super::header::Header;
use super::model::Model;
use crate::error::SpecError;
use crate::registry::registry;

impl<F: Real> Model<F> {
    /// The ensemble, if this model is one: a flow without layers on a base density of flows.
    ///
    /// # Errors
    /// None for a model that was built or loaded.
    pub fn ensemble(&self) -> Result<Option<Ensemble<F>>, SpecError> {
        if !self.header.layers.is_empty() || self.header.base.kind != Ensemble::<F>::KIND {
            return Ok(None);
        }
        let mut tensors = Tensors::from_iter(self.flow.base().tensors());
        Ok(Some(Ensemble::restore(&self.header.base, &mut tensors, &registry())?))
    }

    /// The model of member `index`, with the same columns. It has codes, which an ensemble has not.
    ///
    /// # Errors
    /// [`SpecError::NoMember`]; a model that is no ensemble has no members.
    pub fn member(&self, index: usize) -> Result<Self, SpecError> {
        let members = self.ensemble()?.map_or_else(Vec::new, |ensemble| ensemble.members().to_vec());
        let count = members.len();
        let flow = members.into_iter().nth(index).ok_or(SpecError::NoMember { index, count })?;
        let (layers, base) = (flow.chain().specs(), flow.base().spec());
        let header = Header { layers, base, preprocessing: 0, training: None, ..self.header.clone() };
        Ok(Self { header, flow })
    }

    /// Refuses an ensemble where codes are needed: each member maps rows to codes of its own.
    ///
    /// # Errors
    /// [`SpecError::NoCodes`].
    pub fn has_codes(&self) -> Result<(), SpecError> {
        self.ensemble()?.map_or(Ok(()), |ensemble| Err(SpecError::NoCodes { count: ensemble.members().len() }))
    }
}
