//! O(D) forever.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::Array2;
use pdmap_core::Real;
use pdmap_core::group::{Group, GroupMatrix, ORTHONORMALITY, cayley, haar};
use pdmap_core::linalg::orthonormality_residual;
use pdmap_core::optim::{Memory, UpdateRule};
use pdmap_testing::{normal_rows, rng, worst};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A rule that answers every direction with steps of its own.
#[derive(Debug)]
enum Steps {
    /// Other random entries in ±0.5 at each step.
    Random(Box<ChaCha8Rng>),
    /// The same random entries in `±size` at each step, as in a long ascent in one direction: rounding that leans to one side adds up.
    Steady { seed: u64, size: f64 },
}

impl<F: Real> UpdateRule<F> for Steps {
    fn begin(&mut self, _norm: &mut dyn FnMut() -> f64) -> pdmap_core::Result<()> {
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

/// The largest residual, in ε, seen at every `look`-th of `steps` steps.
fn walk<F: Real>(dim: usize, mut rule: Steps, steps: usize, look: usize) -> f64 {
    let mut matrix = GroupMatrix::<F>::new(haar(dim, &mut rng(11)), Group::Orthonormal).unwrap();
    let sign = matrix.log_det().unwrap().negative;
    let rows = normal_rows::<F>(1, dim, &mut rng(13));
    let mut grad = matrix.new_grad("weight");
    grad.outer_mut().unwrap().add(rows.view(), rows.view(), None).unwrap();
    matrix.direct(&mut grad).unwrap();
    let mut residuals = vec![];
    for step in 1..=steps {
        matrix.update(&mut rule, &mut grad).unwrap();
        if step % look == 0 {
            residuals.push(orthonormality_residual(matrix.weight()));
        }
    }
    assert_eq!(matrix.log_det().unwrap().negative, sign, "the sign of the determinant changed");
    assert_eq!(matrix.log_det().unwrap().log_abs, 0.0);
    worst(residuals.into_iter()) / F::EPS
}

#[test]
fn two_hundred_thousand_random_steps_on_o16_in_f64() {
    let residual = walk::<f64>(16, Steps::Random(Box::new(rng(12))), 200_000, 1);
    println!("200,000 random Cayley steps on O(16), f64: max|W'W - I| = {residual:.2} ε");
    assert!(residual <= ORTHONORMALITY, "{residual:.2} ε");
}

#[test]
fn many_random_steps_on_larger_groups_and_in_f32() {
    for (dim, steps) in [(1, 100), (2, 20_000), (63, 2_000), (200, 100), (784, 8)] {
        let wide = walk::<f64>(dim, Steps::Random(Box::new(rng(12))), steps, 3);
        let narrow = walk::<f32>(dim, Steps::Random(Box::new(rng(12))), steps, 3);
        println!("O({dim}), {steps} random steps: {wide:.2} ε in f64, {narrow:.2} ε in f32");
        assert!(wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY, "O({dim}): {wide} {narrow}");
    }
}

#[test]
fn many_steps_in_one_direction() {
    for (dim, steps) in [(8, 10_000), (63, 1_000), (200, 50)] {
        for size in [1e-4, 1e-3, 1e-2, 0.5] {
            let wide = walk::<f64>(dim, Steps::Steady { seed: 3, size }, steps, 1);
            let narrow = walk::<f32>(dim, Steps::Steady { seed: 3, size }, steps, 1);
            println!("O({dim}), {steps} steps of {size}: {wide:.2} ε in f64, {narrow:.2} ε in f32");
            assert!(wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY, "O({dim}): {wide} {narrow}");
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
