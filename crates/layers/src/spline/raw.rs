//! From unconstrained parameters to bins, and the chain rule back.

use super::rational::{FIELDS, LANES, Lanes};
use pdmap_core::Real;

/// Minimum width and height of a bin as a share of the whole, and minimum slope at a knot (the
/// constants of Durkan et al. 2019).
pub const LEAST: f64 = 1e-3;

/// The map beyond the outer knots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tails {
    /// The identity: the outer slopes are 1.
    #[default]
    Identity,
    /// Straight lines, with outer slopes learned like the inner ones.
    Linear,
}

/// Number and kind of parameters of one spline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) bins: usize,
    pub(crate) tails: Tails,
}

impl Form {
    /// Number of slope parameters: at the inner knots, or at all.
    pub(crate) fn slopes(self) -> usize {
        if self.tails == Tails::Identity { self.bins - 1 } else { self.bins + 1 }
    }

    /// Total number of parameters: widths, heights, slopes, in this order.
    pub(crate) fn size(self) -> usize {
        2 * self.bins + self.slopes()
    }

    /// Size in lanes of the table of one block of splines.
    pub(crate) fn table(self) -> usize {
        FIELDS * self.bins
    }

    /// Computes bins from `raw` parameters ([`size`](Self::size) lanes) on `[−bound, bound]²`:
    /// shares of width and height by softmax, slopes by softplus, each with its minimum.
    #[inline(always)]
    pub(crate) fn bins_of<F: Real>(self, raw: &[Lanes<F>], bound: &Lanes<F>, bins: &mut [Lanes<F>]) {
        let count = self.bins;
        let (widths, rest) = raw.split_at(count);
        let (heights, slopes) = rest.split_at(count);
        knots(widths, bound, bins, 0);
        knots(heights, bound, bins, 2);
        let edge = [F::one(); LANES];
        for k in 0..count {
            let shift = usize::from(self.tails == Tails::Identity);
            let slope = |knot: usize| -> Lanes<F> {
                if self.tails == Tails::Identity && (knot == 0 || knot == count) {
                    return edge;
                }
                let raw = &slopes[knot - shift];
                std::array::from_fn(|lane| F::of(LEAST) + softplus(raw[lane]))
            };
            bins[FIELDS * k + 4] = if k == 0 { slope(0) } else { bins[FIELDS * (k - 1) + 5] };
            bins[FIELDS * k + 5] = slope(k + 1);
        }
    }

    /// Turns gradients by the fields of the bins (by `w` in place of `1/w`) into those by the
    /// parameters and by the bound; overwrites `sums`.
    #[inline(always)]
    pub(crate) fn gradient_of<F: Real>(
        self,
        bins: &[Lanes<F>],
        bound: &Lanes<F>,
        sums: &mut [Lanes<F>],
        by_raw: &mut [Lanes<F>],
        by_bound: &mut Lanes<F>,
    ) {
        let count = self.bins;
        let (widths, rest) = by_raw.split_at_mut(count);
        let (heights, slopes) = rest.split_at_mut(count);
        knots_gradient(bins, bound, sums, 0, widths, by_bound);
        knots_gradient(bins, bound, sums, 2, heights, by_bound);
        let shift = usize::from(self.tails == Tails::Identity);
        for (index, by) in slopes.iter_mut().enumerate() {
            let knot = index + shift;
            for lane in 0..LANES {
                // As the end of the bin before the knot, and as the start of the one after it.
                let mut sum = F::zero();
                let mut slope = F::zero();
                if knot > 0 {
                    sum += sums[FIELDS * (knot - 1) + 5][lane];
                    slope = bins[FIELDS * (knot - 1) + 5][lane];
                }
                if knot < count {
                    sum += sums[FIELDS * knot + 4][lane];
                    slope = bins[FIELDS * knot + 4][lane];
                }
                // d = least + softplus(u), and dd/du = σ(u) = 1 − e^{−softplus(u)}.
                by[lane] = sum * (F::one() - (F::of(LEAST) - slope).vector_exp());
            }
        }
    }
}

