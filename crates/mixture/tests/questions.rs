//! Marginals and conditionals against each other and against numerical integration.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, array};
use pdmap_mixture::{Gaussian, GaussianMixture, MixtureError, PrecisionFactor};

use crate::common::{rng, three, two, worst};

/// In ε, for products of matrices of side 4 with a condition number of about 100.
const CONDITION: f64 = 1e4;

/// `p(x_a | x_b) = p(x_a, x_b) / p(x_b)`, whatever columns are given, and in any order.
fn quotient(mixture: &GaussianMixture, given: &[usize]) -> f64 {
    let columns = mixture.columns();
    let rest: Vec<usize> = (0..columns).filter(|column| !given.contains(column)).collect();
    let rows = mixture.sample(20, &mut rng(3)).unwrap().0;
    let (joint, marginal) = (mixture.log_density(rows.view()).unwrap(), mixture.marginal(given).unwrap());
    let by_marginal = marginal.log_density(rows.select(Axis(1), given).view()).unwrap();
    let mut apart = 0.0_f64;
    for (row, (joint, by_marginal)) in rows.rows().into_iter().zip(joint.iter().zip(&by_marginal)) {
        let conditional = mixture.conditional(given, row.select(Axis(0), given).view()).unwrap();
        let own = row.select(Axis(0), &rest).insert_axis(Axis(0));
        let found = conditional.log_density(own.view()).unwrap()[0];
        apart = apart.max((found - (joint - by_marginal)).abs());
    }
    apart
}

#[test]
fn conditionals_are_quotients() {
    let diagonal = |shift: f64| {
        Gaussian::new(array![shift, -shift, 1.0, 0.0], PrecisionFactor::Diagonal(array![1.0, 2.0, 0.5, 1.0 + shift]))
            .unwrap()
    };
    let independent = GaussianMixture::new(&[1.0, 1.0], vec![diagonal(0.0), diagonal(2.0)]).unwrap();
    for mixture in [three(), independent] {
        for given in [vec![0], vec![3], vec![2, 0], vec![3, 1, 2], vec![1, 2]] {
            let apart = quotient(&mixture, &given);
            assert!(apart <= CONDITION * f64::EPSILON, "{given:?}: {apart:e}");
        }
    }
}

#[test]
fn marginals_are_integrals_of_the_joint_density() {
    let (mixture, step, side) = (two(), 0.02, 2000);
    let marginal = mixture.marginal(&[1]).unwrap();
    for y in [-3.0, -1.0, 0.2, 2.5] {
        let rows =
            Array2::from_shape_fn(
                (side, 2),
                |(row, column)| {
                    if column == 0 { (row as f64 - 0.5 * side as f64) * step } else { y }
                },
            );
        let integral = mixture.log_density(rows.view()).unwrap().iter().map(|p| p.exp()).sum::<f64>() * step;
        let found = marginal.log_density(array![[y]].view()).unwrap()[0].exp();
        assert!((found - integral).abs() <= 1e-13, "{found} {integral}");
        // The conditional, by the same integral.
        let conditional = mixture.conditional(&[1], array![y].view()).unwrap();
        let joint = mixture.log_density(array![[0.3, y]].view()).unwrap()[0].exp();
        let at = conditional.log_density(array![[0.3]].view()).unwrap()[0].exp();
        assert!((at - joint / integral).abs() <= 1e-12, "{at}");
    }
}

#[test]
fn moments_of_a_marginal_are_those_of_the_columns() {
    let mixture = three();
    let order = [2, 0];
    for (all, own) in mixture.components().iter().zip(mixture.marginal(&order).unwrap().components()) {
        let expected = all.factor().covariance().select(Axis(0), &order).select(Axis(1), &order);
        assert!(worst(&own.factor().covariance(), &expected) <= CONDITION * f64::EPSILON);
        assert_eq!(own.mean(), all.mean().select(Axis(0), &order));
    }
}

/// Everything and nothing given.
#[test]
fn extreme_questions() {
    let mixture = two();
    let all = mixture.conditional(&[], array![].view()).unwrap();
    let row = array![[0.4, -0.2]];
    let (a, b) = (all.log_density(row.view()).unwrap()[0], mixture.log_density(row.view()).unwrap()[0]);
    assert!((a - b).abs() <= CONDITION * f64::EPSILON);
    // Far from all components, the nearer one has all of the weight.
    let far = mixture.conditional(&[0], array![1e3].view()).unwrap();
    assert!(far.log_weights().iter().all(|weight| weight.is_finite()), "{:?}", far.log_weights());
    assert!((far.weights().iter().sum::<f64>() - 1.0).abs() <= CONDITION * f64::EPSILON);
}

#[test]
fn mistakes_are_errors() {
    let mixture = three();
    assert_eq!(mixture.marginal(&[4]), Err(MixtureError::Column { column: 4, columns: 4 }));
    assert_eq!(mixture.marginal(&[1, 1]), Err(MixtureError::Column { column: 1, columns: 4 }));
    assert!(matches!(mixture.conditional(&[1], array![].view()), Err(MixtureError::Count { .. })));
    assert!(mixture.conditional(&[1], array![f64::NAN].view()).is_err());
}

/// The derivative of the log-density by a cell is `linear − precision·z` (Fisher's identity),
/// whether others are missing or not; and the second derivative is not `−precision`, but for one
/// component.
#[test]
fn pulls_are_slopes_of_the_log_density() {
    let mixture = three();
    let mut rows = mixture.sample(12, &mut rng(4)).unwrap().0;
    for (row, column) in [(1, 0), (2, 3), (2, 0), (5, 1), (5, 2), (5, 3)] {
        rows[[row, column]] = f64::NAN;
    }
    let pulls = mixture.pulls(rows.view()).unwrap();
    let step = 1e-5;
    for column in 0..4 {
        let moved = |by: f64| {
            let mut own = rows.clone();
            own.column_mut(column).mapv_inplace(|z| z + by);
            mixture.log_density_observed(own.view()).unwrap()
        };
        let (up, down) = (moved(step), moved(-step));
        for (row, pull) in pulls.on(rows.view(), column).unwrap().into_iter().enumerate() {
            let z = rows[[row, column]];
            if z.is_nan() {
                assert_eq!((pull.precision, pull.linear), (0.0, 0.0));
                continue;
            }
            let (slope, found) = ((up[row] - down[row]) / (2.0 * step), pull.linear - pull.precision * z);
            assert!((slope - found).abs() < 1e-6 * (1.0 + slope.abs()), "{row}, {column}: {slope} {found}");
            // Towards the mean of the column, whatever the others are: wrong.
            let alone = mixture.marginal(&[column]).unwrap();
            let cell = array![[z]];
            let other = alone.pulls(cell.view()).unwrap().on(cell.view(), 0).unwrap()[0];
            let whole = rows.row(row).iter().filter(|z| !z.is_nan()).count() > 1;
            assert!(!whole || (other.linear - other.precision * z - slope).abs() > 1e-6);
        }
    }
    assert!(pulls.on(rows.view(), 4).is_err() && mixture.pulls(rows.select(Axis(1), &[0]).view()).is_err());
}
