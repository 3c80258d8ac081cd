//! A bank as a product of stages.

use ndarray::{Array, Array2, ArrayView, ArrayView2, Dimension};
use pdmap_core::group::{ORTHONORMALITY, haar};
use pdmap_core::linalg::{Lu, orthonormality_residual};
use pdmap_core::{LayerError, Real, Result, check};
use rand::Rng;

use crate::grid::{Alignment, Grid, Period, entries};
use crate::kernels::Kernels;
use crate::polyphase::{Polyphase, larger};
use crate::windows::pairs;

/// A bank in brick-wall form: each stage multiplies every block of `K` positions × `C` channels by
/// one matrix of side `KC`.
///
/// Stages are stored in order of application. The last is aligned with the block grid at 0; going
/// back, the grid alternates between 0 and a shift of `⌊K/2⌋` positions (along both axes in 2-D).
/// With period 1 the first `⌊C/2⌋` channels of a shifted block come from the next position instead,
/// in images along columns and rows alternately. Numbers of a block are position-major, `t·C + c`.
/// Signals are periodic.
///
/// With every stage in O(KC) this is the half-rank paraunitary lattice (Vaidyanathan 1993,
/// *Multirate Systems and Filter Banks*, chapter 14; for `C = 1` and `K` even), orthonormal to
/// rounding at every length. The sign of each determinant and the half-rank split are discrete.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    grid: Grid,
    matrices: Vec<Array2<f64>>,
}

/// The operation of a stage on its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apply {
    Forward,
    Adjoint,
    Inverse,
}

impl Stages {
    /// A bank with arbitrary matrices, in order of application.
    ///
    /// # Errors
    /// Zero period or channels, overflowing sizes, no stage ([`LayerError::Range`]); a matrix of
    /// another size; NaN and infinities.
    pub fn new(period: impl Into<Period>, channels: usize, matrices: Vec<Array2<f64>>) -> Result<Self> {
        let grid = Grid::new(period.into(), channels)?;
        if matrices.is_empty() {
            return Err(LayerError::Range { what: "stages", value: 0.0, range: "at least 1" });
        }
        for matrix in &matrices {
            check::shape("stage", (grid.side(), grid.side()), matrix.dim())?;
            check::finite("stage", matrix.view())?;
        }
        Ok(Self { grid, matrices })
    }

    /// A bank with orthonormal matrices, in order of application.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`LayerError::NotOrthonormal`] for a matrix with
    /// `max|WᵀW − I| > 32 ε`.
    pub fn orthonormal(period: impl Into<Period>, channels: usize, matrices: Vec<Array2<f64>>) -> Result<Self> {
        let stages = Self::new(period, channels, matrices)?;
        let tolerance = ORTHONORMALITY * f64::EPS;
        for matrix in &stages.matrices {
            let residual = orthonormality_residual(matrix.view());
            if residual.is_nan() || residual > tolerance {
                return Err(LayerError::NotOrthonormal { residual, tolerance });
            }
        }
        Ok(stages)
    }

