//! The baselines of every comparison.

use std::time::Instant;

use pdmap_core::{Flow, LayerError, Real, RowWeights};
use pdmap_data::Splits;

use super::gaussian::Gaussian;
use super::histograms::Marginals;
use crate::held_out::HeldOutWeights;
use crate::records::{BaselineResult, bits_per_dim};
use crate::statistics::Uncertainty;

/// Fits all baselines to the training rows and scores the test rows, each as often as its weight says.
pub(crate) fn baselines<F: Real>(
    data: &Splits<F>,
    weights: Option<&[f64]>,
    held_out: HeldOutWeights<'_>,
) -> Vec<BaselineResult> {
    let features = data.train.ncols();
    let result = |name: &str, started: Instant, rows: Vec<f64>, parameters: usize, note: String| {
        let (mean, Uncertainty { error, .. }) = held_out.mean_of_test(&rows, data.test_groups.as_deref());
        let test = mean.is_finite().then_some(mean);
        BaselineResult {
            name: name.to_owned(),
            test,
            test_error: test.map(|_| error),
            bits_per_dim: test.map(|test| bits_per_dim(test, data)),
            parameters,
            seconds: started.elapsed().as_secs_f64(),
            note,
        }
    };
    let started = Instant::now();
    let size = features + features * (features + 1) / 2;
    let gaussian =
        match Gaussian::fit_weighted(data.train.view(), weights).and_then(|fitted| fitted.log_prob(data.test.view())) {
            Ok(rows) => result("Gaussian, full covariance", started, rows, size, String::new()),
            Err(error) => result("Gaussian, full covariance", started, vec![], size, error.to_string()),
        };
    let started = Instant::now();
    let pixels = data.facts.pixel_log_det.is_some() && data.facts.name.starts_with("mnist");
    let fitted = {
        let judges = (data.validation.view(), held_out.validation.map(RowWeights::each));
        Marginals::fit_weighted((data.train.view(), weights), judges, pixels)
    };
    let (size_of_bins, bins) = match &fitted {
        Ok(Marginals { bins, levels: true, .. }) => (features * bins, format!("{bins} grey levels")),
        Ok(Marginals { bins, .. }) => (features * bins, format!("{bins} equal-mass bins per feature")),
        Err(_) => (0, String::new()),
    };
    let note = format!("{bins}, chosen by validation");
    let of = |flow: Result<Flow<F>, LayerError>| flow.and_then(|flow| flow.log_prob(&data.test));
    let independent = |marginals: &Marginals<F>| of(marginals.independent(features));
    let histograms = match fitted.as_ref().map_err(Clone::clone).and_then(independent) {
        Ok(rows) => result("Independent histograms", started, rows, size_of_bins, note.clone()),
        Err(error) => result("Independent histograms", started, vec![], 0, error.to_string()),
    };
    let copula = |marginals: &Marginals<F>| of(marginals.copula_weighted(data.train.view(), weights));
    let all = size + size_of_bins;
    let copula = match fitted.as_ref().map_err(Clone::clone).and_then(copula) {
        Ok(rows) => result("Gaussian copula", started, rows, all, format!("{note}, with a full covariance")),
        Err(error) => result("Gaussian copula", started, vec![], all, error.to_string()),
    };
    vec![gaussian, histograms, copula]
}
