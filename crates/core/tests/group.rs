//! Steps of any size stay in their group.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ndarray::{Array2, array};
use pdmap_core::contract::{Memory, Reads, Rule};
use pdmap_core::flow::base::Normal;
use pdmap_core::group::{Direction, Group, GroupMatrix, ORTHONORMALITY, haar};
use pdmap_core::linalg::orthonormality_residual;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Geometry, LayerError, ParamGrad, Real, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Makes the given steps, whatever the direction.
#[derive(Debug)]
struct Given(Vec<f64>);

impl<F: Real> Rule<F> for Given {
    fn begin(&mut self, _norm: &mut dyn FnMut() -> pdmap_core::Result<f64>) -> Result<()> {
        Ok(())
    }

    fn step(&mut self, _memory: &mut Memory<F>, direction: &mut [F]) -> Result<()> {
        direction.iter_mut().zip(&self.0).for_each(|(d, &step)| *d = F::of(step));
        Ok(())
    }
}

/// A gradient that is ready for an update.
fn ready<F: Real>(matrix: &GroupMatrix<F>) -> ParamGrad<F> {
    let mut grad = matrix.new_grad("weight".to_owned());
    let row = Array2::from_elem((1, matrix.dim()), F::one());
    grad.outer_mut().unwrap().add(row.view(), row.view(), None).unwrap();
    matrix.direct(1, Reads::Entries, &mut grad).unwrap();
    grad
}

fn rotated<F: Real>(dim: usize, norm: f64) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut matrix = GroupMatrix::<F>::new(haar(dim, &mut rng), Group::Orthonormal).unwrap();
    let mut grad = ready(&matrix);
    let mut worst = 0.0_f64;
    for _ in 0..30 {
        let direction = pdmap_core::flow::base::draw::<f64>(&Normal, 1, dim * (dim - 1) / 2, &mut rng).unwrap();
        let length = direction.iter().map(|v| 2.0 * v * v).sum::<f64>().sqrt();
        let mut rule = Given(direction.iter().map(|v| v * norm / length).collect());
        matrix.step(&mut rule, &mut grad).unwrap();
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
            assert!(wide <= ORTHONORMALITY && narrow <= ORTHONORMALITY, "O({dim}), {norm:e}: {wide} {narrow}");
        }
    }
}

#[test]
fn a_rotation_that_is_not_finite_is_refused_and_leaves_the_weight() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut matrix = GroupMatrix::<f64>::new(haar(3, &mut rng), Group::Orthonormal).unwrap();
    let (before, mut grad) = (matrix.weight().to_owned(), ready(&matrix));
    let error = matrix.step(&mut Given(vec![0.1, f64::INFINITY, 0.0]), &mut grad).unwrap_err();
    assert!(matches!(error, LayerError::NonFinite { .. }), "{error}");
    assert_eq!(matrix.weight(), before);
}

#[test]
fn in_the_algebra_only_the_step_that_crosses_is_halved() {
    let group = Group::General(Direction::Algebra);
    let mut matrix = GroupMatrix::<f64>::new(Array2::eye(2), group).unwrap();
    let mut grad = ready(&matrix);
    for _ in 0..100 {
        matrix.step(&mut Given(vec![0.01, 0.0, 0.0, 0.01]), &mut grad).unwrap();
    }
    let before = matrix.weight().to_owned();
    assert!((before[[0, 0]] - 1.01_f64.powi(100)).abs() < 1e-9);
    // I + S = diag(−2, 1) has the wrong sign. A quarter of the step has the right one, and one more halving
    // gives diag(0.625, 1).
    let report = matrix.step(&mut Given(vec![-3.0, 0.0, 0.0, 0.0]), &mut grad).unwrap();
    assert_eq!(report.halvings, 3);
    let expected = array![[0.625, 0.0], [0.0, 1.0]].dot(&before);
    assert!((&matrix.weight() - &expected).iter().all(|d| d.abs() < 1e-12), "{} {expected}", matrix.weight());
    assert_eq!(grad.direction[..4], [-0.375, 0.0, 0.0, 0.0], "the step that was taken");
    // A step that is not finite is an error and leaves the last good weight.
    let last = matrix.weight().to_owned();
    assert!(matrix.step(&mut Given(vec![f64::NAN, 0.0, 0.0, 0.0]), &mut grad).is_err());
    assert_eq!(matrix.weight(), last);
}

#[test]
fn a_plain_step_in_factors_is_halved_until_right_and_once_more() {
    // E = I − 5 e₁e₁ᵀ from one row; with rate 1 the first entry goes to 1 + 1·(1 − 5) = −3, then −1, 0, 0.5, and once more.
    for direction in [Direction::Relative, Direction::RelativeLeft, Direction::Algebra] {
        let mut matrix = GroupMatrix::<f64>::new(Array2::eye(4), Group::General(direction)).unwrap().tracking_inverse();
        let mut grad = matrix.new_grad("weight".to_owned());
        let (y, delta) = (array![[1.0, 0.0, 0.0, 0.0]], array![[-5.0, 0.0, 0.0, 0.0]]);
        grad.outer_mut().unwrap().add(delta.view(), y.view(), None).unwrap();
        matrix.direct(1, Reads::Nothing, &mut grad).unwrap();
        assert!(grad.direction.is_empty() && grad.factored);
        let report = matrix.step(&mut Optimizer::sgd(1.0).unwrap(), &mut grad).unwrap();
        assert_eq!(report.halvings, 4);
        let expected = Array2::from_diag(&array![0.75, 1.0625, 1.0625, 1.0625]);
        assert_eq!(matrix.weight(), expected, "{direction:?}");
        let log_det = matrix.log_det().unwrap();
        assert!((log_det.log_abs - (0.75f64.ln() + 3.0 * 1.0625f64.ln())).abs() < 1e-15 && !log_det.negative);
        let identity = matrix.tracked_inverse().unwrap().dot(&expected) - Array2::<f64>::eye(4);
        assert!(identity.iter().all(|d| d.abs() < 1e-15), "{identity}");
        // The step used the direction up: a second one has nothing to follow.
        assert!(matrix.step(&mut Optimizer::sgd(1.0).unwrap(), &mut grad).is_err());
        assert_eq!(matrix.weight(), expected);
    }
}

