//! Training on tables with columns of categories: `p(c)` by a latent class model, `p(x | c)` by the
//! flow.

use std::path::Path;

use anyhow::{Context, Result};
use ndarray::{Array2, Axis};
use pdmap_categories::{Counts, SelectOptions, select_counted};
use pdmap_core::Real;
use pdmap_core::row_weights::mean;
use pdmap_train::{Categories, LabelDensity, Model, SpecError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::args::{Missing, Train, Unseen};
use crate::categories::{Found, beside, of_training};
use crate::rows::data::Source;
use crate::stored::Stored;
use crate::terminal::exit::BadInput;

/// The fit of the categories.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) categories: Categories,
    labels: LabelDensity,
    pub(super) facts: Facts,
}

/// What is printed about it.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    /// Names of the columns and their numbers of labels.
    columns: Vec<(String, usize)>,
    /// Latent classes.
    classes: usize,
    smoothing: f64,
    /// Mean `log p(c)` of the validation rows that the flow was chosen by, nats. Log-likelihoods of
    /// training are those of the numbers given the categories, `log p(x | c)`.
    validation: f64,
    /// Validation rows with labels that the training rows do not have, which the flow is not chosen
    /// by.
    unseen_validation: usize,
    /// Test rows with such labels.
    unseen_test: usize,
    /// `log p` of a row without such labels: what their probability takes from it, nats.
    log_known: f64,
}

/// Refuses flags and data that do not go together with categories.
pub(super) fn check(args: &Train, source: &Source) -> Result<()> {
    let names = &args.categories.categorical;
    if names.is_empty() {
        return Ok(());
    }
    let refuse = |message: &str| Err(BadInput(format!("--categorical {}: {message}", names.join(","))).into());
    if args.condition.is_some() {
        return refuse("not with --condition; name the condition's columns in the table, or leave one of them out");
    }
    if args.missing == Missing::Marginalize {
        return refuse("not with --missing marginalize; fill the cells first, or leave the categories out");
    }
    if !source.is_table() {
        return refuse("for tables: CSV, Parquet or Arrow");
    }
    Ok(())
}

/// Reads the labels.
pub(super) fn read(args: &Train, source: Source) -> Result<(Source, Option<Found>)> {
    let names = &args.categories.categorical;
    if names.is_empty() {
        return Ok((source, None));
    }
    let source = source.with_categories(names);
    let found = of_training(args.data.data(), source.text())?;
    let first = found.first_rows();
    Ok((source.keeping(first), Some(found)))
}

/// Fits the categories of the training rows, and appends to each row its one-hot vectors.
pub(super) fn fit<F: Real>(
    args: &Train,
    source: &Source,
    data: &mut Stored<F>,
    found: Option<Found>,
) -> Result<Option<Fitted>> {
    let Some(Found { mut categories, places, codes }) = found else { return Ok(None) };
    let name = source.name();
    let needed = (codes.nrows() as u64).saturating_mul((categories.width() * size_of::<F>()) as u64);
    if needed > args.memory {
        let message = format!(
            "{name}: one-hot vectors of {} labels take {needed} bytes, more than --memory {}; leave a column of many labels out",
            categories.width(),
            args.memory
        );
        return Err(BadInput(message).into());
    }
    let before = data.columns.table_places();
    for (column, place) in categories.columns.iter_mut().zip(places) {
        column.before = before.iter().filter(|&&number| number < place).count();
    }
    let other = args.categories.unseen == Unseen::Other;
    let read = |path: Option<&Path>| path.map(|path| beside(&categories, path, source.text(), other)).transpose();
    let given = (read(args.data.val.as_deref())?, read(args.data.test.as_deref())?);
    let [train, validation, test] = data.split_codes(source, codes, given)?;
    let ((train, validation, test), categories) = trained_only(categories, (train, validation, test), other, name)?;

    let counts = categories.counts();
    let all: Vec<usize> = counts.iter().map(|count| count + 1).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let chosen = {
        let weights = data.columns.weights.as_ref();
        let counted = |codes: &Array2<u32>, weights| Counts::weighted(codes.view(), weights, &all);
        counted(&train, weights.map(|weights| &weights.train))
            .and_then(|train| Ok((train, counted(&validation, weights.map(|weights| &weights.validation))?)))
            .and_then(|(train, judges)| select_counted(&train, &judges, &SelectOptions::default(), &mut rng))
            .with_context(|| format!("{name}: the categories"))?
    };
    let trial = chosen.trial();
    let labels = LabelDensity::new(chosen.model, &counts)?;

    let unknown = |codes: &Array2<u32>| -> Vec<usize> {
        let known = |row: usize| codes.row(row).iter().zip(&counts).all(|(&code, &count)| (code as usize) < count);
        (0..codes.nrows()).filter(|&row| !known(row)).collect()
    };
    let (left_out, unseen_test) = (unknown(&validation), unknown(&test).len());
    let kept: Vec<usize> = (0..validation.nrows()).filter(|row| left_out.binary_search(row).is_err()).collect();
    if kept.is_empty() {
        let message = format!("{name}: each validation row has a label that the training rows do not have");
        return Err(BadInput(message).into());
    }
    let validation = validation.select(Axis(0), &kept);
    data.keep_validation_weights(&kept)?;
    let log_p = labels.log_density(validation.view(), other)?;
    let facts = Facts {
        columns: categories.columns.iter().map(|column| (column.name.clone(), column.labels.len())).collect(),
        classes: trial.classes,
        smoothing: trial.smoothing,
        validation: mean(&log_p, data.validation_weights()),
        unseen_validation: left_out.len(),
        unseen_test,
        log_known: log_known(&labels, &validation, &log_p, other)?,
    };
    data.append([&train, &validation, &test].map(|codes| categories.one_hot(codes.view())), &kept, name)?;
    let count = categories.columns.len();
    let columns = if count == 1 { "column" } else { "columns" };
    data.facts.space = format!("{} and {count} {columns} of categories", data.facts.space);
    Ok(Some(Fitted { categories, labels, facts }))
}

