//! Members of an ensemble.

use std::any::Any;

use pdmap_core::Real;
use pdmap_core::flow::Ensemble;

use super::header::Header;
use super::model::Model;
use crate::error::SpecError;

impl<F: Real> Model<F> {
    /// The ensemble, if this model is one: a flow without layers on a base density of flows.
    pub fn ensemble(&self) -> Option<&Ensemble<F>> {
        let base: &dyn Any = self.flow.base();
        base.downcast_ref().filter(|_| self.flow.chain().layers().is_empty())
    }

    /// The model of member `index`, with the same columns. It has codes, which an ensemble has not.
    ///
    /// # Errors
    /// [`SpecError::NoMember`]; a model that is no ensemble has no members.
    pub fn member(&self, index: usize) -> Result<Self, SpecError> {
        let members = self.ensemble().map_or(&[][..], Ensemble::members);
        let flow = members.get(index).ok_or(SpecError::NoMember { index, count: members.len() })?.clone();
        let (layers, base) = (flow.chain().specs(), flow.base().spec());
        let header = Header { layers, base, preprocessing: 0, training: None, ..self.header.clone() };
        Ok(Self { header, flow, labels: self.labels.clone() })
    }

    /// The number and the model of the member with the largest weight; nothing if this is no ensemble.
    pub fn heaviest_member(&self) -> Option<(usize, Self)> {
        let weights = self.ensemble()?.weights().iter().enumerate();
        let (index, _) = weights.max_by(|a, b| a.1.total_cmp(b.1))?;
        self.member(index).ok().map(|member| (index, member))
    }

    /// Refuses an ensemble where codes are needed: each member maps rows to codes of its own.
    ///
    /// # Errors
    /// [`SpecError::NoCodes`].
    pub fn has_codes(&self) -> Result<(), SpecError> {
        self.ensemble().map_or(Ok(()), |ensemble| Err(SpecError::NoCodes { count: ensemble.members().len() }))
    }
}
