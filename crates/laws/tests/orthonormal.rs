//! Weights stay on O(D) over any number of steps.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::effort::effort;
use ndarray::Array2;
use pdmap_core::contract::{Memory, Reads, Rule};
use pdmap_core::group::{Group, GroupMatrix, ORTHONORMALITY, cayley, haar};
use pdmap_core::linalg::orthonormality_residual;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Geometry, Real};
use pdmap_laws::{normal_rows, rng, worst};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A rule that replaces every direction by steps of its own.
#[derive(Debug)]
enum Steps {
    /// Other random entries in ±0.5 at each step.
    Random(Box<ChaCha8Rng>),
    /// The same random entries in `±size` at each step, as in a long ascent in one direction: biased rounding
    /// accumulates.
    Steady { seed: u64, size: f64 },
}

impl<F: Real> Rule<F> for Steps {
    fn begin(&mut self, _norm: &mut dyn FnMut() -> pdmap_core::Result<f64>) -> pdmap_core::Result<()> {
        Ok(())
    }

    fn step(&mut self, _memory: &mut Memory<F>, direction: &mut [F]) -> pdmap_core::Result<()> {
        match self {
            Self::Random(rng) => fill(direction, 0.5, rng),
            Self::Steady { seed, size } => fill(direction, *size, &mut rng(*seed)),
        }
        Ok(())
    }
}

fn fill<F: Real>(direction: &mut [F], size: f64, rng: &mut ChaCha8Rng) {
    direction.iter_mut().for_each(|d| *d = F::of(rng.random_range(-size..size)));
}

/// The largest residual, in ε, seen at every `look`-th of `steps` steps from a Haar matrix.
fn walk<F: Real>(dim: usize, rule: Steps, steps: usize, look: usize) -> f64 {
    walk_from(haar::<F>(dim, &mut rng(11)), rule, steps, look)
}

fn walk_from<F: Real>(start: Array2<F>, mut rule: Steps, steps: usize, look: usize) -> f64 {
    let dim = start.nrows();
    let mut matrix = GroupMatrix::<F>::new(start, Group::Orthonormal).unwrap();
    let sign = matrix.log_det().unwrap().negative;
    let rows = normal_rows::<F>(1, dim, &mut rng(13));
    let mut grad = matrix.new_grad("weight".to_owned());
    grad.outer_mut().unwrap().add(rows.view(), rows.view(), None).unwrap();
    matrix.direct(1, Reads::Entries, &mut grad).unwrap();
    let mut residuals = vec![];
    for step in 1..=steps {
        matrix.step(&mut rule, &mut grad).unwrap();
        if step % look == 0 {
            residuals.push(orthonormality_residual(matrix.weight()));
        }
    }
    assert_eq!(matrix.log_det().unwrap().negative, sign, "the sign of the determinant changed");
    assert_eq!(matrix.log_det().unwrap().log_abs, 0.0);
    worst(residuals.into_iter()) / F::EPS
}

#[test]
fn many_random_steps_on_o16_in_f64() {
    let steps = effort(30_000, 200_000);
    let residual = walk::<f64>(16, Steps::Random(Box::new(rng(12))), steps, 1);
    println!("{steps} random Cayley steps on O(16), f64: max|W'W - I| = {residual:.2} ε");
    assert!(residual <= ORTHONORMALITY, "{residual:.2} ε");
}

#[test]
fn many_random_steps_on_larger_groups_and_in_f32() {
    for (dim, steps) in [(1, 100), (2, 20_000), (63, 2_000), (200, 100), (784, 8)] {
        let steps = if dim > 60 { effort(steps / 4, steps) } else { steps };
        let wide = walk::<f64>(dim, Steps::Random(Box::new(rng(12))), steps, 3);
        let narrow = walk::<f32>(dim, Steps::Random(Box::new(rng(12))), steps, 3);
        println!("O({dim}), {steps} random steps: {wide:.2} ε in f64, {narrow:.2} ε in f32");
        assert!(wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY, "O({dim}): {wide} {narrow}");
    }
}

#[test]
fn many_steps_in_one_direction() {
    for (dim, steps) in [(8, 10_000), (63, 1_000), (200, 50)] {
        let steps = effort(steps / 4, steps);
        for size in [1e-4, 1e-3, 1e-2, 0.5] {
            let wide = walk::<f64>(dim, Steps::Steady { seed: 3, size }, steps, 1);
            let narrow = walk::<f32>(dim, Steps::Steady { seed: 3, size }, steps, 1);
            println!("O({dim}), {steps} steps of {size}: {wide:.2} ε in f64, {narrow:.2} ε in f32");
            assert!(wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY, "O({dim}): {wide} {narrow}");
        }
    }
}

