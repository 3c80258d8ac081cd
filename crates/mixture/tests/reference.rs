//! Log-densities, posteriors and EM iterations of scikit-learn: `reference/make.py` wrote them.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};
use pdmap_mixture::{CovarianceForm, Em, Gaussian, GaussianMixture, PrecisionFactor, Prior, Standardized};
use serde::Deserialize;

use crate::common::worst;

/// What scikit-learn and this crate may differ by, in nats and in units of the columns.
const APART: f64 = 1e-9;

#[derive(Deserialize)]
struct Reference {
    iterations: usize,
    labels: Vec<usize>,
    rows: Vec<Vec<f64>>,
    far: Vec<Vec<f64>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    form: String,
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    covariances: serde_json::Value,
    log_density: Vec<f64>,
    posterior: Vec<Vec<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/scikit_learn.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

impl Case {
    fn covariance(&self, k: usize) -> Array2<f64> {
        let square = |value: &serde_json::Value| matrix(&serde_json::from_value::<Vec<_>>(value.clone()).unwrap());
        match &*self.form {
            "full" => square(&self.covariances[k]),
            "tied" => square(&self.covariances),
            _ => Array2::from_diag(&Array1::from(
                serde_json::from_value::<Vec<f64>>(self.covariances[k].clone()).unwrap(),
            )),
        }
    }

    fn form(&self) -> CovarianceForm {
        match &*self.form {
            "full" => CovarianceForm::Full,
            "tied" => CovarianceForm::Tied,
            _ => CovarianceForm::Diagonal,
        }
    }

    fn mixture(&self) -> GaussianMixture {
        let component = |k: usize| {
            let covariance = self.covariance(k);
            let factor = match self.form() {
                CovarianceForm::Diagonal => PrecisionFactor::of_variances(covariance.diag()).unwrap(),
                _ => PrecisionFactor::of_covariance(covariance.view()).unwrap(),
            };
            Gaussian::new(Array1::from(self.means[k].clone()), factor).unwrap()
        };
        GaussianMixture::new(&self.weights, (0..self.weights.len()).map(component).collect()).unwrap()
    }
}

/// How far log-densities and posteriors are from those of scikit-learn.
fn apart(mixture: &GaussianMixture, case: &Case, rows: ArrayView2<'_, f64>) -> (f64, f64) {
    let log_density = mixture.log_density(rows.reborrow()).unwrap();
    let relative: Vec<f64> =
        log_density.iter().zip(&case.log_density).map(|(a, b)| (a - b) / b.abs().max(1.0)).collect();
    let posterior = worst(&mixture.posterior(rows).unwrap(), &matrix(&case.posterior));
    (relative.iter().fold(0.0, |worst, d| worst.max(d.abs())), posterior)
}

#[test]
fn log_densities_are_those_of_scikit_learn() {
    let reference = reference();
    let rows = concatenate(Axis(0), &[matrix(&reference.rows).view(), matrix(&reference.far).view()]).unwrap();
    for case in &reference.cases {
        let (density, posterior) = apart(&case.mixture(), case, rows.view());
        assert!(density <= APART && posterior <= APART, "{}: {density:e} {posterior:e}", case.form);
        // The oracle sees a weight that is a millionth off.
        let mut weights = case.weights.clone();
        weights[0] *= 1.0 + 1e-6;
        let moved = GaussianMixture::new(&weights, case.mixture().components().to_vec()).unwrap();
        assert!(apart(&moved, case, rows.view()).0 > APART, "{}", case.form);
    }
}

#[test]
fn iterations_are_those_of_scikit_learn() {
    let reference = reference();
    let rows = matrix(&reference.rows);
    let standardized = Standardized::new(rows.view()).unwrap();
    for case in &reference.cases {
        // A floor that does not matter.
        let prior = Prior { floor: 1e-14, ..Prior::floor(rows.ncols()) };
        let mut em = Em::new(&standardized, case.form(), case.weights.len(), &prior).unwrap();
        em.start(&reference.labels).unwrap();
        for _ in 0..reference.iterations {
            em.step().unwrap();
        }
        let found = standardized.restore(&em.mixture().unwrap()).unwrap();
        assert!(worst(&found.weights(), &case.weights) <= APART, "{}: {:?}", case.form, found.weights());
        for (k, component) in found.components().iter().enumerate() {
            assert!(worst(component.mean(), &case.means[k]) <= APART, "{}", case.form);
            let covariance = component.factor().covariance();
            assert!(worst(&covariance, &case.covariance(k)) <= APART, "{}: {covariance}", case.form);
        }
    }
}
