//! Writes rows whose missing cells were filled.

use std::path::Path;

use anyhow::Result;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::Real;
use pdmap_data::{Input, RowShape, TextOptions};
use pdmap_query::{Fill, QueryError};
use pdmap_train::{Dequantizer, Model};

use super::answers::Answers;
use super::partial::{Partial, PartialBlock, refused};
use super::table::Columns;
use super::targets::{As, Targets, data_names};
use crate::args::{HeaderArg, Missing};

/// Where rows come from and go to.
pub(crate) struct Completion<'a> {
    /// The model file, for messages.
    pub(crate) model: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) text: TextOptions,
    pub(crate) header: HeaderArg,
    pub(crate) fill: Fill,
    /// Rows to write for each row.
    pub(crate) copies: u64,
}

/// Most rows to write for each row.
pub(crate) const MOST_COPIES: u64 = 1_000_000;

/// What was written.
pub(crate) struct Completed {
    pub(crate) rows: u64,
    pub(crate) filled: u64,
}

/// Reads rows, fills what is missing, and writes them: each as often as there are copies.
/// Cells that are there are written as they were read.
pub(crate) fn complete<F: Real>(
    own: &Completion<'_>,
    model: &Model<F>,
    answers: &Answers<'_, F>,
    targets: &Targets<1>,
) -> Result<Completed> {
    let mut rows = Partial::open(own.data, &own.text, model, Missing::Marginalize)?;
    let columns = model.flow.features();
    let (id, offsets) = (rows.id_column(), rows.offsets());
    let as_what = As { rows: None, names: data_names(model, own.header), usual: rows.format(), id: id.as_ref() };
    let mut out = targets.open::<f64>(0, RowShape::Matrix { features: columns }, &as_what)?;
    let noise = Dequantizer::new(&model.header.columns.discrete, 0);
    let mut done = Completed { rows: 0, filled: 0 };
    let copies = usize::try_from(own.copies).unwrap_or(usize::MAX);
    while let Some(PartialBlock { cells, ids, first }) = rows.next()? {
        Columns::of(model).check_bounds(&Input::parse(own.data), first, cells.view())?;
        let mut seen = Partial::seen::<F>(&offsets, &cells);
        if let Some(noise) = &noise {
            noise.add(Dequantizer::FIXED, first, seen.view_mut());
        }
        // As many rows at a time as a block has with their copies.
        let part = (cells.nrows() / copies).max(1);
        for from in (0..cells.nrows()).step_by(part) {
            let range = from..(from + part).min(cells.nrows());
            let rows_of = |all: Slice| (cells.slice_axis(Axis(0), all), seen.slice_axis(Axis(0), all));
            let (cells, seen) = rows_of(Slice::from(range.clone()));
            let number = first + range.start as u64;
            let mut copied = Vec::new();
            for filled in copies_of(answers, own, seen, number).map_err(|error| refused(own.model, &error))? {
                let mut table = model.header.columns.columns(filled.view());
                table.zip_mut_with(&cells, |filled, &cell| *filled = if cell.is_nan() { *filled } else { cell });
                copied.push(table);
            }
            let (mut names, mut all) = (Vec::new(), Vec::new());
            for (row, number) in range.enumerate() {
                for table in &copied {
                    all.extend(table.index_axis(Axis(0), row));
                    names.extend(ids.map(|ids| ids[number].clone()));
                }
            }
            done.rows += (cells.nrows() * copies) as u64;
            done.filled += cells.iter().filter(|cell| cell.is_nan()).count() as u64 * own.copies;
            out.write(ids.map(|_| &names[..]), &all)?;
            if out.is_closed() {
                return Ok(done);
            }
        }
    }
    out.finish()?;
    Ok(done)
}

/// Filled copies of rows, of which the first has this number.
fn copies_of<F: Real>(
    answers: &Answers<'_, F>,
    own: &Completion<'_>,
    seen: ArrayView2<'_, F>,
    number: u64,
) -> Result<Vec<Array2<F>>, QueryError> {
    match answers {
        Answers::Closed(copula) => {
            let copy = |copy: u64| {
                let mut filled = seen.to_owned();
                // Each copy has seeds of its own, so that draws do not depend on how rows come in blocks.
                let fill = match own.fill {
                    Fill::Draw { seed } => Fill::Draw { seed: seed ^ (copy << 32) },
                    other => other,
                };
                copula.impute(filled.view_mut(), fill, number)?;
                Ok(filled)
            };
            (0..own.copies).map(copy).collect()
        }
        Answers::Sampled(model) => {
            let copies = usize::try_from(own.copies).unwrap_or(usize::MAX);
            let all = model.complete(seen, copies, number)?;
            let copy =
                |copy: usize| Array2::from_shape_fn(seen.dim(), |(row, column)| all[[row * copies + copy, column]]);
            Ok((0..copies).map(copy).collect())
        }
    }
}
