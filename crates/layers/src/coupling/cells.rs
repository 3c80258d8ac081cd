//! Gathers the network's input and the features that change, and scatters results back.

use ndarray::ArrayView2;
use pdmap_core::Real;
use pdmap_core::parallel::{ALONE, GRAIN};
use rayon::prelude::*;

use super::bounded::bounded;
use super::split::{Cells, OUTSIDE};
use crate::nn::{seen as seen_angle, unseen};

impl Cells {
    /// The features that each cell's network reads.
    pub(super) fn inputs_by_cell(&self) -> impl Iterator<Item = &[u32]> {
        let each = self.seen_each();
        (0..self.count).map(move |cell| &self.seen[cell * each..(cell + 1) * each])
    }

    /// Writes the network input of each cell of each row: features that stay, cosine and sine of the
    /// angles, then the condition.
    pub(super) fn gather_inputs<F: Real>(
        &self,
        (x, features): (&[F], usize),
        condition: Option<&ArrayView2<'_, F>>,
        seen: &mut [F],
    ) {
        let (own, each, count) = (self.seen_each(), self.inputs_each(), self.count);
        let inputs = each + condition.map_or(0, |condition| condition.ncols());
        each_row((x, features), (seen, count * inputs), |row, x, seen| {
            for (seen, indices) in seen.chunks_exact_mut(inputs).zip(self.inputs_by_cell()) {
                for (seen, &index) in seen.iter_mut().zip(indices) {
                    *seen = if index == OUTSIDE { F::zero() } else { bounded(x[index as usize]).0 };
                }
                let pairs = seen[own..each].as_chunks_mut::<2>().0.iter_mut();
                pairs.zip(&x[features - self.angles..]).for_each(|(to, &angle)| *to = seen_angle(angle));
                if let Some(condition) = condition {
                    let given = condition.row(row);
                    seen[each..].iter_mut().zip(given).for_each(|(seen, &value)| *seen = value);
                }
            }
        });
    }

    /// Adds the gradient through the network to `∂/∂x`; `by_seen` holds `inputs` numbers per cell.
    pub(super) fn scatter_input_gradients<F: Real>(
        &self,
        (x, features): (&[F], usize),
        (by_seen, inputs): (&[F], usize),
        dx: &mut [F],
    ) {
        each_row((by_seen, self.count * inputs), (dx, features), |row, by_seen, dx| {
            let x = &x[row * features..][..features];
            for (by_seen, indices) in by_seen.chunks_exact(inputs).zip(self.inputs_by_cell()) {
                for (&by, &index) in by_seen.iter().zip(indices) {
                    if index != OUTSIDE {
                        dx[index as usize] += by * bounded(x[index as usize]).1;
                    }
                }
                let pairs = by_seen[self.seen_each()..self.inputs_each()].as_chunks::<2>().0;
                for (&by, at) in pairs.iter().zip(features - self.angles..) {
                    dx[at] += unseen(x[at], by);
                }
            }
        });
    }

    /// Writes the features that change, cell by cell.
    pub(super) fn gather<F: Real>(&self, (x, features): (&[F], usize), changed: &mut [F]) {
        each_row((x, features), (changed, self.changed.len()), |_, x, changed| {
            changed.iter_mut().zip(&self.changed).for_each(|(to, &index)| *to = x[index as usize]);
        });
    }

    /// Writes the features that change back to their positions in the row.
    pub(super) fn scatter<F: Real>(&self, changed: &[F], (y, features): (&mut [F], usize)) {
        each_row((changed, self.changed.len()), (y, features), |_, changed, y| {
            changed.iter().zip(&self.changed).for_each(|(&from, &index)| y[index as usize] = from);
        });
    }
}

/// Calls `body(row, a, b)` for each row; writes `b`.
pub(crate) fn each_row<F: Real>(
    (a, width_a): (&[F], usize),
    (b, width_b): (&mut [F], usize),
    body: impl Fn(usize, &[F], &mut [F]) + Sync,
) {
    if width_a == 0 || width_b == 0 {
        return;
    }
    if b.len().max(a.len()) <= ALONE {
        let rows = a.chunks_exact(width_a).zip(b.chunks_exact_mut(width_b));
        rows.enumerate().for_each(|(row, (a, b))| body(row, a, b));
        return;
    }
    let task = (GRAIN / width_a.max(width_b)).max(1);
    a.par_chunks(task * width_a).zip(b.par_chunks_mut(task * width_b)).enumerate().for_each(|(index, (a, b))| {
        let rows = a.chunks_exact(width_a).zip(b.chunks_exact_mut(width_b));
        rows.enumerate().for_each(|(row, (a, b))| body(index * task + row, a, b));
    });
}
