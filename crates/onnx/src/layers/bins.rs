//! Monotone rational-quadratic splines (Durkan et al. 2019): from unconstrained parameters to the bin
//! of a number, and its value and slope there.

use pdmap_layers::spline::{LEAST, Tails};

use crate::graph::{Type, Value};

/// Numbers that describe one bin: `x₀, w, y₀, h, d₀, d₁`.
pub(super) const FIELDS: usize = 6;

/// The numbers of a bin, of the same shape as the numbers that fall into it.
pub(super) type Bin<'g> = [Value<'g>; FIELDS];

/// The unconstrained parameters of splines, each `[…, n]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'g> {
    pub(super) widths: Value<'g>,
    pub(super) heights: Value<'g>,
    /// At the inner knots, or at all.
    pub(super) slopes: Value<'g>,
    pub(super) tails: Tails,
}

/// The bins of splines on `[−B, B]²`, each `[…, K]`.
pub(super) fn bins_of<'g>(raw: &Raw<'g>, bound: Value<'g>, bins: usize, axes: usize) -> Bin<'g> {
    let (x_0, w) = knots(raw.widths, bound, bins);
    let (y_0, h) = knots(raw.heights, bound, bins);
    let slopes = LEAST + raw.slopes.softplus();
    // The identity beyond the outer knots has the slope 1.
    let slopes = if raw.tails == Tails::Identity { slopes.padded(axes, 1, 1, 1.0) } else { slopes };
    [x_0, w, y_0, h, slopes.slice(-1, 0, bins), slopes.slice(-1, 1, bins + 1)]
}

/// Starts and sizes of the bins along one axis: shares by softmax, each with its minimum.
fn knots<'g>(raw: Value<'g>, bound: Value<'g>, bins: usize) -> (Value<'g>, Value<'g>) {
    let shares = LEAST + (1.0 - LEAST * bins as f64) * raw.softmax();
    let sizes = (bound + bound) * shares;
    (sizes.sums_before() - bound, sizes)
}

/// The bin of each number among bins of its own: `x` is `[…]`, and the bins are `[…, K]`.
pub(super) fn bin_among<'g>(x: Value<'g>, bins: &Bin<'g>, axes: usize) -> Bin<'g> {
    // Whether a number is at or behind the start of each bin but the first, then whether it is in
    // front of the next one's. One bin remains.
    let behind = x.unsqueeze(-1).at_least(bins[0].from(-1, 1)).cast(x.ty());
    let own = behind.padded(axes, 1, 0, 1.0) - behind.padded(axes, 0, 1, 0.0);
    bins.map(|field| (own * field).sum(-1, false))
}

/// The last index `i < count` of a table with `starts[first + i] ≤ x`, or 0. Tables are side by side
/// in `starts`, which increase within each; `first` is where that of each number begins.
pub(super) fn index_of<'g>(x: Value<'g>, starts: Value<'g>, first: Value<'g>, count: usize) -> Value<'g> {
    let graph = x.graph();
    let last = graph.scalar(Type::Int, count as f64 - 1.0);
    let mut index = graph.scalar(Type::Int, 0.0);
    let mut step = count.next_power_of_two() / 2;
    while step > 0 {
        let next = (index + step as f64).min(last);
        let reached = x.at_least(starts.gather(0, first + next));
        index = reached.select(next, index);
        step /= 2;
    }
    first + index
}

/// `y` and `log y'` of each number.
pub(super) fn values_and_log_slopes<'g>(x: Value<'g>, bin: Bin<'g>) -> (Value<'g>, Value<'g>) {
    let [x_0, w, y_0, h, d_0, d_1] = bin;
    let s = h / w;
    let xi = ((x - x_0) / w).clamp(0.0, 1.0);
    let zero = x.like(0.0);
    let (low, high) = ((x - x_0).min(zero), (x - x_0 - w).max(zero));
    let (co, t) = (1.0 - xi, xi * (1.0 - xi));
    let m = s + (d_0 + d_1 - s - s) * t;
    let p = d_1 * xi.square() + 2.0 * s * t + d_0 * co.square();
    let slope = (s / m).square() * p;
    (y_0 + h * (s * xi.square() + d_0 * t) / m + slope * (low + high), slope.ln())
}
