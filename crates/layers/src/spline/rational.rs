//! The monotone rational-quadratic spline on a few numbers at a time (Durkan et al. 2019, "Neural
//! Spline Flows", section 3.1; Gregory & Delbourgo 1982).
//!
//! Between two knots `(x₀, y₀)` and `(x₀ + w, y₀ + h)` with slopes `d₀` and `d₁`, and with
//! `s = h/w`, `ξ = (x − x₀)/w`, `t = ξ(1 − ξ)`:
//!
//! ```text
//! y   = y₀ + h N/M          N = s ξ² + d₀ t          M = s + (d₀ + d₁ − 2s) t
//! y'  = s² P/M²             P = d₁ ξ² + 2 s t + d₀ (1 − ξ)²
//! ```
//!
//! Beyond the outer knots it continues linearly with the slope of the outer knot.

use pdmap_core::Real;

/// Numbers processed together.
pub(crate) const LANES: usize = 16;

/// One number per lane.
pub(crate) type Lanes<F> = [F; LANES];

/// Maximum number of Newton steps after the closed-form inverse.
const POLISH: usize = 4;

/// Numbers that describe one bin: `x₀, 1/w, y₀, h, d₀, d₁`.
pub(crate) const FIELDS: usize = 6;

/// For each lane, the bin that contains its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bin<F> {
    x_0: Lanes<F>,
    per_width: Lanes<F>,
    y_0: Lanes<F>,
    height: Lanes<F>,
    d_0: Lanes<F>,
    d_1: Lanes<F>,
}

impl<F: Real> Bin<F> {
    /// The bin of each lane among `bins`, [`FIELDS`] lanes per bin; the outer bins extend to
    /// infinity.
    #[inline(always)]
    pub(crate) fn of(bins: &[Lanes<F>], x: &Lanes<F>) -> Self {
        let mut found = [[F::zero(); LANES]; FIELDS];
        found.copy_from_slice(&bins[..FIELDS]);
        for bin in bins[FIELDS..].chunks_exact(FIELDS) {
            let start = bin[0];
            let beyond: [bool; LANES] = std::array::from_fn(|lane| x[lane] >= start[lane]);
            for (found, field) in found.iter_mut().zip(bin) {
                *found = blend(&beyond, *field, *found);
            }
        }
        // black_box sends the result through memory: if the compiler sees the arithmetic after the
        // selection, it splits the vectors for it (measured: 3 times as slow).
        let [x_0, per_width, y_0, height, d_0, d_1] = std::hint::black_box(found);
        Self { x_0, per_width, y_0, height, d_0, d_1 }
    }

    /// Relative position in the bin, 0 to 1, and the distance beyond it, which is nonzero beyond
    /// the outer knots only.
    #[inline(always)]
    fn place(&self, x: F, lane: usize) -> (F, F) {
        let xi = (x - self.x_0[lane]) * self.per_width[lane];
        let inside = if xi < F::zero() { F::zero() } else { xi };
        let inside = if inside > F::one() { F::one() } else { inside };
        // Beyond the last knot, the distance to it, which is 1/per_width from x₀. Rounding must not
        // give a nonzero distance for a number inside.
        let low = x - self.x_0[lane];
        let high = low - F::one() / self.per_width[lane];
        let beyond = if xi < F::zero() { low } else { F::zero() };
        let beyond = if xi > F::one() { high } else { beyond };
        (inside, beyond)
    }

    /// `y` of each lane.
    #[inline(always)]
    pub(crate) fn values(&self, x: &Lanes<F>) -> Lanes<F> {
        let mut y = [F::zero(); LANES];
        for lane in 0..LANES {
            y[lane] = self.value_and_ratio(x[lane], lane).0;
        }
        y
    }

    /// `y` and `log y'` of each lane.
    #[inline(always)]
    pub(crate) fn values_and_log_slopes(&self, x: &Lanes<F>) -> (Lanes<F>, Lanes<F>) {
        let (mut y, mut log_slope) = ([F::zero(); LANES], [F::zero(); LANES]);
        for lane in 0..LANES {
            let (value, slope) = self.value_and_ratio(x[lane], lane);
            y[lane] = value;
            log_slope[lane] = slope.vector_ln();
        }
        (y, log_slope)
    }

    /// `y` and `y'`.
    #[inline(always)]
    fn value_and_ratio(&self, x: F, lane: usize) -> (F, F) {
        let Self { per_width, y_0, height, d_0, d_1, .. } = self;
        let (h, d_0, d_1) = (height[lane], d_0[lane], d_1[lane]);
        let s = h * per_width[lane];
        let (xi, beyond) = self.place(x, lane);
        let co = F::one() - xi;
        let t = xi * co;
        let m = s + (d_0 + d_1 - s - s) * t;
        let p = d_1 * xi * xi + (s + s) * t + d_0 * co * co;
        let per_m = F::one() / m;
        let ratio = s * per_m;
        let slope = ratio * ratio * p;
        (y_0[lane] + h * ((s * xi * xi + d_0 * t) * per_m) + slope * beyond, slope)
    }

