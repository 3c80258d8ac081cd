//! What the forward pass records for the backward pass, and the scratch memory of both.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::{LayerError, Real, Result};

/// One reusable row-major matrix.
#[derive(Debug, Clone, Default)]
pub struct Buffer<F> {
    data: Vec<F>,
    rows: usize,
    columns: usize,
}

impl<F: Real> Buffer<F> {
    /// The buffer as a `[rows, columns]` matrix, for writing. Its content is unspecified.
    ///
    /// Allocates on first use and when the size grows.
    pub fn shaped(&mut self, rows: usize, columns: usize) -> ArrayViewMut2<'_, F> {
        (self.rows, self.columns) = (rows, columns);
        let size = rows * columns;
        if self.data.len() < size {
            self.data.resize(size, F::zero());
        }
        let data = &mut self.data[..size];
        // The length is right by construction; the empty view is never returned.
        ArrayViewMut2::from_shape((rows, columns), data)
            .unwrap_or_else(|_| ArrayViewMut2::from_shape((0, 0), &mut []).unwrap_or_else(|_| unreachable!()))
    }

    /// What was last written.
    pub fn view(&self) -> ArrayView2<'_, F> {
        ArrayView2::from_shape((self.rows, self.columns), &self.data[..self.rows * self.columns])
            .unwrap_or_else(|_| ArrayView2::from_shape((0, 0), &[]).unwrap_or_else(|_| unreachable!()))
    }

    /// Rows and columns of what was last written.
    pub fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }
}

/// Memory of one layer between `forward` and `backward`: a few matrices of its own and the tapes of
/// its children.
///
/// A tape is also a pool: a second pass over a batch of the same size allocates nothing.
/// `recording` says whether a backward pass will follow; if not, a layer may skip what only
/// `backward` reads.
#[derive(Debug, Clone)]
pub struct Tape<F> {
    recording: bool,
    /// Matrices of this layer.
    pub buffers: Vec<Buffer<F>>,
    /// Tapes of the layers inside this one.
    pub children: Vec<Tape<F>>,
}

impl<F: Real> Default for Tape<F> {
    fn default() -> Self {
        Self::recording()
    }
}

impl<F: Real> Tape<F> {
    /// A tape for training: `backward` may follow.
    pub fn recording() -> Self {
        Self { recording: true, buffers: Vec::new(), children: Vec::new() }
    }

    /// A tape for evaluation, used as scratch memory only.
    pub fn scratch() -> Self {
        Self { recording: false, buffers: Vec::new(), children: Vec::new() }
    }

    /// Whether a backward pass will follow.
    pub fn is_recording(&self) -> bool {
        self.recording
    }

    /// Ensures that there are at least `buffers` matrices and `children` child tapes.
    pub fn reserve(&mut self, buffers: usize, children: usize) {
        if self.buffers.len() < buffers {
            self.buffers.resize_with(buffers, Buffer::default);
        }
        if self.children.len() < children {
            let recording = self.recording;
            self.children.resize_with(children, || Self { recording, buffers: Vec::new(), children: Vec::new() });
        }
    }

    /// Matrix `index`, for writing, in the given size.
    pub fn store(&mut self, index: usize, rows: usize, columns: usize) -> ArrayViewMut2<'_, F> {
        self.reserve(index + 1, 0);
        self.buffers[index].shaped(rows, columns)
    }

    /// Matrix `index`, as last written through [`store`](Self::store).
    ///
    /// # Errors
    /// [`LayerError::Tape`] if nothing of that size was stored.
    pub fn load(&self, index: usize, rows: usize, columns: usize) -> Result<ArrayView2<'_, F>> {
        match self.buffers.get(index) {
            Some(buffer) if buffer.dim() == (rows, columns) => Ok(buffer.view()),
            _ => Err(LayerError::Tape { index }),
        }
    }

    /// Overwrites every buffer with NaN, so that tests detect reads of data that this pass did not
    /// write.
    pub fn poison(&mut self) {
        for buffer in &mut self.buffers {
            buffer.data.fill(F::nan());
        }
        for child in &mut self.children {
            child.poison();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn poison_reaches_every_buffer_and_every_child() {
        let mut tape = Tape::<f64>::recording();
        tape.store(0, 2, 3).fill(1.0);
        tape.reserve(1, 1);
        tape.children[0].store(0, 1, 2).fill(2.0);
        tape.poison();
        assert!(tape.load(0, 2, 3).unwrap().iter().all(|value| value.is_nan()));
        assert!(tape.children[0].load(0, 1, 2).unwrap().iter().all(|value| value.is_nan()));
    }
}
