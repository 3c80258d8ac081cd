//! Training rows, in memory or in a file.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, ArrayViewMut1, Axis};
use pdmap_core::row_weights::ByWeight;
use pdmap_core::{Real, RowWeights, check};
use xxhash_rust::xxh3::Xxh3;

use crate::dequantize::Dequantizer;
use crate::error::SpecError;
use crate::file_rows::FileRows;

/// Rows of one block of a pass. Sums run over blocks, so that memory and file give the same bits.
const BLOCK: usize = 4096;

/// Training rows.
#[derive(Debug)]
pub enum Rows<'a, F> {
    /// In memory.
    Memory(InMemory<'a, F>),
    /// In a file, read through a bounded buffer.
    File(&'a FileRows),
}

/// Views of rows in memory: some or all rows of `[rows, features]`, each followed by its condition
/// where one is given, and the noise of discrete features. Nothing is copied.
#[derive(Debug)]
pub struct InMemory<'a, F> {
    rows: ArrayView2<'a, F>,
    condition: Option<ArrayView2<'a, F>>,
    /// How often each stored row counts.
    weights: Option<&'a [f64]>,
    chosen: Option<&'a [usize]>,
    noise: Option<&'a Dequantizer>,
}

impl<F> Clone for Rows<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Rows<'_, F> {}

impl<F> Clone for InMemory<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for InMemory<'_, F> {}

impl<'a, F> From<ArrayView2<'a, F>> for InMemory<'a, F> {
    fn from(rows: ArrayView2<'a, F>) -> Self {
        Self { rows, condition: None, weights: None, chosen: None, noise: None }
    }
}

impl<'a, F> From<ArrayView2<'a, F>> for Rows<'a, F> {
    fn from(rows: ArrayView2<'a, F>) -> Self {
        Self::Memory(rows.into())
    }
}

impl<'a, F> From<&'a Array2<F>> for Rows<'a, F> {
    fn from(rows: &'a Array2<F>) -> Self {
        rows.view().into()
    }
}

impl<'a, F> From<InMemory<'a, F>> for Rows<'a, F> {
    fn from(rows: InMemory<'a, F>) -> Self {
        Self::Memory(rows)
    }
}

impl<'a, F> From<&'a FileRows> for Rows<'a, F> {
    fn from(rows: &'a FileRows) -> Self {
        Self::File(rows)
    }
}

impl<'a, F: Real> InMemory<'a, F> {
    /// Rows with their condition, one row each.
    ///
    /// # Errors
    /// [`LayerError::Shape`](pdmap_core::LayerError::Shape) where the numbers of rows differ.
    pub fn with_condition(rows: ArrayView2<'a, F>, condition: Option<ArrayView2<'a, F>>) -> Result<Self, SpecError> {
        if let Some(condition) = &condition {
            check::shape("condition", (rows.nrows(), condition.ncols()), condition.dim())?;
        }
        Ok(Self { condition, ..rows.into() })
    }

