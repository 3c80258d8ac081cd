//! A flow: its layers, then its base density.

use pdmap_core::{Flow, Real};

use crate::error::Result;
use crate::graph::Value;
use crate::pass::Pass;
use crate::{bases, layers};

/// `log p(x)` of the rows of a pass, `[rows]` in double precision. The pass ends with the codes.
pub(crate) fn log_prob<'g, F: Real>(flow: &Flow<F>, pass: &mut Pass<'g>) -> Result<Value<'g>> {
    let rows = pass.x;
    layers::chain(flow.chain(), pass)?;
    let log_density = bases::log_density(flow.base(), pass)?;
    pass.total.add(log_density);
    Ok(std::mem::take(&mut pass.total).finish(rows))
}
