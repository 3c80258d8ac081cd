//! Convolutions as matrices, against a materialization by the definition alone.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array1, Array2, Axis};
use pdmap_conv::{CycledConv, Direction, Geometry, Group, Output};
use pdmap_core::flow::base::Laplace;
use pdmap_core::linalg::{Lu, singular_values};
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, ForwardPass, Layer, LayerExt, Parametric, ParametricExt, Real, Tape};
use pdmap_laws::brick_wall::{Slip, laid_out, materialized};
use pdmap_laws::tolerance::rounding;
use pdmap_laws::{badly_conditioned, normal_rows, rng, worst};
use proptest::prelude::*;

/// Entries of the map against those of the definition.
const MATRIX: f64 = 16.0;
/// Singular values against 1, norms against norms, `⟨Tx, y⟩` against `⟨x, Tᵀy⟩`.
const ORTHONORMAL: f64 = 64.0;
/// Log-determinants against that of the materialized matrix.
const LOG_DET: f64 = 64.0;

/// The layer's own matrix: row `i` of the identity maps to column `i`.
fn operator<F: Real>(layer: &CycledConv<F>) -> Array2<f64> {
    let (columns, _) = layer.transform(&Array2::eye(layer.geometry().features())).unwrap();
    columns.t().mapv(F::f64)
}

fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    worst(a.iter().zip(b).map(|(a, b)| (a - b).abs()))
}

fn dot<F: Real>(a: &Array2<F>, b: &Array2<F>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.f64() * b.f64()).sum()
}

/// What an orthonormal layer promises, by its own matrix.
fn holds<F: Real>(layer: &CycledConv<F>, rows: usize, seed: u64) {
    let (features, case) = (layer.geometry().features(), format!("{layer:?}"));
    let allowed = rounding::<F>(layer.geometry().side() * layer.stages().len(), 1.0, ORTHONORMAL);
    let singular = singular_values(operator(layer).view());
    assert_eq!(singular.len(), features);
    assert!(worst(singular.iter().map(|value| (value - 1.0).abs())) <= allowed, "{case}: {singular:?}");
    let mut rng = rng(seed);
    let (x, y) = (normal_rows::<F>(rows, features, &mut rng), normal_rows::<F>(rows, features, &mut rng));
    let (tx, _) = layer.transform(&x).unwrap();
    let adjoint = layer.adjoint(y.view()).unwrap();
    let size = dot(&x, &x).sqrt() * dot(&y, &y).sqrt();
    assert!((dot(&tx, &y) - dot(&x, &adjoint)).abs() <= allowed * size, "{case}");
    assert!((dot(&tx, &tx) - dot(&x, &x)).abs() <= allowed * dot(&x, &x), "{case}");
    // The same code: not one bit differs.
    assert_eq!(layer.untransform(&y).unwrap().0, adjoint, "{case}");
    assert_eq!(layer.log_abs_det().unwrap(), 0.0);
}

#[derive(Debug, Clone)]
struct Case {
    geometry: Geometry,
    stages: usize,
    rows: usize,
    seed: u64,
}

/// Periods up to 5, few or many blocks, any rest where nothing wraps.
fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..4_usize, 1..6_usize, 1..5_usize, 0..5_usize, 1..4_usize, 1..4_usize);
    (sizes, 1..6_usize, 0..4_usize, any::<(bool, bool, bool)>(), any::<u64>()).prop_map(
        |(
            (channels, period, blocks, rest, rows_period, rows_blocks),
            stages,
            rows,
            (image, isolated, subbands),
            seed,
        )| {
            let rest = if isolated { rest % period } else { 0 };
            let geometry = match image {
                false => Geometry::signal(channels, period * blocks + rest, period),
                true => {
                    let height = rows_period * rows_blocks + if isolated { rest % rows_period } else { 0 };
                    Geometry::image(channels, (height, period * blocks + rest), (rows_period, period))
                }
            };
            let geometry = match (isolated, subbands) {
                (true, _) => geometry.isolated(),
                (false, true) => geometry.with_output(Output::Subbands),
                (false, false) => geometry,
            };
            Case { geometry, stages, rows, seed }
        },
    )
}

fn matrices(case: &Case, orthonormal: bool) -> Vec<Array2<f64>> {
    let (side, mut rng) = (case.geometry.side(), rng(case.seed));
    let condition = if orthonormal { 1.0 } else { 2.0 };
    (0..case.stages).map(|_| badly_conditioned(side, condition, &mut rng)).collect()
}

