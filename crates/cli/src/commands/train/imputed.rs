//! `auto` on rows with missing cells: flows on imputed copies.

use anyhow::Result;
use ndarray::Array2;
use pdmap_core::Real;
use pdmap_query::{Copula, Fill, QueryError};
use pdmap_train::{Hooks, Model, ModelSpec, Outcome, TrainConfig, TrainingRecord, train_auto_imputed};

use super::{auto, save, tried};
use crate::args::Train;
use crate::rows::data::Source;
use crate::scores::likelihood::{Counted, Likelihood};
use crate::stored::Stored;
use crate::terminal::exit::{BadInput, Interrupted};
use crate::terminal::progress::Bar;
use crate::terminal::{output, signals};

/// Imputed copies of the rows.
const COPIES: u64 = 3;

/// Training rows and validation rows.
type Filled<F> = (Array2<F>, Array2<F>);

/// Trains on copies whose missing cells are draws of the copula, saves the ensemble and prints what
/// it is.
pub(super) fn fit<F: Real>(
    args: &Train,
    config: &TrainConfig,
    (source, data): (&Source, &Stored<F>),
    (copula, rows): (&Copula<F>, &Array2<F>),
) -> Result<()> {
    let copies = copies(copula, rows, &data.validation, args.seed)
        .map_err(|error| BadInput(format!("{}: {error}", source.name())))?;
    signals::listen()?;
    let bar = Bar::new(args.training.quiet);
    bar.stage(format!("auto on {COPIES} imputed copies"));
    let hooks = Hooks { stop: Some(&signals::stop), ..Hooks::default() };
    let spec = ModelSpec { domains: data.columns.map.feature_domains(), ..ModelSpec::new(vec![]) };
    let fitted = train_auto_imputed(&copies, &auto(args, config, &spec), hooks).map_err(|error| source.blame(error))?;
    bar.finish();
    let mut model = Model::new(fitted.flow, data.facts.space.clone(), 0);
    model.header.columns = data.columns.map.clone();
    model.header.training = Some(TrainingRecord {
        columns: data.columns.names.clone(),
        left_out: data.columns.left_out.clone(),
        tried: fitted.tried.clone(),
        ..fitted.trained.record(args.data.data(), config.clone())
    });
    save(&model, args)?;
    let whole = data.test.nrows() > 0 && data.test.iter().all(|cell| !cell.is_nan());
    let test = match whole {
        true => Some({
            let counted = Counted { groups: data.test_groups.as_deref(), weights: None };
            Likelihood::of(&model, &data.test, (counted, false), &source.test_name())?.1
        }),
        false => None,
    };
    let members = fitted.tried.iter().filter(|member| member.weight > 0.0).count();
    let (validation, weights) = (fitted.trained.best.validation, model.weights_hash());
    let missing = rows.iter().filter(|cell| cell.is_nan()).count();
    if args.json {
        let all = serde_json::json!({
            "model": "auto", "rows": rows.nrows(), "columns": rows.ncols(), "missing_cells": missing, "copies": COPIES,
            "members": members, "validation": validation, "test": test, "tried": fitted.tried, "weights": weights,
        });
        output::json(&all)?;
    } else {
        output::line(&format!("auto: {members} members on {COPIES} imputed copies; {missing} cells were missing"))?;
        tried::lines(&fitted.tried).iter().try_for_each(|line| output::line(line))?;
        output::line(&format!("validation: {validation:.3} nats a row, of rows whose missing cells are imputed"))?;
        test.map_or(Ok(()), |test| output::line(&format!("test, {test}")))?;
        output::line(&format!("weights {weights}"))?;
    }
    match fitted.trained.outcome {
        Outcome::Interrupted { step } => Err(Interrupted { step, kept: step, checkpoint: None }.into()),
        _ => Ok(()),
    }
}

/// Copies of training and validation rows, each with draws of its own.
fn copies<F: Real>(
    copula: &Copula<F>,
    rows: &Array2<F>,
    validation: &Array2<F>,
    seed: u64,
) -> Result<Vec<Filled<F>>, QueryError> {
    let copy = |copy: u64| {
        let fill = Fill::Draw { seed: seed ^ (copy << 32) };
        let filled = |rows: &Array2<F>, first: u64| {
            let mut own = rows.clone();
            copula.impute(own.view_mut(), fill, first).map(|()| own)
        };
        Ok((filled(rows, 0)?, filled(validation, rows.nrows() as u64)?))
    };
    (0..COPIES).map(copy).collect()
}
