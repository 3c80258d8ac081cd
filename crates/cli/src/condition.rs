//! Conditions from files: vectors, or labels of classes.

use std::path::Path;

use anyhow::{Context, Result};
use ndarray::{Array2, ArrayView2, Axis, Slice, concatenate};
use pdmap_core::{Input, Real};
use pdmap_data::{
    DataError, Format, Labels, TextOptions, collect_rows, detect_format, open_rows, read_idx_labels, read_labels,
};
use pdmap_train::{Condition, Model};

use crate::args::Unseen;
use crate::categories;
use crate::rows::table::Columns;
use crate::scores::labelled_rows::LabelledRows;
use crate::terminal::exit::BadInput;

/// A file of conditions.
struct Table<F> {
    rows: Array2<F>,
    /// The names of its columns; empty if they have none.
    names: Vec<String>,
    /// Whether its format says that it holds labels.
    labels: bool,
}

/// How a file of conditions is read: as the rows are, but for their choice of columns.
fn own(text: &TextOptions) -> TextOptions {
    TextOptions { columns: None, id: None, ..text.clone() }
}

/// Reads a file of conditions. Its columns are matched by name with `columns`, where both have names.
fn read<F: Real>(path: &Path, text: &TextOptions, columns: &[String]) -> Result<Table<F>> {
    if path.is_file() && detect_format(path)? == Format::Idx {
        let labels = read_idx_labels(path)?;
        let column = labels.iter().map(|&label| F::of(f64::from(label))).collect();
        let rows = Array2::from_shape_vec((labels.len(), 1), column)?;
        return Ok(Table { rows, names: vec![], labels: true });
    }
    let columns = Columns { names: columns.to_vec(), ..Columns::default() };
    let opened = columns.open::<F>(&pdmap_data::Input::File(path.to_owned()), text);
    let mut reader = opened.map_err(|error| match error.downcast::<DataError>() {
        // `--columns` selects those of the rows.
        Ok(DataError::ColumnNames { path, mismatch }) => {
            BadInput(format!("{}: {mismatch}; rename or remove columns of the condition", path.display())).into()
        }
        Ok(error) => error.into(),
        Err(error) => error,
    })?;
    let rows = collect_rows(&mut *reader)?;
    Ok(Table { rows, names: reader.columns().map(<[String]>::to_vec).unwrap_or_default(), labels: false })
}

/// The names of classes, if the file is a table of one column that holds words.
fn names(path: &Path, text: &TextOptions) -> Result<Option<Labels>> {
    if !path.is_file() || !matches!(detect_format(path)?, Format::Csv | Format::Parquet | Format::Arrow) {
        return Ok(None);
    }
    let numbers = open_rows::<f64>(&pdmap_data::Input::File(path.to_owned()), text)
        .and_then(|mut rows| rows.read(1, &mut Vec::new()));
    match numbers {
        Err(DataError::TextColumn { .. } | DataError::AmbiguousHeader { .. } | DataError::NotNumeric { .. }) => {
            Ok(Some(read_labels(path, text)?))
        }
        _ => Ok(None),
    }
}

/// The condition of the training rows and of those that are split off them: classes if the file
/// holds labels or the number of classes is given, otherwise vectors as they are, to be standardized
/// once the training rows are known.
pub(crate) fn of_training(path: &Path, text: &TextOptions, classes: Option<usize>) -> Result<(Condition, Array2<f64>)> {
    let (name, text) = (path.display().to_string(), &own(text));
    if let (None, Some(labels)) = (classes, names(path, text)?) {
        let condition = Condition::Named { classes: labels.classes.clone() };
        let rows = condition.encode(condition.numbers(&labels.classes, &labels.codes, &name)?, &name)?;
        return Ok((condition, rows));
    }
    let Table { rows, names, labels } = read::<f64>(path, text, &[])?;
    let condition = match classes {
        Some(count) if count < 2 => return Err(BadInput(format!("--classes {count}: at least 2")).into()),
        Some(count) => Condition::Classes { count },
        None if labels => Condition::of_labels(rows.view(), &name)?,
        None => Condition::vector(rows.ncols()).named(&names),
    };
    let rows = condition.encode(rows, &name)?;
    Ok((condition, rows))
}

/// The class of each row, if the condition is one of classes.
pub(crate) fn strata((condition, rows): &(Condition, Array2<f64>)) -> Option<Vec<u32>> {
    condition.classes()?;
    Some(rows.rows().into_iter().map(|row| row.iter().position(|&one| one > 0.0).unwrap_or(0) as u32).collect())
}

