//! EM: it ascends, finds what is there, and survives rows that collapse components.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, array, concatenate};
use pdmap_mixture::{
    CovarianceForm, Em, EmOptions, GaussianMixture, MixtureError, Prior, ShrunkGaussian, Standardized, kmeans,
};

use crate::common::{gaussian, rng, three, two, worst};

const FORMS: [CovarianceForm; 4] =
    [CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal, CovarianceForm::LowRank { rank: 2 }];

/// Decrease that rounding may cause, in nats a row.
const ROUNDING: f64 = 1e-11;

fn priors(columns: usize) -> [Prior; 2] {
    let target = Array2::from_shape_fn((columns, columns), |(i, j)| if i == j { 0.5 } else { 0.1 });
    [Prior::floor(columns), Prior::new(7.0, target)]
}

/// The penalized log-likelihoods of some iterations from k-means.
fn path(rows: &Standardized, form: CovarianceForm, components: usize, prior: &Prior) -> Vec<f64> {
    let groups = kmeans(rows.rows(), components, &mut rng(2)).unwrap();
    let mut em = Em::new(rows, form, components, prior).unwrap();
    em.start(&groups.labels).unwrap();
    (0..40)
        .map(|_| {
            let progress = em.step().unwrap();
            assert_eq!(progress.components, components);
            progress.penalized
        })
        .collect()
}

