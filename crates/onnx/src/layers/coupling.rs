//! Couplings.

use pdmap_core::{Layer, Real};
use pdmap_layers::coupling::{CellFeatures, Coupling, OUTSIDE};

use super::networks::{Outputs, Part, parameters};
use super::transforms::{apply, bounded, directions};
use super::{failed, tensors, typed};
use crate::error::Result;
use crate::graph::Value;
use crate::pass::Pass;

/// Some features change with parameters that a network computes from the others.
pub(super) fn coupling<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Coupling<F> = typed(layer, pass)?;
    let (options, cells) = (own.options(), own.cells());
    let CellFeatures { count, seen, changed, angles } = cells;
    let mut inputs = Vec::new();
    let width = seen.len() / count;
    if width > 0 {
        // A feature beyond the border is the zero behind the row.
        let all = bounded(pass.x).padded(2, 0, 1, 0.0);
        let place = |&index: &u32| if index == OUTSIDE { pass.features } else { index as usize };
        let value = all.take(1, seen.iter().map(place));
        inputs.push(Part { value: in_cells(value, count, width), width });
    }
    if angles > 0 {
        let value = directions(pass.x.slice(1, pass.features - angles, pass.features), angles);
        inputs.push(Part { value: to_all_cells(value, count), width: 2 * angles });
    }
    if let Some(value) = pass.condition.filter(|_| layer.conditions() > 0) {
        inputs.push(Part { value: to_all_cells(value, count), width: layer.conditions() });
    }
    let targets = changed.len() / count;
    let outputs = Outputs { targets, each: options.transform.parameters(), positions: count };
    let network = options.network().map_err(failed(pass))?;
    let raw = parameters(&network, &mut tensors(layer), &inputs, outputs, pass)?;
    let changed: Vec<usize> = changed.iter().map(|&feature| feature as usize).collect();
    let x = pass.x.take(1, changed.iter().copied());
    let (y, log_slopes) = apply(options.transform, x, raw);
    pass.replace(&changed, y);
    pass.add_log_slopes(log_slopes);
    Ok(())
}

/// `[rows, cells, width]`; of a single cell `[rows, width]`.
fn in_cells(value: Value<'_>, count: usize, width: usize) -> Value<'_> {
    if count == 1 { value } else { value.reshape(&[0, count, width]) }
}

/// `[rows, 1, width]`, which is broadcast to all cells; of a single cell `[rows, width]`.
fn to_all_cells(value: Value<'_>, count: usize) -> Value<'_> {
    if count == 1 { value } else { value.unsqueeze(1) }
}
