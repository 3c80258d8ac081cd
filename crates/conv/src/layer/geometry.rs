//! The geometry of a kernel-cycled convolution: channels, positions, period, boundary, output
//! layout.

use std::fmt;

use pdmap_core::{LayerError, Result, Shape};
use pdmap_filterbank::{Alignment, Grid};
use serde::{Deserialize, Serialize};

/// Maximum number of features of a convolution without tensors of that size: a specification alone
/// must not cause a larger allocation.
const MOST_FEATURES: usize = 1 << 24;

/// What a stage does at the ends of a signal or image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// The signal wraps around: the period divides the length, and blocks of a shifted grid wrap.
    #[default]
    Periodic,
    /// Nothing wraps, and any length of at least one period works: samples that no whole block of a
    /// stage covers pass through that stage. With `h = ⌊K/2⌋` and `r = n mod K`, no stage touches
    /// the last `r` samples if `r < h`, or the last `r − h` if `r ≥ h` (the last `r` with one
    /// stage).
    Isolated,
}

/// Layout of the outputs in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// That of the input, `[C, n]` or `[C, H, W]`: output `(o, bK + k)` is that of kernel `k` for
    /// output channel `o` in block `b`.
    #[default]
    Interleaved,
    /// One channel per kernel and output channel, `[K·C, n/K]` or `[K_h·K_w·C, H/K_h, W/K_w]`:
    /// channel `k·C + o` at position `b` is the interleaved output `(o, bK + k)`, with
    /// `k = p·K_w + q` in 2-D. So the first `C` channels are those of kernel 0, and sample `b` of
    /// every subband depends on the same inputs, from `bK − offset` on. For periodic boundaries
    /// only.
    Subbands,
}

/// Shape, period, boundary and output layout of a convolution. Rows are flat and channel-major,
/// `[C, n]` for signals and `[C, H, W]` for images, as in NumPy and PyTorch: sample `(c, i)` of a
/// signal is feature `c·n + i`, pixel `(c, y, x)` is feature `(c·H + y)·W + x`.
///
/// The geometry is checked when a layer is built from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    channels: usize,
    /// Rows and columns; a signal has one row.
    size: [usize; 2],
    period: [usize; 2],
    image: bool,
    boundary: Boundary,
    output: Output,
}

impl Geometry {
    /// Signals of `length` samples in `channels` channels, transformed in blocks of `period`.
    pub fn signal(channels: usize, length: usize, period: usize) -> Self {
        let (size, period) = ([1, length], [1, period]);
        let (boundary, output) = (Boundary::Periodic, Output::Interleaved);
        Self { channels, size, period, image: false, boundary, output }
    }

    /// Images of `channels` planes of `size` = (height, width), transformed in blocks of `period` =
    /// (height, width).
    pub fn image(channels: usize, size: (usize, usize), period: (usize, usize)) -> Self {
        let (size, period) = (size.into(), period.into());
        let (boundary, output) = (Boundary::Periodic, Output::Interleaved);
        Self { channels, size, period, image: true, boundary, output }
    }

    /// The same geometry with [`Boundary::Isolated`].
    #[must_use]
    pub fn isolated(self) -> Self {
        self.with_boundary(Boundary::Isolated)
    }

    /// The same geometry with another boundary.
    #[must_use]
    pub fn with_boundary(self, boundary: Boundary) -> Self {
        Self { boundary, ..self }
    }

    /// The same geometry with another output layout.
    #[must_use]
    pub fn with_output(self, output: Output) -> Self {
        Self { output, ..self }
    }

    /// From the lists of a specification: `[C, n]` and `[K]`, or `[C, H, W]` and `[K_h, K_w]` (a
    /// single number applies to both axes).
    ///
    /// # Errors
    /// Lists of other lengths.
    pub(crate) fn of_lists(shape: &[usize], period: &[usize]) -> Result<Self> {
        match (shape, period) {
            (&[channels, length], &[period]) => Ok(Self::signal(channels, length, period)),
            (&[channels, height, width], &[period]) => Ok(Self::image(channels, (height, width), (period, period))),
            (&[channels, height, width], &[rows, columns]) => {
                Ok(Self::image(channels, (height, width), (rows, columns)))
            }
            (&[_, _], _) => Err(LayerError::Conflict {
                first: "a period other than one number",
                second: "the shape of a signal, [channels, length]",
            }),
            (&[_, _, _], _) => Err(LayerError::Conflict {
                first: "a period other than one or two numbers",
                second: "the shape of an image, [channels, height, width]",
            }),
            _ => Err(LayerError::Range {
                what: "numbers in shape",
                value: shape.len() as f64,
                range: "2 for signals, [channels, length], or 3 for images, [channels, height, width]",
            }),
        }
    }

