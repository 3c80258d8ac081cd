//! Reads one number per row, for example a vector of scores.

use std::path::Path;

use crate::error::DataError;
use crate::stream::{Input, collect_rows, open_rows};
use crate::text::TextOptions;
use crate::validate::check_rows;

/// Reads one finite number per row: an array of shape `[rows]` or `[rows, 1]`, or CSV with one
/// column.
///
/// # Errors
/// Those of [`open_rows`] and [`ReadRows::read`](crate::ReadRows::read);
/// [`DataError::FeatureMismatch`] for more than one number per row; [`DataError::NonFinite`] for NaN
/// and infinities.
pub fn read_numbers(path: &Path) -> Result<Vec<f64>, DataError> {
    let input = Input::File(path.to_path_buf());
    let mut rows = open_rows::<f64>(&input, &TextOptions::default())?;
    let name = rows.name().to_owned();
    if rows.features() != 1 {
        return Err(DataError::FeatureMismatch { name, expected: 1, actual: rows.features() });
    }
    let rows = collect_rows(&mut *rows)?;
    check_rows(rows.view(), &name)?;
    Ok(rows.into_raw_vec_and_offset().0)
}
