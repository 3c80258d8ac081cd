//! Reads the table of the training rows, which decides the columns of all others.

use anyhow::Result;
use ndarray::{Array2, Axis};
use pdmap_core::Real;
use pdmap_data::{DataError, Input, ReadRows, TextOptions, check_rows, collect_named_rows, describe, open_rows};
use pdmap_train::{ColumnDomains, ColumnSums};

use super::policy::Policy;
use super::table::Columns;
use crate::terminal::exit::BadInput;

/// Training rows and what was read beside them.
#[derive(Debug)]
pub(crate) struct Trained<F> {
    pub(crate) columns: Columns,
    pub(crate) rows: Array2<F>,
    /// The names or groups of the rows.
    pub(crate) names: Vec<String>,
    /// The column of weights, if there is one.
    pub(crate) weights: Option<Vec<f64>>,
}

/// Opens a table with a column of weights beside those that are selected.
fn open_with(input: &Input, text: &TextOptions, weights: Option<&str>) -> Result<Box<dyn ReadRows<f64>>> {
    let reader = open_rows::<f64>(input, text).map_err(|error| no_numbers(error, text))?;
    let (Some(selected), Some(name)) = (&text.columns, weights) else { return Ok(reader) };
    let has = |columns: Option<&[String]>| columns.is_some_and(|columns| columns.iter().any(|column| column == name));
    match (has(reader.all_columns()) && !has(reader.columns()), input) {
        (false, _) => Ok(reader),
        (true, Input::Stdin) => Err(BadInput(format!("--weights {name}: add this column to --columns")).into()),
        (true, Input::File(_)) => {
            let columns = selected.iter().cloned().chain([name.to_owned()]).collect();
            Ok(open_rows(input, &TextOptions { columns: Some(columns), ..text.clone() })?)
        }
    }
}

/// Says that a table has categories alone.
fn no_numbers(error: DataError, text: &TextOptions) -> anyhow::Error {
    match error {
        DataError::ZeroFeatures { name } if !text.categories.is_empty() => BadInput(format!(
            "{name}: no column of numbers is left beside the categories; leave a column of integers out of --categorical, or fit `LatentClasses` of the crate pdmap-categories to the categories alone"
        ))
        .into(),
        other => other.into(),
    }
}

impl Columns {
    /// Reads the training rows, which decide the columns of all other tables, and their names. A
    /// column called `weights` is no feature: its numbers are returned apart.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub(crate) fn of_training<F: Real>(
        input: &Input,
        text: &TextOptions,
        policy: Policy,
        (weights, domains): (Option<&str>, &ColumnDomains),
    ) -> Result<Trained<F>> {
        let mut reader = open_with(input, text, weights)?;
        let (mut rows, row_names) = collect_named_rows(&mut *reader)?;
        let mut names = reader.columns().map(<[String]>::to_vec).unwrap_or_default();
        let place = names.iter().position(|name| Some(name.as_str()) == weights);
        let weights = place.map(|place| {
            names.remove(place);
            let taken = rows.column(place).to_vec();
            rows.remove_index(Axis(1), place);
            taken
        });
        if !text.missing {
            check_rows(rows.view(), &input.to_string())?;
        }
        let others = reader.all_columns().unwrap_or_default().iter().filter(|name| !names.contains(name));
        let mut columns = Self { left_out: others.cloned().collect(), names, ..Self::default() };
        columns.categories.clone_from(&text.categories);
        let described = describe(rows.view(), columns.named());
        let all = columns.names.clone();
        columns.apply(input, described, policy, Some(rows.view()))?;
        columns.bound(input, domains, &all, rows.ncols())?;
        columns.check_bounds(input, 0, rows.view())?;
        columns.map = columns.map.with_offsets::<F>(&ColumnSums::of(rows.view()));
        if let Some(read) = &mut columns.read {
            read.text = reader.text_report().cloned();
            read.table = reader.column_report().cloned();
        }
        let features = columns.map.features(rows.view());
        Ok(Trained { columns, rows: features, names: row_names, weights })
    }
}
