//! One complex LU per frequency.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::perm::PermRef;
use faer::{MatMut, MatRef, Par};
use ndarray::Array2;
use pdmap_core::{LayerError, Result, parallel};
use rustfft::FftDirection;

use pdmap_filterbank::polyphase::Polyphase;
use pdmap_filterbank::spectrum::{Complex, Fourier, Spectrum, mirror, wrapped};
use pdmap_filterbank::windows::pairs;

/// Pivots up to this, in ε times the side times the largest entry, count as 0.
const PIVOT: f64 = 1.0;

/// `P E(f) = L U` at one frequency of each pair `f`, `−f`.
#[derive(Debug, Clone)]
pub(super) struct Factors {
    side: usize,
    blocks: [usize; 2],
    log_abs_det: f64,
    frequencies: Vec<Frequency>,
}

#[derive(Debug, Clone)]
struct Frequency {
    number: usize,
    factors: Vec<Complex>,
    forward: Vec<usize>,
    backward: Vec<usize>,
}

impl Factors {
    /// Factorizes `E(f)` at all frequencies of a signal with the given number of blocks.
    ///
    /// # Errors
    /// [`LayerError::SingularFrequency`] if a pivot vanishes to working precision.
    pub(super) fn new(taps: &Polyphase, blocks: [usize; 2]) -> Result<Self> {
        let spectrum = Spectrum::new(taps, blocks);
        let side = spectrum.side();
        let least = f64::EPSILON * side as f64 * spectrum.largest() * PIVOT;
        let need = factor::lu_in_place_scratch::<usize, Complex>(side, side, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(need);
        let (mut log_abs_det, mut frequencies) = (0.0, vec![]);
        for (number, own) in spectrum.halves() {
            let mut factors = spectrum.matrix(number).to_vec();
            let (mut forward, mut backward) = (vec![0; side], vec![0; side]);
            factor::lu_in_place(
                MatMut::from_column_major_slice_mut(&mut factors, side, side),
                &mut forward,
                &mut backward,
                Par::Seq,
                MemStack::new(&mut memory),
                Default::default(),
            );
            let pivots = || (0..side).map(|at| factors[at * side + at].norm());
            let pivot =
                pivots().fold(f64::INFINITY, |least, pivot| if pivot.is_nan() { pivot } else { least.min(pivot) });
            // NaN must not pass for a large pivot.
            if !(pivot > least && pivot.is_finite()) {
                let frequency = [number / blocks[1], number % blocks[1]];
                return Err(LayerError::SingularFrequency { frequency, blocks, pivot });
            }
            // The determinant at −f has the same modulus.
            log_abs_det += pivots().map(f64::ln).sum::<f64>() * if own { 1.0 } else { 2.0 };
            frequencies.push(Frequency { number, factors, forward, backward });
        }
        parallel::clean_registers();
        Ok(Self { side, blocks, log_abs_det, frequencies })
    }

    /// `Σ_f log|det E(f)|`, in nats.
    pub(super) fn log_abs_det(&self) -> f64 {
        self.log_abs_det
    }

    /// `∂ log|det| / ∂E_m = Re Σ_f e^(2πi f·m/B) E(f)⁻ᵀ` at each block `m`.
    pub(super) fn gradient(&self) -> Vec<Array2<f64>> {
        let (side, count) = (self.side, self.blocks[0] * self.blocks[1]);
        let size = side * side;
        let mut inverses = vec![Complex::default(); count * size];
        for frequency in &self.frequencies {
            let inverse = &mut inverses[frequency.number * size..][..size];
            (0..side).for_each(|at| inverse[at * side + at].re = 1.0);
            self.solve(frequency, inverse, side);
            let other = mirror(self.blocks, frequency.number);
            if other != frequency.number {
                for at in 0..size {
                    inverses[other * size + at] = inverses[frequency.number * size + at].conj();
                }
            }
        }
        let mut fourier = Fourier::new(self.blocks);
        let mut gradient = vec![Array2::zeros((side, side)); count];
        for (r, s) in pairs([side, side]) {
            // Column-major: entry (s, r) of the inverse.
            let mut plane: Vec<Complex> = inverses.chunks_exact(size).map(|inverse| inverse[r * side + s]).collect();
            fourier.transform(&mut plane, FftDirection::Inverse);
            gradient.iter_mut().zip(plane).for_each(|(gradient, value)| gradient[[r, s]] = value.re);
        }
        parallel::clean_registers();
        gradient
    }

    /// Index of tap `m` in the result of [`gradient`](Self::gradient).
    pub(super) fn at(&self, m: [isize; 2]) -> usize {
        wrapped(self.blocks, m)
    }

    /// Solves `y = T x` in place: replaces `y` by `x`, both `[rows, blocks, N]`.
    pub(super) fn solve_rows(&self, rows: &mut [f64]) {
        let (side, count) = (self.side, self.blocks[0] * self.blocks[1]);
        let width = side * count;
        let mut fourier = Fourier::new(self.blocks);
        // One plane over the blocks for each row and each number of a block.
        let mut planes: Vec<Vec<Complex>> = vec![];
        for (row, r) in rows.chunks_exact(width).flat_map(|row| (0..side).map(move |r| (row, r))) {
            let mut plane: Vec<Complex> = row.iter().skip(r).step_by(side).map(|&v| v.into()).collect();
            fourier.transform(&mut plane, FftDirection::Forward);
            planes.push(plane);
        }
        let columns = planes.len() / side;
        let mut right = vec![Complex::default(); side * columns];
        for frequency in &self.frequencies {
            let (f, other) = (frequency.number, mirror(self.blocks, frequency.number));
            right.iter_mut().zip(&planes).for_each(|(right, plane)| *right = plane[f]);
            self.solve(frequency, &mut right, columns);
            for (plane, &value) in planes.iter_mut().zip(&right) {
                // Where f = −f, the spectrum is real up to rounding.
                plane[f] = if f == other { value.re.into() } else { value };
                if f != other {
                    plane[other] = value.conj();
                }
            }
        }
        for (row, planes) in rows.chunks_exact_mut(width).zip(planes.chunks_exact_mut(side)) {
            for (r, plane) in planes.iter_mut().enumerate() {
                fourier.transform(plane, FftDirection::Inverse);
                let numbers = row.iter_mut().skip(r).step_by(side);
                numbers.zip(plane).for_each(|(to, value)| *to = value.re / count as f64);
            }
        }
        parallel::clean_registers();
    }

    /// `B ← E(f)⁻¹ B` for a column-major `B`.
    fn solve(&self, frequency: &Frequency, right: &mut [Complex], columns: usize) {
        let side = self.side;
        let factors = MatRef::from_column_major_slice(&frequency.factors, side, side);
        let need = solve::solve_in_place_scratch::<usize, Complex>(side, columns, Par::Seq);
        solve::solve_in_place(
            factors,
            factors,
            PermRef::new_checked(&frequency.forward, &frequency.backward, side),
            MatMut::from_column_major_slice_mut(right, side, columns),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(need)),
        );
    }
}
