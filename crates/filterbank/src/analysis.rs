//! Singular values and frequency responses of a bank.

use ndarray::{Array2, Array6, Axis};
use pdmap_core::{LayerError, Result, parallel};
use rustfft::FftDirection;

use crate::grid::entries;
use crate::kernels::Kernels;
use crate::spectrum::{Complex, Fourier, Spectrum};
use crate::windows::pairs;

impl Kernels {
    /// All singular values of the map on periodic `[C, n]` or `[C, H, W]`, largest first: those of
    /// `E(f) = Σ_m E_m e^(2πi f·m/B)`, a complex matrix of side `KC`, at all frequencies `f`. They
    /// are 1 if and only if the map is orthonormal at that length.
    ///
    /// # Errors
    /// A shape that does not match, a length that the period does not divide;
    /// [`LayerError::SingularFrequency`] with a NaN if the iteration fails.
    pub fn singular_values(&self, shape: &[usize]) -> Result<Vec<f64>> {
        let size = self.grid().size("shape", shape)?;
        let blocks = self.grid().blocks(size)?;
        let spectrum = self.spectrum(blocks)?;
        let mut values = vec![];
        for (f, own) in spectrum.halves() {
            let Some((found, _)) = spectrum.svd(f, false) else {
                let frequency = [f / blocks[1], f % blocks[1]];
                return Err(LayerError::SingularFrequency { frequency, blocks, pivot: f64::NAN });
            };
            // Conjugate matrices have the same singular values.
            values.extend(found.iter().flat_map(|&value| std::iter::repeat_n(value, if own { 1 } else { 2 })));
        }
        parallel::clean_registers();
        values.sort_by(|a, b| b.total_cmp(a));
        Ok(values)
    }

    pub(crate) fn spectrum(&self, blocks: [usize; 2]) -> Result<Spectrum> {
        let side = self.grid().side();
        entries("numbers of a spectrum", &[blocks[0], blocks[1], side, side])?;
        Ok(Spectrum::new(&self.polyphase(), blocks))
    }

    /// Frequency response of each kernel of a signal in decibels,
    /// `20 log₁₀|Σ_j h[k,o,i,j] e^(−2πi f j/points)|`: one row for each `(k, o, i)`, one column for
    /// each `f = 0 … ⌊points/2⌋`, from 0 to half the sampling rate. −∞ where the response vanishes.
    ///
    /// # Errors
    /// [`LayerError::Conflict`] for kernels of images; [`LayerError::Range`] for fewer points than
    /// taps.
    pub fn response(&self, points: usize) -> Result<Array2<f64>> {
        if self.grid().image {
            return Err(LayerError::Conflict { first: "a response over one axis", second: "kernels of images" });
        }
        let response = self.image_response([1, points])?;
        let (_, period, out, channels, _, _) = response.dim();
        let rows = period * out * channels;
        let flat = response.into_shape_with_order((rows, points));
        let flat = flat.map_err(|_| LayerError::Range { what: "points", value: points as f64, range: "at least 1" })?;
        Ok(flat.view().split_at(Axis(1), points / 2 + 1).0.to_owned())
    }

    /// Frequency response in decibels over both axes of an image, at all `points` frequencies of
    /// each: `[K_h, K_w, C, C, points_h, points_w]`, frequency 0 first.
    ///
    /// # Errors
    /// [`LayerError::Range`] for fewer points than taps along an axis, or too many.
    pub fn image_response(&self, points: [usize; 2]) -> Result<Array6<f64>> {
        let taps = self.taps();
        for axis in [0, 1] {
            if points[axis] < taps[axis] {
                let value = points[axis] as f64;
                return Err(LayerError::Range { what: "points", value, range: "at least the number of taps" });
            }
        }
        let (height, width, out, channels, _, _) = self.values().dim();
        entries("numbers of a response", &[height, width, out, channels, points[0], points[1]])?;
        let mut response = Array6::zeros((height, width, out, channels, points[0], points[1]));
        let mut fourier = Fourier::new(points);
        let values: Vec<f64> = self.values().iter().copied().collect();
        let kernels = values.chunks_exact(taps[0] * taps[1]);
        let rows = response.as_slice_mut().unwrap_or_default().chunks_exact_mut(points[0] * points[1]);
        for (kernel, row) in kernels.zip(rows) {
            let mut plane = vec![Complex::default(); row.len()];
            for ((u, v), &value) in pairs(taps).zip(kernel) {
                plane[u * points[1] + v].re = value;
            }
            fourier.transform(&mut plane, FftDirection::Forward);
            row.iter_mut().zip(plane).for_each(|(to, value)| *to = 20.0 * value.norm().log10());
        }
        Ok(response)
    }
}