/// The condition of other rows for the same model.
pub(crate) fn beside<F: Real>(condition: &Condition, path: &Path, text: &TextOptions) -> Result<Array2<F>> {
    let (name, text, columns) = (path.display().to_string(), &own(text), condition.names());
    Ok(match condition {
        // Centred before it is rounded.
        Condition::Standardized { .. } => condition.encode(read::<f64>(path, text, columns)?.rows, &name)?.mapv(F::of),
        Condition::Named { .. } => {
            let labels = read_labels(path, text)?;
            condition.encode(condition.numbers(&labels.classes, &labels.codes, &name)?, &name)?
        }
        Condition::Vector { .. } | Condition::Classes { .. } => {
            condition.encode(read::<F>(path, text, columns)?.rows, &name)?
        }
    })
}

/// Rows followed by their condition.
pub(crate) fn joined<F: Real>(rows: Array2<F>, condition: &Array2<F>, name: &str) -> Result<Array2<F>> {
    if rows.nrows() != condition.nrows() {
        let (rows, conditions) = (rows.nrows(), condition.nrows());
        return Err(BadInput(format!("{name}: {rows} rows, {conditions} rows of condition")).into());
    }
    Ok(concatenate(Axis(1), &[rows.view(), condition.view()])?)
}

/// The conditions of rows read in blocks, or their categories; none for a model without.
pub(crate) struct Given<F: Real> {
    rows: Option<Array2<F>>,
    labelled: Option<LabelledRows<F>>,
    name: String,
    given: usize,
}

impl<F: Real> Given<F> {
    /// Reads the conditions if the model needs them. Categories are in the file of conditions or
    /// else in that of the rows, `data`, if that can have them.
    pub(crate) fn open(
        model: &Model<F>,
        path: Option<&Path>,
        (data, unseen): (Option<&Path>, Unseen),
        text: &TextOptions,
    ) -> Result<Self> {
        let other = unseen == Unseen::Other;
        if let Some((categories, labels)) = model.categorical() {
            let Some(path) = path.or(data) else {
                let wanted = categories::wanted(categories);
                return Err(BadInput(format!("the model has categories: pass --condition FILE with {wanted}")).into());
            };
            let codes = categories::beside(categories, path, &own(text), other)?;
            let labelled = Some(LabelledRows::new(categories, labels, codes, other));
            return Ok(Self { rows: None, labelled, name: path.display().to_string(), given: 0 });
        }
        if other {
            return Err(BadInput("--unseen other: the model has no columns of categories".into()).into());
        }
        let rows = match (&model.header.condition, path) {
            (None, None) => None,
            (Some(condition), Some(path)) => Some(beside(condition, path, text)?),
            (Some(condition), None) => {
                let wanted = wanted(condition);
                return Err(BadInput(format!("the model is conditional: pass --condition FILE with {wanted}")).into());
            }
            (None, Some(path)) => {
                let message = format!("--condition {}: the model has no condition", path.display());
                return Err(BadInput(message).into());
            }
        };
        let name = path.map(|path| path.display().to_string()).unwrap_or_default();
        Ok(Self { rows, labelled: None, name, given: 0 })
    }

    /// Rows of the conditions, if there are any.
    fn count(&self) -> Option<usize> {
        let labelled = self.labelled.as_ref().map(LabelledRows::count);
        labelled.or_else(|| self.rows.as_ref().map(Array2::nrows))
    }

    /// The next rows, with their conditions.
    pub(crate) fn next<'a>(&'a mut self, rows: ArrayView2<'a, F>) -> Result<Input<'a, F>> {
        let Some(count) = self.count() else { return Ok(rows.into()) };
        let (from, to) = (self.given, self.given + rows.nrows());
        if to > count {
            let message = format!("{}: {count} rows, fewer than there are data", self.name);
            return Err(BadInput(message).into());
        }
        self.given = to;
        let input: Input<'a, F> = rows.into();
        Ok(match (&mut self.labelled, &self.rows) {
            (Some(labelled), _) => {
                let name = &self.name;
                input.given(labelled.condition(from, to).with_context(|| name.clone())?)
            }
            (None, Some(all)) => input.given(all.slice_axis(Axis(0), Slice::from(from..to))),
            (None, None) => input,
        })
    }

    /// The categories of the rows that [`next`](Self::next) gave last.
    pub(crate) fn labelled(&self) -> Option<&LabelledRows<F>> {
        self.labelled.as_ref()
    }

    /// Checks that no condition is left over.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.count() {
            Some(rows) if rows != self.given => {
                Err(BadInput(format!("{}: {rows} rows, the data have {}", self.name, self.given)).into())
            }
            _ => Ok(()),
        }
    }
}

/// The condition that a model needs, in words.
pub(crate) fn wanted(condition: &Condition) -> String {
    match condition {
        Condition::Vector { .. } | Condition::Standardized { .. } => match condition.names() {
            [] => format!("{} numbers a row", condition.width()),
            names => format!("the columns {}", names.join(", ")),
        },
        Condition::Classes { count } => format!("a column of classes from 0 to {}", count - 1),
        Condition::Named { classes } => format!("a column of class names, of {}", classes.join(", ")),
    }
}
