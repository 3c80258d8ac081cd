//! Plain steps on few rows: steps in factors agree with steps by entries in weight, log-determinant and
//! inverse.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, ArrayView2};
use pdmap_core::contract::{Memory, Reads, Rule};
use pdmap_core::flow::base::Logistic;
use pdmap_core::group::ORTHONORMALITY;
use pdmap_core::linalg::{Lu, orthonormality_residual};
use pdmap_core::optim::{Clip, Optimizer, OptimizerSpec};
use pdmap_core::{Flow, LayerExt, Parametric, ParametricExt, Real, State};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::tolerance::rounding;
use pdmap_laws::{badly_conditioned, normal_rows, rng, worst};

const FEATURES: usize = 24;
const ROWS: usize = 5;
const STEPS: usize = 1000;

/// Roundings, in `ε × size`, that two paths of [`STEPS`] steps may be apart: 3e-13 in `f64`.
const PATH: f64 = 64.0;

const GROUPS: [Group; 4] = [
    Group::General(Direction::Relative),
    Group::General(Direction::RelativeLeft),
    Group::General(Direction::Algebra),
    Group::Orthonormal,
];

/// Plain ascent that does not announce itself as plain, so that directions have entries.
#[derive(Debug)]
struct Silent(Optimizer);

impl<F: Real> Rule<F> for Silent {
    fn begin(&mut self, norm: &mut dyn FnMut() -> pdmap_core::Result<f64>) -> pdmap_core::Result<()> {
        Rule::<F>::begin(&mut self.0, norm)
    }

    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> pdmap_core::Result<()> {
        self.0.step(memory, direction)
    }
}

fn sgd(rate: f64, clip: Clip) -> Optimizer {
    Optimizer::sgd(rate).unwrap().clipped(clip).unwrap()
}

fn flow<F: Real>(group: Group, bias: BiasKind, features: usize) -> Flow<F> {
    let mut rng = rng(1);
    let weight = match group {
        Group::Orthonormal => pdmap_core::group::haar(features, &mut rng),
        Group::General(_) => badly_conditioned(features, 3.0, &mut rng),
    };
    let mut dense = Dense::new(weight, group, bias).unwrap().tracking_inverse();
    if bias != BiasKind::None {
        dense = dense.biased(normal_rows(1, features, &mut rng).row(0).to_owned()).unwrap();
    }
    Flow::new(features, vec![Box::new(dense)], Box::new(Logistic)).unwrap()
}

/// `steps` steps on fresh rows each; whether the rule left directions in factors, and the halvings.
fn walk<F: Real>(
    flow: &mut Flow<F>,
    rule: &mut dyn Rule<F>,
    rows: usize,
    steps: std::ops::Range<usize>,
    mut each: impl FnMut(&Flow<F>, bool),
) -> u64 {
    let mut training = flow.training();
    let mut halvings = 0;
    // Mixed sources with heavy tails, which a map of either group can separate.
    let mixing = badly_conditioned::<F>(flow.features(), 3.0, &mut rng(77));
    for step in steps {
        let x = normal_rows::<F>(rows, flow.features(), &mut rng(step as u64));
        let x = x.mapv(|v| v * F::of(v.f64().abs())).dot(&mixing);
        flow.accumulate(&x, &mut training).unwrap();
        halvings += flow.update(rule, &mut training).unwrap().halvings;
        each(flow, training.grads.params[0].direction.is_empty());
    }
    halvings
}

fn weight<F: Real>(flow: &Flow<F>) -> Array2<f64> {
    let weight: Array2<F> = flow.tensors()[0].1.clone().into_dimensionality().unwrap();
    weight.mapv(F::f64)
}

/// `log|det|` of the map, and its inverse at the unit vectors.
fn claims<F: Real>(flow: &Flow<F>) -> (f64, Array2<f64>) {
    let dim = flow.features();
    let layer = &flow.chain().layers()[0];
    let (_, log_det) = layer.transform(&Array2::<F>::zeros((1, dim))).unwrap();
    let (units, _) = layer.untransform(&Array2::<F>::eye(dim)).unwrap();
    let (zero, _) = layer.untransform(&Array2::<F>::zeros((1, dim))).unwrap();
    (log_det[0], (units - zero).t().mapv(F::f64))
}

