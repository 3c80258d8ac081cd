//! Dense kernels of a bank.

use ndarray::{Array, Array2, Array4, Array6, ArrayView, ArrayView2, ArrayView6, Dimension, Ix4};
use pdmap_core::{LayerError, Result, check};

use crate::grid::{Grid, Period, entries};
use crate::polyphase::Polyphase;
use crate::windows::{Windows, pairs};

/// Cycled kernels: output position `i` uses kernel `i mod K`.
///
/// ```text
/// y[o, bK+k] = Σ_i Σ_j h[k,o,i,j] x[i, (bK + j − offset) mod n]
///
/// y[o, b_y K_h+p, b_x K_w+q] = Σ_i Σ_uv h[p,q,o,i,u,v] x[i, y, x]
///     with y = (b_y K_h + u − offset_h) mod H,  x = (b_x K_w + v − offset_w) mod W
/// ```
///
/// Signals are periodic: taps beyond the length wrap and are summed, at any length that the period
/// divides. The kernels need not be orthonormal; [`residual`](Self::residual) measures how close
/// they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernels {
    grid: Grid,
    offset: [isize; 2],
    /// `[K_h, K_w, C, C, U, V]`.
    values: Array6<f64>,
}

impl Kernels {
    /// Kernels `h[k, o, i, j]` of a signal, `[K, C, C, taps]`.
    ///
    /// # Errors
    /// An empty axis; different numbers of input and output channels; NaN and infinities; an offset
    /// beyond 2³⁰.
    pub fn signal(h: Array4<f64>, offset: isize) -> Result<Self> {
        let (period, out, channels, taps) = h.dim();
        let values = h.as_standard_layout().into_owned().into_shape_with_order((1, period, out, channels, 1, taps));
        let shape_error = LayerError::Shape {
            what: "kernels",
            expected: vec![period, channels, channels, taps],
            actual: vec![period, out, channels, taps],
        };
        Self::new(Period::Signal(period), values.map_err(|_| shape_error)?, [0, offset])
    }

    /// Kernels `h[p, q, o, i, u, v]` of an image, `[K_h, K_w, C, C, U, V]`.
    ///
    /// # Errors
    /// As [`signal`](Self::signal).
    pub fn image(h: Array6<f64>, offset: [isize; 2]) -> Result<Self> {
        let period = Period::Image(h.shape()[0], h.shape()[1]);
        Self::new(period, h.as_standard_layout().into_owned(), offset)
    }

    fn new(period: Period, values: Array6<f64>, offset: [isize; 2]) -> Result<Self> {
        let (height, width, out, channels, u, v) = values.dim();
        let grid = Grid::new(period, channels)?;
        if out != channels {
            let (expected, actual) = (vec![height, width, channels, channels, u, v], values.shape().to_vec());
            return Err(LayerError::Shape { what: "kernels", expected, actual });
        }
        if u * v == 0 {
            return Err(LayerError::Range { what: "taps", value: 0.0, range: "at least 1" });
        }
        for offset in offset {
            if offset.unsigned_abs() > 1 << 30 {
                return Err(LayerError::Range { what: "offset", value: offset as f64, range: "within 2^30 of 0" });
            }
        }
        let kernels = Self { grid, offset, values };
        check::finite("kernels", kernels.matrix())?;
        Ok(kernels)
    }

    /// Kernels from polyphase matrices; entries outside the given taps are dropped.
    ///
    /// # Errors
    /// Sizes that overflow.
    pub fn of_polyphase(grid: Grid, blocks: &Polyphase, taps: [usize; 2], offset: [isize; 2]) -> Result<Self> {
        let ([height, width], channels) = (grid.period, grid.channels);
        entries("entries of kernels", &[grid.side(), channels, taps[0], taps[1]])?;
        let mut values = Array6::zeros((height, width, channels, channels, taps[0], taps[1]));
        for (m, tap) in blocks.iter() {
            for ((row, column), &value) in tap.indexed_iter() {
                let (k, o) = (row / channels, row % channels);
                let (l, i) = (column / channels, column % channels);
                let u = m[0] * height as isize + (l / width) as isize + offset[0];
                let v = m[1] * width as isize + (l % width) as isize + offset[1];
                // Negative indices become too large ones.
                if let Some(entry) = values.get_mut((k / width, k % width, o, i, u as usize, v as usize)) {
                    *entry = value;
                }
            }
        }
        Ok(Self { grid, offset, values })
    }

