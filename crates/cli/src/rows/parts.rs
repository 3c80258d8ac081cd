//! Which rows of a table become training, validation and test rows.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Error, Result};
use pdmap_data::{DataError, split_groups, split_order, split_row_numbers, split_strata};

use crate::args::DataArgs;
use crate::terminal::exit::BadInput;

/// Row numbers of the training, validation and test rows.
pub(crate) type Parts = (Vec<usize>, Vec<usize>, Vec<usize>);

/// How rows are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Split {
    /// Row by row, at random.
    Random,
    /// At random with equal shares of each class; the classes of all rows.
    Strata(Vec<u32>),
    /// At random, but these rows are training rows.
    Keeping(Vec<usize>),
    /// By a column of groups: no group is in two parts.
    Groups(String),
    /// By a column that orders the rows: the last are test rows.
    Order(String),
}

impl Split {
    pub(crate) fn of(args: &DataArgs) -> Self {
        match (&args.group, &args.order) {
            (Some(column), _) => Self::Groups(column.clone()),
            (_, Some(column)) => Self::Order(column.clone()),
            _ => Self::Random,
        }
    }

    /// The same split, but with equal shares of these classes if rows are split at random.
    pub(crate) fn stratified(self, classes: Vec<u32>) -> Self {
        if self == Self::Random { Self::Strata(classes) } else { self }
    }

    /// The same split, but with these rows among the training rows if rows are split at random.
    pub(crate) fn keeping(self, rows: Vec<usize>) -> Self {
        if self == Self::Random { Self::Keeping(rows) } else { self }
    }

    /// The column that decides, which is not a feature.
    pub(crate) fn column(&self) -> Option<&String> {
        match self {
            Self::Random | Self::Strata(_) | Self::Keeping(_) => None,
            Self::Groups(column) | Self::Order(column) => Some(column),
        }
    }

    /// Splits `count` rows, whose groups or positions are `keys`; the shares are those of
    /// validation and test rows.
    pub(crate) fn split(&self, count: usize, keys: &[String], shares: (f64, f64), seed: u64) -> Result<Parts> {
        let (validation, test) = shares;
        Ok(match self {
            // Another number of classes than of rows is an error later on.
            Self::Strata(classes) if classes.len() == count => split_strata(classes, validation, test, seed)?,
            Self::Random | Self::Strata(_) => split_row_numbers(count, validation, test, seed)?,
            Self::Keeping(kept) => {
                let (mut train, validation, test) = split_row_numbers(count, validation, test, seed)?;
                let kept: BTreeSet<usize> = kept.iter().copied().collect();
                let [validation, test] = [validation, test].map(|part| {
                    let (back, left): (Vec<usize>, Vec<usize>) = part.into_iter().partition(|row| kept.contains(row));
                    train.extend(back);
                    left
                });
                train.sort_unstable();
                (train, validation, test)
            }
            Self::Groups(_) => split_groups(&codes(keys), validation, test, seed)?,
            Self::Order(column) => split_order(keys, validation, test).map_err(|error| match error {
                DataError::MissingKey { row } => Error::from(BadInput(format!(
                    "row {row} has no value in column {column}; --order needs one in every row"
                ))),
                other => other.into(),
            })?,
        })
    }

    /// Checks that no group of the training rows is in another file.
    pub(crate) fn check_apart(&self, training: &[String], other: &[String], name: &str) -> Result<()> {
        let Self::Groups(column) = self else { return Ok(()) };
        let known: BTreeSet<&String> = training.iter().collect();
        match other.iter().find(|group| known.contains(group)) {
            None => Ok(()),
            Some(group) => {
                let message = format!(
                    "{name}: group {group:?} of column {column} is in the training rows too; --group keeps groups apart"
                );
                Err(BadInput(message).into())
            }
        }
    }

    /// In words, for notes about the data.
    pub(crate) fn describe(&self, seed: u64) -> String {
        match self {
            Self::Random => format!("sets without a file were split off at random (seed {seed})"),
            Self::Keeping(_) => format!(
                "sets without a file were split off at random, with a row of each label kept for training (seed {seed})"
            ),
            Self::Strata(_) => {
                format!(
                    "sets without a file were split off at random, with the same shares of each class (seed {seed})"
                )
            }
            Self::Groups(column) => format!("sets without a file are whole groups of column {column} (seed {seed})"),
            Self::Order(column) => format!("sets without a file are the last rows by column {column}"),
        }
    }
}

/// A number for each distinct group, in the order of appearance.
fn codes(groups: &[String]) -> Vec<u32> {
    let mut known = HashMap::new();
    groups
        .iter()
        .map(|group| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            *known.entry(group.as_str()).or_insert(next)
        })
        .collect()
}