    /// The same rows, borrowed for a shorter time.
    #[must_use]
    pub fn reborrow(&self) -> InMemory<'_, F> {
        let condition = self.condition.as_ref().map(|condition| condition.reborrow());
        InMemory {
            rows: self.rows.reborrow(),
            condition,
            weights: self.weights,
            chosen: self.chosen,
            noise: self.noise,
        }
    }

    /// Rows of these weights, one for each: a row of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// [`LayerError::Shape`](pdmap_core::LayerError::Shape) where the numbers of rows and weights
    /// differ.
    pub fn weighted(self, weights: Option<&'a RowWeights>) -> Result<Self, SpecError> {
        self.weighing(weights.map(RowWeights::each))
    }

    /// The same with weights that were checked elsewhere.
    ///
    /// # Errors
    /// As [`weighted`](Self::weighted).
    pub fn weighing(self, weights: Option<&'a [f64]>) -> Result<Self, SpecError> {
        check::weights(self.rows.nrows(), weights)?;
        Ok(Self { weights, ..self })
    }

    /// How often each row counts, in order; once without weights.
    pub fn weights(&self) -> Option<Cow<'a, [f64]>> {
        let weights = self.weights?;
        Some(match self.chosen {
            None => Cow::Borrowed(weights),
            Some(chosen) => chosen.iter().map(|&row| weights[row]).collect(),
        })
    }

    /// Only the rows of these numbers, in this order. They must be numbers of rows.
    #[must_use]
    pub fn choose(self, chosen: &'a [usize]) -> Self {
        Self { chosen: Some(chosen), ..self }
    }

    /// The same rows with noise on discrete features: a new draw each epoch of training, and
    /// [`Dequantizer::FIXED`] elsewhere.
    #[must_use]
    pub fn dequantized(self, noise: Option<&'a Dequantizer>) -> Self {
        Self { noise, ..self }
    }

    /// The noise of discrete features.
    pub fn noise(&self) -> Option<&'a Dequantizer> {
        self.noise
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        self.chosen.map_or(self.rows.nrows(), <[usize]>::len)
    }

    /// Numbers a row: features and condition.
    pub fn width(&self) -> usize {
        self.rows.ncols() + self.condition.as_ref().map_or(0, |condition| condition.ncols())
    }

    /// The first `features` numbers of each row.
    #[must_use]
    pub fn first(self, features: usize) -> Self {
        Self { rows: self.rows.split_at(Axis(1), features.min(self.rows.ncols())).0, condition: None, ..self }
    }

    /// Copies row `index`, without noise.
    pub fn copy_row(&self, index: usize, mut to: ArrayViewMut1<'_, F>) {
        let row = self.chosen.map_or(index, |chosen| chosen[index]);
        match &self.condition {
            None => to.assign(&self.rows.row(row)),
            Some(condition) => {
                let (mut features, mut given) = to.split_at(Axis(0), self.rows.ncols());
                features.assign(&self.rows.row(row));
                given.assign(&condition.row(row));
            }
        }
    }

    /// Copies of the rows with these numbers, without noise.
    pub fn gather(&self, rows: impl ExactSizeIterator<Item = usize>) -> Array2<F> {
        let mut gathered = Array2::zeros((rows.len(), self.width()));
        for (row, to) in rows.zip(gathered.rows_mut()) {
            self.copy_row(row, to);
        }
        gathered
    }

    /// All rows as they are stored, where that is one array, without noise.
    fn whole(&self) -> Option<ArrayView2<'a, F>> {
        (self.condition.is_none() && self.chosen.is_none()).then_some(self.rows)
    }

    fn pass(&self, visit: &mut dyn FnMut(ArrayView2<'_, F>) -> Result<(), SpecError>) -> Result<(), SpecError> {
        if let Some(rows) = self.whole() {
            return rows.axis_chunks_iter(Axis(0), BLOCK).try_for_each(visit);
        }
        let count = self.count();
        (0..count).step_by(BLOCK).try_for_each(|from| visit(self.gather(from..(from + BLOCK).min(count)).view()))
    }
}

