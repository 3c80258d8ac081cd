//! Log-densities, posteriors and samples against numbers by hand and by quadrature.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, Axis, array};
use pdmap_mixture::{Gaussian, GaussianMixture, MixtureError, PrecisionFactor};

use crate::common::{gaussian, rng, three, two, worst};

/// In ε, for a few operations on numbers of the order of 1.
const FEW: f64 = 64.0;

/// Columns with standard deviations 1 and 1/2: everything can be done with a pencil.
#[test]
fn a_case_by_hand() {
    let wide = Gaussian::new(array![0.0], PrecisionFactor::Diagonal(array![1.0])).unwrap();
    let narrow = Gaussian::new(array![1.0], PrecisionFactor::Diagonal(array![2.0])).unwrap();
    let mixture = GaussianMixture::new(&[3.0, 1.0], vec![wide, narrow]).unwrap();
    let tau = 2.0 * std::f64::consts::PI;
    for x in [-3.0_f64, 0.0, 0.5, 1.0, 40.0] {
        let first = 0.75 * (-0.5 * x * x).exp() / tau.sqrt();
        let second = 0.25 * 2.0 * (-2.0 * (x - 1.0).powi(2)).exp() / tau.sqrt();
        let found = mixture.log_density(array![[x]].view()).unwrap()[0];
        let posterior = mixture.posterior(array![[x]].view()).unwrap();
        if x < 30.0 {
            assert!((found - (first + second).ln()).abs() <= FEW * f64::EPSILON, "{x}: {found}");
            assert!((posterior[[0, 0]] - first / (first + second)).abs() <= FEW * f64::EPSILON, "{x}");
        } else {
            // Where the densities themselves underflow.
            let expected = 0.75_f64.ln() - 0.5 * x * x - 0.5 * tau.ln();
            assert!((found - expected).abs() <= FEW * f64::EPSILON * x * x, "{x}: {found}");
        }
        assert!((posterior.sum() - 1.0).abs() <= FEW * f64::EPSILON);
    }
}

/// The midpoint rule on a grid, which is exact to rounding for densities that are flat at its ends.
fn mass(log_density: impl Fn(Array2<f64>) -> Vec<f64>, columns: usize, (reach, step): (f64, f64)) -> f64 {
    let side = (2.0 * reach / step) as usize;
    let at = |index: usize| -reach + (index as f64 + 0.5) * step;
    let rows = Array2::from_shape_fn((side.pow(columns as u32), columns), |(row, column)| {
        at(row / side.pow(column as u32) % side)
    });
    log_density(rows).into_iter().map(f64::exp).sum::<f64>() * step.powi(columns as i32)
}

#[test]
fn densities_integrate_to_one() {
    let plane = mass(|rows| two().log_density(rows.view()).unwrap(), 2, (16.0, 0.05));
    assert!((plane - 1.0).abs() <= 1e-12, "{plane}");
    let line = mass(|rows| two().marginal(&[1]).unwrap().log_density(rows.view()).unwrap(), 1, (16.0, 0.01));
    assert!((line - 1.0).abs() <= 1e-12, "{line}");
    // The oracle sees a density that is one percent off.
    assert!(
        (mass(|rows| two().log_density(rows.view()).unwrap().iter().map(|p| p + 0.01).collect(), 2, (16.0, 0.05))
            - 1.0)
            .abs()
            > 1e-3
    );
}

#[test]
fn factors_are_those_of_covariances() {
    let covariance = array![[2.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 0.7]];
    let factor = PrecisionFactor::of_covariance(covariance.view()).unwrap();
    assert!(worst(&factor.covariance(), &covariance) <= FEW * f64::EPSILON);
    assert!(worst(&factor.precision().dot(&covariance), &Array2::eye(3)) <= FEW * f64::EPSILON);
    // Any factor of the same precision gives the same one.
    let (c, s) = (0.6, 0.8);
    let turned = array![[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, -1.0]].dot(&factor.matrix());
    let again = PrecisionFactor::of_matrix(turned.view()).unwrap();
    assert!(worst(&again.matrix(), &factor.matrix()) <= FEW * f64::EPSILON);
    let general = Gaussian::new(Array1::zeros(3), PrecisionFactor::Dense(turned)).unwrap();
    assert!(worst(&general.factor().matrix(), &factor.matrix()) <= FEW * f64::EPSILON);
    assert!((again.log_det() - factor.log_det()).abs() <= FEW * f64::EPSILON);
    let mut rows = array![[1.0, -2.0, 0.5]];
    let mut y = rows.clone();
    factor.apply(rows.view(), y.view_mut()).unwrap();
    factor.solve_rows(y.view_mut());
    rows -= &y;
    assert!(worst(&rows, &Array2::zeros((1, 3))) <= FEW * f64::EPSILON);
}

