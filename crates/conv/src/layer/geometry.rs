//! What a kernel-cycled convolution works on: channels, positions, period, what happens at the ends, how the result is laid out.

use std::fmt;

use pdmap_core::{LayerError, Result, Shape};
use pdmap_filterbank::{Grid, Place};
use serde::{Deserialize, Serialize};

/// Features of a convolution that no tensor vouches for: a specification alone must not make anybody allocate more.
const MOST_FEATURES: usize = 1 << 24;

/// What a stage does at the ends of a signal or image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// The end meets the beginning: the period divides the length, and blocks of a shifted grid wrap around.
    #[default]
    Periodic,
    /// Nothing wraps and any length from one period on works: samples that no whole block of a stage covers pass through that stage. With
    /// `h = ⌊K/2⌋` and `r = n mod K`, the last `r` samples are touched by no stage where `r < h`, and the last `r − h` where `r ≥ h` (the last `r` with one stage).
    Isolated,
}

/// How the outputs of a convolution are laid out in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// As the input, `[C, n]` or `[C, H, W]`: output `(o, bK + k)` is that of kernel `k` for output channel `o` in block `b`.
    #[default]
    Interleaved,
    /// One channel for each kernel and output channel, `[K·C, n/K]` or `[K_h·K_w·C, H/K_h, W/K_w]`: channel `k·C + o` at position `b` is the interleaved
    /// output `(o, bK + k)`, with `k = p·K_w + q` in 2-D. So the first `C` channels are those of kernel 0, and sample `b` of every subband stands for the same
    /// inputs, from `bK − offset` on. Only where the boundary is periodic.
    Subbands,
}

/// Shape, period, boundary and output layout of a convolution. Rows are flat: `[C, n]` for signals, `[C, H, W]` for images, channel-major as in NumPy
/// and PyTorch: sample `(c, i)` of a signal is feature `c·n + i`, pixel `(c, y, x)` is feature `(c·H + y)·W + x`.
///
/// It is checked where a layer is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    channels: usize,
    /// Rows and columns; a signal is one row.
    size: [usize; 2],
    period: [usize; 2],
    image: bool,
    boundary: Boundary,
    output: Output,
}

impl Geometry {
    /// `channels` signals of `length` samples, transformed in blocks of `period`.
    pub fn signal(channels: usize, length: usize, period: usize) -> Self {
        let (size, period) = ([1, length], [1, period]);
        let (boundary, output) = (Boundary::Periodic, Output::Interleaved);
        Self { channels, size, period, image: false, boundary, output }
    }

    /// Images of `channels` planes of `size` = (height, width), transformed in blocks of `period` = (height, width).
    pub fn image(channels: usize, size: (usize, usize), period: (usize, usize)) -> Self {
        let (size, period) = (size.into(), period.into());
        let (boundary, output) = (Boundary::Periodic, Output::Interleaved);
        Self { channels, size, period, image: true, boundary, output }
    }

    /// The same with [`Boundary::Isolated`].
    #[must_use]
    pub fn isolated(self) -> Self {
        self.with_boundary(Boundary::Isolated)
    }

    /// The same with another boundary.
    #[must_use]
    pub fn with_boundary(self, boundary: Boundary) -> Self {
        Self { boundary, ..self }
    }

    /// The same with another layout of the outputs.
    #[must_use]
    pub fn with_output(self, output: Output) -> Self {
        Self { output, ..self }
    }

    /// From the lists that a specification holds: `[C, n]` and `[K]`, or `[C, H, W]` and `[K_h, K_w]` (one number stands for both).
    ///
    /// # Errors
    /// Lists of other lengths.
    pub(crate) fn of_lists(shape: &[usize], period: &[usize]) -> Result<Self> {
        match (shape, period) {
            (&[channels, length], &[period]) => Ok(Self::signal(channels, length, period)),
            (&[channels, height, width], &[period]) => {
                Ok(Self::image(channels, (height, width), (period, period)))
            }
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

    /// The shape that leaves when rows of a shape with as many features enter.
    ///
    /// # Errors
    /// [`LayerError::Features`] for rows of another width.
    pub(crate) fn travel(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features())?;
        Shape::of(&self.output_shape())
    }

    /// Shape of the outputs: that of the input, or `[K·C, n/K]` and so on.
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

    /// What happens at the ends.
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// How the outputs are laid out.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Features of a row, `C·n` or `C·H·W`.
    pub fn features(&self) -> usize {
        self.channels * self.positions()
    }

    /// Side `K·C` of the stages' matrices.
    pub fn side(&self) -> usize {
        self.channels * self.cell()
    }

    /// Positions, in all directions together.
    pub(crate) fn positions(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Positions of a block.
    pub(crate) fn cell(&self) -> usize {
        self.period[0] * self.period[1]
    }

    pub(crate) fn size(&self) -> [usize; 2] {
        self.size
    }

    pub(crate) fn periods(&self) -> [usize; 2] {
        self.period
    }

    /// Periods that fit into each direction.
    fn counts(&self) -> [usize; 2] {
        [self.size[0] / self.period[0], self.size[1] / self.period[1]]
    }

    /// The same, where a layer can be made of it.
    ///
    /// # Errors
    /// Zero sizes; more features than memory is taken for on the word of a specification; a period that does not divide the length
    /// ([`LayerError::Indivisible`]), or is longer than it; subbands of isolated signals.
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

    /// Where the blocks of stage `stage` of `stages` stand: the last on whole periods, and going back the
    /// grids alternate.
    pub(crate) fn grid(&self, stage: usize, stages: usize) -> Place {
        Grid { period: self.period, channels: self.channels, image: self.image }.place(stage, stages)
    }

    /// Blocks of a stage in each direction.
    pub(crate) fn blocks(&self, grid: Place) -> [usize; 2] {
        let ([height, width], [rows, columns]) = (self.size, self.period);
        if self.boundary == Boundary::Periodic {
            return self.counts();
        }
        match grid {
            Place::Whole => self.counts(),
            Place::Shifted => [(height - rows / 2) / rows, (width - columns / 2) / columns],
            Place::Channels(_) if self.channels < 2 => self.counts(),
            Place::Channels(0) => [height - 1, width],
            Place::Channels(_) => [height, width - 1],
        }
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.shape(), self.period())
    }
}
