//! Draws from several flows.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rand::{Rng, RngExt};

use crate::contract::{Draw, Input};
use crate::flow::Flow;
use crate::{Real, Result};

/// Some rows with their conditions.
pub(super) struct Chosen<F> {
    x: Array2<F>,
    condition: Option<Array2<F>>,
}

impl<F: Real> Chosen<F> {
    pub(super) fn of(all: &Input<'_, F>, rows: &[usize]) -> Self {
        let chosen = |of: &ArrayView2<'_, F>| of.select(Axis(0), rows);
        Self { x: chosen(&all.x), condition: all.condition.as_ref().map(chosen) }
    }

    pub(super) fn input(&self) -> Input<'_, F> {
        Input::new(self.x.view(), self.condition.as_ref().map(|condition| condition.view()))
    }
}

/// Fills `z` with rows, each from a member drawn by the weights, at a temperature above 0 of its base
/// density.
///
/// The random numbers of a row follow those of the row before, so that drawing in blocks gives the
/// rows of a single call; the codes are decoded by member afterwards.
pub(super) fn fill<F: Real>(
    members: &[Flow<F>],
    weights: &[f64],
    draw: Draw<'_, F>,
    rng: &mut dyn Rng,
    mut z: ArrayViewMut2<'_, F>,
) -> Result<()> {
    let condition = draw.condition;
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    for row in 0..z.nrows() {
        let member = choose(weights, rng.random());
        let one = condition.as_ref().map(|all| all.slice_axis(Axis(0), (row..row + 1).into()));
        let code = z.slice_axis_mut(Axis(0), (row..row + 1).into());
        members[member].base().sample_into(Draw { condition: one, ..draw }, rng, code)?;
        rows_of[member].push(row);
    }
    for (flow, rows) in members.iter().zip(rows_of) {
        let codes = Chosen::of(&Input::new(z.view(), condition), &rows);
        let decoded: Array2<F> = flow.decode(codes.input())?;
        rows.into_iter().zip(decoded.rows()).for_each(|(row, decoded)| z.row_mut(row).assign(&decoded));
    }
    Ok(())
}

/// The image of the mode of each member's base density, a row for each; `condition` has one row.
pub(super) fn modes<F: Real>(
    members: &[Flow<F>],
    condition: Option<ArrayView2<'_, F>>,
    rng: &mut dyn Rng,
) -> Result<Array2<F>> {
    let mut modes = Array2::zeros((members.len(), members.first().map_or(0, Flow::features)));
    for (flow, mut mode) in members.iter().zip(modes.axis_chunks_iter_mut(Axis(0), 1)) {
        flow.base().sample_into(Draw { temperature: 0.0, condition }, rng, mode.view_mut())?;
        let decoded = flow.decode(Input::new(mode.view(), condition))?;
        mode.assign(&decoded);
    }
    Ok(modes)
}

/// The member whose part of [0, 1) contains `u`.
fn choose(weights: &[f64], mut u: f64) -> usize {
    for (member, weight) in weights.iter().enumerate() {
        if u < *weight {
            return member;
        }
        u -= weight;
    }
    weights.len() - 1
}
