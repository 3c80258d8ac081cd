//! Analysis and synthesis of signals that arrive in chunks.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{LayerError, Result, check};

use crate::grid::entries;
use crate::{Kernels, Period};

/// Largest paraunitary residual at which the transposed convolution counts as the inverse.
const RESIDUAL: f64 = 1e-10;

/// Common to both directions: the kernels of a signal, ordered by tap.
#[derive(Debug, Clone)]
struct Bank {
    channels: usize,
    period: usize,
    taps: usize,
    offset: isize,
    /// `[KC, taps·C]`: rows `k·C + o`, columns `j·C + i`, so that a window of a position-major
    /// signal is contiguous.
    matrix: Array2<f64>,
    /// The first block that reads sample 0.
    first: isize,
}

impl Bank {
    fn new(kernels: &Kernels) -> Result<Self> {
        let (Period::Signal(period), Some(h)) = (kernels.period(), kernels.signal_values()) else {
            return Err(LayerError::Conflict { first: "a stream", second: "kernels of images" });
        };
        let (channels, taps, offset) = (kernels.channels(), kernels.taps()[1], kernels.offset()[1]);
        let matrix = Array2::from_shape_fn((period * channels, taps * channels), |(row, column)| {
            h[[row / channels, row % channels, column % channels, column / channels]]
        });
        let first = -(taps as isize - 1 - offset).div_euclid(period as isize);
        Ok(Self { channels, period, taps, offset, matrix, first })
    }

    /// Position of the first sample that block `b` reads.
    fn start(&self, b: isize) -> isize {
        b * self.period as isize - self.offset
    }

    /// Appends `[C, t]` to a position-major signal.
    fn push(&self, samples: ArrayView2<'_, f64>, to: &mut Vec<f64>) -> Result<()> {
        check::features("channels", self.channels, samples.nrows())?;
        check::finite("samples", samples)?;
        samples.columns().into_iter().for_each(|sample| to.extend(sample));
        Ok(())
    }

    /// A position-major signal as `[C, t]`.
    fn signal(&self, numbers: &[f64]) -> Array2<f64> {
        let shape = (self.channels, numbers.len() / self.channels);
        Array2::from_shape_fn(shape, |(channel, at)| numbers[at * self.channels + channel])
    }
}

/// Analysis of a signal that arrives in chunks of any length:
/// `y[o, bK+k] = Σ_i Σ_j h[k,o,i,j] x[i, bK + j − offset]`, with zeros before and after the signal.
///
/// Coefficients are returned in whole periods as soon as they are complete. The first block is the
/// one that reads the first sample, [`first_block`](Self::first_block); its index is 0, or negative
/// where the offset is within the taps. [`finish`](Self::finish) returns the rest. Together they
/// are the coefficients of the whole signal, zero-padded so far that nothing wraps.
#[derive(Debug, Clone)]
pub struct Analyzer {
    bank: Bank,
    /// Samples from `begin` on, position-major.
    samples: Vec<f64>,
    begin: isize,
    next: isize,
    received: usize,
}

impl Analyzer {
    /// An analyzer for kernels of a signal, orthonormal or not.
    ///
    /// # Errors
    /// [`LayerError::Conflict`] for kernels of images.
    pub fn new(kernels: &Kernels) -> Result<Self> {
        let bank = Bank::new(kernels)?;
        let (next, begin) = (bank.first, bank.start(bank.first).min(0));
        // Zeros before the beginning.
        let samples = vec![0.0; begin.unsigned_abs() * bank.channels];
        Ok(Self { bank, samples, begin, next, received: 0 })
    }

    /// Index of the first block whose coefficients are returned.
    pub fn first_block(&self) -> isize {
        self.bank.first
    }

    /// Takes samples `[C, t]`, for any `t`, and returns the coefficients that they complete,
    /// `[C, a multiple of K]`.
    ///
    /// # Errors
    /// Another number of channels; NaN and infinities. The samples are not taken then.
    pub fn push(&mut self, samples: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.bank.push(samples, &mut self.samples)?;
        self.received += samples.ncols();
        self.complete()
    }

    /// Ends the signal and returns the remaining coefficients.
    ///
    /// # Errors
    /// None.
    pub fn finish(mut self) -> Result<Array2<f64>> {
        // The last block that reads the last sample needs zeros up to its own last tap.
        let Some(last) = (self.received as isize).checked_sub(1).filter(|&last| last >= 0) else {
            return Ok(Array2::zeros((self.bank.channels, 0)));
        };
        let block = (last + self.bank.offset).div_euclid(self.bank.period as isize);
        let end = self.bank.start(block) + self.bank.taps as isize;
        let missing = (end - self.end()).max(0) as usize;
        self.samples.resize(self.samples.len() + missing * self.bank.channels, 0.0);
        self.complete()
    }

    /// Position after the last sample.
    fn end(&self) -> isize {
        self.begin + (self.samples.len() / self.bank.channels) as isize
    }