fn apart(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    let scale = worst(b.iter().map(|v| v.abs())).max(1.0);
    worst((a - b).iter().map(|v| v.abs())) / scale
}

/// The oracle: tracked log-determinant and inverse against an LU of the weight.
fn against_lu(w: ArrayView2<'_, f64>, log_abs: f64, inverse: &Array2<f64>) -> (f64, f64) {
    let lu = Lu::<f64>::new(w).unwrap();
    let truth = lu.inverse_transposed().unwrap().reversed_axes();
    ((log_abs - lu.log_det().log_abs).abs() / w.nrows() as f64, apart(inverse, &truth))
}

fn agree<F: Real>(group: Group, bias: BiasKind, clip: Clip, rate: f64) {
    let (mut thin, mut full) = (flow::<F>(group, bias, FEATURES), flow::<F>(group, bias, FEATURES));
    let mut thin_steps = 0;
    walk(&mut thin, &mut sgd(rate, clip), ROWS, 0..STEPS, |_, factored| thin_steps += usize::from(factored));
    walk(&mut full, &mut Silent(sgd(rate, clip)), ROWS, 0..STEPS, |_, factored| assert!(!factored));
    let case = format!("{group:?}, {bias:?}, {clip:?}, {}", F::DTYPE);
    assert_eq!(thin_steps, STEPS, "{case}: not in factors");

    let allowed = rounding::<F>(FEATURES, 1.0, PATH);
    let (log_abs, inverse) = claims(&thin);
    let (log_abs_full, inverse_full) = claims(&full);
    let (of_lu, inverse_of_lu) = against_lu(weight(&thin).view(), log_abs, &inverse);
    let deviations = [
        ("weight", apart(&weight(&thin), &weight(&full))),
        ("log|det|", (log_abs - log_abs_full).abs() / FEATURES as f64),
        ("inverse", apart(&inverse, &inverse_full)),
        ("log|det| against its LU", of_lu),
        ("inverse against its LU", inverse_of_lu),
    ];
    let printed: Vec<String> = deviations.iter().map(|(what, value)| format!("{what} {value:.1e}")).collect();
    println!("{case}: {}", printed.join(", "));
    assert!(apart(&weight(&thin), &weight(&flow::<F>(group, bias, FEATURES))) > 0.1, "{case}: hardly moved");
    for (what, deviation) in deviations {
        assert!(deviation <= allowed, "{case}: {what} is off by {deviation:e}, allowed {allowed:e}");
    }
    if group == Group::Orthonormal {
        let residual = orthonormality_residual(weight(&thin).view()) / F::EPS;
        assert!(residual <= ORTHONORMALITY, "{case}: {residual} ε");
    }
}

#[test]
fn a_thousand_steps_in_factors_and_by_entries() {
    for group in GROUPS {
        for clip in [Clip::None, Clip::Norm(3.0)] {
            agree::<f64>(group, BiasKind::None, clip, 0.02);
            agree::<f32>(group, BiasKind::None, clip, 0.02);
        }
        agree::<f64>(group, BiasKind::Plain, Clip::None, 0.02);
    }
    agree::<f64>(Group::General(Direction::Relative), BiasKind::Augmented, Clip::None, 0.01);
}

#[test]
fn norms_of_directions_in_factors_are_those_of_their_entries() {
    fn check<F: Real>() {
        for group in GROUPS {
            let flow = flow::<F>(group, BiasKind::Plain, FEATURES);
            let mut training = flow.training();
            flow.accumulate(&normal_rows::<F>(ROWS, FEATURES, &mut rng(5)), &mut training).unwrap();
            let (rows, grads) = (training.grads.rows, &mut training.grads.params);
            flow.direct(rows, Reads::Entries, grads).unwrap();
            let expected = flow.norm_squared(grads).unwrap();
            flow.direct(rows, Reads::Nothing, grads).unwrap();
            assert!(grads[0].direction.is_empty());
            let found = flow.norm_squared(grads).unwrap();
            assert!(
                (found / expected - 1.0).abs() <= rounding::<F>(FEATURES, 1.0, 8.0),
                "{group:?} {found} {expected}"
            );
        }
    }
    check::<f64>();
    check::<f32>();
}

