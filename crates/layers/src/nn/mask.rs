//! Which weights of a map are 0.

use ndarray::{ArrayD, ArrayView2, Ix2};
use pdmap_core::{LayerError, Real, Result};

/// The mask of a weight `[outputs, inputs]`. Inputs are sorted by degree, so that each output reads
/// the first of them, up to a number of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Mask {
    /// Number of inputs that each output reads; `None` if every output reads all.
    reach: Option<Vec<usize>>,
}

impl Mask {
    /// Output `o` reads the first `reach[o]` inputs.
    pub(super) fn of(reach: Vec<usize>) -> Self {
        Self { reach: Some(reach) }
    }

    /// Number of inputs that an output reads, of `inputs` inputs.
    pub(super) fn reach(&self, output: usize, inputs: usize) -> usize {
        let reach = self.reach.as_ref().and_then(|reach| reach.get(output).copied());
        reach.map_or(inputs, |reach| reach.min(inputs))
    }

    /// Sets the masked entries of a row-major matrix of `inputs` columns to 0.
    pub(super) fn clear<F: Real>(&self, values: &mut [F], inputs: usize) {
        if let (Some(reach), 1..) = (&self.reach, inputs) {
            let rows = values.chunks_exact_mut(inputs).zip(reach);
            rows.for_each(|(row, &reach)| row[reach.min(inputs)..].fill(F::zero()));
        }
    }

    /// Checks that the masked entries are 0.
    ///
    /// # Errors
    /// [`LayerError::Masked`] with the first that is not.
    pub(super) fn check<F: Real>(&self, name: &str, weight: ArrayView2<'_, F>) -> Result<()> {
        for (row, values) in weight.rows().into_iter().enumerate() {
            let masked = values.iter().enumerate().skip(self.reach(row, weight.ncols()));
            if let Some((column, value)) = masked.into_iter().find(|(_, value)| **value != F::zero()) {
                return Err(LayerError::Masked { name: name.to_owned(), row, column, value: value.f64() });
            }
        }
        Ok(())
    }

    /// [`check`](Self::check) of a tensor, if it is a matrix.
    pub(super) fn check_tensor<F: Real>(&self, name: &str, tensor: &ArrayD<F>) -> Result<()> {
        tensor.view().into_dimensionality::<Ix2>().map_or(Ok(()), |weight| self.check(name, weight))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn masked_entries_are_cleared_and_others_refused() {
        let mask = Mask::of(vec![0, 2, 3]);
        let mut weight = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]];
        let refused = mask.check("w", weight.view()).unwrap_err();
        assert_eq!(refused, LayerError::Masked { name: "w".into(), row: 0, column: 0, value: 1.0 });
        mask.clear(weight.as_slice_mut().unwrap(), 3);
        assert_eq!(weight, array![[0.0, 0.0, 0.0], [4.0, 5.0, 0.0], [7.0, 8.0, 9.0]]);
        mask.check_tensor("w", &weight.clone().into_dyn()).unwrap();
        mask.check("w", weight.view()).unwrap();
        assert_eq!(Mask::default().reach(5, 7), 7);
    }
}