#[test]
fn small_steps_near_the_identity_where_rounding_is_biased() {
    // The diagonal loses θ²/2 a step, which rounds away: the worst case for the bound that schedules
    // re-centring.
    for size in [3e-10, 1e-9, 3e-9, 1e-8, 3e-8, 1e-7, 1e-5] {
        for dim in [2, 16, 40] {
            let wide = walk_from(Array2::<f64>::eye(dim), Steps::Steady { seed: 3, size }, 600, 1);
            let narrow = walk_from(Array2::<f32>::eye(dim), Steps::Steady { seed: 3, size: size * 1e4 }, 600, 1);
            println!("O({dim}) from the identity, steps of {size:e}: {wide:.2} ε in f64, {narrow:.2} ε in f32");
            assert!(wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY, "O({dim}): {wide} {narrow}");
        }
    }
}

#[test]
fn a_walk_without_re_centring_is_rejected() {
    // The wrong implementation: Cayley steps without re-centring.
    let (mut rng, mut packed) = (rng(12), vec![0.0; 16 * 15 / 2]);
    let mut w = haar::<f64>(16, &mut rng);
    for _ in 0..20_000 {
        fill(&mut packed, 0.5, &mut rng);
        cayley(&packed, &mut w, &mut vec![]).unwrap();
    }
    let residual = orthonormality_residual(w.view()) / f64::EPSILON;
    assert!(residual > ORTHONORMALITY, "{residual} ε: the oracle is blind");
}

/// The largest residual, in ε, of plain steps by random factors, which do not cancel.
fn thin_walk<F: Real>(start: Array2<F>, rows: usize, rate: f64, steps: u64) -> f64 {
    let dim = start.nrows();
    let mut matrix = GroupMatrix::<F>::new(start, Group::Orthonormal).unwrap();
    let mut grad = matrix.new_grad("weight".to_owned());
    let mut rule = Optimizer::sgd(rate).unwrap();
    let mut residuals = vec![];
    for step in 0..steps {
        // The same factors every other ten steps: biased rounding accumulates.
        let mut rng = rng(step - step % 20 + if step % 20 < 10 { 0 } else { step % 10 });
        let (delta, y) = (normal_rows::<F>(rows, dim, &mut rng), normal_rows::<F>(rows, dim, &mut rng));
        grad.outer_mut().unwrap().clear();
        grad.outer_mut().unwrap().add(delta.view(), y.view(), None).unwrap();
        matrix.direct(1, Reads::Nothing, &mut grad).unwrap();
        assert!(grad.factored);
        matrix.step(&mut rule, &mut grad).unwrap();
        residuals.push(orthonormality_residual(matrix.weight()));
    }
    worst(residuals.into_iter()) / F::EPS
}

#[test]
fn many_plain_steps_by_few_rows() {
    for (dim, rows, steps) in [(8, 2, 2000), (64, 4, 400), (64, 16, 400), (128, 1, 100)] {
        let steps = effort(steps / 4, steps);
        // From steps that round away to ones that are too long for factors.
        for rate in [1e-8, 1e-4, 1e-2, 0.1, 0.3, 1.0, 30.0] {
            let residuals = [
                thin_walk(haar::<f64>(dim, &mut rng(11)), rows, rate, steps),
                thin_walk(haar::<f32>(dim, &mut rng(11)), rows, rate, steps),
                thin_walk(Array2::<f64>::eye(dim), rows, rate, steps),
                thin_walk(Array2::<f32>::eye(dim), rows, rate, steps),
            ];
            println!("O({dim}), {rows} rows, rate {rate}: {residuals:.1?} ε");
            assert!(worst(residuals.into_iter()) <= ORTHONORMALITY, "O({dim}), {rate}: {residuals:?}");
        }
    }
}

#[test]
fn a_first_order_step_in_place_of_cayley_leaves_the_group() {
    // The wrong implementation: W ← (I + A) W, right to first order only. The residual must see it at once.
    let mut rng = rng(1);
    let mut w = haar::<f64>(8, &mut rng);
    let mut a = Array2::<f64>::zeros((8, 8));
    let mut packed = vec![];
    for i in 1..8 {
        for j in 0..i {
            let value = rng.random_range(-1e-3..1e-3);
            (a[[i, j]], a[[j, i]]) = (value, -value);
            packed.push(value);
        }
    }
    let wrong = &w + &a.dot(&w);
    assert!(orthonormality_residual(wrong.view()) > ORTHONORMALITY * f64::EPSILON);
    cayley(&packed, &mut w, &mut vec![]).unwrap();
    assert!(orthonormality_residual(w.view()) <= ORTHONORMALITY * f64::EPSILON);
    // And it is the same step to first order, in the same sense of rotation.
    let distance = worst((&wrong - &w).iter().map(|v| v.abs()));
    assert!(distance < 1e-4, "{distance}");
}

#[test]
fn haar_matrices_have_the_moments_of_the_haar_measure() {
    // On O(n), for every n: E tr = 0 and E tr² = 1. A Q without the sign fix fails the first.
    let (n, draws) = (3, 20_000);
    let mut rng = rng(2);
    let traces: Vec<f64> = (0..draws).map(|_| haar::<f64>(n, &mut rng).diag().sum()).collect();
    let mean = |power: i32| traces.iter().map(|t| t.powi(power)).sum::<f64>() / f64::from(draws);
    assert!(mean(1).abs() < 0.03, "{}", mean(1));
    assert!((mean(2) - 1.0).abs() < 0.05, "{}", mean(2));
}