fn agrees<F: Real>(case: &Case) {
    let group = Group::General(Direction::Relative);
    let stages = matrices(case, false);
    let narrow = stages.iter().map(|stage| stage.mapv(F::of)).collect();
    let layer = CycledConv::<F>::new(case.geometry, narrow, group).unwrap();
    let expected = laid_out(&case.geometry, materialized(&case.geometry, &stages, Slip::None));
    let allowed = rounding::<F>(case.geometry.side() * case.stages, 1.0, MATRIX);
    let actual = operator(&layer);
    assert!(distance(&actual, &expected) <= allowed, "{case:?}: {}", distance(&actual, &expected));
    let log_det = Lu::<f64>::new(expected.view()).unwrap().log_det().log_abs;
    let size = case.geometry.features() * case.stages;
    let allowed = rounding::<F>(size, 2f64.powi(case.stages as i32), LOG_DET);
    assert!((layer.log_abs_det().unwrap() - log_det).abs() <= allowed, "{case:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_map_is_that_of_the_definition(case in cases()) {
        agrees::<f64>(&case);
        agrees::<f32>(&case);
    }

    #[test]
    fn orthonormal_stages_make_an_orthonormal_map(case in cases()) {
        let group = Group::Orthonormal;
        let mut rng = rng(case.seed);
        holds(&CycledConv::<f64>::random(case.geometry, case.stages, group, &mut rng).unwrap(), case.rows, case.seed);
        holds(&CycledConv::<f32>::random(case.geometry, case.stages, group, &mut rng).unwrap(), case.rows, case.seed);
    }
}

#[test]
fn slips_are_seen() {
    let signal = Geometry::signal(2, 12, 3);
    let unit = Geometry::signal(3, 5, 1);
    for (slip, geometry) in [
        (Slip::Parity, signal),
        (Slip::Wrap, signal),
        (Slip::Transposed, signal),
        (Slip::ChannelMajor, signal),
        (Slip::OtherHalf, unit),
    ] {
        let case = Case { geometry, stages: 2, rows: 1, seed: 5 };
        let stages = matrices(&case, true);
        let layer = CycledConv::new(geometry, stages.clone(), Group::General(Direction::Relative)).unwrap();
        let (right, wrong) = (materialized(&geometry, &stages, Slip::None), materialized(&geometry, &stages, slip));
        let allowed = rounding::<f64>(geometry.side() * 2, 1.0, MATRIX);
        assert!(distance(&operator(&layer), &right) <= allowed);
        assert!(distance(&operator(&layer), &wrong) > 0.01, "{slip:?} was not seen");
    }
}

/// One recorded step; returns `∂/∂x` and the Euclidean gradients.
fn differentiated(layer: &CycledConv<f64>, x: &Array2<f64>, c: &Array2<f64>) -> (Array2<f64>, Vec<Array2<f64>>) {
    let (mut y, mut dx) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
    let (mut tape, mut grads) = (Tape::recording(), layer.new_grads());
    layer.forward(x.into(), y.view_mut(), None, &mut tape).unwrap();
    let at = ForwardPass { input: x.into(), y: y.view(), tape: &mut tape };
    layer.backward(at, c.view(), Some(dx.view_mut()), &mut grads.params).unwrap();
    grads.rows = x.nrows();
    let gradients = layer.euclidean(grads.rows, &grads.params).unwrap();
    // A first layer is not asked for ∂/∂x; its gradients are the same.
    let mut alone = layer.new_grads();
    let at = ForwardPass { input: x.into(), y: y.view(), tape: &mut tape };
    layer.backward(at, c.view(), None, &mut alone.params).unwrap();
    alone.rows = x.nrows();
    assert_eq!(layer.euclidean(alone.rows, &alone.params).unwrap(), gradients);
    (dx, gradients.into_iter().map(|(_, g)| g.into_dimensionality().unwrap()).collect())
}

