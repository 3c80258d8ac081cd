//! A bank in the frequency domain of a periodic signal: one complex matrix per frequency.

use ndarray::Array2;
use pdmap_core::linalg::{Svd, svd};
use rustfft::{FftDirection, FftPlanner};

use crate::polyphase::Polyphase;
use crate::windows::pairs;

/// The complex numbers of rustfft.
pub type Complex = rustfft::num_complex::Complex<f64>;

/// Unnormalized discrete Fourier transforms over two axes of `blocks` numbers.
pub struct Fourier {
    blocks: [usize; 2],
    planner: FftPlanner<f64>,
    column: Vec<Complex>,
}

impl std::fmt::Debug for Fourier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fourier").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

impl Fourier {
    /// Transforms over `blocks` numbers along each axis.
    pub fn new(blocks: [usize; 2]) -> Self {
        Self { blocks, planner: FftPlanner::new(), column: vec![] }
    }

    /// Transforms `plane`, stored row by row, in place: forward with `e^(−2πi fb/B)`, inverse with
    /// `e^(+2πi fb/B)`.
    pub fn transform(&mut self, plane: &mut [Complex], direction: FftDirection) {
        let [height, width] = self.blocks;
        if width > 1 {
            self.planner.plan_fft(width, direction).process(plane);
        }
        if height > 1 {
            let plan = self.planner.plan_fft(height, direction);
            for x in 0..width {
                self.column.clear();
                self.column.extend(plane.iter().skip(x).step_by(width));
                plan.process(&mut self.column);
                plane.iter_mut().skip(x).step_by(width).zip(&self.column).for_each(|(to, &from)| *to = from);
            }
        }
    }
}

/// Index of the frequency `−f`, where the spectrum of a real signal or map is conjugate to that at
/// `f`.
pub fn mirror(blocks: [usize; 2], f: usize) -> usize {
    let (y, x) = (f / blocks[1], f % blocks[1]);
    ((blocks[0] - y) % blocks[0]) * blocks[1] + (blocks[1] - x) % blocks[1]
}

/// Index of the block of tap `m` on a periodic signal.
pub fn wrapped(blocks: [usize; 2], m: [isize; 2]) -> usize {
    let [y, x] = [0, 1].map(|axis| m[axis].rem_euclid(blocks[axis] as isize) as usize);
    y * blocks[1] + x
}

/// `E(f) = Σ_m E_m e^(2πi f·m/B)` at all frequencies `f` of a signal of `B` blocks:
/// `Y(f) = E(f) X(f)`.
#[derive(Debug, Clone)]
pub struct Spectrum {
    side: usize,
    blocks: [usize; 2],
    /// One column-major matrix per frequency.
    matrices: Vec<Complex>,
}

impl Spectrum {
    /// The spectrum of a polyphase form on a periodic signal with the given number of blocks.
    pub fn new(taps: &Polyphase, blocks: [usize; 2]) -> Self {
        let (side, count) = (taps.side(), blocks[0] * blocks[1]);
        let size = side * side;
        let mut fourier = Fourier::new(blocks);
        let mut matrices = vec![Complex::default(); count * size];
        let mut plane = vec![Complex::default(); count];
        for (r, s) in pairs([side, side]) {
            plane.fill(Complex::default());
            for (m, tap) in taps.iter() {
                plane[wrapped(blocks, m)].re += tap[[r, s]];
            }
            fourier.transform(&mut plane, FftDirection::Inverse);
            for (matrix, &value) in matrices.chunks_exact_mut(size).zip(&plane) {
                matrix[s * side + r] = value;
            }
        }
        Self { side, blocks, matrices }
    }

    /// Taps at each of the `B` blocks, by the opposite transform. They are real if the matrices at
    /// `f` and `−f` are conjugate.
    pub fn taps(&self) -> Polyphase {
        let (size, count) = (self.side * self.side, self.blocks[0] * self.blocks[1]);
        let mut fourier = Fourier::new(self.blocks);
        let mut taps = Polyphase::zeros(self.side, [0, 0], self.blocks);
        for (r, s) in pairs([self.side, self.side]) {
            let mut plane: Vec<Complex> =
                self.matrices.chunks_exact(size).map(|matrix| matrix[s * self.side + r]).collect();
            fourier.transform(&mut plane, FftDirection::Forward);
            for ((y, x), value) in pairs(self.blocks).zip(plane) {
                taps.at_mut([y, x])[[r, s]] = value.re / count as f64;
            }
        }
        taps
    }

    /// Side `N` of the matrices.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The column-major matrix at frequency `f`.
    pub fn matrix(&self, f: usize) -> &[Complex] {
        let size = self.side * self.side;
        &self.matrices[f * size..(f + 1) * size]
    }

    /// The column-major matrix at frequency `f`, for writing.
    pub fn matrix_mut(&mut self, f: usize) -> &mut [Complex] {
        let size = self.side * self.side;
        &mut self.matrices[f * size..(f + 1) * size]
    }

    /// One frequency of each pair `f`, `−f`, and whether the two are equal.
    pub fn halves(&self) -> impl Iterator<Item = (usize, bool)> + use<> {
        let blocks = self.blocks;
        let own = move |f: usize| (f, mirror(blocks, f) == f);
        (0..blocks[0] * blocks[1]).filter(move |&f| mirror(blocks, f) >= f).map(own)
    }

    /// The largest modulus of an entry.
    pub fn largest(&self) -> f64 {
        self.matrices.iter().map(|value| value.norm()).fold(0.0, crate::polyphase::larger)
    }

    /// Singular values at frequency `f`, largest first, and the column-major polar factor `U Vᴴ` if
    /// `vectors` is set. `None` if the iteration fails.
    ///
    /// They are those of the real matrix `[[Re H, −Im H], [Im H, Re H]]`, which has each singular value
    /// of `H` twice, and whose polar factor has the same form if `H` is
    /// not singular.
    pub fn svd(&self, f: usize, vectors: bool) -> Option<(Vec<f64>, Vec<Complex>)> {
        let (side, matrix) = (self.side, self.matrix(f));
        let real = Array2::from_shape_fn((2 * side, 2 * side), |(row, column)| {
            let value = matrix[column % side * side + row % side];
            match (row < side, column < side) {
                (true, true) | (false, false) => value.re,
                (false, true) => value.im,
                (true, false) => -value.im,
            }
        });
        let Svd { values, u, v } = svd(real.view(), vectors, vectors)?;
        let values = values.into_iter().step_by(2).collect();
        let mut polar = vec![];
        if let (Some(u), Some(v)) = (u, v) {
            let factor = u.dot(&v.t());
            polar.extend(pairs([side, side]).map(|(column, row)| Complex {
                re: 0.5 * (factor[[row, column]] + factor[[side + row, side + column]]),
                im: 0.5 * (factor[[side + row, column]] - factor[[row, side + column]]),
            }));
        }
        Some((values, polar))
    }
}
