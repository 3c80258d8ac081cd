//! The summary of training.

use anyhow::Result;
use pdmap_data::DataFacts;
use pdmap_train::{Outcome, Spacing, TrainConfig, Trained, Tried};

use super::categories::Facts;
use super::tried;
use crate::args::Train;
use crate::rows::reading::Reading;
use crate::scores::gaussian::Baseline;
use crate::scores::likelihood::Likelihood;
use crate::terminal::output;

/// The data, and what was measured on them.
pub(super) struct Measured<'a> {
    /// The log-likelihood of the test rows, or why they have none.
    pub(super) test: Option<Result<Likelihood, String>>,
    pub(super) baseline: &'a Baseline,
    pub(super) facts: &'a DataFacts,
    /// The fit of the categories of a table.
    pub(super) labelled: Option<&'a Facts>,
    /// What was read, of a table.
    pub(super) read: Option<&'a Reading>,
    /// The members of an ensemble.
    pub(super) tried: &'a [Tried],
}

/// Prints what training did, and the log-likelihood of the test rows.
pub(super) fn print(
    args: &Train,
    trained: &Trained,
    config: &TrainConfig,
    measured: Measured<'_>,
    weights: &str,
) -> Result<()> {
    let Measured { test, baseline, facts, labelled, read, tried } = measured;
    let (test, failure) = match test {
        None => (None, None),
        Some(Ok(likelihood)) => (Some(likelihood), None),
        Some(Err(reason)) => (None, Some(reason)),
    };
    // −(log p + log|d row/d pixel|)/(D log 2), pixels in units of one of 256 grey levels.
    let bits = test
        .as_ref()
        .zip(facts.pixel_log_det)
        .map(|(test, pixel)| -(test.mean() + pixel) / (facts.features as f64 * std::f64::consts::LN_2));
    if args.json {
        let truth = serde_json::json!({ "expected": facts.true_log_likelihood, "test": facts.test_truth });
        let all = serde_json::json!({
            "read": read, "trained": trained, "config": config, "test": test, "bits_per_dim": bits, "test_failure": failure,
            "baseline": baseline, "truth": truth, "weights": weights, "tried": tried,
        });
        let mut all = all;
        if let Some(labelled) = labelled {
            all["categories"] = serde_json::json!(labelled);
        }
        return output::json(&all);
    }
    output::line(&summary(trained, !tried.is_empty()))?;
    tried::lines(tried).iter().try_for_each(|line| output::line(line))?;
    output::line(&settings(config))?;
    labelled.map_or(Ok(()), |labelled| output::line(&labelled.to_string()))?;
    overfitting(trained).map_or(Ok(()), |line| output::line(&line))?;
    test.map_or(Ok(()), |test| output::line(&format!("test, {test}")))?;
    bits.map_or(Ok(()), |bits| output::line(&format!("bits/dim: {bits:.4}")))?;
    failure.map_or(Ok(()), |reason| output::line(&format!("test: none, {reason}")))?;
    output::line(&format!("Gaussian with full covariance: {baseline}"))?;
    let truth = facts.test_truth.map(|value| format!("true density: {value:.4} nats on the same test rows"));
    let truth = truth.or(facts.true_log_likelihood.map(|value| format!("true density: {value:.4} nats expected")));
    truth.map_or(Ok(()), |line| output::line(&line))?;
    output::line(&format!("weights {weights}"))
}

/// The settings that follow from the number of rows, unless they are set.
fn settings(config: &TrainConfig) -> String {
    let validations = match config.spacing {
        Spacing::Even => format!("{} validations, evenly spaced", config.evaluations),
        Spacing::Geometric => "validations at steps that grow by a fifth".to_owned(),
    };
    let patience = match (config.patience, config.patience_from) {
        (None, _) => "no patience".to_owned(),
        (Some(patience), 0) => format!("patience {patience}"),
        (Some(patience), from) => format!("patience {patience} from step {from}"),
    };
    format!("batch {}; {validations}; {patience}", config.batch)
}

/// What a run that overfitted did, in numbers.
fn overfitting(trained: &Trained) -> Option<String> {
    let Outcome::Overfitted { step, training, validation } = trained.outcome else { return None };
    let best = trained.best;
    Some(format!(
        "overfitting: the best validation was {:.3} nats at step {}, and those weights are kept; at step {step} \
         the validation rows had {validation:.3} nats and the training rows {training:.3}",
        best.validation, best.step
    ))
}

fn summary(trained: &Trained, ensemble: bool) -> String {
    if ensemble {
        let memory =
            trained.peak_memory.map_or(String::new(), |bytes| format!("; peak memory {}", output::bytes(bytes)));
        let (held_out, halvings) = (trained.best.validation, trained.halvings);
        return format!(
            "ensemble: {} training steps of its members in {:.1} s; held-out rows {held_out:.3} nats; {halvings} halved steps{memory}",
            trained.steps, trained.seconds
        );
    }
    let early = match trained.outcome {
        Outcome::StoppedEarly => "; stopped early (no new best)",
        Outcome::Overfitted { .. } => "; stopped early (overfitting)",
        _ => "",
    };
    let unimproved =
        if trained.steps > 0 && trained.best.step == 0 { "; no validation improved on the start" } else { "" };
    let memory = trained.peak_memory.map_or(String::new(), |bytes| format!("; peak memory {}", output::bytes(bytes)));
    format!(
        "{} of {} training steps in {:.1} s; best validation {:.3} nats at step {}; {} halved steps{memory}{unimproved}{early}",
        trained.steps, trained.horizon, trained.seconds, trained.best.validation, trained.best.step, trained.halvings
    )
}
