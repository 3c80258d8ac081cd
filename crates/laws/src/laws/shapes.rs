//! As many features leave as enter, and rows of another width are refused or mapped as well.

use ndarray::Array2;
use pdmap_core::{LayerError, LayerExt, Real, Shape};

use super::round_trip;
use crate::verdict::{accepted, at_most};
use crate::{Case, Verdict};

/// Shapes with as many features as the rows, and widths around that.
pub fn shapes<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, features) = (case.layer(), case.rows().ncols());
    let left = layer.shape(features.into())?.features();
    at_most("features that appear or vanish", left.abs_diff(features) as f64, 0.0)?;
    for shape in [Shape::Signal([1, features]), Shape::Signal([features, 1]), Shape::Image([1, 1, features])]
    {
        // A layer may insist on a shape of its own.
        if let Ok(left) = layer.shape(shape) {
            let apart = left.features().abs_diff(features);
            at_most(format!("features that appear or vanish from {shape}"), apart as f64, 0.0)?;
        }
    }
    for width in [features + 1, 2 * features, features - 1] {
        if width != features && width > 0 {
            another_width(case, width)?;
        }
    }
    Ok(())
}

/// A layer of any width is a bijection of this one too; any other names both widths.
fn another_width<F: Real>(case: &Case<'_, F>, width: usize) -> Verdict {
    let (layer, rows) = (case.layer(), case.rows());
    // Each number is one of its domain.
    let rows =
        Array2::from_shape_fn((rows.nrows(), width), |(row, column)| rows[[row, column % rows.ncols()]]);
    let refused = |error: &LayerError| {
        let found = case.rows().ncols();
        matches!(error, LayerError::Features { expected, actual, .. } if (*expected, *actual) == (found, width))
    };
    match layer.shape(width.into()) {
        Ok(left) => {
            let apart = left.features().abs_diff(width);
            at_most(format!("features that appear or vanish from {width}"), apart as f64, 0.0)?;
            round_trip(&case.on(rows))
        }
        Err(error) if refused(&error) => {
            for result in [layer.transform(&rows), layer.untransform(&rows)] {
                match result {
                    Err(error) if refused(&error) => {}
                    other => return accepted("rows of another width", other),
                }
            }
            Ok(())
        }
        Err(error) => accepted("another width, by both widths", Err::<(), _>(error)),
    }
}
