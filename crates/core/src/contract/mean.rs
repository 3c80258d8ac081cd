//! Running means of flat lists of numbers, for implementations of [`Geometry`](super::Geometry).

use ndarray::ArrayD;

use crate::{LayerError, Real, Result, check};

/// `mean ← mean + share·(values − mean)`.
///
/// # Errors
/// Another number of values.
pub fn follow<F: Real>(values: impl ExactSizeIterator<Item = F>, share: F, mean: &mut [F]) -> Result<()> {
    check::features("mean", mean.len(), values.len())?;
    mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += share * (value - *mean));
    Ok(())
}

/// A flat list of numbers as a tensor of this shape.
///
/// # Errors
/// Another number of numbers.
pub fn shaped<F: Real>(shape: &[usize], numbers: impl ExactSizeIterator<Item = F>) -> Result<ArrayD<F>> {
    let (expected, actual) = (shape.iter().product(), numbers.len());
    ArrayD::from_shape_vec(shape, numbers.collect()).map_err(|_| LayerError::Memory { expected, actual })
}