    fn complete(&mut self) -> Result<Array2<f64>> {
        let bank = &self.bank;
        let (period, channels) = (bank.period as isize, bank.channels);
        let ready = ((self.end() - bank.taps as isize - bank.start(self.next)).div_euclid(period) + 1).max(0) as usize;
        let width = bank.taps * channels;
        let mut windows = Array2::zeros((ready, width));
        for (at, mut window) in windows.rows_mut().into_iter().enumerate() {
            let start = (bank.start(self.next + at as isize) - self.begin) as usize * channels;
            let from = self.samples.iter().skip(start);
            window.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
        let mut blocks = Array2::zeros((ready, bank.matrix.nrows()));
        gemm(1.0, windows.view(), bank.matrix.t(), Add::No, blocks.view_mut())?;
        self.next += ready as isize;
        // Samples that no later block reads.
        let past = (bank.start(self.next) - self.begin).clamp(0, (self.samples.len() / channels) as isize);
        self.samples.drain(..past as usize * channels);
        self.begin += past;
        Ok(bank.signal(check::slice("blocks", &blocks.view())?))
    }
}

/// Synthesis of a signal from coefficients that arrive in chunks of any length: the transposed
/// convolution with the same kernels, `x[i, bK + j − offset] += Σ h[k,o,i,j] y[o, bK+k]`.
///
/// It reconstructs the signal given to an [`Analyzer`], to rounding. Samples are returned as soon
/// as no later block adds to them: sample `p` with the coefficients of block `⌊(p + offset)/K⌋`,
/// whose last tap reads a sample between `p + taps − K` and `p + taps − 1`. So analysis and
/// synthesis together **delay the signal by at most `taps − 1` samples**, not counting the caller's
/// own buffers.
#[derive(Debug, Clone)]
pub struct Synthesizer {
    bank: Bank,
    /// Coefficients of an incomplete block, position-major.
    waiting: Vec<f64>,
    next: isize,
    /// Sums for the samples from `begin` on, position-major.
    sums: Vec<f64>,
    begin: isize,
    given: usize,
}

impl Synthesizer {
    /// A synthesizer for orthonormal kernels of a signal.
    ///
    /// # Errors
    /// [`LayerError::Conflict`] for kernels of images; [`LayerError::NotParaunitary`] for kernels
    /// whose transpose is not their inverse.
    pub fn new(kernels: &Kernels) -> Result<Self> {
        let residual = kernels.residual();
        if residual.is_nan() || residual > RESIDUAL {
            return Err(LayerError::NotParaunitary { residual, tolerance: RESIDUAL });
        }
        let bank = Bank::new(kernels)?;
        let (next, begin) = (bank.first, bank.start(bank.first));
        Ok(Self { bank, waiting: vec![], next, sums: vec![], begin, given: 0 })
    }

    /// Takes coefficients `[C, t]`, for any `t`, and returns the samples that they complete,
    /// `[C, any]`.
    ///
    /// # Errors
    /// Another number of channels; NaN and infinities. The coefficients are not taken then.
    pub fn push(&mut self, coefficients: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        self.bank.push(coefficients, &mut self.waiting)?;
        let bank = &self.bank;
        let side = bank.matrix.nrows();
        let ready = self.waiting.len() / side;
        let blocks = ArrayView2::from_shape((ready, side), &self.waiting[..ready * side]);
        let blocks = blocks.map_err(|_| LayerError::Memory { expected: ready * side, actual: self.waiting.len() })?;
        let mut windows = Array2::zeros((ready, bank.matrix.ncols()));
        gemm(1.0, blocks, bank.matrix.view(), Add::No, windows.view_mut())?;
        for window in windows.rows() {
            let start = (bank.start(self.next) - self.begin).max(0) as usize * bank.channels;
            let end = start + window.len();
            if self.sums.len() < end {
                self.sums.resize(end, 0.0);
            }
            self.sums[start..end].iter_mut().zip(window).for_each(|(sum, &value)| *sum += value);
            self.next += 1;
        }
        self.waiting.drain(..ready * side);
        Ok(self.take(self.bank.start(self.next)))
    }

    /// Ends the coefficients and returns the rest of a signal of `length` samples. Samples that no
    /// block reaches are 0.
    ///
    /// # Errors
    /// [`LayerError::Shape`] if coefficients of a block are missing; [`LayerError::Range`] if more
    /// than `length` samples have already been returned, or if more than 2^28 numbers are missing.
    pub fn finish(mut self, length: usize) -> Result<Array2<f64>> {
        if !self.waiting.is_empty() {
            let channels = self.bank.channels;
            let (expected, actual) = (vec![channels, self.bank.period], vec![channels, self.waiting.len() / channels]);
            return Err(LayerError::Shape { what: "last block of coefficients", expected, actual });
        }
        let Some(left) = length.checked_sub(self.given) else {
            return Err(LayerError::Range {
                what: "length",
                value: length as f64,
                range: "at least the number of samples already returned",
            });
        };
        let rest = self.take(isize::MAX);
        let kept = rest.ncols().min(left);
        entries("samples after the last block", &[self.bank.channels, left - kept])?;
        let silence = Array2::zeros((self.bank.channels, left - kept));
        let kept = rest.view().split_at(Axis(1), kept).0;
        concatenate(Axis(1), &[kept, silence.view()]).map_err(|_| LayerError::NoRows)
    }

    /// Samples before `end`, from 0 on.
    fn take(&mut self, end: isize) -> Array2<f64> {
        let channels = self.bank.channels;
        let known = (self.sums.len() / channels) as isize;
        let done = end.saturating_sub(self.begin).clamp(0, known);
        // Samples before the beginning of the signal are 0 up to rounding.
        let before = (-self.begin).clamp(0, done);
        let signal = self.bank.signal(&self.sums[before as usize * channels..done as usize * channels]);
        self.sums.drain(..done as usize * channels);
        self.begin += done;
        self.given += signal.ncols();
        signal
    }
}