/// `log(1 + eᵘ)`.
#[inline(always)]
fn softplus<F: Real>(u: F) -> F {
    let positive = if u > F::zero() { u } else { F::zero() };
    positive + (-num_traits::Float::abs(u)).vector_exp().vector_ln_1p()
}

/// The `u` with softplus `value > 0`.
pub(crate) fn inverse_softplus(value: f64) -> f64 {
    if value > 30.0 { value } else { value.exp_m1().ln() }
}

/// Starts and sizes of the bins along one axis: fields 0 and 1 (start, 1/width) or 2 and 3 (start,
/// height).
#[inline(always)]
fn knots<F: Real>(raw: &[Lanes<F>], bound: &Lanes<F>, bins: &mut [Lanes<F>], field: usize) {
    let count = raw.len();
    let (least, free) = (F::of(LEAST), F::of(1.0 - LEAST * count as f64));
    let mut top = raw[0];
    for u in &raw[1..] {
        for lane in 0..LANES {
            top[lane] = if u[lane] > top[lane] { u[lane] } else { top[lane] };
        }
    }
    let mut sum = [F::zero(); LANES];
    for (k, u) in raw.iter().enumerate() {
        for lane in 0..LANES {
            let e = (u[lane] - top[lane]).vector_exp();
            bins[FIELDS * k + field + 1][lane] = e;
            sum[lane] += e;
        }
    }
    let mut start: Lanes<F> = std::array::from_fn(|lane| -bound[lane]);
    let scale: Lanes<F> = std::array::from_fn(|lane| free / sum[lane]);
    for k in 0..count {
        for lane in 0..LANES {
            let share = least + scale[lane] * bins[FIELDS * k + field + 1][lane];
            let size = (bound[lane] + bound[lane]) * share;
            let next = start[lane] + size;
            // The last knot is exactly the bound, despite rounding in the sum.
            let size = if k + 1 == count { bound[lane] - start[lane] } else { size };
            bins[FIELDS * k + field][lane] = start[lane];
            bins[FIELDS * k + field + 1][lane] = if field == 0 { F::one() / size } else { size };
            start[lane] = next;
        }
    }
}

/// The chain rule of [`knots`]: the start of a bin is the sum of the sizes before it.
#[inline(always)]
fn knots_gradient<F: Real>(
    bins: &[Lanes<F>],
    bound: &Lanes<F>,
    sums: &mut [Lanes<F>],
    field: usize,
    by_raw: &mut [Lanes<F>],
    by_bound: &mut Lanes<F>,
) {
    let count = by_raw.len();
    let (least, free) = (F::of(LEAST), F::of(1.0 - LEAST * count as f64));
    let mut behind = [F::zero(); LANES];
    let mut mean = [F::zero(); LANES];
    let share_of = |k: usize, lane: usize| {
        let size = bins[FIELDS * k + field + 1][lane];
        let size = if field == 0 { F::one() / size } else { size };
        size / (bound[lane] + bound[lane])
    };
    for k in (0..count).rev() {
        for lane in 0..LANES {
            let by_size = sums[FIELDS * k + field + 1][lane] + behind[lane];
            behind[lane] += sums[FIELDS * k + field][lane];
            let share = share_of(k, lane);
            let by_share = (bound[lane] + bound[lane]) * by_size;
            // share = least + free·softmax; the bound scales every size.
            by_bound[lane] += by_size * (share + share);
            by_raw[k][lane] = by_share;
            mean[lane] += (share - least) * by_share;
        }
    }
    for (k, by) in by_raw.iter_mut().enumerate() {
        for lane in 0..LANES {
            by[lane] = (share_of(k, lane) - least) * (by[lane] - mean[lane] / free);
        }
    }
    // Every start contains −bound; `behind` sums over all of them.
    for lane in 0..LANES {
        by_bound[lane] -= behind[lane];
    }
}
