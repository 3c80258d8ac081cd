//! Reads one number per row, for example a vector of scores.

use std::fs::File;
use std::path::Path;

use crate::error::DataError;
use crate::format::read_vector_header;
use crate::stream::{Input, NpyRows, ReadRows, collect_rows, open_rows};
use crate::text::TextOptions;
use crate::validate::check_rows;

/// Reads one finite number per row: a `.npy` array of shape `[rows]` or `[rows, 1]`, an `.npz`
/// array of shape `[rows, 1]`, or CSV with one column.
///
/// # Errors
/// Those of [`open_rows`] and [`ReadRows::read`]; [`DataError::FeatureMismatch`] for more than one
/// number per row; [`DataError::NonFinite`] for NaN and infinities.
pub fn read_numbers(path: &Path) -> Result<Vec<f64>, DataError> {
    let input = Input::File(path.to_path_buf());
    let mut rows = match open_rows::<f64>(&input, &TextOptions::default()) {
        Err(DataError::WrongRank { path, actual: 1, .. }) => open_vector(&path)?,
        other => other?,
    };
    let name = rows.name().to_owned();
    if rows.features() != 1 {
        return Err(DataError::FeatureMismatch { name, expected: 1, actual: rows.features() });
    }
    let rows = collect_rows(&mut *rows)?;
    check_rows(rows.view(), &name)?;
    Ok(rows.into_raw_vec_and_offset().0)
}

fn open_vector(path: &Path) -> Result<Box<dyn ReadRows<f64>>, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let header = read_vector_header(path, &mut file)?;
    let length = file.metadata().map_err(io)?.len();
    header.check_length(path, length.saturating_sub(header.data_start))?;
    Ok(Box::new(NpyRows::new(path, file, header, true)))
}