    /// Derivatives of `dy·y + log y'` with respect to `x`, and to `x₀, w, y₀, h, d₀, d₁`, in this
    /// order.
    #[inline(always)]
    pub(crate) fn gradients(&self, x: &Lanes<F>, dy: &Lanes<F>) -> (Lanes<F>, [Lanes<F>; FIELDS]) {
        let Self { per_width, height, d_0, d_1, .. } = self;
        let mut dx = [F::zero(); LANES];
        let mut by = [[F::zero(); LANES]; FIELDS];
        let two = F::one() + F::one();
        for lane in 0..LANES {
            let (g, h, per_w, d_0, d_1) = (dy[lane], height[lane], per_width[lane], d_0[lane], d_1[lane]);
            let s = h * per_w;
            let (xi, beyond) = self.place(x[lane], lane);
            let co = F::one() - xi;
            let (xi_2, co_2, t) = (xi * xi, co * co, xi * co);
            let q = d_0 + d_1 - two * s;
            let (n, m) = (s * xi_2 + d_0 * t, s + q * t);
            let p = d_1 * xi_2 + two * s * t + d_0 * co_2;
            // One division for three: 1/m, 1/p, 1/s.
            let mp = m * p;
            let all = F::one() / (mp * s);
            let (per_m, per_p, per_s) = (p * s * all, m * s * all, mp * all);
            let ratio = s * per_m;
            let slope = ratio * ratio * p;
            // ξ changes the value everywhere, but log y' between the knots only.
            let bend = two * (d_1 * xi + s * (co - xi) - d_0 * co) * per_p - two * q * (co - xi) * per_m;
            let bend = if beyond == F::zero() { bend } else { F::zero() };
            let by_x = g * slope + bend * per_w;
            let gh = g * h * per_m * per_m;
            let by_s =
                gh * (xi_2 * m - n * (F::one() - two * t)) + two * (per_s + t * per_p - (F::one() - two * t) * per_m);
            let (below, above) = if beyond < F::zero() { (beyond, F::zero()) } else { (F::zero(), beyond) };
            dx[lane] = by_x;
            by[0][lane] = -by_x;
            by[1][lane] = -(by_x * xi + by_s * s * per_w);
            by[2][lane] = g;
            by[3][lane] = g * n * per_m + by_s * per_w;
            by[4][lane] = gh * t * (m - n) + co_2 * per_p - two * t * per_m + g * below;
            by[5][lane] = -gh * t * n + xi_2 * per_p - two * t * per_m + g * above;
        }
        std::hint::black_box((dx, by))
    }

    /// Adds each lane's gradients to the sums of its bin.
    #[inline(always)]
    pub(crate) fn add(&self, bins: &[Lanes<F>], by: &[Lanes<F>; FIELDS], sums: &mut [Lanes<F>]) {
        for (bin, sums) in bins.chunks_exact(FIELDS).zip(sums.chunks_exact_mut(FIELDS)) {
            // Knots increase, so x₀ identifies the bin.
            let (start, own_start) = (bin[0], self.x_0);
            let own: [bool; LANES] = std::array::from_fn(|lane| start[lane] == own_start[lane]);
            for (sum, by) in sums.iter_mut().zip(by) {
                let (old, add) = (*sum, blend(&own, *by, [F::zero(); LANES]));
                *sum = std::array::from_fn(|lane| old[lane] + add[lane]);
            }
        }
    }
}

/// `a` where the condition holds, `b` elsewhere. Takes values: with references, the compiler
/// selects between two addresses for each lane.
#[inline(always)]
fn blend<F: Real>(condition: &[bool; LANES], a: Lanes<F>, b: Lanes<F>) -> Lanes<F> {
    std::array::from_fn(|lane| if condition[lane] { a[lane] } else { b[lane] })
}

/// The `x` that one lane's spline maps to `y`, and `log y'` there. Always in double precision: the
/// root of the quadratic equation in the form without cancellation, polished by Newton steps
/// between the knots.
pub(crate) fn inverse<F: Real>(bins: &[Lanes<F>], lane: usize, y: F) -> (f64, f64) {
    let y = y.f64();
    let mut found = &bins[..FIELDS];
    for bin in bins.chunks_exact(FIELDS).skip(1) {
        if y >= bin[2][lane].f64() {
            found = bin;
        }
    }
    let [x_0, per_width, y_0, h, d_0, d_1] = std::array::from_fn(|field| found[field][lane].f64());
    let (w, s) = (1.0 / per_width, h * per_width);
    let value = |xi: f64| {
        let (co, t) = (1.0 - xi, xi * (1.0 - xi));
        let m = s + (d_0 + d_1 - 2.0 * s) * t;
        let p = d_1 * xi * xi + 2.0 * s * t + d_0 * co * co;
        (h * (s * xi * xi + d_0 * t) / m, s * s * p / (m * m))
    };
    let rise = y - y_0;
    if rise <= 0.0 {
        return (x_0 + rise / d_0, d_0.ln());
    }
    if rise >= h {
        return (x_0 + w + (rise - h) / d_1, d_1.ln());
    }
    // a ξ² + b ξ + c = 0 with c ≤ 0, and a + b = h s > 0 up to the term that c removes. For b < 0,
    // −b and the root have the same sign; the other form would cancel.
    let q = rise * (d_0 + d_1 - 2.0 * s);
    let (a, b, c) = (h * (s - d_0) + q, h * d_0 - q, -s * rise);
    let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
    let xi = if b < 0.0 { (root - b) / (2.0 * a) } else { -2.0 * c / (b + root) };
    // The discriminant cancels where slopes differ much, so continue with Newton steps while they
    // improve.
    let start = xi.clamp(0.0, 1.0);
    let (mut at, mut reached) = (start, value(start));
    for _ in 0..POLISH {
        let next = (at - (reached.0 - rise) / (reached.1 * w)).clamp(0.0, 1.0);
        let found = value(next);
        if (found.0 - rise).abs() >= (reached.0 - rise).abs() {
            break;
        }
        (at, reached) = (next, found);
    }
    (x_0 + at * w, reached.1.ln())
}
