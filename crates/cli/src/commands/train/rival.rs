//! The Gaussian mixture alone, with which `--model auto` compares the trained flow.

use ndarray::ArrayView2;
use pdmap_core::{Flow, Real};
use pdmap_train::{Architecture, Preprocess, Preset, Rows, SpecError, Trained, mean_log_prob, registry};

/// Fits the mixture to the training rows, and puts it in the place of `flow` if it is better on the
/// validation rows. Returns what was found, in words.
pub(super) fn compete<F: Real>(
    flow: &mut Flow<F>,
    trained: &mut Trained,
    rows: Rows<'_, F>,
    validation: (ArrayView2<'_, F>, usize),
    (steps, seed): (&[Preprocess], u64),
) -> String {
    let (validation, limit) = validation;
    let built = Preset::GAUSSIAN_MIXTURE.model(Architecture::default()).build_on(rows, steps, seed, &registry());
    let measured: Result<_, SpecError> =
        built.and_then(|mixture| Ok((mean_log_prob(&mixture, validation, limit)?, mixture)));
    let own = trained.best.validation;
    let (alone, mixture) = match measured {
        Ok(measured) => measured,
        Err(error) => return format!("{} was not fitted: {error}", Preset::GAUSSIAN_MIXTURE),
    };
    let kept = if alone > own {
        (*flow, trained.best.validation, trained.best.step) = (mixture, alone, 0);
        Preset::GAUSSIAN_MIXTURE
    } else {
        Preset::MIXTURE_SPLINE
    };
    let (spline, mixture) = (Preset::MIXTURE_SPLINE, Preset::GAUSSIAN_MIXTURE);
    format!("{spline} has {own:.4} nats on the validation rows, {mixture} {alone:.4}; kept: {kept}")
}
