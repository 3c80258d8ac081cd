//! Functions of single numbers.

use pdmap_core::{Layer, Real};
use pdmap_layers::elementwise::{LeakyTanh, Sigmoid, SmoothLeakyRelu};

use super::failed;
use crate::error::Result;
use crate::pass::Pass;

/// `y = αx + (1 − α) log(1 + eˣ)`, with the slope `α + (1 − α) σ(x)`.
pub(super) fn smooth_leaky_relu<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let SmoothLeakyRelu { alpha } = layer.spec().parse().map_err(failed(pass))?;
    let x = pass.x;
    pass.each(alpha * x + (1.0 - alpha) * x.softplus(), (alpha + (1.0 - alpha) * x.sigmoid()).ln());
    Ok(())
}

/// `y = tanh(a x) + c x`, with the slope `a (1 − tanh²(a x)) + c`.
pub(super) fn leaky_tanh<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let LeakyTanh { a, c } = layer.spec().parse().map_err(failed(pass))?;
    let (x, t) = (pass.x, (a * pass.x).tanh());
    pass.each(t + c * x, (a * (1.0 - t.square()) + c).ln());
    Ok(())
}

/// `y = asinh(x) = ± log(|x| + √(x² + 1))`, with the slope `1/√(x² + 1)`.
pub(super) fn asinh(pass: &mut Pass<'_>) -> Result<()> {
    let (x, size) = (pass.x, pass.x.abs());
    // Of small numbers by log(1 + u), u = |x| + x²/(1 + √(1 + x²)); of large ones without the square.
    let large = size.like(LARGE);
    let near = size.min(large);
    let root = (near.square() + 1.0).sqrt();
    let u = near + near.square() / (1.0 + root);
    let log = large.less(size).select(size.ln() + std::f64::consts::LN_2, log_1p(u));
    let log_slope = large.less(size).select(-size.ln(), -root.ln());
    let zero = x.like(0.0);
    pass.each(x.less(zero).select(-log, log), log_slope);
    Ok(())
}

/// From here on `√(x² + 1) = |x|` in either precision.
const LARGE: f64 = 1e9;

/// `log(1 + u)` without loss for small `u`: `u log(v)/(v − 1)` with `v = 1 + u` as rounded (Kahan; in
/// Goldberg 1991, theorem 4).
fn log_1p(u: crate::graph::Value<'_>) -> crate::graph::Value<'_> {
    let v = 1.0 + u;
    let apart = v - 1.0;
    let none = apart.equals(apart.like(0.0));
    none.select(u, u * v.ln() / none.select(apart.like(1.0), apart))
}

/// `y = (σ(x) − λ)/(1 − 2λ)`, with the slope `σ(x) σ(−x)/(1 − 2λ)`.
pub(super) fn sigmoid<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let Sigmoid { lambda } = layer.spec().parse().map_err(failed(pass))?;
    let (x, width) = (pass.x, 1.0 - 2.0 * lambda);
    let log_slope = -x.softplus() - (-x).softplus() - width.ln();
    pass.each((x.sigmoid() - lambda) / width, log_slope);
    Ok(())
}

/// `y = logit(u)` with `u = λ + (1 − 2λ) x`, and the slope `(1 − 2λ)/(u (1 − u))`. The density of rows
/// with `u` outside of (0, 1) is 0.
pub(super) fn logit<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let Sigmoid { lambda } = layer.spec().parse().map_err(failed(pass))?;
    let (x, width) = (pass.x, 1.0 - 2.0 * lambda);
    let (below, above) = (lambda + width * x, lambda + width * (1.0 - x));
    let zero = x.like(0.0);
    pass.total.exclude(zero.less(below).not().or(zero.less(above).not()));
    pass.each(below.ln() - above.ln(), width.ln() - below.ln() - above.ln());
    Ok(())
}