#[test]
fn samples_have_the_moments_of_the_mixture() {
    let (mixture, count) = (two(), 200_000);
    let (rows, chosen) = mixture.sample(count, &mut rng(1)).unwrap();
    let share = chosen.iter().filter(|component| **component == 0).count() as f64 / count as f64;
    // Five standard errors.
    assert!((share - 0.7).abs() < 5.0 * (0.21 / count as f64).sqrt(), "{share}");
    for (k, component) in mixture.components().iter().enumerate() {
        let own: Vec<usize> = (0..count).filter(|row| chosen[*row] == k).collect();
        let own = rows.select(Axis(0), &own);
        let mean = own.mean_axis(Axis(0)).unwrap();
        let centred = &own - &mean;
        let covariance = centred.t().dot(&centred) / own.nrows() as f64;
        let expected = component.factor().covariance();
        for i in 0..2 {
            let error = (expected[[i, i]] / own.nrows() as f64).sqrt();
            assert!((mean[i] - component.mean()[i]).abs() < 5.0 * error);
            for j in 0..2 {
                let spread = (expected[[i, i]] * expected[[j, j]] + expected[[i, j]].powi(2)) / own.nrows() as f64;
                assert!((covariance[[i, j]] - expected[[i, j]]).abs() < 5.0 * spread.sqrt());
            }
        }
    }
    // And the expected log-density is the mean over draws: the entropy by two disjoint samples.
    let other = mixture.sample(count, &mut rng(2)).unwrap().0;
    let (a, b) = (mixture.mean_log_density(rows.view()).unwrap(), mixture.mean_log_density(other.view()).unwrap());
    assert!((a - b).abs() < 0.02, "{a} {b}");
}

#[test]
fn components_of_weight_zero_are_left_out() {
    let [a, b] = two().components().to_vec().try_into().unwrap();
    let one = GaussianMixture::new(&[0.0, 2.0], vec![a, b]).unwrap();
    assert_eq!((one.components().len(), one.weights()), (1, vec![1.0]));
}

#[test]
fn mistakes_are_errors() {
    let [a, b] = two().components().to_vec().try_into().unwrap();
    let both = vec![a.clone(), b];
    assert_eq!(GaussianMixture::new(&[], vec![]), Err(MixtureError::NoComponents));
    for weights in [[-1.0, 2.0], [f64::NAN, 1.0], [0.0, 0.0], [f64::INFINITY, 1.0]] {
        assert!(
            matches!(GaussianMixture::new(&weights, both.clone()), Err(MixtureError::Weight { .. })),
            "{weights:?}"
        );
    }
    assert!(matches!(GaussianMixture::new(&[1.0], both), Err(MixtureError::Count { expected: 2, actual: 1, .. })));
    let wide = gaussian(Array1::zeros(3), Array2::eye(3));
    assert!(matches!(GaussianMixture::new(&[1.0, 1.0], vec![a, wide]), Err(MixtureError::Count { .. })));
    assert!(PrecisionFactor::of_covariance(array![[1.0, 2.0], [2.0, 1.0]].view()).is_err());
    assert!(PrecisionFactor::of_matrix(array![[1.0, 2.0], [2.0, 4.0]].view()).is_err());
    assert!(PrecisionFactor::of_variances(array![1.0, 0.0].view()).is_err());
    assert!(Gaussian::new(array![f64::NAN], PrecisionFactor::Diagonal(array![1.0])).is_err());
    assert!(Gaussian::new(array![0.0], PrecisionFactor::Diagonal(array![1.0, 1.0])).is_err());
    assert!(Gaussian::new(array![0.0], PrecisionFactor::Diagonal(array![-1.0])).is_err());
    assert!(three().log_density(Array2::zeros((2, 3)).view()).is_err());
    assert!(two().log_density(array![[0.0, f64::NAN]].view()).is_err());
    assert_eq!(two().log_density(Array2::zeros((0, 2)).view()).unwrap(), Vec::<f64>::new());
}
