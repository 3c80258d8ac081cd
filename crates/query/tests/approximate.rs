//! Importance sampling against closed forms.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, Axis, array};
use pdmap_core::group::Direction;
use pdmap_core::{Flow, Real};
use pdmap_dense::{BiasKind, Dense, Group};
use pdmap_mixture::{FactorKind, Gaussian, GaussianMixture, GaussianMixtureBase, PrecisionFactor};
use pdmap_query::{Approximate, ApproximateOptions, Copula, QueryError};

use crate::common::{flow, mixture, rng};

const OPTIONS: ApproximateOptions = ApproximateOptions { draws: 1000, seed: 3 };

/// A mixture behind a matrix, `z = W x`: no columnwise map, but a mixture again, with `μ = W⁻¹ m`
/// and the factors `L W`.
fn turned<F: Real>() -> (Flow<F>, GaussianMixture) {
    let codes = mixture(2, 3);
    let dense = Dense::<F>::random(3, Group::Orthonormal, BiasKind::None, &mut rng(5)).unwrap();
    let base = GaussianMixtureBase::<F>::new(&codes, FactorKind::General, Direction::Relative).unwrap();
    let flow = Flow::builder(3).layer(dense).base(base).build().unwrap();
    // The columns of W are the images of unit vectors.
    let w = flow.encode(&Array2::eye(3)).unwrap().mapv(F::f64).t().to_owned();
    let component = |own: &Gaussian| {
        let factor = PrecisionFactor::of_matrix(own.factor().matrix().dot(&w).view()).unwrap();
        Gaussian::new(w.t().dot(&own.mean()), factor).unwrap()
    };
    let truth = GaussianMixture::new(&codes.weights(), codes.components().iter().map(component).collect()).unwrap();
    (flow, truth)
}

/// A copula that is no more than near to the flow: one normal density, of the moments of its draws.
fn normal_copula<F: Real>(flow: &Flow<F>) -> Copula<F> {
    let rows = flow.sample(2000, &mut rng(10)).unwrap().mapv(F::f64);
    let mean = rows.mean_axis(Axis(0)).unwrap();
    let centred = &rows - &mean;
    let covariance = centred.t().dot(&centred) / 2000.0;
    let one = Gaussian::new(mean, PrecisionFactor::of_covariance(covariance.view()).unwrap()).unwrap();
    let base = GaussianMixtureBase::<F>::new(&GaussianMixture::of_one(one), FactorKind::General, Direction::Relative);
    Copula::of(&Flow::builder(3).base(base.unwrap()).build().unwrap()).unwrap()
}

fn agrees<F: Real>() {
    let (flow, truth) = turned::<F>();
    let model = Approximate::by(&flow, normal_copula(&flow), OPTIONS).unwrap();
    let rows = flow.sample(20, &mut rng(6)).unwrap();
    let wide = rows.mapv(F::f64);
    let nan = F::nan();
    for (columns, given) in [(vec![0], vec![1]), (vec![2, 0], vec![]), (vec![1], vec![0, 2])] {
        let mut own = Array2::from_elem(rows.dim(), nan);
        let both: Vec<usize> = columns.iter().chain(&given).copied().collect();
        both.iter().for_each(|&column| own.column_mut(column).assign(&rows.column(column)));
        let found = model.log_conditional(own.view(), &given, 0).unwrap();
        let of = |columns: &[usize]| match columns.is_empty() {
            true => vec![0.0; rows.nrows()],
            false => truth.marginal(columns).unwrap().log_density(wide.select(Axis(1), columns).view()).unwrap(),
        };
        let (joint, alone) = (of(&both), of(&given));
        // Weights that are nearly equal, but for a few, count as a heavy tail: the rule is conservative.
        let trusted = found.iter().filter(|estimate| estimate.is_reliable()).count();
        assert!(trusted >= 8, "{found:?}");
        let mut error = 0.0;
        for (row, estimate) in found.iter().enumerate().filter(|(_, estimate)| estimate.is_reliable()) {
            assert!(estimate.effective > 100.0, "{estimate:?}");
            // A weight has a variance of S/S_eff − 1: four standard errors of its logarithm, twice.
            let expected = joint[row] - alone[row];
            let noise = 8.0 / estimate.effective.sqrt();
            let apart = (estimate.value(0).unwrap() - expected).abs();
            assert!(apart < noise.max(0.02), "{columns:?} given {given:?}: {estimate:?} is not {expected}");
            error += apart / trusted as f64;
            // The joint density in place of the conditional one is the wrong answer.
            if !given.is_empty() {
                assert!((joint[row] - expected).abs() > 1e-3);
            }
        }
        assert!(error < 0.05, "{error}");
    }
}

pdmap_laws::in_both_precisions!(estimates_agree_with_closed_forms, agrees);

