//! The radial layer.

use pdmap_core::parallel;
use pdmap_core::prelude::*;
use serde::{Deserialize, Serialize};

use super::Groups;
use super::groups::Members;
use super::radii::{dot, rows};
use crate::spline::{Parameters, SplineOptions, Tails};

/// `y = x·e^{v − u}` for each group of `D_g` features, where `u = log(r/√D_g)` with `r = |x|` over
/// the group, and `v = f(u)` with a monotone rational-quadratic spline `f`, the identity beyond
/// `[−B, B]`.
///
/// Radial Gaussianization (Lyu & Simoncelli 2009, "Nonlinear extraction of independent components
/// of natural images using radial Gaussianization"): the length changes and the direction does not,
/// so the layer commutes with orthonormal maps of a group. With `g = r e^{v−u}`,
/// `log|det| = Σ_groups D_g log(g/r) + log(d log g / d log r)`.
///
/// Groups shorter than `e^{−B}√D_g`, including those of length 0, do not change.
#[derive(Debug, Clone)]
pub struct Radial<F> {
    groups: Groups,
    shape: Option<Vec<usize>>,
    members: Members,
    splines: Parameters<F>,
}

/// Options of a specification.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Options {
    /// Given for a saved layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    features: Option<usize>,
    #[serde(default)]
    groups: Groups,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<Vec<usize>>,
    /// Whether one spline serves all groups.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    #[serde(default = "SplineOptions::default_bins")]
    bins: usize,
    #[serde(default = "default_bound")]
    bound: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    learned_bound: bool,
}

/// Radii from e⁻³ to e³ times the typical one.
fn default_bound() -> f64 {
    3.0
}

/// Buffers of the tape: `u`, `v`, and the gradients with respect to both.
const U: usize = 0;
const V: usize = 1;
const BY_V: usize = 2;
const BY_U: usize = 3;

impl<F: Real> Radial<F> {
    /// The identity on `features` numbers; `shape` is needed for groups of patches.
    ///
    /// # Errors
    /// Groups that do not match the features; bins and bounds outside their ranges. The tails are
    /// always the identity, whatever the options say.
    pub fn identity(
        features: usize,
        groups: Groups,
        shape: Option<&[usize]>,
        shared: bool,
        options: SplineOptions,
    ) -> Result<Self> {
        let members = groups.members(features, shape)?;
        let (units, positions) = if shared { (1, members.count()) } else { (members.count(), 1) };
        let options = SplineOptions { tails: Tails::Identity, ..options };
        let splines = Parameters::identity(options, units, positions)?;
        Ok(Self { groups, shape: shape.map(<[usize]>::to_vec), members, splines })
    }

    /// The options of the splines of `log(r/√D)`.
    pub fn options(&self) -> SplineOptions {
        self.splines.options()
    }

    /// Whether one spline is shared by all groups.
    pub fn is_shared(&self) -> bool {
        self.splines.positions() > 1
    }

    /// The features of each group.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new(); self.members.count()];
        self.members.each(|group, feature| all[group].push(feature));
        all
    }

    /// Writes `log(r/√D_g)` for each group of each row.
    fn log_radii(&self, x: &[F], logs: &mut [F]) {
        let (members, groups) = (&self.members, self.members.count());
        rows(x, members.features, logs, groups, |x, logs| {
            if members.order.is_none() {
                for ((log, x), group) in logs.iter_mut().zip(x.chunks(members.size)).zip(0..) {
                    *log = log_radius(parallel::lane_sum(x, |v| v * v), members.size_of(group));
                }
            } else {
                for (group, log) in logs.iter_mut().enumerate() {
                    *log = log_radius(
                        members.sum(group, |feature| x[feature].f64() * x[feature].f64()),
                        members.size_of(group),
                    );
                }
            }
        });
    }

    /// `to = from·e^{to_log − from_log}`, and adds `Σ D_g (to_log − from_log)`.
    fn rescale(&self, from: &[F], to: &mut [F], [from_log, to_log]: [&[F]; 2], log_det: Option<&mut [f64]>) {
        let (members, groups) = (&self.members, self.members.count());
        if let Some(log_det) = log_det {
            let logs = from_log.chunks_exact(groups).zip(to_log.chunks_exact(groups));
            for (log_det, (from, to)) in log_det.iter_mut().zip(logs) {
                for (group, (from, to)) in from.iter().zip(to).enumerate() {
                    *log_det += members.size_of(group) as f64 * (to.f64() - from.f64());
                }
            }
        }
        parallel::rows_mut(to, members.features, |row, to| {
            let from = &from[row * members.features..][..members.features];
            let logs = row * groups..(row + 1) * groups;
            let (from_log, to_log) = (&from_log[logs.clone()], &to_log[logs]);
            let factor = |group: usize| num_traits::Float::exp(to_log[group] - from_log[group]);
            if members.order.is_none() {
                let chunks = to.chunks_mut(members.size).zip(from.chunks(members.size));
                for (group, (to, from)) in chunks.enumerate() {
                    let factor = factor(group);
                    to.iter_mut().zip(from).for_each(|(to, &from)| *to = factor * from);
                }
            } else {
                members.each(|group, feature| to[feature] = factor(group) * from[feature]);
            }
        });
    }
}

