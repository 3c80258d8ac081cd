//! One feature's mixture, in double precision and in logarithms, so that tails have no end.

use crate::elementwise::increasing_root;
use crate::normal::{log_density, log_tail, tail_quantile};

/// A mixture of logistic distributions: `F(x) = Σ π_k σ((x − μ_k)/s_k)`.
#[derive(Debug, Clone, Default)]
pub(super) struct Mixture {
    /// `log π`.
    pub(super) log_weights: Vec<f64>,
    pub(super) means: Vec<f64>,
    /// `log s`.
    pub(super) log_scales: Vec<f64>,
}

/// What a mixture says at a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// `Φ⁻¹(F(x))`.
    pub(super) y: f64,
    /// `log F'(x)`.
    pub(super) log_density: f64,
}

/// `log σ(t)`.
fn log_sigmoid(t: f64) -> f64 {
    t.min(0.0) - (-t.abs()).exp().ln_1p()
}

/// `log Σ exp`, over numbers that are made twice.
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

    /// `log F(x)` and `log(1 − F(x))`: sums of positive terms both.
    fn log_masses(&self, x: f64) -> (f64, f64) {
        let below = log_sum(self.count(), |k| self.log_weights[k] + log_sigmoid(self.standard(k, x)));
        let above = log_sum(self.count(), |k| self.log_weights[k] + log_sigmoid(-self.standard(k, x)));
        (below, above)
    }

    /// `log(π_k s_k⁻¹ σ(t) σ(−t))`: a component's part of the density.
    fn log_part(&self, k: usize, x: f64) -> f64 {
        let t = self.standard(k, x);
        self.log_weights[k] - self.log_scales[k] + log_sigmoid(t) + log_sigmoid(-t)
    }

    pub(super) fn at(&self, x: f64) -> At {
        let (below, above) = self.log_masses(x);
        // Rounding may leave a little more than a half on the smaller side.
        let z = tail_quantile(below.min(above).min(-std::f64::consts::LN_2));
        let y = if below < above { -z } else { z };
        At { y, log_density: log_sum(self.count(), |k| self.log_part(k, x)) }
    }

    /// `log dy/dx`.
    pub(super) fn log_slope(at: At) -> f64 {
        at.log_density - log_density(at.y)
    }

    /// The `x` that goes to `y`: where the mixture has as much mass on the smaller side.
    pub(super) fn inverse(&self, y: f64) -> f64 {
        let target = log_tail(y.abs());
        let side = |x: f64| {
            let (below, above) = self.log_masses(x);
            if y < 0.0 { below } else { above }
        };
        // Any component alone puts the mass at μ_k ± s_k·logit; the mixture is between the least and the largest of these.
        let logit = target - (-target.exp()).ln_1p();
        let place =
            |k: usize| self.means[k] + self.log_scales[k].exp() * if y < 0.0 { logit } else { -logit };
        let (low, high) = (0..self.count())
            .map(place)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        // log F rises with x, log(1 − F) falls: with its sign changed it rises too.
        let sign = if y < 0.0 { 1.0 } else { -1.0 };
        increasing_root(sign * target, low, high, |x| {
            let mass = side(x);
            let slope = (log_sum(self.count(), |k| self.log_part(k, x)) - mass).exp();
            (sign * mass, slope)
        })
    }

    /// Of `δ·y + log dy/dx`: the derivative by `x`, and those by `log π_k` (before they are made to add up to 1), `μ_k` and `log s_k`, by `by(k, [π, μ, s])`.
    pub(super) fn gradient(&self, x: f64, delta: f64, mut by: impl FnMut(usize, [f64; 3])) -> f64 {
        let at = self.at(x);
        // ∂/∂F of what depends on F alone: y, and −log φ(y) = y²/2. dy = dF/φ(y).
        let log_phi = log_density(at.y);
        let by_mass = delta + at.y;
        let mut by_x = by_mass * (at.log_density - log_phi).exp();
        for k in 0..self.count() {
            let t = self.standard(k, x);
            let per_scale = (-self.log_scales[k]).exp();
            // The component's share of the density, and how its logarithm falls with t: σ(−t) − σ(t).
            let share = (self.log_part(k, x) - at.log_density).exp();
            let fall = (-0.5 * t).tanh();
            // dF: by t through the part of the density; by the weight through the component's mass on the smaller side, with the sign of that.
            let by_t = by_mass * (self.log_part(k, x) + self.log_scales[k] - log_phi).exp() + share * fall;
            let sign = if at.y < 0.0 { 1.0 } else { -1.0 };
            let mass = self.log_weights[k] + log_sigmoid(if at.y < 0.0 { t } else { -t });
            let by_weight = sign * by_mass * (mass - log_phi).exp() + share;
            by_x += share * fall * per_scale;
            by(k, [by_weight, -by_t * per_scale, -by_t * t - share]);
        }
        by_x
    }
}
