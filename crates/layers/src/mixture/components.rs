//! One feature's mixture, in double precision and on a log scale, so that the tails do not
//! underflow.

use pdmap_core::special::increasing_root;
use pdmap_core::special::normal::{log_hazard, log_tail, tail_quantile};

/// A mixture of logistic distributions: `F(x) = Σ π_k σ((x − μ_k)/s_k)`.
#[derive(Debug, Clone, Default)]
pub(super) struct Mixture {
    /// `log π`.
    pub(super) log_weights: Vec<f64>,
    pub(super) means: Vec<f64>,
    /// `log s`.
    pub(super) log_scales: Vec<f64>,
}

/// Value and slope of a mixture's map at a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// `Φ⁻¹(F(x))`.
    pub(super) y: f64,
    /// `log dy/dx`.
    pub(super) log_slope: f64,
    /// Distance to the nearest component in units of its scale, if all components lie on one side;
    /// else 0. The logarithms of masses and densities are about this much below 0, and the fields
    /// below have it added, because its digits would otherwise swamp theirs.
    far: f64,
    /// `log F'(x) + far`.
    log_density: f64,
    /// The logarithm of the smaller of `F` and `1 − F`, `+ far`.
    log_mass: f64,
}

/// `log σ(t) + far`.
fn log_sigmoid(t: f64, far: f64) -> f64 {
    (t.min(0.0) + far) - (-t.abs()).exp().ln_1p()
}

/// `log Σ exp` of the terms, each of which is evaluated twice.
fn log_sum(count: usize, term: impl Fn(usize) -> f64) -> f64 {
    let top = (0..count).map(&term).fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + (0..count).map(|k| (term(k) - top).exp()).sum::<f64>().ln()
}

impl Mixture {
    fn count(&self) -> usize {
        self.means.len()
    }

    /// `(x − μ_k)/s_k`.
    fn standard(&self, k: usize, x: f64) -> f64 {
        (x - self.means[k]) * (-self.log_scales[k]).exp()
    }

    /// See [`At::far`].
    fn far(&self, x: f64) -> f64 {
        let far = |sign: f64| (0..self.count()).map(|k| sign * self.standard(k, x)).fold(f64::INFINITY, f64::min);
        far(1.0).max(far(-1.0)).max(0.0)
    }

    /// `log F(x)` and `log(1 − F(x))`, `+ far`, each as a sum of positive terms.
    fn log_masses(&self, x: f64, far: f64) -> (f64, f64) {
        let below = log_sum(self.count(), |k| self.log_weights[k] + log_sigmoid(self.standard(k, x), far));
        let above = log_sum(self.count(), |k| self.log_weights[k] + log_sigmoid(-self.standard(k, x), far));
        (below, above)
    }

    /// `log(π_k s_k⁻¹ σ(t) σ(−t)) + far`: a component's part of the density.
    fn log_part(&self, k: usize, x: f64, far: f64) -> f64 {
        let t = self.standard(k, x);
        self.log_weights[k] - self.log_scales[k] + ((far - t.abs()) - 2.0 * (-t.abs()).exp().ln_1p())
    }

    pub(super) fn at(&self, x: f64) -> At {
        let far = self.far(x);
        let (below, above) = self.log_masses(x, far);
        let log_mass = below.min(above);
        // Rounding may leave slightly more than one half on the smaller side.
        let z = tail_quantile((log_mass - far).min(-std::f64::consts::LN_2));
        let y = if below < above { -z } else { z };
        let log_density = log_sum(self.count(), |k| self.log_part(k, x, far));
        At { y, log_slope: log_density - log_mass - log_hazard(z), far, log_density, log_mass }
    }

