//! Missing cells as one normal density expects them.

use ndarray::{Array2, Axis};

use super::fit::Em;
use crate::error::Result;
use crate::patterns::{Pattern, patterns};
use crate::regression::Regression;
use crate::standardized::Standardized;

/// The rows, with the mean of each missing cell given the observed ones of its row under one normal
/// density.
pub(crate) fn filled(rows: &Standardized) -> Result<Array2<f64>> {
    let mut filled = rows.rows().to_owned();
    if !rows.has_missing() {
        return Ok(filled);
    }
    // As many uncorrelated rows as columns: hardly any, but enough where there are few rows.
    let normal = Em::overall(rows, rows.columns() as f64)?;
    let covariance = normal.factor().covariance();
    for pattern in patterns(rows.rows()).iter().filter(|pattern| !pattern.missing.is_empty()) {
        let regression = Regression::new(normal.mean(), covariance.view(), pattern)?;
        let mut centred = Pattern::cells(rows.rows(), &pattern.rows, &pattern.observed);
        regression.centre(&mut centred);
        for (&row, means) in pattern.rows.iter().zip(regression.means(centred.view())?.axis_iter(Axis(0))) {
            pattern.missing.iter().zip(means).for_each(|(&column, &mean)| filled[[row, column]] = mean);
        }
    }
    Ok(filled)
}
