//! The orthonormal bank nearest to given kernels.

use pdmap_core::{LayerError, Result, parallel};

use crate::kernels::Kernels;
use crate::spectrum::{Complex, mirror};

/// Smallest singular value, relative to the largest, for which the polar factor is well determined.
const SINGULAR: f64 = 1e-12;

/// An orthonormal map near given kernels, truncated to their support.
#[derive(Debug, Clone)]
pub struct Nearest {
    /// The taps of the nearest orthonormal map on the support of the given kernels.
    pub kernels: Kernels,
    /// Their paraunitary residual, caused by the truncation; 0 to rounding only if the nearest map
    /// has this support.
    pub residual: f64,
    /// The largest truncated tap.
    pub lost: f64,
    /// `max|h − h'|`, the distance to the given kernels.
    pub distance: f64,
}

impl Kernels {
    /// The orthonormal map on periodic signals of shape `[C, n]` or `[C, H, W]` that is nearest to
    /// this one in the Frobenius norm, truncated to the support of the kernels: the polar factor
    /// `U Vᴴ` of `E(f) = U Σ Vᴴ` at each frequency `f` (Higham 2008, *Functions of Matrices*,
    /// theorem 8.4).
    ///
    /// The polar factor is exactly orthonormal but has taps everywhere, which decay faster the
    /// closer the kernels are to orthonormal ones. Its truncation is not orthonormal; the residual
    /// measures by how much. Neither this map nor its repetition parametrizes orthonormal banks;
    /// [`Stages`](crate::Stages) do.
    ///
    /// # Errors
    /// A shape that does not match, or that is shorter than the taps ([`LayerError::Range`]);
    /// [`LayerError::SingularFrequency`] if the polar factor is not determined.
    pub fn nearest_orthonormal(&self, shape: &[usize]) -> Result<Nearest> {
        let size = self.grid().size("shape", shape)?;
        let (blocks, taps) = (self.grid().blocks(size)?, self.polyphase());
        for axis in [0, 1] {
            if blocks[axis] < taps.counts()[axis] {
                let (value, range) = (size[axis] as f64, "at least the number of taps, in whole periods");
                return Err(LayerError::Range { what: "length", value, range });
            }
        }
        let mut spectrum = self.spectrum(blocks)?;
        for (f, _) in spectrum.halves() {
            let found = spectrum.svd(f, true).filter(|(values, _)| match values[..] {
                [largest, .., smallest] => smallest > SINGULAR * largest,
                [only] => only > 0.0,
                [] => false,
            });
            let Some((_, polar)) = found else {
                let frequency = [f / blocks[1], f % blocks[1]];
                let pivot = spectrum.svd(f, false).and_then(|(values, _)| values.last().copied());
                return Err(LayerError::SingularFrequency { frequency, blocks, pivot: pivot.unwrap_or(f64::NAN) });
            };
            let other: Vec<Complex> = polar.iter().map(|value| value.conj()).collect();
            spectrum.matrix_mut(mirror(blocks, f)).copy_from_slice(&other);
            spectrum.matrix_mut(f).copy_from_slice(&polar);
        }
        parallel::clean_registers();
        let everywhere = spectrum.taps();
        // Taps are known modulo B; take the representatives within the support of the kernels.
        let mut cut = taps.window(taps.origin, taps.counts());
        let mut left = everywhere.clone();
        for ((m, at), _) in self.positions().zip(self.values().iter()) {
            let there = [0, 1].map(|axis| m[axis].rem_euclid(blocks[axis] as isize) as usize);
            let here = [0, 1].map(|axis| (m[axis] - taps.origin[axis]) as usize);
            cut.at_mut(here)[at] = everywhere.at(there)[at];
            left.at_mut(there)[at] = 0.0;
        }
        let kernels = Self::of_polyphase(self.grid(), &cut, self.taps(), self.offset())?;
        let lost = left.iter().flat_map(|(_, tap)| tap.iter()).fold(0.0, |worst: f64, v| worst.max(v.abs()));
        let differences = kernels.values().iter().zip(self.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        Ok(Nearest { residual: kernels.residual(), kernels, lost, distance: differences })
    }
}