impl<F: Real> Rows<'_, F> {
    /// The same rows, borrowed for a shorter time.
    #[must_use]
    pub fn reborrow(&self) -> Rows<'_, F> {
        match self {
            Self::Memory(rows) => Rows::Memory(rows.reborrow()),
            Self::File(rows) => Rows::File(rows),
        }
    }

    /// The number of rows.
    pub fn count(&self) -> u64 {
        match self {
            Self::Memory(rows) => rows.count() as u64,
            Self::File(rows) => rows.count(),
        }
    }

    /// Numbers a row: features, and the condition where there is one.
    pub fn features(&self) -> usize {
        match self {
            Self::Memory(rows) => rows.width(),
            Self::File(rows) => rows.features(),
        }
    }

    /// How often each row counts, in order; once without weights, as in files.
    pub fn weights(&self) -> Option<Cow<'_, [f64]>> {
        match self {
            Self::Memory(rows) => rows.weights(),
            Self::File(_) => None,
        }
    }

    /// The noise of discrete features.
    pub fn noise(&self) -> Option<&Dequantizer> {
        match self {
            Self::Memory(rows) => rows.noise,
            Self::File(rows) => rows.noise(),
        }
    }

    /// Visits all rows in order, in blocks of 4096 (the last may be shorter), with the fixed draw of
    /// the noise.
    ///
    /// # Errors
    /// Those of `visit`; a file that cannot be read.
    pub fn pass(&self, visit: &mut dyn FnMut(ArrayView2<'_, F>) -> Result<(), SpecError>) -> Result<(), SpecError> {
        let Some(noise) = self.noise() else { return self.exact_pass(visit) };
        let mut first = 0;
        self.exact_pass(&mut |block| {
            let mut noisy = block.to_owned();
            noise.add(Dequantizer::FIXED, first, noisy.view_mut());
            first += block.nrows() as u64;
            visit(noisy.view())
        })
    }

    fn exact_pass(&self, visit: &mut dyn FnMut(ArrayView2<'_, F>) -> Result<(), SpecError>) -> Result<(), SpecError> {
        match self {
            Self::Memory(rows) => rows.pass(visit),
            Self::File(rows) => rows.pass(BLOCK, visit),
        }
    }

    /// The weights of [`sample`](Self::sample).
    pub fn weights_of_sample(&self, count: usize) -> Option<Vec<f64>> {
        let (weights, (all, count)) = (self.weights()?, self.counts(count));
        Some((0..count).map(|index| weights[place(index, all, count) as usize]).collect())
    }

    /// The number of rows, and that of a sample of up to `count` of them.
    fn counts(&self, count: usize) -> (u64, usize) {
        (self.count(), (count as u64).min(self.count()) as usize)
    }

    /// Up to `count` rows, evenly spaced, with the fixed draw of the noise.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn sample(&self, count: usize) -> Result<Array2<F>, SpecError> {
        let (all, count) = self.counts(count);
        self.gather(&(0..count).map(|index| place(index, all, count)).collect::<Vec<_>>())
    }

    /// Up to `count` rows, evenly spaced among rows that are repeated as often as their weights say,
    /// with the fixed draw of the noise. Without weights as [`sample`](Self::sample).
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn sample_by_weight(&self, count: usize) -> Result<Array2<F>, SpecError> {
        let Some(weights) = self.weights() else { return self.sample(count) };
        let count = self.counts(count).1;
        self.gather(&ByWeight::new(&weights).systematic(count, 0.5).map(|row| row as u64).collect::<Vec<_>>())
    }

    /// Rows with these numbers, which ascend, with the fixed draw of the noise.
    fn gather(&self, numbers: &[u64]) -> Result<Array2<F>, SpecError> {
        let mut rows = match self {
            Self::Memory(rows) => rows.gather(numbers.iter().map(|&row| row as usize)),
            Self::File(rows) => rows.gather(&rows.in_file(numbers.iter().copied()))?,
        };
        if let Some(noise) = self.noise() {
            for (&number, row) in numbers.iter().zip(rows.rows_mut()) {
                noise.add_to_row(Dequantizer::FIXED, number, row);
            }
        }
        Ok(rows)
    }

    /// A hash of all numbers in order, and of the weights where there are some, by which a
    /// checkpoint recognizes its rows. They must be finite; `what` is their name in errors.
    ///
    /// # Errors
    /// [`LayerError::NonFinite`](pdmap_core::LayerError::NonFinite); a file that cannot be read.
    pub fn fingerprint(&self, what: &'static str) -> Result<u64, SpecError> {
        let mut hash = Xxh3::new();
        hash.update(F::DTYPE.as_bytes());
        hash.update(&(self.features() as u64).to_le_bytes());
        self.finite(what, |block| hash_numbers(&mut hash, block.iter()))?;
        if let Some(weights) = self.weights() {
            hash_numbers(&mut hash, weights.iter());
        }
        Ok(hash.digest())
    }

    /// Checks that all numbers are finite, and shows each block.
    ///
    /// # Errors
    /// [`LayerError::NonFinite`](pdmap_core::LayerError::NonFinite); a file that cannot be read.
    pub fn finite(&self, what: &'static str, mut show: impl FnMut(ArrayView2<'_, F>)) -> Result<(), SpecError> {
        let mut first = 0;
        self.pass(&mut |block| {
            check::finite(what, block.reborrow()).map_err(|error| error.below(first))?;
            first += block.nrows();
            show(block);
            Ok(())
        })
    }
}

/// The number of a row of an evenly spaced sample.
fn place(index: usize, all: u64, count: usize) -> u64 {
    (index as u128 * u128::from(all) / count as u128) as u64
}

/// Adds numbers to a hash, a few thousand bytes at a time.
pub(crate) fn hash_numbers<'a, F: Real>(hash: &mut Xxh3, numbers: impl Iterator<Item = &'a F>) {
    let mut bytes = Vec::with_capacity(8 * BLOCK);
    for number in numbers {
        bytes.extend_from_slice(&number.f64().to_le_bytes());
        if bytes.len() == bytes.capacity() {
            hash.update(&bytes);
            bytes.clear();
        }
    }
    hash.update(&bytes);
}