    /// The identity, as `stages` stages.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn identity(period: impl Into<Period>, channels: usize, stages: usize) -> Result<Self> {
        let grid = sized(period.into(), channels, stages)?;
        Self::new(grid.period(), channels, vec![Array2::eye(grid.side()); stages])
    }

    /// Stages drawn from the Haar measure on O(KC).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn random(period: impl Into<Period>, channels: usize, stages: usize, rng: &mut dyn Rng) -> Result<Self> {
        let grid = sized(period.into(), channels, stages)?;
        let matrices = (0..stages).map(|_| haar(grid.side(), rng)).collect();
        Self::new(grid.period(), channels, matrices)
    }

    /// The period.
    pub fn period(&self) -> Period {
        self.grid.period()
    }

    /// The channels.
    pub fn channels(&self) -> usize {
        self.grid.channels
    }

    /// The matrices, `[KC, KC]` each, in order of application.
    pub fn matrices(&self) -> &[Array2<f64>] {
        &self.matrices
    }

    /// The matrices by value.
    pub fn into_matrices(self) -> Vec<Array2<f64>> {
        self.matrices
    }

    /// The same map with at least `stages` stages: identities are applied first. Shifts are counted
    /// from the last stage, so nothing else changes.
    ///
    /// # Errors
    /// Sizes that overflow.
    pub fn padded(mut self, stages: usize) -> Result<Self> {
        sized(self.period(), self.channels(), stages)?;
        let missing = stages.saturating_sub(self.matrices.len());
        self.matrices.splice(0..0, vec![Array2::eye(self.grid.side()); missing]);
        Ok(self)
    }

    /// The largest `max|WᵀW − I|` over the stages.
    pub fn residual(&self) -> f64 {
        self.matrices.iter().map(|matrix| orthonormality_residual(matrix.view())).fold(0.0, larger)
    }

    /// The dense kernels of the product: `K·M` taps with offset `K·⌊M/2⌋ − (⌊K/2⌋ if M is even)`
    /// along each axis with a period above 1. With period 1 and `C > 1` channels they have
    /// `2⌊M/2⌋ + 1` taps with offset `⌊M/2⌋`; an axis of an image with period 1, beside one with a
    /// larger period, has a single tap.
    ///
    /// # Errors
    /// Sizes that overflow.
    pub fn kernels(&self) -> Result<Kernels> {
        let [rows, columns] = self.grid.reach(self.matrices.len());
        let offset = [rows.1 as isize, columns.1 as isize];
        Kernels::of_polyphase(self.grid, &self.polyphase(), [rows.0, columns.0], offset)
    }

    /// The polyphase matrices of the product.
    pub(crate) fn polyphase(&self) -> Polyphase {
        let mut product = Polyphase::identity(self.grid.side());
        for (matrix, alignment) in self.aligned() {
            let there = product.outputs_to(&self.grid, alignment).multiplied(matrix);
            product = there.outputs_from(&self.grid, alignment);
        }
        product
    }

    /// Analysis `y = T x` on periodic `[C, n]` or `[C, H, W]`, stage by stage.
    ///
    /// # Errors
    /// A shape that does not match, a length that the period does not divide.
    pub fn analyze<D: Dimension>(&self, x: ArrayView<'_, f64, D>) -> Result<Array<f64, D>> {
        self.apply(x, Apply::Forward)
    }

    /// `x = Tᵀ y`, the inverse if the stages are orthonormal.
    ///
    /// # Errors
    /// As [`analyze`](Self::analyze).
    pub fn adjoint<D: Dimension>(&self, y: ArrayView<'_, f64, D>) -> Result<Array<f64, D>> {
        self.apply(y, Apply::Adjoint)
    }

    /// `x = T⁻¹ y` for any invertible stages.
    ///
    /// # Errors
    /// As [`analyze`](Self::analyze); a singular stage.
    pub fn invert<D: Dimension>(&self, y: ArrayView<'_, f64, D>) -> Result<Array<f64, D>> {
        self.apply(y, Apply::Inverse)
    }

    fn aligned(&self) -> impl DoubleEndedIterator<Item = (ArrayView2<'_, f64>, Alignment)> {
        let count = self.matrices.len();
        self.matrices.iter().enumerate().map(move |(at, matrix)| (matrix.view(), self.grid.alignment(at, count)))
    }

    fn apply<D: Dimension>(&self, x: ArrayView<'_, f64, D>, how: Apply) -> Result<Array<f64, D>> {
        let size = self.grid.size("signal", x.shape())?;
        let mut signal = x.as_standard_layout().into_owned();
        let Some(numbers) = signal.as_slice_mut() else {
            return Err(LayerError::Layout { what: "signal", strides: vec![] });
        };
        let stages: Vec<_> =
            if how == Apply::Forward { self.aligned().collect() } else { self.aligned().rev().collect() };
        for (matrix, alignment) in stages {
            self.stage(numbers, size, matrix, alignment, how)?;
        }
        Ok(signal)
    }

    /// Applies one stage to `[C, H, W]`, in alignment.
    fn stage(
        &self,
        signal: &mut [f64],
        size: [usize; 2],
        matrix: ArrayView2<'_, f64>,
        alignment: Alignment,
        how: Apply,
    ) -> Result<()> {
        let ([height, width], [rows, columns]) = (size, self.grid.period);
        let blocks = self.grid.blocks(size)?;
        let channels = self.grid.channels;
        let numbers = self.grid.numbers(alignment);
        let places: Vec<usize> = pairs(blocks)
            .flat_map(|(b_y, b_x)| {
                numbers.iter().map(move |&([carry_y, carry_x], local)| {
                    let (t, channel) = (local / channels, local % channels);
                    let y = ((b_y + carry_y) * rows + t / columns) % height;
                    let x = ((b_x + carry_x) * columns + t % columns) % width;
                    (channel * height + y) * width + x
                })
            })
            .collect();
        let count = blocks[0] * blocks[1];
        let mut gathered =
            Array2::from_shape_fn((count, numbers.len()), |(b, r)| signal[places[b * numbers.len() + r]]);
        let moved = match how {
            Apply::Forward => gathered.dot(&matrix.t()),
            Apply::Adjoint => gathered.dot(&matrix),
            Apply::Inverse => {
                Lu::<f64>::new(matrix)?.solve_rows(gathered.view_mut())?;
                gathered
            }
        };
        for (&alignment, &value) in places.iter().zip(&moved) {
            signal[alignment] = value;
        }
        Ok(())
    }
}

/// The grid of a bank whose stages can be held in memory.
fn sized(period: Period, channels: usize, stages: usize) -> Result<Grid> {
    let grid = Grid::new(period, channels)?;
    entries("entries of the stages", &[grid.side(), grid.side(), stages])?;
    Ok(grid)
}
