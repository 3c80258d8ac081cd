//! Steps of any size keep what a group promises.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ndarray::{Array2, array};
use pdmap_core::group::{Direction, Group, GroupMatrix, ORTHONORMALITY, haar};
use pdmap_core::linalg::orthonormality_residual;
use pdmap_core::optim::{Memory, UpdateRule};
use pdmap_core::{LayerError, ParamGrad, Real, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Steps that are given, whatever the direction.
#[derive(Debug)]
struct Given(Vec<f64>);

impl<F: Real> UpdateRule<F> for Given {
    fn begin(&mut self, _norm: &mut dyn FnMut() -> f64) -> Result<()> {
        Ok(())
    }

    fn step(&mut self, _memory: &mut Memory<F>, direction: &mut [F]) -> Result<()> {
        direction.iter_mut().zip(&self.0).for_each(|(d, &step)| *d = F::of(step));
        Ok(())
    }
}

/// A gradient that is ready for an update.
fn ready<F: Real>(matrix: &GroupMatrix<F>) -> ParamGrad<F> {
    let mut grad = matrix.new_grad("weight");
    let row = Array2::from_elem((1, matrix.dim()), F::one());
    grad.outer_mut().unwrap().add(row.view(), row.view(), None).unwrap();
    matrix.direct(&mut grad).unwrap();
    grad
}

fn rotated<F: Real>(dim: usize, norm: f64) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut matrix = GroupMatrix::<F>::new(haar(dim, &mut rng), Group::Orthonormal).unwrap();
    let mut grad = ready(&matrix);
    let mut worst = 0.0_f64;
    for _ in 0..30 {
        let direction = pdmap_core::Base::normal().sample::<f64>(1, dim * (dim - 1) / 2, &mut rng).unwrap();
        let length = direction.iter().map(|v| 2.0 * v * v).sum::<f64>().sqrt();
        let mut rule = Given(direction.iter().map(|v| v * norm / length).collect());
        matrix.update(&mut rule, &mut grad).unwrap();
        let residual = orthonormality_residual(matrix.weight()) / F::EPS;
        worst = if residual.is_nan() { f64::NAN } else { worst.max(residual) };
    }
    worst
}

#[test]
fn rotations_of_any_length_stay_orthonormal() {
    for dim in [3, 9, 15, 40] {
        for norm in [7.9, 8.1, 63.0, 1e4, 1e8, 1e12, 1e30] {
            let (wide, narrow) = (rotated::<f64>(dim, norm), rotated::<f32>(dim, norm));
            assert!(
                wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY,
                "O({dim}), {norm:e}: {wide} {narrow}"
            );
        }
    }
}

#[test]
fn a_rotation_that_is_not_finite_is_refused_and_leaves_the_weight() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut matrix = GroupMatrix::<f64>::new(haar(3, &mut rng), Group::Orthonormal).unwrap();
    let (before, mut grad) = (matrix.weight().to_owned(), ready(&matrix));
    let error = matrix.update(&mut Given(vec![0.1, f64::INFINITY, 0.0]), &mut grad).unwrap_err();
    assert!(matches!(error, LayerError::NonFinite { .. }), "{error}");
    assert_eq!(matrix.weight(), before);
}

#[test]
fn in_the_algebra_only_the_step_that_crosses_is_halved() {
    let group = Group::General(Direction::Algebra);
    let mut matrix = GroupMatrix::<f64>::new(Array2::eye(2), group).unwrap();
    let mut grad = ready(&matrix);
    for _ in 0..100 {
        matrix.update(&mut Given(vec![0.01, 0.0, 0.0, 0.01]), &mut grad).unwrap();
    }
    let before = matrix.weight().to_owned();
    assert!((before[[0, 0]] - 1.01_f64.powi(100)).abs() < 1e-9);
    // I + S = diag(−2, 1) has the wrong sign; at a quarter of the way, and once more, diag(0.625, 1) has not.
    let report = matrix.update(&mut Given(vec![-3.0, 0.0, 0.0, 0.0]), &mut grad).unwrap();
    assert_eq!(report.halvings, 3);
    let expected = array![[0.625, 0.0], [0.0, 1.0]].dot(&before);
    assert!((&matrix.weight() - &expected).iter().all(|d| d.abs() < 1e-12), "{} {expected}", matrix.weight());
    assert_eq!(grad.direction[..4], [-0.375, 0.0, 0.0, 0.0], "the step that was taken");
    // A step that is not finite is an error, and goes back no further than to the last good weight.
    let last = matrix.weight().to_owned();
    assert!(matrix.update(&mut Given(vec![f64::NAN, 0.0, 0.0, 0.0]), &mut grad).is_err());
    assert_eq!(matrix.weight(), last);
}