/// Where a factorization is too expensive, only the sign of each step is known.
#[test]
fn a_step_of_a_large_weight_is_halved_too() {
    const DIM: usize = 4096;
    let row = |first| Array2::from_shape_fn((1, DIM), |(_, column)| if column == 0 { first } else { 0.0_f32 });
    let mut matrix = GroupMatrix::new(Array2::eye(DIM), Group::General(Direction::Relative)).unwrap();
    let mut grad = matrix.new_grad("weight".to_owned());
    grad.outer_mut().unwrap().add(row(-5.0).view(), row(1.0).view(), None).unwrap();
    matrix.direct(1, Reads::Nothing, &mut grad).unwrap();
    assert_eq!(matrix.step(&mut Optimizer::sgd(1.0).unwrap(), &mut grad).unwrap().halvings, 4);
    let weight = matrix.weight();
    assert_eq!((weight[[0, 0]], weight[[9, 9]], weight[[0, 9]], weight[[9, 8]]), (0.75, 1.0625, 0.0, 0.0));
}

#[test]
fn factors_that_are_not_finite_and_rates_that_turn_back_leave_the_weight() {
    #[derive(Debug)]
    struct Rate(f64);
    impl Rule<f64> for Rate {
        fn reads(&self) -> Reads {
            Reads::Nothing
        }
        fn plain_rate(&self) -> Option<f64> {
            Some(self.0)
        }
        fn begin(&mut self, _norm: &mut dyn FnMut() -> pdmap_core::Result<f64>) -> Result<()> {
            Ok(())
        }
        fn step(&mut self, _memory: &mut Memory<f64>, direction: &mut [f64]) -> Result<()> {
            direction.iter_mut().for_each(|d| *d *= self.0);
            Ok(())
        }
    }
    for group in [Group::General(Direction::Relative), Group::General(Direction::RelativeLeft), Group::Orthonormal] {
        for (value, rate) in [(f64::NAN, 0.1), (f64::INFINITY, 0.1), (1.0, f64::NAN), (1.0, -1.5)] {
            let mut matrix = GroupMatrix::<f64>::new(haar(8, &mut ChaCha8Rng::seed_from_u64(5)), group).unwrap();
            let before = matrix.weight().to_owned();
            let mut grad = matrix.new_grad("weight".to_owned());
            let mut row = Array2::from_elem((1, 8), 1.0);
            row[[0, 3]] = value;
            let other = Array2::from_shape_fn((1, 8), |(_, j)| j as f64);
            grad.outer_mut().unwrap().add(other.view(), row.view(), None).unwrap();
            matrix.direct(1, Reads::Nothing, &mut grad).unwrap();
            let result = matrix.step(&mut Rate(rate), &mut grad);
            if group == Group::Orthonormal && rate == -1.5 {
                // A rotation the other way.
                assert!(result.is_ok());
                continue;
            }
            assert!(result.is_err(), "{group:?} {value} {rate}");
            assert_eq!(matrix.weight(), before, "{group:?} {value} {rate}");
        }
    }
}

#[test]
fn a_large_weight_is_not_factorized_for_a_step() {
    // From this side on; by entries or in factors of one row: E = I + e₁e₀ᵀ.
    let dim = 4096;
    for (mut rule, factored) in [(Optimizer::sgd(0.5).unwrap(), true), (Optimizer::adam(0.5).unwrap(), false)] {
        let group = Group::General(Direction::Relative);
        let mut matrix = GroupMatrix::<f32>::new(Array2::eye(dim), group).unwrap();
        let mut grad = matrix.new_grad("weight".to_owned());
        let (mut y, mut delta) = (Array2::zeros((1, dim)), Array2::zeros((1, dim)));
        (y[[0, 0]], delta[[0, 1]]) = (1.0, 1.0);
        grad.outer_mut().unwrap().add(delta.view(), y.view(), None).unwrap();
        let reads = if factored { Reads::Nothing } else { Reads::Pieces };
        matrix.direct(1, reads, &mut grad).unwrap();
        matrix.step(&mut rule, &mut grad).unwrap();
        assert!(!matrix.tracks_log_det(), "its start would have cost a factorization");
        let weight = matrix.weight();
        // Adam's first step has the size of the rate.
        let expected = [1.5, 0.5, 0.0];
        let found = [weight[[0, 0]], weight[[1, 0]], weight[[0, 1]]];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
        // Plain steps keep the sign by themselves; others keep a weight to go back to, whose sign is unknown.
        let mut state = pdmap_core::State::default();
        matrix.save_state("weight", &mut state);
        assert_eq!(state.take_number("weight.armed").unwrap(), u64::from(!factored));
        if !factored {
            assert_eq!(state.take_number("weight.negative").unwrap(), 2);
        }
    }
}