/// Maximum number of features that a specification alone may request.
const MOST_FEATURES: usize = 1 << 20;

impl Members {
    /// `Σ f(feature)` over a group.
    fn sum(&self, group: usize, f: impl Fn(usize) -> f64) -> f64 {
        let place = group * self.size..group * self.size + self.size_of(group);
        match &self.order {
            None => place.map(f).sum(),
            Some(order) => order[place].iter().map(|&feature| f(feature as usize)).sum(),
        }
    }
}

impl Options {
    fn spline(&self) -> SplineOptions {
        let Self { bins, bound, learned_bound, .. } = *self;
        SplineOptions { bins, bound, learned_bound, tails: Tails::Identity }
    }
}

/// `log(r/√D_g)` from `r²`; finite for `r = 0`.
fn log_radius<F: Real>(square: f64, size: usize) -> F {
    F::of(0.5 * (square / size as f64).max(f64::MIN_POSITIVE).ln())
}

impl<F: Real> Kind<F> for Radial<F> {
    const KIND: &'static str = "radial";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let options: Options = spec.parse()?;
        let travelled = context.shape;
        let shape =
            options.shape.as_deref().or(travelled.spatial()).filter(|_| matches!(options.groups, Groups::Patches(_)));
        let (features, spline) = (context.features, options.spline());
        context.reserve_parameters(Parameters::<F>::numbers(spline, features))?;
        Self::identity(features, options.groups.clone(), shape, options.shared, spline)
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let options: Options = spec.parse()?;
        let features = options.features.unwrap_or(0);
        if features > MOST_FEATURES {
            let (value, range) = (features as f64, "at most 2^20");
            return Err(LayerError::Range { what: "features", value, range });
        }
        let members = options.groups.members(features, options.shape.as_deref())?;
        let positions = if options.shared { members.count() } else { 1 };
        let splines = Parameters::restore(options.spline(), positions, tensors)?;
        check::features("splines of radii", members.count(), splines.features())?;
        Ok(Self { groups: options.groups, shape: options.shape, members, splines })
    }
}

impl<F: Real> Parametric<F> for Radial<F> {
    pdmap_core::delegate_parameters!(F, splines);
}

