//! Number of components, form and shrinkage by validation rows.

mod options;
mod overall;
mod search;

use std::time::Instant;

use pdmap_core::check;
use rand::Rng;

use crate::covariance::CovarianceForm;
use crate::em::filled;
use crate::error::{MixtureError, Result};
use crate::kmeans::kmeans;
use options::standardized;
pub use options::{SelectOptions, Selection, Trial};
use overall::Overall;
use search::{Form, Judges, Search};

use crate::weighted::WeightedRows;

/// Numbers of components that are tried.
const GRID: [usize; 16] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/// Least rows for each component that are tried.
const ROWS: usize = 4;

/// Columns from which low-rank covariances are tried.
const WIDE: usize = 8;

/// Numbers of components in a row that may fail to improve a form before it is given up.
const PATIENCE: usize = 2;

/// Chooses a mixture: fits candidates to training rows by EM, and keeps the one of highest mean
/// log-density on validation rows.
///
/// The numbers of components grow until a form has failed to improve twice. Full covariances are
/// shrunk towards the common covariance of the components that tied ones have; ν goes up and down
/// from where it was best for fewer components.
///
/// # Errors
/// As [`Standardized::new`](crate::Standardized::new) or, with missing cells,
/// [`Standardized::observed`](crate::Standardized::observed); no validation rows, or such that are not
/// finite; options that [`Em::new`](crate::Em::new) refuses.
pub fn select<'t, 'v>(
    train: impl Into<WeightedRows<'t>>,
    validation: impl Into<WeightedRows<'v>>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<Selection> {
    select_among(train.into(), validation.into(), options, rng)
}

fn select_among(
    train: WeightedRows<'_>,
    WeightedRows { rows: validation, weights }: WeightedRows<'_>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<Selection> {
    let rows = standardized(train, options.missing)?;
    check::weights(validation.nrows(), weights)?;
    let validation = rows.map(validation)?;
    if validation.nrows() == 0 {
        return Err(MixtureError::NoRows);
    }
    let validation = Judges { rows: validation, weights };
    let deadline = options.budget.and_then(|budget| Instant::now().checked_add(budget));
    let overall = Overall::new(&rows, validation.view())?;
    let complete = filled(&rows)?;
    let mut search = Search::new(&rows, validation, options, overall)?;
    let most = (rows.count() / ROWS).min(options.most_components.unwrap_or(usize::MAX)).max(1);
    let grid: Vec<usize> = match options.components {
        Some(components) => vec![components],
        None => GRID.into_iter().filter(|&components| components <= most).collect(),
    };
    let tied = |form: &CovarianceForm| rows.has_missing() && *form == CovarianceForm::Tied;
    let mut forms: Vec<Form> =
        forms(options, rows.columns()).into_iter().filter(|form| !tied(form)).map(Form::new).collect();
    // Tied covariances first: full ones are shrunk towards them.
    forms.sort_by_key(|form| form.form != CovarianceForm::Tied);
    let late = |search: &Search<'_>| {
        if search.trials.is_empty() {
            return false;
        }
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || options.operations.is_some_and(|most| search.operations >= most)
    };
    for components in grid {
        for form in &mut forms {
            form.best_of_size = f64::NEG_INFINITY;
        }
        for _ in 0..options.starts.max(1) {
            if late(&search) {
                break;
            }
            let complete = WeightedRows { rows: complete.view(), weights: rows.weights() };
            let groups = kmeans(complete, components, rng)?;
            search.forget_target(groups.centres.nrows());
            for form in forms.iter_mut().filter(|form| form.failures < PATIENCE) {
                if !late(&search) {
                    search.try_form(form, &groups.labels, groups.centres.nrows())?;
                }
            }
        }
        forms.iter_mut().for_each(Form::settle);
        if forms.iter().all(|form| form.failures >= PATIENCE) || late(&search) {
            break;
        }
    }
    search.finish()
}

/// The forms that are tried.
fn forms(options: &SelectOptions, columns: usize) -> Vec<CovarianceForm> {
    if !options.forms.is_empty() {
        return options.forms.clone();
    }
    let mut forms = vec![CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal];
    if columns >= WIDE {
        forms.push(CovarianceForm::LowRank { rank: columns.isqrt() });
    }
    forms
}