/// The gradient of `mean_rows (c·y) + log|det|` by the chain rule on dense matrices: for each stage, `Σ_blocks` of the block's part of
/// `mean(δ xᵀ) + T⁻ᵀ`.
fn by_dense_matrices(
    geometry: &Geometry,
    stages: &[Array2<f64>],
    x: &Array2<f64>,
    c: &Array2<f64>,
) -> (Array2<f64>, Vec<Array2<f64>>) {
    let parts: Vec<Array2<f64>> = (0..stages.len())
        .map(|index| {
            let mut only: Vec<Array2<f64>> = stages.iter().map(|stage| Array2::eye(stage.nrows())).collect();
            only[index].assign(&stages[index]);
            materialized(geometry, &only, Slip::None)
        })
        .collect();
    let mut inputs = vec![x.clone()];
    for part in &parts {
        inputs.push(inputs.last().unwrap().dot(&part.t()));
    }
    let (mut delta, mut gradients) = (c.clone(), vec![]);
    for (index, part) in parts.iter().enumerate().rev() {
        let full = delta.t().dot(&inputs[index]) / x.nrows() as f64
            + Lu::<f64>::new(part.view()).unwrap().inverse_transposed().unwrap();
        // Which entries of the whole are entry (i, j) of the shared matrix: those that a unit in it sets.
        let side = geometry.side();
        let mut gradient = Array2::zeros((side, side));
        let mut none: Vec<Array2<f64>> = stages.iter().map(|stage| Array2::eye(stage.nrows())).collect();
        none[index].fill(0.0);
        let zero = materialized(geometry, &none, Slip::None);
        for i in 0..side {
            for j in 0..side {
                none[index][[i, j]] = 1.0;
                gradient[[i, j]] = ((materialized(geometry, &none, Slip::None) - &zero) * &full).sum();
                none[index][[i, j]] = 0.0;
            }
        }
        gradients.push(gradient);
        delta = delta.dot(part);
    }
    gradients.reverse();
    (delta, gradients)
}

#[test]
fn gradients_by_dense_matrices() {
    for geometry in [
        Geometry::signal(1, 24, 4),
        Geometry::signal(2, 11, 3).isolated(),
        Geometry::signal(3, 4, 1),
        Geometry::image(2, (4, 6), (2, 3)),
        Geometry::image(2, (3, 3), (1, 1)),
        // Blocks too large for registers.
        Geometry::signal(6, 9, 3),
        Geometry::signal(6, 10, 3).isolated(),
        Geometry::image(2, (6, 6), (3, 3)),
    ] {
        for stages in [1, 2, 3] {
            let case = Case { geometry, stages, rows: 3, seed: 11 };
            let matrices = matrices(&case, false);
            let mut rng = rng(3);
            let (x, c) = (normal_rows(3, geometry.features(), &mut rng), normal_rows(3, geometry.features(), &mut rng));
            let (dx, gradients) = by_dense_matrices(&geometry, &matrices, &x, &c);
            for direction in [Direction::Euclidean, Direction::Relative, Direction::RelativeLeft, Direction::Algebra] {
                let layer = CycledConv::new(geometry, matrices.clone(), Group::General(direction)).unwrap();
                let (own_dx, own) = differentiated(&layer, &x, &c);
                let allowed = rounding::<f64>(geometry.features() * stages, 8.0, MATRIX);
                assert!(distance(&own_dx, &dx) <= allowed, "{geometry} {stages} {direction:?}");
                for (own, expected) in own.iter().zip(&gradients) {
                    let off = distance(own, expected);
                    assert!(off <= allowed, "{geometry}, {stages} stages, {direction:?}: {off:e}");
                }
            }
        }
    }
}