fn worst_decrease(path: &[f64]) -> f64 {
    path.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn iterations_do_not_descend() {
    let rows = three().sample(1500, &mut rng(1)).unwrap().0;
    let rows = Standardized::new(rows.view()).unwrap();
    for form in FORMS {
        for prior in priors(4) {
            let path = path(&rows, form, 5, &prior);
            let worst = worst_decrease(&path);
            assert!(worst <= ROUNDING, "{form:?}: {worst:e}");
            assert!(path[39] - path[0] > 1e-3, "{form:?} does not move");
        }
    }
    // The oracle sees a path with one step too many downwards.
    assert!(worst_decrease(&[0.0, 1.0, 1.0 - 1e-9, 2.0]) > ROUNDING);
}

/// The log-likelihood that an iteration reports is that of the mixture before it.
#[test]
fn log_likelihoods_are_those_of_the_mixture() {
    let rows = three().sample(700, &mut rng(1)).unwrap().0;
    let rows = Standardized::new(rows.view()).unwrap();
    let groups = kmeans(rows.rows(), 3, &mut rng(2)).unwrap();
    for form in FORMS {
        let mut em = Em::new(&rows, form, 3, &Prior::floor(4)).unwrap();
        em.start(&groups.labels).unwrap();
        for _ in 0..5 {
            let before = em.mixture().unwrap().mean_log_density(rows.rows()).unwrap();
            let found = em.step().unwrap().log_likelihood;
            assert!((before - found).abs() <= ROUNDING, "{form:?}: {before} {found}");
        }
        // Resuming with the mixture is going on.
        let mut again = Em::new(&rows, form, 3, &Prior::floor(4)).unwrap();
        again.resume(&em.mixture().unwrap()).unwrap();
        let (a, b) = (em.step().unwrap().log_likelihood, again.step().unwrap().log_likelihood);
        assert!((a - b).abs() <= ROUNDING, "{form:?}: {a} {b}");
    }
}

/// The mean log-density of a fit to many rows is within its expected loss of the truth.
#[test]
fn a_known_mixture_is_found() {
    let (truth, count) = (two(), 20_000);
    let rows = truth.sample(count, &mut rng(1)).unwrap().0;
    let standardized = Standardized::new(rows.view()).unwrap();
    let groups = kmeans(standardized.rows(), 2, &mut rng(2)).unwrap();
    let mut em = Em::new(&standardized, CovarianceForm::Full, 2, &Prior::floor(2)).unwrap();
    em.start(&groups.labels).unwrap();
    em.run(EmOptions { iterations: 500, tolerance: 1e-9 }).unwrap();
    let found = standardized.restore(&em.mixture().unwrap()).unwrap();
    let order = if found.weights()[0] > 0.5 { [0, 1] } else { [1, 0] };
    for (k, &at) in order.iter().enumerate() {
        let (own, expected) = (&found.components()[at], &truth.components()[k]);
        assert!((found.weights()[at] - truth.weights()[k]).abs() < 0.03);
        assert!(worst(own.mean(), expected.mean()) < 0.1, "{}", own.mean());
        assert!(worst(&own.factor().covariance(), &expected.factor().covariance()) < 0.15);
    }
    // 2N·(KL divergence) is about a χ² of 11 degrees of freedom: 36 is its 0.9998 quantile.
    let gain = found.mean_log_density(rows.view()).unwrap() - truth.mean_log_density(rows.view()).unwrap();
    assert!(gain >= 0.0 && 2.0 * count as f64 * gain < 36.0, "{gain}");
}

/// Columns of very different units give the same mixture, in those units.
#[test]
fn fits_are_equivariant() {
    let rows = three().sample(500, &mut rng(1)).unwrap().0;
    let (scale, offset) = (array![1e6, 1e-7, 1.0, 30.0], array![1e7, 0.0, -3.0, 1.0]);
    let moved = &rows * &scale + &offset;
    let fit = |rows: &Array2<f64>| {
        let rows = Standardized::new(rows.view()).unwrap();
        let groups = kmeans(rows.rows(), 3, &mut rng(2)).unwrap();
        let mut em = Em::new(&rows, CovarianceForm::Full, 3, &Prior::floor(4)).unwrap();
        em.start(&groups.labels).unwrap();
        (0..10).for_each(|_| assert!(em.step().is_ok()));
        rows.restore(&em.mixture().unwrap()).unwrap()
    };
    let (first, second) = (fit(&rows), fit(&moved));
    let volume: f64 = scale.iter().map(|scale: &f64| scale.ln()).sum();
    let (a, b) = (first.log_density(rows.view()).unwrap(), second.log_density(moved.view()).unwrap());
    let b: Vec<f64> = b.iter().map(|b| b + volume).collect();
    assert!(worst(&a, &b) < 1e-6, "{}", worst(&a, &b));
}

fn fitted(rows: &Array2<f64>, form: CovarianceForm, components: usize) -> Result<GaussianMixture, MixtureError> {
    let rows = Standardized::new(rows.view())?;
    let groups = kmeans(rows.rows(), components, &mut rng(2))?;
    let mut em = Em::new(&rows, form, components, &Prior::floor(rows.columns()))?;
    em.start(&groups.labels)?;
    em.run(EmOptions { iterations: 300, tolerance: 0.0 })?;
    rows.restore(&em.mixture()?)
}

/// Half of the rows are one point: a component collapses on it, and keeps a density.
#[test]
fn components_that_collapse_keep_a_density() {
    let cloud = two().sample(200, &mut rng(1)).unwrap().0;
    let point = Array2::from_shape_fn((200, 2), |(_, j)| 0.25 + j as f64);
    let rows = concatenate(Axis(0), &[cloud.view(), point.view()]).unwrap();
    for form in FORMS {
        let form =
            if form == (CovarianceForm::LowRank { rank: 2 }) { CovarianceForm::LowRank { rank: 1 } } else { form };
        for components in [1, 2, 6] {
            let mixture = fitted(&rows, form, components).unwrap();
            let density = mixture.log_density(rows.view()).unwrap();
            assert!(density.iter().all(|p| p.is_finite() && *p < 20.0), "{form:?} {components}");
        }
    }
}

/// More components than different rows: the others are left out.
#[test]
fn empty_components_are_left_out() {
    let rows = Array2::from_shape_fn((60, 2), |(i, j)| ((i % 3) * (j + 1)) as f64 + (i % 3) as f64 * 0.3 * j as f64);
    for form in FORMS {
        let form =
            if form == (CovarianceForm::LowRank { rank: 2 }) { CovarianceForm::LowRank { rank: 1 } } else { form };
        let mixture = fitted(&rows, form, 8).unwrap();
        assert!(mixture.components().len() <= 3, "{form:?}: {}", mixture.components().len());
        assert!(mixture.log_density(rows.view()).unwrap().iter().all(|p| p.is_finite()));
    }
}

#[test]
fn fewer_rows_than_columns() {
    let rows = Array2::from_shape_fn((6, 20), |(i, j)| ((3 * i + 7 * j * j + i * j) as f64).sin());
    for form in FORMS {
        let mixture = fitted(&rows, form, 2).unwrap();
        assert!(mixture.log_density(rows.view()).unwrap().iter().all(|p| p.is_finite()), "{form:?}");
    }
    let standardized = Standardized::new(rows.view()).unwrap();
    let shrunk = ShrunkGaussian::by_formula(&standardized).unwrap();
    assert!(shrunk.shrinkage > 0.01 && shrunk.shrinkage <= 1.0, "{}", shrunk.shrinkage);
    assert!(shrunk.gaussian().is_ok());
}

#[test]
fn one_column_and_one_row() {
    let line = two().marginal(&[0]).unwrap().sample(300, &mut rng(1)).unwrap().0;
    for form in
        [CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal, CovarianceForm::LowRank { rank: 1 }]
    {
        assert!(fitted(&line, form, 3).unwrap().mean_log_density(line.view()).unwrap().is_finite(), "{form:?}");
    }
    let constant = |error| matches!(error, Err(MixtureError::ConstantColumn { .. }));
    assert!(constant(fitted(&array![[1.0, 2.0]], CovarianceForm::Full, 1)));
    let equal = Array2::from_elem((50, 2), 0.1);
    assert!(constant(fitted(&equal, CovarianceForm::Full, 3)));
    let one_constant = array![[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]];
    let error = fitted(&one_constant, CovarianceForm::Full, 1);
    assert_eq!(error, Err(MixtureError::ConstantColumn { column: 1, value: 5.0, rows: 3 }));
    assert_eq!(fitted(&Array2::zeros((0, 2)), CovarianceForm::Full, 1), Err(MixtureError::NoRows));
    assert!(fitted(&array![[f64::NAN], [1.0]], CovarianceForm::Full, 1).is_err());
}

/// The shrinkage of Ledoit & Wolf: many rows of correlated columns need none, few of independent ones
/// all of it.
#[test]
fn shrinkage_follows_the_rows() {
    let correlated = gaussian(array![0.0, 0.0], array![[1.0, 0.9], [0.9, 1.0]]);
    let rows = GaussianMixture::of_one(correlated).sample(50_000, &mut rng(1)).unwrap().0;
    let shrunk = ShrunkGaussian::by_formula(&Standardized::new(rows.view()).unwrap()).unwrap();
    assert!(shrunk.shrinkage < 1e-3, "{}", shrunk.shrinkage);
    let independent = gaussian(ndarray::Array1::zeros(20), Array2::eye(20));
    let rows = GaussianMixture::of_one(independent).sample(30, &mut rng(1)).unwrap().0;
    let shrunk = ShrunkGaussian::by_formula(&Standardized::new(rows.view()).unwrap()).unwrap();
    assert!(shrunk.shrinkage > 0.8, "{}", shrunk.shrinkage);
}

/// Low-rank covariances recover a factor model, which full ones of the same likelihood describe by
/// more numbers.
#[test]
fn low_rank_covariances_have_their_rank() {
    let loading = Array2::from_shape_fn((6, 1), |(i, _)| 1.0 + 0.3 * i as f64);
    let covariance = loading.dot(&loading.t()) + Array2::from_diag(&array![0.5, 0.4, 0.3, 0.6, 0.2, 0.7]);
    let truth = GaussianMixture::of_one(gaussian(ndarray::Array1::zeros(6), covariance));
    let rows = truth.sample(4000, &mut rng(1)).unwrap().0;
    let found = fitted(&rows, CovarianceForm::LowRank { rank: 1 }, 1).unwrap();
    let gain = found.mean_log_density(rows.view()).unwrap() - truth.mean_log_density(rows.view()).unwrap();
    // 18 parameters: 2N·gain is below 45 in 0.9996 of all cases.
    assert!(gain >= 0.0 && 2.0 * 4000.0 * gain < 45.0, "{gain}");
    assert_eq!(CovarianceForm::LowRank { rank: 1 }.parameters(1, 6), 12);
    assert_eq!(CovarianceForm::Full.parameters(2, 6), 42);
}

#[test]
fn mistakes_are_errors() {
    let rows = Standardized::new(two().sample(20, &mut rng(1)).unwrap().0.view()).unwrap();
    let floor = Prior::floor(2);
    assert!(Em::new(&rows, CovarianceForm::Full, 0, &floor).is_err());
    assert!(Em::new(&rows, CovarianceForm::LowRank { rank: 0 }, 1, &floor).is_err());
    assert!(Em::new(&rows, CovarianceForm::Full, 1, &Prior::floor(3)).is_err());
    assert!(Em::new(&rows, CovarianceForm::Full, 1, &Prior { floor: 0.0, ..floor.clone() }).is_err());
    assert!(Em::new(&rows, CovarianceForm::Full, 1, &Prior { rows: f64::NAN, ..floor.clone() }).is_err());
    let mut em = Em::new(&rows, CovarianceForm::Full, 2, &floor).unwrap();
    assert!(em.start(&[0; 19]).is_err() && em.start(&[2; 20]).is_err());
    assert!(em.resume(&three()).is_err());
    assert!(kmeans(rows.rows(), 0, &mut rng(1)).is_err());
}
