//! Writes rows whose missing cells were filled.

use std::path::Path;

use anyhow::Result;
use ndarray::Axis;
use pdmap_core::Real;
use pdmap_data::{RowShape, TextOptions};
use pdmap_query::{Copula, Fill};
use pdmap_train::{Dequantizer, Model};

use super::partial::{Partial, PartialBlock, refused};
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
    copula: &Copula<F>,
    targets: &Targets<1>,
) -> Result<Completed> {
    let mut rows = Partial::open(own.data, &own.text, model, Missing::Marginalize)?;
    let columns = model.flow.features();
    let (id, offsets) = (rows.id_column(), rows.offsets());
    let as_what = As { rows: None, names: data_names(model, own.header), usual: rows.format(), id: id.as_ref() };
    let mut out = targets.open::<f64>(0, RowShape::Matrix { features: columns }, &as_what)?;
    let noise = Dequantizer::new(&model.header.columns.discrete, 0);
    let mut done = Completed { rows: 0, filled: 0 };
    while let Some(PartialBlock { cells, ids, first }) = rows.next()? {
        let copies = usize::try_from(own.copies).unwrap_or(usize::MAX);
        let mut names = Vec::new();
        let mut all = Vec::with_capacity(cells.len().saturating_mul(copies));
        let mut seen = Partial::seen::<F>(&offsets, &cells);
        if let Some(noise) = &noise {
            noise.add(Dequantizer::FIXED, first, seen.view_mut());
        }
        let mut copied = Vec::new();
        for copy in 0..own.copies {
            let mut filled = seen.clone();
            // Each copy has seeds of its own, so that draws do not depend on how rows come in blocks.
            let fill = match own.fill {
                Fill::Draw { seed } => Fill::Draw { seed: seed ^ (copy << 32) },
                other => other,
            };
            copula.impute(filled.view_mut(), fill, first).map_err(|error| refused(own.model, &error))?;
            let mut table = model.header.columns.columns(filled.view());
            table.zip_mut_with(&cells, |filled, &cell| {
                if !cell.is_nan() {
                    *filled = cell;
                }
            });
            copied.push(table);
        }
        for row in 0..cells.nrows() {
            for table in &copied {
                all.extend(table.index_axis(Axis(0), row));
                names.extend(ids.map(|ids| ids[row].clone()));
            }
        }
        done.rows += (cells.nrows() * copies) as u64;
        done.filled += cells.iter().filter(|cell| cell.is_nan()).count() as u64 * own.copies;
        out.write(ids.map(|_| &names[..]), &all)?;
        if out.is_closed() {
            return Ok(done);
        }
    }
    out.finish()?;
    Ok(done)
}