    /// The `x` that maps to `y`: the point with the right mass on the smaller side.
    pub(super) fn inverse(&self, y: f64) -> f64 {
        let target = log_tail(y.abs());
        let side = |x: f64| {
            let (below, above) = self.log_masses(x, 0.0);
            if y < 0.0 { below } else { above }
        };
        // A single component would have this mass at μ_k ± s_k·logit; the mixture has it between
        // the smallest and the largest of these.
        let logit = target - (-target.exp()).ln_1p();
        let place = |k: usize| self.means[k] + self.log_scales[k].exp() * if y < 0.0 { logit } else { -logit };
        let (low, high) = (0..self.count())
            .map(place)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        // log F increases with x; log(1 − F) decreases, so it enters with a minus sign.
        let sign = if y < 0.0 { 1.0 } else { -1.0 };
        increasing_root(sign * target, low, high, |x| {
            let mass = side(x);
            let slope = (log_sum(self.count(), |k| self.log_part(k, x, 0.0)) - mass).exp();
            (sign * mass, slope)
        })
    }

    /// Gradient of `δ·y + log dy/dx`: returns the derivative by `x`, and passes those by `log π_k`
    /// (before normalization), `μ_k` and `log s_k` to `by(k, [π, μ, s])`.
    pub(super) fn gradient(&self, x: f64, delta: f64, mut by: impl FnMut(usize, [f64; 3])) -> f64 {
        let at = self.at(x);
        // ∂/∂F of the terms that depend on F alone: y, and −log φ(y) = y²/2 + const. dy = dF/φ(y),
        // and φ(y) is the mass on the smaller side times its hazard rate.
        let by_mass = delta + at.y;
        let mut by_x = by_mass * at.log_slope.exp();
        let log_phi = at.log_mass + log_hazard(at.y.abs());
        for k in 0..self.count() {
            let t = self.standard(k, x);
            let per_scale = (-self.log_scales[k]).exp();
            let part = self.log_part(k, x, at.far);
            // The component's share of the density, and the derivative of its logarithm by t: σ(−t)
            // − σ(t).
            let share = (part - at.log_density).exp();
            let fall = (-0.5 * t).tanh();
            // dF: by t through the component's part of the density; by the weight through the
            // component's mass on the smaller side, with the sign of that side.
            let by_t = by_mass * (part + self.log_scales[k] - log_phi).exp() + share * fall;
            let sign = if at.y < 0.0 { 1.0 } else { -1.0 };
            let mass = self.log_weights[k] + log_sigmoid(if at.y < 0.0 { t } else { -t }, at.far);
            let by_weight = sign * by_mass * (mass - log_phi).exp() + share;
            by_x += share * fall * per_scale;
            by(k, [by_weight, -by_t * per_scale, -by_t * t - share]);
        }
        by_x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pdmap_core::special::normal::log_density;

    /// Far out one component has the hazard rate `1/s`, and the normal density has `y`:
    /// `log dy/dx = −log s − log y`.
    #[test]
    fn slopes_far_out_keep_their_digits() {
        let mixture = Mixture {
            log_weights: vec![0.25_f64.ln(), 0.75_f64.ln()],
            means: vec![0.0, 1.0],
            log_scales: vec![2.0_f64.ln(), 0.0],
        };
        for x in [1e6, -1e6, 1e15, -1e15, 1e30, -1e30] {
            let at = mixture.at(x);
            // Only the wider component remains.
            assert!((at.y.abs() / x.abs().sqrt() - 1.0).abs() < 1e-4, "{x:e}: {}", at.y);
            let exact = -2.0_f64.ln() - at.y.abs().ln();
            assert!((at.log_slope - exact).abs() < 1e-5, "{x:e}: {} is not {exact}", at.log_slope);
            assert!(mixture.gradient(x, 0.0, |_, by| assert!(by.iter().all(|v| v.is_finite()))).is_finite());
        }
        // The naive form: a difference of nearly equal logarithms.
        let at = mixture.at(1e30);
        let naive = (at.log_density - at.far) - log_density(at.y);
        assert!((naive - at.log_slope).abs() > 1.0);
    }
}