impl<F: Real> Layer<F> for Radial<F> {
    fn spec(&self) -> LayerSpec {
        let SplineOptions { bins, bound, learned_bound, .. } = self.splines.options();
        let shared = self.splines.positions() > 1;
        let (features, groups, shape) = (Some(self.members.features), self.groups.clone(), self.shape.clone());
        LayerSpec::new(Self::KIND, &Options { features, groups, shape, shared, bins, bound, learned_bound })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.members.features)
    }

    fn forward(
        &self,
        input: Input<F>,
        mut y: Out<F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (count, groups) = (input.x.nrows(), self.members.count());
        let (x, y) = (check::slice("input", &input.x)?, check::slice_mut("output", &mut y)?);
        tape.store(U, count, groups);
        tape.store(V, count, groups);
        let [u, v, ..] = &mut tape.buffers[..] else { return Err(LayerError::Tape { index: V }) };
        let (mut u, mut v) = (u.shaped(count, groups), v.shaped(count, groups));
        let (u, v) = (check::slice_mut("radii", &mut u)?, check::slice_mut("radii", &mut v)?);
        self.log_radii(x, u);
        self.splines.table().forward(u, v, log_det.as_deref_mut());
        self.rescale(x, y, [u, v], log_det);
        Ok(())
    }

    fn inverse(
        &self,
        output: Input<F>,
        mut x: Out<F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let (count, groups) = (output.x.nrows(), self.members.count());
        let (y, x) = (check::slice("output", &output.x)?, check::slice_mut("input", &mut x)?);
        tape.store(U, count, groups);
        tape.store(V, count, groups);
        let [u, v, ..] = &mut tape.buffers[..] else { return Err(LayerError::Tape { index: V }) };
        let (mut u, mut v) = (u.shaped(count, groups), v.shaped(count, groups));
        let (u, v) = (check::slice_mut("radii", &mut u)?, check::slice_mut("radii", &mut v)?);
        self.log_radii(y, v);
        self.splines.table().inverse(v, u, log_det.as_deref_mut());
        self.rescale(y, x, [v, u], log_det);
        Ok(())
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, y, tape } = at;
        let (count, features) = input.x.dim();
        let (groups, members) = (self.members.count(), &self.members);
        tape.load(U, count, groups)?;
        tape.load(V, count, groups)?;
        tape.store(BY_V, count, groups);
        tape.store(BY_U, count, groups);
        let [u, v, by_v, by_u, ..] = &mut tape.buffers[..] else {
            return Err(LayerError::Tape { index: BY_U });
        };
        let (x, y) = (check::slice("input", &input.x)?, check::slice("output", &y)?);
        let delta = check::slice("gradient of the output", &dy)?;
        // Both ends of the spline: ∂/∂v = Σ δ y + D, and the gradient that reaches u.
        for ((by_v, y), delta) in by_v
            .shaped(count, groups)
            .rows_mut()
            .into_iter()
            .zip(y.chunks_exact(features))
            .zip(delta.chunks_exact(features))
        {
            for (group, by_v) in by_v.into_iter().enumerate() {
                let dot = if members.order.is_none() {
                    let place = group * members.size..group * members.size + members.size_of(group);
                    dot(&y[place.clone()], &delta[place])
                } else {
                    members.sum(group, |feature| y[feature].f64() * delta[feature].f64())
                };
                *by_v = F::of(dot + members.size_of(group) as f64);
            }
        }
        self.splines.accumulate(grads, |table, sums| {
            table.backward(u.view(), by_v.view(), Some(by_u.shaped(count, groups)), sums)
        })?;
        let Some(mut dx) = dx else { return Ok(()) };
        let dx = check::slice_mut("gradient of the input", &mut dx)?;
        let (u, v, by_v, by_u) = (u.view(), v.view(), by_v.view(), by_u.view());
        parallel::rows_mut(dx, features, |row, dx| {
            let place = row * features..(row + 1) * features;
            let (x, delta) = (&x[place.clone()], &delta[place]);
            // The direct term δ e^{v−u}, and the term through u, proportional to x/r².
            let factors = |group: usize| -> (F, F) {
                let (u, size) = (u[[row, group]], members.size_of(group));
                let by_u = by_u[[row, group]] - by_v[[row, group]];
                let square = size as f64 * (2.0 * u.f64()).exp();
                let along = if by_u == F::zero() { 0.0 } else { by_u.f64() / square };
                (num_traits::Float::exp(v[[row, group]] - u), F::of(along))
            };
            if members.order.is_none() {
                let chunks = dx.chunks_mut(members.size).zip(x.chunks(members.size).zip(delta.chunks(members.size)));
                for (group, (dx, (x, delta))) in chunks.enumerate() {
                    let (factor, along) = factors(group);
                    for ((dx, &x), &delta) in dx.iter_mut().zip(x).zip(delta) {
                        *dx = factor * delta + along * x;
                    }
                }
            } else {
                members.each(|group, feature| {
                    let (factor, along) = factors(group);
                    dx[feature] = factor * delta[feature] + along * x[feature];
                });
            }
        });
        Ok(())
    }
}