/// Rows and blocks are split into tasks by size: large batches give the results of small ones.
#[test]
fn large_and_small_batches_agree() {
    let mut rng = rng(7);
    for (geometry, rows) in [
        (Geometry::signal(1, 32_768, 8), 2),
        (Geometry::signal(1, 65_539, 8).isolated(), 1),
        (Geometry::signal(16, 4096, 4), 1),
        (Geometry::signal(16, 4099, 4).isolated(), 2),
        (Geometry::image(3, (64, 64), (4, 4)), 3),
        (Geometry::image(1, (28, 28), (4, 4)), 100),
        (Geometry::image(1, (28, 28), (5, 5)).isolated(), 100),
        (Geometry::signal(1, 24, 4).with_output(Output::Subbands), 3000),
    ] {
        let layer = CycledConv::<f64>::random(geometry, 2, Group::Orthonormal, &mut rng).unwrap();
        let x = normal_rows::<f64>(rows, geometry.features(), &mut rng);
        let (y, _) = layer.transform(&x).unwrap();
        let norms = |x: &Array2<f64>| -> Array1<f64> { x.map_axis(Axis(1), |row| row.dot(&row).sqrt()) };
        let kept = worst(norms(&x).iter().zip(&norms(&y)).map(|(x, y)| (x - y).abs() / x));
        assert!(kept <= rounding::<f64>(geometry.side(), 1.0, ORTHONORMAL), "{geometry}: {kept:e}");
        let back = layer.untransform(&y).unwrap().0;
        let off = worst((&back - &x).iter().map(|d| d.abs()));
        assert!(off <= rounding::<f64>(geometry.side(), 1.0, ORTHONORMAL), "{geometry}: {off:e}");
        // A row by itself gives the same outputs.
        let alone = layer.transform(x.slice_axis(Axis(0), ndarray::Slice::from(rows - 1..))).unwrap().0;
        let off = worst((&alone.row(0) - &y.row(rows - 1)).iter().map(|d| d.abs()));
        assert!(off <= rounding::<f64>(geometry.side(), 1.0, ORTHONORMAL), "{geometry}: {off:e}");
        // ⟨c, T x⟩ differentiated: dx is the adjoint, and the sums of halves are those of the whole.
        let c = normal_rows::<f64>(rows, geometry.features(), &mut rng);
        let (dx, gradients) = differentiated(&layer, &x, &c);
        assert_eq!(dx, layer.adjoint(c.view()).unwrap());
        for (index, gradient) in gradients.iter().enumerate() {
            let step = 1e-4;
            let mut entries = layer.stages().iter().map(|stage| stage.weight().to_owned()).collect::<Vec<_>>();
            let mut value = |by: f64| {
                entries[index][[0, 1]] += by;
                let free = Group::General(Direction::Relative);
                let moved = CycledConv::new(geometry, entries.clone(), free).unwrap();
                dot(&moved.transform(&x).unwrap().0, &c) / rows as f64 + moved.log_abs_det().unwrap()
            };
            let (above, below) = (value(step), value(-2.0 * step));
            let (expected, actual) = ((above - below) / (2.0 * step), gradient[[0, 1]]);
            assert!((expected - actual).abs() <= 1e-5 * dot(&c, &c).sqrt(), "{geometry}: {expected} {actual}");
        }
    }
}

/// Ten thousand steps on noise, with each optimizer: still orthonormal to rounding.
fn trained<F: Real>(geometry: Geometry, stages: usize, optimizer: &mut Optimizer, steps: usize) -> CycledConv<F> {
    let mut rng = rng(17);
    let layer = CycledConv::<F>::random(geometry, stages, Group::Orthonormal, &mut rng).unwrap();
    let mut flow = Flow::new(geometry.features(), vec![Box::new(layer)], Box::new(Laplace)).unwrap();
    let mut training = flow.training();
    for _ in 0..steps {
        let x = normal_rows::<F>(2, geometry.features(), &mut rng);
        flow.accumulate(&x, &mut training).unwrap();
        flow.update(optimizer, &mut training).unwrap();
    }
    let matrices = flow.tensors().into_iter().map(|(_, stage)| stage.into_dimensionality().unwrap());
    CycledConv::new(geometry, matrices.collect(), Group::Orthonormal).unwrap()
}

#[test]
fn orthonormal_after_ten_thousand_steps() {
    for geometry in
        [Geometry::signal(1, 16, 4), Geometry::signal(2, 7, 2).isolated(), Geometry::image(1, (4, 4), (2, 2))]
    {
        for optimizer in [Optimizer::adam(0.05).unwrap(), Optimizer::sgd(0.5).unwrap()] {
            holds(&trained::<f64>(geometry, 3, &mut optimizer.clone(), 10_000), 3, 1);
            holds(&trained::<f32>(geometry, 3, &mut optimizer.clone(), 10_000), 3, 1);
        }
    }
}

#[test]
fn every_length_from_one_period_to_65536() {
    let mut rng = rng(23);
    for length in [8, 16, 24, 1000, 65_536] {
        let geometry = Geometry::signal(1, length, 8);
        for stages in 1..5 {
            let layer = CycledConv::<f64>::random(geometry, stages, Group::Orthonormal, &mut rng).unwrap();
            let x = normal_rows::<f64>(1, length, &mut rng);
            let back = layer.untransform(&layer.transform(&x).unwrap().0).unwrap().0;
            let off = (&back - &x).iter().map(|d| d * d).sum::<f64>().sqrt();
            assert!(off <= 1e-12 * dot(&x, &x).sqrt(), "{length}: {off:e}");
        }
    }
    for length in 8..40 {
        let geometry = Geometry::signal(1, length, 8).isolated();
        holds(&CycledConv::<f64>::random(geometry, 3, Group::Orthonormal, &mut rng).unwrap(), 2, 1);
    }
}