    /// The polyphase matrices: `[E_m]_{(k,o),(l,i)} = h[k, o, i, mK + l + offset]`.
    pub fn polyphase(&self) -> Polyphase {
        let [height, width] = self.grid.period;
        let period = [height as isize, width as isize];
        let taps = self.taps();
        let origin = [0, 1].map(|axis| (-self.offset[axis]).div_euclid(period[axis]));
        let last = [0, 1].map(|axis| (taps[axis] as isize - 1 - self.offset[axis]).div_euclid(period[axis]));
        let counts = [0, 1].map(|axis| (last[axis] - origin[axis] + 1) as usize);
        let mut blocks = Polyphase::zeros(self.grid.side(), origin, counts);
        for ((m, at), &value) in self.positions().zip(&self.values) {
            let tap = [m[0] - origin[0], m[1] - origin[1]];
            blocks.at_mut(tap.map(|m| m as usize))[at] = value;
        }
        blocks
    }

    /// For each entry, in order, the index `m` of its polyphase matrix and its position in that
    /// matrix.
    pub fn positions(&self) -> impl Iterator<Item = ([isize; 2], [usize; 2])> + '_ {
        let ([height, width], channels) = (self.grid.period, self.grid.channels);
        ndarray::indices(self.values.raw_dim()).into_iter().map(move |(p, q, o, i, u, v)| {
            let (y, x) = (u as isize - self.offset[0], v as isize - self.offset[1]);
            let (h, w) = (height as isize, width as isize);
            let l = y.rem_euclid(h) as usize * width + x.rem_euclid(w) as usize;
            let at = [(p * width + q) * channels + o, l * channels + i];
            ([y.div_euclid(h), x.div_euclid(w)], at)
        })
    }

    /// The period.
    pub fn period(&self) -> Period {
        self.grid.period()
    }

    /// The channels.
    pub fn channels(&self) -> usize {
        self.grid.channels
    }

    /// Number of taps along both axes; those of a signal are the second.
    pub fn taps(&self) -> [usize; 2] {
        [self.values.shape()[4], self.values.shape()[5]]
    }

    /// The offset along both axes; that of a signal is the second.
    pub fn offset(&self) -> [isize; 2] {
        self.offset
    }

    /// `h[p, q, o, i, u, v]`, `[K_h, K_w, C, C, U, V]`; for a signal `K_h = U = 1`.
    pub fn values(&self) -> ArrayView6<'_, f64> {
        self.values.view()
    }

    /// `h[k, o, i, j]`, `[K, C, C, taps]`, of a signal.
    pub fn signal_values(&self) -> Option<ArrayView<'_, f64, Ix4>> {
        let (_, period, out, channels, _, taps) = self.values.dim();
        let view = self.values.view().into_shape_with_order((period, out, channels, taps));
        view.ok().filter(|_| !self.grid.image)
    }

    /// Period and channels.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The kernels as a matrix `[KC, C·U·V]`, which multiplies windows of the input.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        let (rows, columns) = (self.grid.side(), self.grid.channels * self.taps()[0] * self.taps()[1]);
        let view = self.values.view().into_shape_with_order((rows, columns));
        view.unwrap_or_else(|_| unreachable!("rows and columns are the axes of a contiguous array"))
    }

    /// `[K, C, C, taps]` or `[K_h, K_w, C, C, U, V]`.
    pub fn shape(&self) -> Vec<usize> {
        let (height, width, out, channels, u, v) = self.values.dim();
        if self.grid.image { vec![height, width, out, channels, u, v] } else { vec![width, out, channels, v] }
    }

    /// The same taps with another offset.
    pub fn with_offset(&self, offset: [isize; 2]) -> Self {
        Self { offset, ..self.clone() }
    }

    /// Drops rows and columns of taps at the ends whose entries are all at most `nothing` in
    /// modulus; at least one tap remains.
    ///
    /// # Errors
    /// None.
    pub fn trimmed(&self, nothing: f64) -> Result<Self> {
        let (mut first, mut last) = (self.taps(), [0, 0]);
        for ((.., u, v), _) in self.values.indexed_iter().filter(|(_, value)| value.abs() > nothing) {
            (first, last) = ([first[0].min(u), first[1].min(v)], [last[0].max(u), last[1].max(v)]);
        }
        if first[0] > last[0] {
            (first, last) = ([0, 0], [0, 0]);
        }
        let (height, width, out, channels, ..) = self.values.dim();
        let taps = [last[0] - first[0] + 1, last[1] - first[1] + 1];
        let values = Array6::from_shape_fn((height, width, out, channels, taps[0], taps[1]), |(p, q, o, i, u, v)| {
            self.values[[p, q, o, i, u + first[0], v + first[1]]]
        });
        let offset = [0, 1].map(|axis| self.offset[axis] - first[axis] as isize);
        Ok(Self { grid: self.grid, offset, values })
    }

    /// Kernels with the same geometry and the given values, `[KC, C·U·V]`.
    ///
    /// # Errors
    /// A matrix of another shape; NaN and infinities.
    pub fn with_matrix(&self, matrix: Array2<f64>) -> Result<Self> {
        check::shape("kernels", self.matrix().dim(), matrix.dim())?;
        check::finite("kernels", matrix.view())?;
        let mut kernels = self.clone();
        kernels.values.iter_mut().zip(&matrix).for_each(|(to, &from)| *to = from);
        Ok(kernels)
    }

    /// The windows of rows of shape `[C, H, W]` with `size` = `[H, W]`.
    ///
    /// # Errors
    /// A length that the period does not divide; sizes that overflow.
    pub fn windows(&self, size: [usize; 2]) -> Result<Windows> {
        let blocks = self.grid.blocks(size)?;
        entries("numbers of windows", &[blocks[0], blocks[1], self.grid.channels, self.taps()[0], self.taps()[1]])?;
        Ok(Windows::new(self.grid.channels, size, self.grid.period, self.taps(), self.offset))
    }

    /// Analysis `y = T x` on periodic `[C, n]` or `[C, H, W]`.
    ///
    /// # Errors
    /// A shape that does not match; a length that the period does not divide
    /// ([`LayerError::Indivisible`]).
    pub fn analyze<D: Dimension>(&self, x: ArrayView<'_, f64, D>) -> Result<Array<f64, D>> {
        self.apply(x, |windows, from, to| windows.apply(self.matrix(), from, to))
    }

    /// Synthesis `x = Tᵀ y`: the transposed convolution with the same kernels, which is the inverse
    /// of [`analyze`](Self::analyze) if they are orthonormal.
    ///
    /// # Errors
    /// As [`analyze`](Self::analyze).
    pub fn synthesize<D: Dimension>(&self, y: ArrayView<'_, f64, D>) -> Result<Array<f64, D>> {
        self.apply(y, |windows, from, to| windows.adjoint(self.matrix(), from, to))
    }

    fn apply<D: Dimension>(
        &self,
        x: ArrayView<'_, f64, D>,
        map: impl FnOnce(&Windows, &[f64], &mut [f64]) -> Result<()>,
    ) -> Result<Array<f64, D>> {
        let size = self.grid.size("signal", x.shape())?;
        let windows = self.windows(size)?;
        let contiguous = x.as_standard_layout();
        let mut result = Array::zeros(contiguous.raw_dim());
        match (contiguous.as_slice(), result.as_slice_mut()) {
            (Some(from), Some(to)) => map(&windows, from, to)?,
            _ => return Err(LayerError::Layout { what: "signal", strides: x.strides().to_vec() }),
        }
        Ok(result)
    }

    /// The map as a dense matrix on flat `[C, H, W]`. For tests and small sizes.
    ///
    /// # Errors
    /// A length that the period does not divide; a matrix that is too large.
    pub fn materialize(&self, height: usize, width: usize) -> Result<Array2<f64>> {
        let size = [height, width];
        let windows = self.windows(size)?;
        let features = windows.len();
        entries("entries of a matrix", &[features, features])?;
        let mut dense = Array2::zeros((features, features));
        let (mut places, mut outputs) = (vec![0.0; windows.count() * windows.width()], vec![0.0; features]);
        let numbered: Vec<f64> = (0..features).map(|place| place as f64).collect();
        windows.gather(&numbered, &mut places);
        windows.read_blocks(&numbered, &mut outputs);
        let matrix = self.matrix();
        for (b, r) in pairs([windows.count(), windows.side()]) {
            let row = outputs[b * windows.side() + r] as usize;
            for (w, &value) in matrix.row(r).iter().enumerate() {
                dense[[row, places[b * windows.width() + w] as usize]] += value;
            }
        }
        Ok(dense)
    }

    /// The paraunitary residual `max_s |Σ_m E_m E_{m+s}ᵀ − δ_s I|`: 0 if the map is orthonormal at
    /// every length.
    pub fn residual(&self) -> f64 {
        self.polyphase().residual()
    }
}
