//! Draws from a base density.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rand::{Rng, RngExt};

use crate::contract::{Base, Draw};
use crate::{LayerError, Real, Result, check};

/// Draws `count` rows from a base density.
///
/// # Errors
/// [`LayerError::Range`] for more numbers than memory can hold; a density with a condition.
pub fn draw<F: Real>(
    base: &(impl Base<F> + ?Sized),
    count: usize,
    features: usize,
    rng: &mut dyn Rng,
) -> Result<Array2<F>> {
    draw_given(base, (count, features), None, rng)
}

/// Draws rows, each for its row of `condition`.
pub(crate) fn draw_given<F: Real>(
    base: &(impl Base<F> + ?Sized),
    (count, features): (usize, usize),
    condition: Option<ArrayView2<'_, F>>,
    rng: &mut dyn Rng,
) -> Result<Array2<F>> {
    let (size, mut values) = (count.checked_mul(features), Vec::new());
    let reserved = size.map(|size| values.try_reserve_exact(size));
    let Some((size, Ok(()))) = size.zip(reserved) else {
        let value = count as f64 * features as f64;
        return Err(LayerError::Range { what: "numbers to draw", value, range: "as many as fit in memory" });
    };
    values.resize(size, F::zero());
    let mut rows = Array2::from_shape_vec((count, features), values).map_err(|_| LayerError::NoFeatures)?;
    base.sample_into(Draw { temperature: 1.0, condition }, rng, rows.view_mut())?;
    Ok(rows)
}

/// Fills `z` with `temperature` times the draws, in the order of `z`.
pub(super) fn fill<F: Real>(
    temperature: f64,
    mut z: ArrayViewMut2<'_, F>,
    mut draw: impl FnMut() -> f64,
) -> Result<()> {
    check::temperature(temperature)?;
    if temperature == 0.0 {
        // A draw may be infinite, and 0 times infinity is NaN.
        z.fill(F::zero());
        return Ok(());
    }
    z.iter_mut().for_each(|z| *z = F::of(temperature * draw()));
    Ok(())
}

/// A uniform number in (0, 1).
pub(super) fn open_unit(rng: &mut dyn Rng) -> f64 {
    loop {
        let u: f64 = rng.random();
        if u > 0.0 {
            return u;
        }
    }
}