    /// `[C, n]` or `[C, H, W]`.
    pub fn shape(&self) -> Vec<usize> {
        let [height, width] = self.size;
        if self.image { vec![self.channels, height, width] } else { vec![self.channels, width] }
    }

    /// The output shape for rows of a shape with the same number of features.
    ///
    /// # Errors
    /// [`LayerError::Features`] for rows of another width.
    pub(crate) fn travel(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features())?;
        Shape::of(&self.output_shape())
    }

    /// Shape of the outputs: that of the input, or `[K·C, n/K]` or `[K_h·K_w·C, H/K_h, W/K_w]` for
    /// subbands.
    pub fn output_shape(&self) -> Vec<usize> {
        if self.output == Output::Interleaved {
            return self.shape();
        }
        let [rows, columns] = self.counts();
        if self.image { vec![self.side(), rows, columns] } else { vec![self.side(), columns] }
    }

    /// `[K]` or `[K_h, K_w]`.
    pub fn period(&self) -> Vec<usize> {
        if self.image { self.period.to_vec() } else { vec![self.period[1]] }
    }

    /// Channels of the input.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The boundary.
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The output layout.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Features per row, `C·n` or `C·H·W`.
    pub fn features(&self) -> usize {
        self.channels * self.positions()
    }

    /// Side `K·C` of the stages' matrices.
    pub fn side(&self) -> usize {
        self.channels * self.cell()
    }

    /// Positions per channel.
    pub(crate) fn positions(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Positions per block.
    pub(crate) fn cell(&self) -> usize {
        self.period[0] * self.period[1]
    }

    pub(crate) fn size(&self) -> [usize; 2] {
        self.size
    }

    pub(crate) fn periods(&self) -> [usize; 2] {
        self.period
    }

    /// Whole periods along each axis.
    fn counts(&self) -> [usize; 2] {
        [self.size[0] / self.period[0], self.size[1] / self.period[1]]
    }

    /// Checks the geometry and returns it.
    ///
    /// # Errors
    /// Zero sizes; more features than a specification may request; a period that does not divide
    /// the length ([`LayerError::Indivisible`]), or is longer than it; subbands of isolated
    /// signals.
    pub fn checked(self) -> Result<Self> {
        let ([height, width], [rows, columns]) = (self.size, self.period);
        let sizes = [
            ("channels", self.channels),
            ("height", height),
            (if self.image { "width" } else { "length" }, width),
            ("period", rows),
            ("period", columns),
        ];
        for (what, value) in sizes {
            if value == 0 {
                return Err(LayerError::Range { what, value: 0.0, range: "at least 1" });
            }
        }
        let features = self.channels.checked_mul(height).and_then(|planes| planes.checked_mul(width));
        if features.is_none_or(|features| features > MOST_FEATURES) {
            let value = self.channels as f64 * height as f64 * width as f64;
            return Err(LayerError::Range { what: "features", value, range: "at most 16777216" });
        }
        for (what, length, period) in
            [("height", height, rows), (if self.image { "width" } else { "length" }, width, columns)]
        {
            let whole = self.boundary == Boundary::Isolated || length.is_multiple_of(period);
            if length < period || !whole {
                return Err(LayerError::Indivisible { what, length, period });
            }
        }
        if self.output == Output::Subbands && self.boundary == Boundary::Isolated {
            let (first, second) = ("the output layout `subbands`", "the boundary `isolated`");
            return Err(LayerError::Conflict { first, second });
        }
        Ok(self)
    }

    /// Alignment of the blocks of stage `stage` of `stages`: the last is aligned with the grid, and
    /// going back the grids alternate.
    pub(crate) fn grid(&self, stage: usize, stages: usize) -> Alignment {
        Grid { period: self.period, channels: self.channels, image: self.image }.alignment(stage, stages)
    }

    /// Number of blocks of a stage along each axis.
    pub(crate) fn blocks(&self, grid: Alignment) -> [usize; 2] {
        let ([height, width], [rows, columns]) = (self.size, self.period);
        if self.boundary == Boundary::Periodic {
            return self.counts();
        }
        match grid {
            Alignment::Whole => self.counts(),
            Alignment::Shifted => [(height - rows / 2) / rows, (width - columns / 2) / columns],
            Alignment::Channels(_) if self.channels < 2 => self.counts(),
            Alignment::Channels(0) => [height - 1, width],
            Alignment::Channels(_) => [height, width - 1],
        }
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.shape(), self.period())
    }
}
