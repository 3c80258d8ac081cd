//! The map of each column, chosen for a mixture behind it.

use ndarray::{ArrayView2, Axis};
use pdmap_core::{Layer, Real};
use pdmap_mixture::SelectOptions;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::candidates::STANDARDIZE;
use crate::error::Result;
use crate::fit::fit_observed;

/// Most rows that the choice is made from.
const ROWS: usize = 1 << 14;

/// One in so many of them is held out.
const HELD_OUT: usize = 5;

/// Fewer rows than this are standardized.
const FEW: usize = 100;

/// Floating-point operations for each map.
const OPERATIONS: f64 = 1e10;

/// The map of each column in front of a Gaussian mixture: what [`fit_observed`] would choose for rows,
/// of which a fifth is held out. None for a standardization.
///
/// # Errors
/// A column without two different cells; infinite cells.
pub fn fit_columns<F: Real>(rows: ArrayView2<'_, F>, rng: &mut dyn Rng) -> Result<Option<Box<dyn Layer<F>>>> {
    if rows.nrows() < FEW {
        return Ok(None);
    }
    // At random, since rows may be in an order of period five.
    let mut order: Vec<usize> = (0..rows.nrows()).collect();
    order.shuffle(rng);
    order.truncate(ROWS);
    let (validation, train) = order.split_at(order.len() / HELD_OUT);
    let [train, validation] = [train, validation].map(|chosen| rows.select(Axis(0), chosen));
    let options = SelectOptions { operations: Some(OPERATIONS), ..SelectOptions::default() };
    let fitted = fit_observed(train.view(), validation.view(), &options, rng)?;
    let layer = fitted.flow.chain().layers().first().filter(|_| fitted.map != STANDARDIZE);
    Ok(layer.map(|layer| layer.duplicate()))
}
