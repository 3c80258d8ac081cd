//! Helpers for parameters with a flat gradient sum.

use ndarray::{Array, ArrayD, ArrayRef, ArrayView2, Dimension};

use crate::{LayerError, Real, Result, check};

/// Checks that the values are finite and returns them in row-major order.
pub(super) fn checked<F: Real, D: Dimension>(what: &'static str, values: Array<F, D>) -> Result<Array<F, D>> {
    if let Some((row, &value)) = values.iter().enumerate().find(|(_, v)| !num_traits::Float::is_finite(**v)) {
        let columns = values.shape().last().copied().unwrap_or(1).max(1);
        let (row, column) = if values.ndim() > 1 { (row / columns, row % columns) } else { (0, row) };
        return Err(LayerError::NonFinite { what, row, column, value: value.f64() });
    }
    Ok(if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() })
}

/// Checks that the values of a tensor are finite.
pub(super) fn finite<F: Real, D: Dimension>(_name: &str, values: &ArrayRef<F, D>) -> Result<()> {
    match values.iter().enumerate().find(|(_, v)| !num_traits::Float::is_finite(**v)) {
        Some((column, value)) => Err(LayerError::NonFinite { what: "tensor", row: 0, column, value: value.f64() }),
        None => Ok(()),
    }
}

/// `values ← tensor`, if the shape matches and the check passes.
pub(super) fn assign<F: Real, D: Dimension>(
    name: &str,
    values: &mut Array<F, D>,
    tensor: ArrayD<F>,
    check: impl FnOnce(&str, &ArrayRef<F, D>) -> Result<()>,
) -> Result<()> {
    let unfit = LayerError::TensorShape {
        name: name.to_owned(),
        expected: values.shape().to_vec(),
        actual: tensor.shape().to_vec(),
    };
    if tensor.shape() != values.shape() {
        return Err(unfit);
    }
    let tensor = tensor.into_dimensionality::<D>().map_err(|_| unfit)?;
    check(name, &tensor)?;
    values.assign(&tensor);
    Ok(())
}

/// The values of a tensor as a slice, for writing.
pub(super) fn slice_mut<F: Real, D: Dimension>(values: &mut Array<F, D>) -> Result<&mut [F]> {
    if !values.is_standard_layout() {
        return Err(LayerError::Layout { what: "parameter", strides: values.strides().to_vec() });
    }
    values.as_slice_mut().ok_or(LayerError::Layout { what: "parameter", strides: Vec::new() })
}

/// A flat list, reshaped like `values`.
pub(super) fn shaped<F: Real, D: Dimension>(values: &Array<F, D>, flat: Vec<F>) -> Result<ArrayD<F>> {
    let (expected, actual) = (values.len(), flat.len());
    ArrayD::from_shape_vec(values.raw_dim().into_dyn(), flat).map_err(|_| LayerError::Memory { expected, actual })
}

/// Each number times its count of positions, where counts are given.
pub(super) fn multiplied<F: Real>(mut numbers: Vec<F>, positions: &[f64]) -> Vec<F> {
    numbers.iter_mut().zip(positions).for_each(|(number, &positions)| *number *= F::of(positions));
    numbers
}

/// Checks that a step is finite.
pub(super) fn finite_step<F: Real>(step: &[F]) -> Result<()> {
    let row = ArrayView2::from_shape((1, step.len()), step);
    row.map_or(Ok(()), |row| check::finite("step", row))
}