/// `log p(known labels)`: the same for all rows.
fn log_known(labels: &LabelDensity, codes: &Array2<u32>, log_p: &[f64], other: bool) -> Result<f64, SpecError> {
    let row = codes.select(Axis(0), &[0]);
    let with_other = if other { log_p[0] } else { labels.log_density(row.view(), true)?[0] };
    Ok(with_other - labels.log_density(row.view(), false)?[0])
}

/// Codes of the training, validation and test rows.
type Codes = (Array2<u32>, Array2<u32>, Array2<u32>);

/// Keeps the labels that training rows have. Those of split-off rows alone are unknown ones, as
/// those of other files are.
fn trained_only(
    categories: Categories,
    (train, validation, test): Codes,
    other: bool,
    name: &str,
) -> Result<(Codes, Categories)> {
    let mut kept = categories.clone();
    let mut all = [train, validation, test];
    for (index, column) in kept.columns.iter_mut().enumerate() {
        let mut used = vec![false; column.labels.len() + 1];
        all[0].column(index).iter().for_each(|&code| used[code as usize] = true);
        let labels = std::mem::take(&mut column.labels);
        let mut next = 0;
        let mut codes = vec![None; labels.len() + 1];
        for (code, label) in labels.into_iter().enumerate().filter(|(code, _)| used[*code]) {
            codes[code] = Some(next);
            next += 1;
            column.labels.push(label);
        }
        for part in &mut all {
            for (row, code) in part.column_mut(index).iter_mut().enumerate() {
                let label = categories.columns[index].labels.get(*code as usize);
                *code = match (codes[*code as usize], label) {
                    (Some(code), _) => code,
                    (None, Some(label)) if !other => {
                        let unknown = SpecError::UnknownCategory {
                            name: format!("{name} (held-out rows)"),
                            row,
                            column: column.name.clone(),
                            label: label.clone(),
                            known: column.labels.join(", "),
                        };
                        return Err(unknown.into());
                    }
                    (None, _) => next,
                };
            }
        }
    }
    let [train, validation, test] = all;
    Ok(((train, validation, test), kept))
}

impl Fitted {
    /// The joint density of a flow and these categories.
    pub(super) fn join<F: Real>(&self, model: Model<F>) -> Model<F> {
        model.with_categories(self.categories.clone(), self.labels.clone())
    }
}

impl std::fmt::Display for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns: Vec<String> = self.columns.iter().map(|(name, labels)| format!("{name} ({labels})")).collect();
        let classes = if self.classes == 1 { "class" } else { "classes" };
        write!(
            f,
            "categories: {}; {} latent {classes}, smoothing {}; log p(c) of the validation rows {:.4} nats, which is to be added to log p(x | c) above",
            columns.join(", "),
            self.classes,
            self.smoothing,
            self.validation
        )?;
        if self.unseen_validation + self.unseen_test > 0 {
            write!(
                f,
                "; {} validation and {} test rows have labels that the training rows do not have, which have a probability of {:.3e}",
                self.unseen_validation,
                self.unseen_test,
                -self.log_known.exp_m1()
            )?;
        }
        Ok(())
    }
}
