//! The Gaussian beside the result of training.

use pdmap_core::Real;
use pdmap_train::{Model, Outcome, Rows};

use crate::model_page::thinned;
use crate::scores::gaussian::{Baseline, Fit, fit};
use crate::stored::Stored;

/// Fits the Gaussian to the training rows, unless the user has interrupted the run and waits.
pub(super) fn fitted<F: Real>(rows: Rows<'_, F>, model: &Model<F>, outcome: &Outcome) -> Fit {
    match outcome {
        Outcome::Interrupted { .. } => Err("training was interrupted".into()),
        _ => fit(rows, model.flow.conditions()),
    }
}

/// Compares on the test rows, whose `scores` are known if they have any, or else on the validation
/// rows.
pub(super) fn beside<F: Real>(model: &Model<F>, data: &Stored<F>, fit: &Fit, scores: Option<&[f64]>) -> Baseline {
    if let Err(reason) = fit {
        return Baseline::left_out(reason.clone());
    }
    if data.test.nrows() > 0 {
        return match scores {
            Some(scores) => {
                let each = (data.test_groups.as_deref(), data.test_weights());
                Baseline::of(fit, data.test.view(), scores, each, "test rows")
            }
            None => Baseline::left_out("the test rows have no log-likelihood".into()),
        };
    }
    let rows = thinned(data.validation.view(), data.validation_weights());
    match model.flow.log_prob(&rows) {
        Ok(scores) => Baseline::of(fit, rows.view(), &scores, (None, None), "validation rows"),
        Err(error) => Baseline::left_out(error.to_string()),
    }
}