/// Where the flow is a copula, the estimates are close to its closed forms, and whole and empty
/// rows exact.
#[test]
fn whole_rows_are_exact_and_copulas_nearly() {
    let flow = flow::<f64>();
    let exact = Copula::of(&flow).unwrap();
    let model = Approximate::by(&flow, exact.clone(), OPTIONS).unwrap();
    let mut rows = flow.sample(4, &mut rng(7)).unwrap();
    rows.row_mut(1).fill(f64::NAN);
    rows[[2, 0]] = f64::NAN;
    let found = model.log_density_observed(rows.view(), 0).unwrap();
    let expected = exact.log_density_observed(rows.view()).unwrap();
    assert!((found[0].log_density - expected[0]).abs() < 1e-9 && found[0].pareto_k == f64::NEG_INFINITY);
    assert_eq!((found[1].log_density, found[1].effective), (0.0, 1000.0));
    assert!((found[2].log_density - expected[2]).abs() < 0.1, "{:?} {}", found[2], expected[2]);
    // The same row under the same number has the same draws, whatever is beside it.
    let alone = model.log_density_observed(rows.select(Axis(0), &[2]).view(), 2).unwrap();
    assert_eq!(alone[0], found[2]);
    let other = model.log_density_observed(rows.select(Axis(0), &[2]).view(), 3).unwrap();
    assert_ne!(other[0], found[2]);
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let (flow, _) = turned::<f64>();
    let rows = array![[0.3, f64::NAN, 0.1], [f64::NAN, 1.0, f64::NAN]];
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let options = ApproximateOptions { draws: 200, seed: 1 };
            let model = Approximate::by(&flow, normal_copula(&flow), options).unwrap();
            (model.log_density_observed(rows.view(), 0).unwrap(), model.complete(rows.view(), 3, 0).unwrap())
        })
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn draws_have_the_conditional_moments() {
    let (flow, truth) = turned::<f64>();
    let model = Approximate::of(&flow, OPTIONS).unwrap();
    let given = array![0.4];
    let row = array![[f64::NAN, 0.4, f64::NAN]];
    let drawn = model.complete(row.view(), 2000, 9).unwrap();
    assert!(drawn.column(1).iter().all(|&cell| cell == 0.4));
    let conditional = truth.conditional(&[1], given.view()).unwrap();
    let (expected, _) = conditional.sample(100_000, &mut rng(8)).unwrap();
    for (column, place) in [(0, 0), (2, 1)] {
        let moments = |numbers: Array1<f64>| (numbers.mean().unwrap(), numbers.std(0.0));
        let (mean, deviation) = moments(drawn.column(column).to_owned());
        let (true_mean, true_deviation) = moments(expected.column(place).to_owned());
        assert!((mean - true_mean).abs() < 6.0 * true_deviation / 2000_f64.sqrt(), "{mean} {true_mean}");
        assert!((deviation / true_deviation - 1.0).abs() < 0.15, "{deviation} {true_deviation}");
        // The marginal is not the conditional.
        let all = truth.sample(100_000, &mut rng(9)).unwrap().0;
        let (marginal, spread) = moments(all.column(column).to_owned());
        assert!((marginal - true_mean).abs() + (spread - true_deviation).abs() > 0.1);
    }
}

/// Far from all that the flow draws, its conditional density is not what the copula was fitted to.
#[test]
fn what_cannot_be_trusted_is_refused_with_the_number() {
    let dense = Dense::<f64>::random(3, Group::Orthonormal, BiasKind::None, &mut rng(5)).unwrap();
    // Tails that the copula has not, and far out ridges along which they lie.
    let student = pdmap_core::flow::base::StudentT::new(1.5, false).unwrap();
    let flow = Flow::<f64>::builder(3).layer(dense).base(student).build().unwrap();
    let options = ApproximateOptions { draws: 400, seed: 0 };
    let model = Approximate::by(&flow, normal_copula(&flow), options).unwrap();
    let rows = Array2::from_shape_fn((12, 3), |(row, column)| match column {
        2 => f64::NAN,
        _ => 3.0_f64.powi(row as i32) * (1.0 + 0.3 * column as f64),
    });
    let found = model.log_density_observed(rows.view(), 0).unwrap();
    let worst = found.iter().position(|estimate| !estimate.is_reliable()).unwrap();
    let refused = found[worst].value(worst as u64).unwrap_err();
    assert!(matches!(refused, QueryError::Unreliable { row, .. } if row == worst as u64), "{refused}");
    assert!(refused.to_string().contains("Pareto shape"), "{refused}");
    let row = rows.select(Axis(0), &[worst]);
    assert!(matches!(model.complete(row.view(), 1, worst as u64), Err(QueryError::Unreliable { .. })));

    let few = ApproximateOptions { draws: 99, seed: 0 };
    assert!(Approximate::of(&flow, few).unwrap_err().to_string().contains("at least 100"));
    assert!(model.log_conditional(rows.view(), &[3], 0).is_err());
    assert!(model.log_density_observed(Array2::zeros((1, 2)).view(), 0).is_err());
}
