//! Roots of increasing functions to full precision.

/// The `x` in `[low, high]` with `f(x) = y`, for an increasing function that returns its value and
/// slope. Newton steps, with bisection where a step leaves the bracket or gains too little. Stops
/// at the last bit or after 128 steps.
pub fn increasing_root(y: f64, low: f64, high: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (low.min(high), high.max(low));
    let mut x = low + 0.5 * (high - low);
    let mut width = high - low;
    for _ in 0..128 {
        let (value, slope) = f(x);
        let error = value - y;
        if error == 0.0 {
            return x;
        }
        if error > 0.0 {
            high = x
        } else {
            low = x
        }
        let newton = x - error / slope;
        let halved = high - low <= 0.5 * width;
        // Newton's method from a good start moves only one end of the bracket, so a small Newton
        // step also counts as progress.
        let small = (newton - x).abs() <= 0.25 * width;
        width = if small { (newton - x).abs().max(high - low).min(width) } else { high - low };
        let next = if newton > low && newton < high && (small || halved) { newton } else { low + 0.5 * (high - low) };
        if next == x || high - low <= f64::EPSILON * x.abs().min(1.0) * 0.5 {
            return next;
        }
        x = next;
    }
    x
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::increasing_root;

    #[test]
    fn finds_roots_where_newton_alone_would_not() {
        // For atan, Newton's iteration diverges from |x| > 1.39.
        for y in [-1.56_f64, -1.0, 0.0, 1e-12, 0.3, 1.57] {
            let x = increasing_root(y, -1e6, 1e6, |x| (x.atan(), 1.0 / (1.0 + x * x)));
            assert!((x.atan() - y).abs() <= 4.0 * f64::EPSILON * y.abs().max(1e-3), "{y}: {x}");
        }
        let x = increasing_root(2.0, 0.0, 2.0, |x| (x * x, 2.0 * x));
        assert!((x - 2f64.sqrt()).abs() <= 2.0 * f64::EPSILON * x);
    }
}
