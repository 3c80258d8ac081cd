//! Positions of the blocks of a stage, and the extent of the kernels of a product of stages.

use pdmap_core::{LayerError, Result};

/// Maximum number of entries of one array of a bank. Larger sizes are mistakes and must not become
/// an allocation.
const MOST_ENTRIES: usize = 1 << 28;

/// The period of a bank: along a signal, or along both axes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `K` positions of a signal.
    Signal(usize),
    /// `K_h × K_w` pixels of an image.
    Image(usize, usize),
}

impl From<usize> for Period {
    fn from(period: usize) -> Self {
        Self::Signal(period)
    }
}

impl From<(usize, usize)> for Period {
    fn from((height, width): (usize, usize)) -> Self {
        Self::Image(height, width)
    }
}

/// Channels and period of a bank. A signal is treated as an image with one row, so there are always
/// two axes.
///
/// A block is a vector of `N = K·C` numbers, position-major: number `t·C + c` is channel `c` at
/// position `t` of the block. Positions in a block of an image are counted row by row,
/// `t = p·K_w + q`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// `[K_h, K_w]`; `K_h = 1` for a signal.
    pub period: [usize; 2],
    /// Channels `C`.
    pub channels: usize,
    /// Whether the bank acts on images.
    pub image: bool,
}

/// Position of the blocks of a stage relative to the block grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// Aligned with the grid.
    Whole,
    /// Shifted by `⌊K/2⌋` positions along each axis.
    Shifted,
    /// For period 1: aligned, but with the first `⌊C/2⌋` channels taken from the next position
    /// along this axis.
    Channels(usize),
}

impl Grid {
    /// The grid of a bank with the given period and number of channels.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a zero period or number of channels, and for a stage matrix that
    /// is too large.
    pub fn new(period: Period, channels: usize) -> Result<Self> {
        let (period, image) = match period {
            Period::Signal(length) => ([1, length], false),
            Period::Image(height, width) => ([height, width], true),
        };
        for (what, value) in [("period", period[0]), ("period", period[1]), ("channels", channels)] {
            if value == 0 {
                return Err(LayerError::Range { what, value: 0.0, range: "at least 1" });
            }
        }
        entries("entries of a stage", &[period[0], period[0], period[1], period[1], channels, channels])?;
        Ok(Self { period, channels, image })
    }

    /// The period, as given to [`new`](Self::new).
    pub fn period(&self) -> Period {
        let [height, width] = self.period;
        if self.image { Period::Image(height, width) } else { Period::Signal(width) }
    }

    /// Side `N = K·C` of the matrix of a stage.
    pub fn side(&self) -> usize {
        self.positions() * self.channels
    }

    /// Number of positions of a block.
    pub fn positions(&self) -> usize {
        self.period[0] * self.period[1]
    }

    /// Position of stage `stage` of `stages`. The last stage is aligned with the grid; going back,
    /// every other one is shifted. In an image of period 1 the shifted stages alternate between the
    /// two axes.
    pub fn alignment(&self, stage: usize, stages: usize) -> Alignment {
        let back = stages - 1 - stage;
        match (back % 2, self.positions()) {
            (0, _) => Alignment::Whole,
            (_, 1) => Alignment::Channels(if self.image && back % 4 == 3 { 0 } else { 1 }),
            _ => Alignment::Shifted,
        }
    }

    /// For each number of a block at `alignment`: the offset in blocks, along each axis, of the
    /// aligned block that contains it (0 or 1), and its index within that block.
    pub fn numbers(&self, alignment: Alignment) -> Vec<([usize; 2], usize)> {
        let ([height, width], channels) = (self.period, self.channels);
        let mut numbers = Vec::with_capacity(self.side());
        for (p, q) in (0..height).flat_map(|p| (0..width).map(move |q| (p, q))) {
            for c in 0..channels {
                numbers.push(match alignment {
                    Alignment::Whole => ([0, 0], (p * width + q) * channels + c),
                    Alignment::Shifted => {
                        let (y, x) = (p + height / 2, q + width / 2);
                        ([y / height, x / width], ((y % height) * width + x % width) * channels + c)
                    }
                    Alignment::Channels(axis) => {
                        let mut carry = [0, 0];
                        carry[axis] = usize::from(c < channels / 2);
                        (carry, c)
                    }
                });
            }
        }
        numbers
    }

    /// `(taps, offset)` along each axis of the kernels of `stages` stages: `K·M` and
    /// `K·⌊M/2⌋ − (⌊K/2⌋ if M is even)`. Along an axis without shifted stages they are one period
    /// and 0. With period 1, each stage with moved channels extends the kernels by one position in
    /// both directions.
    pub fn reach(&self, stages: usize) -> [(usize, usize); 2] {
        [0, 1].map(|axis| {
            let period = self.period[axis];
            if period > 1 {
                let back = if stages.is_multiple_of(2) { period / 2 } else { 0 };
                return (period * stages, period * (stages / 2) - back);
            }
            let moves = |stage: &usize| self.alignment(*stage, stages) == Alignment::Channels(axis);
            let moved = if self.channels > 1 { (0..stages).filter(moves).count() } else { 0 };
            (2 * moved + 1, moved)
        })
    }

    /// `[C, n]` or `[C, H, W]` as two axes, in whole periods.
    ///
    /// # Errors
    /// Another number of axes or channels; an empty axis; a length that the period does not divide.
    pub fn size(&self, what: &'static str, shape: &[usize]) -> Result<[usize; 2]> {
        let size = match *shape {
            [channels, length] if !self.image && channels == self.channels => [1, length],
            [channels, height, width] if self.image && channels == self.channels => [height, width],
            _ => {
                let mut expected = vec![self.channels];
                expected.extend(&self.period[usize::from(!self.image)..]);
                return Err(LayerError::Shape { what, expected, actual: shape.to_vec() });
            }
        };
        self.blocks(size)?;
        Ok(size)
    }

    /// Number of blocks along each axis.
    ///
    /// # Errors
    /// An empty axis; a length that the period does not divide.
    pub fn blocks(&self, size: [usize; 2]) -> Result<[usize; 2]> {
        let names = if self.image { ["height", "width"] } else { ["height", "length"] };
        for axis in [0, 1] {
            let (length, period) = (size[axis], self.period[axis]);
            if length == 0 || !length.is_multiple_of(period) {
                return Err(LayerError::Indivisible { what: names[axis], length, period });
            }
        }
        entries("numbers of a signal", &[self.channels, size[0], size[1]])?;
        Ok([size[0] / self.period[0], size[1] / self.period[1]])
    }
}

/// The product of `sizes`.
///
/// # Errors
/// [`LayerError::Range`] if it exceeds 2²⁸.
pub(crate) fn entries(what: &'static str, sizes: &[usize]) -> Result<usize> {
    let product = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    match product {
        Some(product) if product <= MOST_ENTRIES => Ok(product),
        _ => {
            let value = sizes.iter().map(|&size| size as f64).product();
            Err(LayerError::Range { what, value, range: "at most 2^28" })
        }
    }
}