#[test]
fn one_path_in_both_coordinates() {
    for bias in [BiasKind::None, BiasKind::Plain, BiasKind::Augmented] {
        let [a, b] = [Direction::Relative, Direction::Algebra].map(|direction| {
            let mut flow = flow::<f64>(Group::General(direction), bias, FEATURES);
            walk(&mut flow, &mut sgd(0.01, Clip::None), ROWS, 0..100, |_, _| {});
            flow
        });
        for ((name, a), (_, b)) in a.tensors().iter().zip(&b.tensors()) {
            let apart = worst((a - b).iter().map(|v| v.abs()));
            assert!(apart < 1e-11, "{bias:?} {name}: the paths are {apart:e} apart");
        }
    }
}

#[test]
fn steps_that_would_cross_are_halved_and_counted() {
    for direction in [Direction::Relative, Direction::RelativeLeft, Direction::Algebra] {
        let sign = |flow: &Flow<f64>| Lu::<f64>::new(weight(flow).view()).unwrap().log_det().negative;
        let mut halvings = 0;
        // A few long steps from the start: each multiplies the condition of the weight.
        for seed in 0..50 {
            let mut flow = flow::<f64>(Group::General(direction), BiasKind::None, 8);
            let before = sign(&flow);
            halvings += walk(&mut flow, &mut sgd(1.0, Clip::None), 2, seed..seed + 4, |flow, factored| {
                assert!(factored, "{direction:?}");
                assert_eq!(sign(flow), before, "{direction:?}");
            });
            let (log_abs, inverse) = claims(&flow);
            let (log_det, _) = against_lu(weight(&flow).view(), log_abs, &inverse);
            assert!(log_det < 1e-9, "{direction:?}: {log_det:e}");
        }
        println!("{direction:?}: {halvings} halvings in 200 steps");
        assert!(halvings > 0, "{direction:?}: nothing was guarded, the test is too tame");
    }
}

/// Bits of tensors and of what is tracked.
fn bits<F: Real>(flow: &Flow<F>) -> Vec<u64> {
    let (log_abs, inverse) = claims(flow);
    let tensors = flow.tensors();
    let tensors = tensors.iter().flat_map(|(_, tensor)| tensor.iter().map(|v| v.f64().to_bits()));
    tensors.chain(inverse.iter().map(|v| v.to_bits())).chain([log_abs.to_bits()]).collect()
}

#[test]
fn a_run_in_factors_continues_bit_for_bit() {
    fn check<F: Real>() {
        for group in GROUPS {
            // Steps by entries before and after, so that each kind continues from the other.
            let part = |flow: &mut Flow<F>, part: std::ops::Range<usize>| {
                let mut rule = sgd(0.01, Clip::None);
                if part.start.is_multiple_of(20) {
                    walk(flow, &mut Silent(rule.clone()), ROWS, part.clone(), |_, _| {});
                }
                walk(flow, &mut rule, ROWS, part, |_, _| {});
            };
            let mut whole = flow::<F>(group, BiasKind::Plain, FEATURES);
            part(&mut whole, 0..7);
            part(&mut whole, 7..20);
            let mut state = State::default();
            whole.save_state(&mut state);
            let specs = whole.chain().specs();
            let registry = pdmap_laws::laws::registry();
            let mut again =
                Flow::restore(FEATURES, &specs, &whole.base().spec(), whole.tensors().into_iter().collect(), &registry)
                    .unwrap();
            again.load_state(&mut state).unwrap();
            state.finish().unwrap();
            for flow in [&mut whole, &mut again] {
                part(flow, 21..60);
                part(flow, 60..90);
            }
            assert_eq!(bits(&whole), bits(&again), "{group:?} {}", F::DTYPE);
        }
    }
    check::<f64>();
    check::<f32>();
}

#[test]
fn other_steps_end_the_tracking() {
    let mut flow = flow::<f64>(Group::General(Direction::Relative), BiasKind::None, FEATURES);
    let adam = Optimizer::new(OptimizerSpec::adam(), 0.01).unwrap();
    for round in 0..4 {
        walk(&mut flow, &mut sgd(0.02, Clip::None), ROWS, 0..20, |_, _| {});
        walk(&mut flow, &mut adam.clone(), ROWS, 0..3 + round, |_, _| {});
        let (log_abs, inverse) = claims(&flow);
        let (log_det, inverse) = against_lu(weight(&flow).view(), log_abs, &inverse);
        assert!(log_det < 1e-12 && inverse < 1e-12, "{log_det:e} {inverse:e}");
    }
}

