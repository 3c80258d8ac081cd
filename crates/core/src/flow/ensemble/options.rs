//! An ensemble as data.

use serde::{Deserialize, Serialize};

use crate::contract::{BaseSpec, LayerSpec, Registry, Shape, Tensors};
use crate::flow::Flow;
use crate::{Real, Result};

/// The options of an ensemble in a model file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    pub(super) weights: Vec<f64>,
    /// Width of the condition; 0 without one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) conditions: usize,
    pub(super) members: Vec<MemberSpec>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(conditions: &usize) -> bool {
    *conditions == 0
}

/// The architecture of a member.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberSpec {
    shape: Vec<usize>,
    layers: Vec<LayerSpec>,
    #[serde(default)]
    pub(super) base: BaseSpec,
}

impl MemberSpec {
    pub(super) fn of<F: Real>(flow: &Flow<F>) -> Self {
        let shape = flow.shape().dims().to_vec();
        Self { shape, layers: flow.chain().specs(), base: flow.base().spec() }
    }

    /// Restores the flow; its tensors are in the present scope.
    pub(super) fn restore<F: Real>(&self, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Flow<F>> {
        Flow::take(Shape::of(&self.shape)?, &self.layers, &self.base, tensors, registry)
    }
}
