//! Numbers shared by all positions of a subband.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::{ParamGrad, Real, Result, Shape, check, parallel};
use pdmap_layers::diagonal::Sharing;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::geometry::Geometry;
use super::options::one_or_more;

/// Numbers per task.
const GRAIN: usize = 16_384;

/// Minimum number of positions that a stretch of repeated numbers spans, so that short periods fill
/// vectors too.
const STRETCH: usize = 64;

/// Shape of the rows, `[C, n]` or `[C, H, W]`, and the period of the subbands. Period 1: channels.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BandOptions {
    pub(super) shape: Vec<usize>,
    #[serde(default = "one", deserialize_with = "one_or_more")]
    pub(super) period: Vec<usize>,
}

/// The period of channels.
pub(super) fn one() -> Vec<usize> {
    vec![1]
}

/// The subbands of a row, each of which shares one number: feature `(c, y, x)` belongs to band
/// `t·C + c` with `t = (y mod K_h)·K_w + x mod K_w`.
#[derive(Debug, Clone)]
pub struct Bands {
    geometry: Geometry,
    /// Length of a stretch: a whole number of horizontal periods.
    stretch: usize,
}

impl Bands {
    /// For rows of the given shape.
    ///
    /// # Errors
    /// A shape and a period that do not match.
    pub(super) fn new(geometry: Geometry) -> Result<Self> {
        let geometry = geometry.isolated().checked()?;
        let (width, period) = (geometry.size()[1], geometry.periods()[1]);
        Ok(Self { geometry, stretch: period * width.min(STRETCH).div_ceil(period) })
    }

    pub(super) fn features(&self) -> usize {
        self.geometry.features()
    }

    /// Number of bands.
    pub(super) fn count(&self) -> usize {
        self.geometry.side()
    }

    /// Number of positions of each band.
    pub(super) fn sizes(&self) -> Vec<f64> {
        (0..self.count()).map(|band| self.size(band) as f64).collect()
    }

    fn size(&self, band: usize) -> usize {
        let ([height, width], [rows, columns]) = (self.geometry.size(), self.geometry.periods());
        let along = |length: usize, period: usize, at: usize| (length - at).div_ceil(period);
        let t = band / self.geometry.channels();
        along(height, rows, t / columns) * along(width, columns, t % columns)
    }

    /// The range of channel `c` and vertical phase `u` in a list with one number per position of a
    /// stretch.
    fn part(&self, c: usize, u: usize) -> std::ops::Range<usize> {
        let start = (u * self.geometry.channels() + c) * self.stretch;
        start..start + self.stretch
    }

    fn stretches(&self) -> usize {
        self.geometry.channels() * self.geometry.periods()[0] * self.stretch
    }

    /// Band of the number at `index` of all stretches.
    fn band(&self, index: usize) -> usize {
        let (channels, columns) = (self.geometry.channels(), self.geometry.periods()[1]);
        let (part, x) = (index / self.stretch, index % self.stretch);
        let (u, c) = (part / channels, part % channels);
        (u * columns + x % columns) * channels + c
    }

    /// `sums ← sums + Σ_rows mean_positions f(a, b)` for each band. The split into tasks depends on
    /// sizes alone, and their sums are added in order.
    fn add_means<F: Real>(&self, a: &[F], b: &[F], scratch: &mut Vec<F>, sums: &mut [F], f: impl Fn(F, F) -> F + Sync) {
        let ([height, width], [rows, _]) = (self.geometry.size(), self.geometry.periods());
        let (lanes, part) = (self.stretches(), (GRAIN / self.features()).max(1) * self.features());
        let needed = a.len().div_ceil(part) * lanes;
        if scratch.len() < needed {
            scratch.resize(needed, F::zero());
        }
        let scratch = &mut scratch[..needed];
        scratch.fill(F::zero());
        scratch.par_chunks_mut(lanes).zip(a.par_chunks(part).zip(b.par_chunks(part))).for_each(|(lanes, (a, b))| {
            parallel::vectorized(
                #[inline(always)]
                || {
                    for (line, (a, b)) in a.chunks_exact(width).zip(b.chunks_exact(width)).enumerate() {
                        let (c, y) = (line / height % self.geometry.channels(), line % height);
                        let sums = &mut lanes[self.part(c, y % rows)];
                        for (a, b) in a.chunks(self.stretch).zip(b.chunks(self.stretch)) {
                            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                                *sum += f(a, b);
                            }
                        }
                    }
                },
            );
        });
        let Some((total, others)) = scratch.split_at_mut_checked(lanes) else { return };
        others.chunks_exact(lanes).for_each(|lanes| parallel::add(total, lanes));
        for (index, &lane) in total.iter().enumerate() {
            let band = self.band(index);
            sums[band] += lane / F::of(self.size(band) as f64);
        }
    }
}

impl<F: Real> Sharing<F> for Bands {
    const PREFIX: &'static str = "subband-";

    fn options(&self) -> Map<String, Value> {
        let (shape, period) = (self.geometry.shape().into(), self.geometry.period().into());
        Map::from_iter([("shape".to_owned(), shape), ("period".to_owned(), period)])
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.geometry.travel(input)
    }

    fn positions(&self) -> Vec<f64> {
        self.sizes()
    }

    /// The numbers of the bands, repeated over stretches.
    fn prepare(&self, numbers: &[F], prepared: &mut Vec<F>) {
        prepared.clear();
        prepared.extend((0..self.stretches()).map(|index| numbers[self.band(index)]));
    }

    fn map(
        &self,
        prepared: &[F],
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        f: impl Fn(F, F) -> F + Sync,
    ) -> Result<()> {
        let ([height, width], [rows, _]) = (self.geometry.size(), self.geometry.periods());
        let (from, to) = (check::slice("input", &from)?, check::slice_mut("output", &mut to)?);
        // Each line runs along x: number `line` is that of channel c and height y in some row.
        parallel::rows_mut(to, width, |line, to| {
            let (c, y) = (line / height % self.geometry.channels(), line % height);
            let (numbers, from) = (&prepared[self.part(c, y % rows)], &from[line * width..(line + 1) * width]);
            for (to, from) in to.chunks_mut(self.stretch).zip(from.chunks(self.stretch)) {
                for ((to, &from), &number) in to.iter_mut().zip(from).zip(numbers) {
                    *to = f(from, number);
                }
            }
        });
        Ok(())
    }

    fn add_sums(&self, delta: &[F], grad: &mut ParamGrad<F>) -> Result<()> {
        let mut scratch = std::mem::take(&mut grad.scratch);
        self.add_means(delta, delta, &mut scratch, grad.flat_mut()?, |delta, _| delta);
        grad.scratch = scratch;
        Ok(())
    }

    fn add_products(&self, delta: &[F], x: &[F], grad: &mut ParamGrad<F>) -> Result<()> {
        let mut scratch = std::mem::take(&mut grad.scratch);
        self.add_means(delta, x, &mut scratch, grad.flat_mut()?, |delta, x| delta * x);
        grad.scratch = scratch;
        Ok(())
    }
}
