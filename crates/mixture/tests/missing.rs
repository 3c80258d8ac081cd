//! Rows with missing cells.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, array};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_mixture::{
    CovarianceForm, Em, EmOptions, GaussianMixture, MixtureError, Prior, SelectOptions, Standardized, patterns, select,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Pairs `y = 2 x + noise`, the second cell missing where the first one is above 0.5: at random given it.
fn pairs(count: usize) -> Array2<f64> {
    let noise = draw::<f64>(&Normal, count, 2, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
    Array2::from_shape_fn((count, 2), |(i, j)| match j {
        0 => noise[[i, 0]],
        _ if noise[[i, 0]] > 0.5 => f64::NAN,
        _ => 2.0 * noise[[i, 0]] + noise[[i, 1]] + 1.0,
    })
}

/// A tenth of the cells of a mixture of two, missing completely at random.
fn clusters(count: usize) -> (Array2<f64>, Array2<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let noise = draw::<f64>(&Normal, count, 3, &mut rng).unwrap();
    let whole = Array2::from_shape_fn((count, 3), |(i, j)| {
        let centre = if i % 3 == 0 { 3.0 } else { -1.0 };
        noise[[i, j]] * 0.5 + centre * (1.0 + j as f64) + noise[[i, 0]]
    });
    let holes = whole.mapv(|x| if rng.random::<f64>() < 0.1 { f64::NAN } else { x });
    (whole, holes)
}

fn fitted(rows: &Standardized, components: usize, labels: &[usize], iterations: usize) -> GaussianMixture {
    let prior = Prior { floor: 1e-12, ..Prior::floor(rows.columns()) };
    let mut em = Em::new(rows, CovarianceForm::Full, components, &prior).unwrap();
    em.start(labels).unwrap();
    em.run(EmOptions { iterations, tolerance: 0.0 }).unwrap();
    rows.restore(&em.mixture().unwrap()).unwrap()
}

/// With a normal density and one column that is always there, the estimate has a closed form: the
/// regression of the complete rows, and the moments of the first column in all rows (Anderson 1957,
/// "Maximum likelihood estimates for a multivariate normal distribution when some observations are
/// missing", section 2).
#[test]
fn one_normal_density_is_that_of_the_closed_form() {
    let x = pairs(400);
    let complete: Vec<usize> = (0..400).filter(|&row| !x[[row, 1]].is_nan()).collect();
    let part = x.select(Axis(0), &complete);
    let moments = |rows: &Array2<f64>| {
        let mean = rows.mean_axis(Axis(0)).unwrap();
        let centred = rows - &mean;
        (mean, centred.t().dot(&centred) / rows.nrows() as f64)
    };
    let (mean, covariance) = moments(&part);
    let first = x.column(0).to_owned().insert_axis(Axis(1));
    let (all_mean, all_variance) = moments(&first);
    let slope = covariance[[0, 1]] / covariance[[0, 0]];
    let rest = covariance[[1, 1]] - slope * covariance[[0, 1]];
    let variance = all_variance[[0, 0]];
    let expected_mean = [all_mean[0], mean[1] + slope * (all_mean[0] - mean[0])];
    let expected = array![[variance, slope * variance], [slope * variance, rest + slope * slope * variance]];

    let found = fitted(&Standardized::observed(x.view()).unwrap(), 1, &[0; 400], 400);
    let component = &found.components()[0];
    for (found, expected) in component.mean().iter().zip(expected_mean) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    let apart = component.factor().covariance() - &expected;
    assert!(apart.iter().all(|apart| apart.abs() < 1e-6), "{apart}");
    // The mean of the complete rows alone, a wrong estimate, is far from it.
    assert!((mean[1] - expected_mean[1]).abs() > 0.1, "this test tests nothing");
}

#[test]
fn iterations_ascend_and_do_not_depend_on_the_number_of_threads() {
    let (_, holes) = clusters(3000);
    let rows = Standardized::observed(holes.view()).unwrap();
    let labels: Vec<usize> = (0..3000).map(|row| row % 2).collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut em = Em::new(&rows, CovarianceForm::Full, 2, &Prior::floor(3)).unwrap();
            em.start(&labels).unwrap();
            let each: Vec<f64> = (0..30).map(|_| em.step().unwrap().penalized).collect();
            (each, em.mixture().unwrap())
        })
    };
    let (each, mixture) = run(1);
    assert!(each[29] > each[0] + 0.1, "{each:?}");
    assert!(each.windows(2).all(|pair| pair[1] > pair[0] - 1e-12), "{each:?}");
    assert_eq!(run(3), (each, mixture));
}

