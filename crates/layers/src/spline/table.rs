//! The bins of the splines of all features of a row, in blocks of lanes.

use pdmap_core::Real;

use super::rational::{LANES, Lanes};
use super::raw::Form;

/// Bins of the splines of a row: `6·K` lanes for each block of [`LANES`] features. Lanes beyond the
/// last feature are never read.
#[derive(Debug, Clone)]
pub(crate) struct Table<F> {
    pub(super) form: Form,
    pub(super) features: usize,
    pub(super) bins: Vec<Lanes<F>>,
}

impl<F: Real> Table<F> {
    /// An uninitialized table for `features` numbers.
    pub(crate) fn new(form: Form, features: usize) -> Self {
        let blocks = features.div_ceil(LANES);
        Self { form, features, bins: vec![[F::zero(); LANES]; blocks * form.table()] }
    }

    /// Number of lanes that gradient sums by the bins need.
    pub(crate) fn sums(&self) -> usize {
        self.bins.len()
    }

    /// Each block's bins with the range of its features in a row.
    #[inline(always)]
    pub(super) fn blocks(&self) -> impl Iterator<Item = (&[Lanes<F>], std::ops::Range<usize>)> {
        self.bins
            .chunks_exact(self.form.table())
            .enumerate()
            .map(|(block, bins)| (bins, block * LANES..((block + 1) * LANES).min(self.features)))
    }
}

/// The first `count` lanes of a buffer, which grows if necessary.
pub(crate) fn lanes_of<F: Real>(buffer: &mut Vec<F>, count: usize) -> &mut [Lanes<F>] {
    if buffer.len() < count * LANES {
        buffer.resize(count * LANES, F::zero());
    }
    &mut buffer.as_chunks_mut().0[..count]
}

/// The numbers of one block of one row, padded with 0.
#[inline(always)]
pub(crate) fn load<F: Real>(from: &[F]) -> Lanes<F> {
    match <&Lanes<F>>::try_from(from) {
        Ok(lanes) => *lanes,
        Err(_) => {
            let mut lanes = [F::zero(); LANES];
            lanes.iter_mut().zip(from).for_each(|(lane, &value)| *lane = value);
            lanes
        }
    }
}

#[inline(always)]
pub(crate) fn store<F: Real>(to: &mut [F], lanes: &Lanes<F>) {
    match <&mut Lanes<F>>::try_from(&mut *to) {
        Ok(to) => *to = *lanes,
        Err(_) => to.iter_mut().zip(lanes).for_each(|(to, &lane)| *to = lane),
    }
}
