//! An ensemble over imputed copies of rows with missing cells.

use ndarray::Array2;
use pdmap_core::flow::Ensemble;
use pdmap_core::{Flow, LayerError, Real};
use pdmap_spec::{Budget, Rows};

use super::combined::{AutoFitted, members_of, together};
use super::options::AutoConfig;
use super::search::train_auto;
use crate::error::TrainError;
use crate::hooks::Hooks;
use crate::outcome::Outcome;

/// Fits [`train_auto`] to each of several imputed copies of training and validation rows, and takes
/// the mean of their densities: multiple imputation (Rubin 1987). Missing cells should be draws
/// given the others, such as those of `pdmap_query::Copula::impute`, since means would leave out
/// their spread. The budget is for all copies together; the validation rows of a copy judge the
/// members that were trained on it.
///
/// # Errors
/// No copies; checkpoints, which a search on copies does not write; as [`train_auto`].
pub fn train_auto_imputed<F: Real>(
    copies: &[(Array2<F>, Array2<F>)],
    config: &AutoConfig,
    mut hooks: Hooks<'_>,
) -> Result<AutoFitted<F>, TrainError> {
    if hooks.checkpoints.is_some() {
        return Err(LayerError::Conflict { first: "imputed copies", second: "checkpoints" }.into());
    }
    let count = u32::try_from(copies.len()).unwrap_or(u32::MAX);
    let budget = match config.budget {
        Budget::Steps(steps) => Budget::Steps((steps / u64::from(count.max(1))).max(1)),
        Budget::Time(time) => Budget::Time(time / count.max(1)),
    };
    let (mut members, mut tried, mut runs, mut folds): (Vec<(f64, Flow<F>)>, _, _, _) = (vec![], vec![], vec![], 1);
    for (rows, validation) in copies {
        let own =
            Hooks { watch: hooks.watch.as_mut().map(|watch| &mut **watch as _), stop: hooks.stop, checkpoints: None };
        let config = AutoConfig { budget, ..config.clone() };
        let fitted = train_auto(Rows::from(rows), validation.view(), &config, own)?;
        members.extend(members_of(&fitted.flow));
        tried.extend(fitted.tried);
        folds = folds.max(fitted.folds);
        let interrupted = matches!(fitted.trained.outcome, Outcome::Interrupted { .. });
        runs.push(fitted.trained);
        if interrupted {
            break;
        }
    }
    let features = members.first().map_or(0, |(_, flow)| flow.features());
    // The weights of each copy sum to 1.
    tried.iter_mut().for_each(|member| member.weight /= runs.len() as f64);
    let held_out = runs.iter().map(|run| run.best.validation).sum::<f64>() / runs.len().max(1) as f64;
    let interrupted = runs.iter().any(|run| matches!(run.outcome, Outcome::Interrupted { .. }));
    let flow = Flow::builder(features).base(Ensemble::new(members)?).build()?;
    Ok(AutoFitted { flow, trained: together(&runs, held_out, interrupted), tried, folds })
}