/// Without holes, the sums of the E-step are those of the pass over monomials.
#[test]
fn rows_without_holes_give_what_they_gave() {
    let (whole, _) = clusters(600);
    let labels: Vec<usize> = (0..600).map(|row| usize::from(row % 3 == 0)).collect();
    let usual = fitted(&Standardized::new(whole.view()).unwrap(), 2, &labels, 5);
    // One more row, all but one of whose cells are missing, counts for little among so many.
    let last = whole.column(0).mean().unwrap();
    let more = Array2::from_shape_fn((601, 3), |(i, j)| match (i, j) {
        (600, 0) => last,
        (600, _) => f64::NAN,
        at => whole[at],
    });
    let labels: Vec<usize> = labels.into_iter().chain([0]).collect();
    let holes = fitted(&Standardized::observed(more.view()).unwrap(), 2, &labels, 5);
    let apart = usual.mean_log_density(whole.view()).unwrap() - holes.mean_log_density(whole.view()).unwrap();
    assert!(apart.abs() < 1e-3, "{apart}");
}

#[test]
fn a_mixture_is_chosen_from_rows_with_holes() {
    let ((whole, holes), (_, held_out)) = (clusters(1500), clusters(400));
    let few = SelectOptions { most_components: Some(4), ..SelectOptions::default() };
    let options = SelectOptions { missing: true, ..few.clone() };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let found = select(holes.view(), held_out.view(), &options, &mut rng).unwrap();
    let usual = select(whole.view(), whole.view(), &few, &mut rng).unwrap();
    let of = |mixture: &GaussianMixture| mixture.mean_log_density(whole.view()).unwrap();
    assert!(of(&found.mixture) > of(&usual.mixture) - 0.05, "{} {}", of(&found.mixture), of(&usual.mixture));
    assert!(found.mixture.components().len() >= 2);
    let again = found.refit(holes.view(), EmOptions::default()).unwrap();
    assert!(of(&again) > of(&usual.mixture) - 0.05);
    // Not without being asked to.
    let refused = select(holes.view(), held_out.view(), &SelectOptions::default(), &mut rng);
    assert!(matches!(refused, Err(MixtureError::Core(pdmap_core::LayerError::NonFinite { .. }))));
}

#[test]
fn the_density_of_what_is_there_is_the_marginal_one() {
    let (_, holes) = clusters(50);
    let mixture = fitted(&Standardized::observed(holes.view()).unwrap(), 2, &[0, 1].repeat(25), 20);
    let all = mixture.log_density_observed(holes.view()).unwrap();
    for (row, &log_density) in holes.rows().into_iter().zip(&all) {
        let there: Vec<usize> = (0..3).filter(|&column| !row[column].is_nan()).collect();
        let cells = row.select(Axis(0), &there).insert_axis(Axis(0));
        let expected = mixture.marginal(&there).unwrap().log_density(cells.view()).unwrap()[0];
        assert!((log_density - expected).abs() < 1e-12);
    }
    let empty = Array2::from_elem((1, 3), f64::NAN);
    assert_eq!(mixture.log_density_observed(empty.view()).unwrap(), [0.0]);
    let infinite = Array2::from_elem((1, 3), f64::INFINITY);
    assert!(mixture.log_density_observed(infinite.view()).is_err());
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let (_, holes) = clusters(50);
    let rows = Standardized::observed(holes.view()).unwrap();
    assert!(Em::new(&rows, CovarianceForm::Tied, 2, &Prior::floor(3)).is_err());
    let mut empty = holes.clone();
    empty.column_mut(1).fill(f64::NAN);
    let refused = Standardized::observed(empty.view()).unwrap_err();
    assert!(matches!(refused, MixtureError::ConstantColumn { column: 1, rows: 50, .. }), "{refused}");
    assert_eq!(patterns(empty.view()).iter().map(|pattern| pattern.rows.len()).sum::<usize>(), 50);
}