#[test]
fn long_runs_in_f32_neither_drift_nor_leave_their_group() {
    for group in GROUPS {
        for (rate, steps) in [(0.02, 5000), (1e-3, 5000)] {
            let mut flow = flow::<f32>(group, BiasKind::None, 16);
            let mut residual = 0.0_f64;
            walk(&mut flow, &mut sgd(rate, Clip::None), 4, 0..steps, |flow, factored| {
                assert!(factored || group == Group::Orthonormal);
                residual = residual.max(orthonormality_residual(weight(flow).view()) / f64::from(f32::EPSILON));
            });
            let (log_abs, inverse) = claims(&flow);
            let (log_det, inverse) = against_lu(weight(&flow).view(), log_abs, &inverse);
            println!("{group:?}, rate {rate}: {log_det:.1e} {inverse:.1e}, {residual:.1} ε");
            let allowed = rounding::<f32>(16, 1.0, PATH);
            assert!(log_det < allowed && inverse < allowed, "{group:?}, {rate}: {log_det:e} {inverse:e}");
            assert!(group != Group::Orthonormal || residual <= ORTHONORMALITY, "{rate}: {residual} ε");
        }
    }
}

/// One way to get the formulas wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// None: the oracle is not simply strict.
    None,
    /// `D log(1+η)` is left out of the log-determinant.
    ForgetsScale,
    /// `c` is `η/N`, without the `1 + η` beneath it.
    ForgetsShare,
    /// The inverse is `W⁻¹(I + c Δᵀ K⁻¹ Y)/(1+η)`.
    WoodburySign,
    /// The inverse is not divided by `1 + η`.
    InverseScale,
    /// `ΔᵀY` and `YᵀΔ` exchanged in the inverse.
    Exchanged,
}

/// The oracle's deviations for steps of the right-hand form, written out with full matrices.
fn written_out(mistake: Mistake) -> (f64, f64) {
    let (dim, rows, rate) = (12, 3, 0.05);
    let mut w = badly_conditioned::<f64>(dim, 3.0, &mut rng(2));
    let lu = Lu::<f64>::new(w.view()).unwrap();
    let (mut log_abs, mut inverse) = (lu.log_det().log_abs, lu.inverse_transposed().unwrap().reversed_axes());
    for step in 0..50 {
        let y = normal_rows::<f64>(rows, dim, &mut rng(step)).dot(&w.t());
        let delta = y.mapv(|y| -y.tanh());
        let share = if mistake == Mistake::ForgetsShare { 1.0 } else { 1.0 + rate };
        let c = rate / rows as f64 / share;
        let k = Lu::<f64>::new((Array2::<f64>::eye(rows) + c * y.dot(&delta.t())).view()).unwrap();
        let scale = if mistake == Mistake::ForgetsScale { 0.0 } else { dim as f64 * f64::ln_1p(rate) };
        log_abs += scale + k.log_det().log_abs;
        let mut solved = y.clone();
        k.solve_left(solved.view_mut()).unwrap();
        let woodbury = if mistake == Mistake::Exchanged { solved.t().dot(&delta) } else { delta.t().dot(&solved) };
        let sign = if mistake == Mistake::WoodburySign { 1.0 } else { -1.0 };
        let divisor = if mistake == Mistake::InverseScale { 1.0 } else { 1.0 + rate };
        inverse = inverse.dot(&(Array2::<f64>::eye(dim) + sign * c * woodbury)) / divisor;
        w = (1.0 + rate) * &w + rate / rows as f64 * delta.t().dot(&y.dot(&w));
    }
    against_lu(w.view(), log_abs, &inverse)
}

#[test]
fn the_oracle_rejects_wrong_formulas() {
    let allowed = rounding::<f64>(12, 1.0, PATH);
    let accepted = |(log_det, inverse): (f64, f64)| log_det <= allowed && inverse <= allowed;
    assert!(accepted(written_out(Mistake::None)), "{:?}", written_out(Mistake::None));
    for mistake in
        [Mistake::ForgetsScale, Mistake::ForgetsShare, Mistake::WoodburySign, Mistake::InverseScale, Mistake::Exchanged]
    {
        assert!(!accepted(written_out(mistake)), "the oracle is blind to {mistake:?}");
    }
}
