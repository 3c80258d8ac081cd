//! How often rows count: a column of their table, or a file of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pdmap_core::RowWeights;
use pdmap_data::{Input, TextOptions, collect_rows, open_rows};

use crate::args::WeightArgs;
use crate::rows::parts::Parts;
use crate::terminal::exit::BadInput;

/// The weights of the training, validation and test rows.
#[derive(Debug, Clone)]
pub(crate) struct PartWeights {
    pub(crate) train: RowWeights,
    pub(crate) validation: RowWeights,
    pub(crate) test: Option<RowWeights>,
    /// What they are, in words.
    pub(crate) note: String,
}

/// What the flags name.
#[derive(Debug, Clone)]
pub(crate) struct WeightSource {
    /// A column or a file.
    of: String,
    val: Option<PathBuf>,
    test: Option<PathBuf>,
}

impl WeightSource {
    pub(crate) fn of(args: &WeightArgs) -> Option<Self> {
        let of = args.weights.clone()?;
        Some(Self { of, val: args.val_weights.clone(), test: args.test_weights.clone() })
    }

    /// The name of the column that the flag may mean.
    pub(crate) fn name(&self) -> &str {
        &self.of
    }

    /// The weights of the rows of the data: those of its column, if it has one of this name, or
    /// else of the file.
    fn of_data(&self, column: Option<&Vec<f64>>, input: &Input, text: &TextOptions) -> Result<Vec<f64>> {
        let file = Path::new(&self.of);
        match column {
            Some(_) if file.is_file() => Err(BadInput(format!(
                "--weights {}: {input} has a column of this name, and there is a file; ./{} means the file",
                self.of, self.of
            ))
            .into()),
            Some(weights) => Ok(weights.clone()),
            None if file.is_file() => one_column(file, text),
            None => Err(BadInput(format!("--weights {}: neither a column of {input} nor a file", self.of)).into()),
        }
    }

    /// The weights of the rows of another file, of the flag `flag`.
    fn beside(
        &self,
        rows: &Path,
        own: Option<&Path>,
        (by_column, flag): (bool, &str),
        text: &TextOptions,
    ) -> Result<Vec<f64>> {
        match own {
            Some(file) => one_column(file, text),
            None if by_column => of_column(&Input::File(rows.to_owned()), &self.of, text),
            None => {
                Err(BadInput(format!("{flag} is missing: the weights of {} are not in {}", rows.display(), self.of))
                    .into())
            }
        }
    }
}

/// The files of validation and test rows, and the numbers of all rows.
pub(crate) struct RowsOf<'a> {
    pub(crate) input: &'a Input,
    pub(crate) val: Option<&'a Path>,
    pub(crate) test: Option<&'a Path>,
    /// Of the data before anything is split off, of the validation and of the test rows.
    pub(crate) counts: [usize; 3],
    pub(crate) parts: Option<&'a Parts>,
}

impl PartWeights {
    /// Reads the weights, and splits them as the rows were split. `column` is that of the data, if it
    /// has one of this name.
    pub(crate) fn read(
        source: &WeightSource,
        column: Option<&Vec<f64>>,
        rows: &RowsOf<'_>,
        text: &TextOptions,
    ) -> Result<Self> {
        let text = TextOptions { columns: None, id: None, missing: false, ..text.clone() };
        let RowsOf { input, val, test, counts, parts } = rows;
        let all = source.of_data(column, input, &text)?;
        counted(&source.of, counts[0], all.len())?;
        let take = |numbers: &[usize]| numbers.iter().map(|&row| all[row]).collect::<Vec<f64>>();
        let none = (vec![], vec![], vec![]);
        let (train, split, split_test) = parts.map_or(none, |(a, b, c)| (take(a), take(b), take(c)));
        let train = if parts.is_some() { train } else { all.clone() };
        let beside = |rows: &Path, own: Option<&Path>, flag: &str, count: usize| -> Result<Vec<f64>> {
            let weights = source.beside(rows, own, (column.is_some(), flag), &text)?;
            counted(flag, count, weights.len())?;
            Ok(weights)
        };
        let validation = match val {
            Some(path) => beside(path, source.val.as_deref(), "--val-weights", counts[1])?,
            None => split,
        };
        let test = match test {
            Some(path) => beside(path, source.test.as_deref(), "--test-weights", counts[2])?,
            None => split_test,
        };
        let what = if column.is_some() { format!("column {}", source.of) } else { source.of.clone() };
        Self::scaled([train, validation, test], &what)
    }

    /// Whole numbers count rows as they are. Others are scaled so that the training rows count as many
    /// as are effective, since their sum may be anything.
    fn scaled([train, validation, test]: [Vec<f64>; 3], what: &str) -> Result<Self> {
        let of = |each: Vec<f64>, part: &str| {
            RowWeights::new(each).with_context(|| format!("--weights: {what}, {part} rows"))
        };
        let train = of(train, "training")?;
        let (rows, sum, effective) = (train.each().len(), train.sum(), train.effective());
        let scale = train.counting_factor(&[&validation[..], &test[..]].concat());
        let factor = scale.unwrap_or(1.0);
        let part = |each: Vec<f64>, part: &str| of(each.into_iter().map(|weight| weight * factor).collect(), part);
        let note = match scale {
            None => format!("{what}; {rows} training rows count as {sum}"),
            Some(_) => format!(
                "{what}; {rows} training rows, weights of sum {sum:.6} scaled to {effective:.1}, the number of effective rows"
            ),
        };
        Ok(Self {
            train: train.scaled_to(factor * sum)?,
            validation: part(validation, "validation")?,
            test: if test.is_empty() { None } else { Some(part(test, "test")?) },
            note,
        })
    }
}

/// The weights of rows that are scored: a column of their table, or a file.
pub(crate) fn of_rows(rows: &Path, weights: &str, text: &TextOptions) -> Result<Vec<f64>> {
    let text = TextOptions { columns: None, id: None, missing: false, ..text.clone() };
    let (input, file) = (Input::parse(rows), Path::new(weights));
    let column = match &input {
        // The pipe is read once, for the rows.
        Input::Stdin => None,
        Input::File(path) => open_rows::<f64>(&Input::File(path.clone()), &text)
            .ok()
            .and_then(|reader| reader.all_columns().map(|all| all.iter().any(|name| name == weights)))
            .filter(|&there| there),
    };
    match (column, file.is_file()) {
        (Some(_), true) => Err(BadInput(format!(
            "--weights {weights}: {input} has a column of this name, and there is a file; ./{weights} means the file"
        ))
        .into()),
        (Some(_), false) => Ok(of_column(&input, weights, &text)?),
        (None, true) => one_column(file, &text),
        (None, false) => Err(BadInput(format!("--weights {weights}: neither a column of {input} nor a file")).into()),
    }
}

/// Whether there is a weight for each row.
pub(crate) fn counted(what: &str, rows: usize, weights: usize) -> Result<()> {
    if rows == weights {
        return Ok(());
    }
    Err(BadInput(format!("{what}: {weights} weights for {rows} rows")).into())
}

/// A column of a table.
fn of_column(input: &Input, name: &str, text: &TextOptions) -> Result<Vec<f64>> {
    let text = TextOptions { columns: Some(vec![name.to_owned()]), ..text.clone() };
    Ok(collect_rows(&mut *open_rows::<f64>(input, &text)?)?.into_iter().collect())
}

/// The numbers of a file of one column.
fn one_column(path: &Path, text: &TextOptions) -> Result<Vec<f64>> {
    let rows = collect_rows(&mut *open_rows::<f64>(&Input::File(path.to_owned()), text)?)?;
    match rows.ncols() {
        1 => Ok(rows.into_iter().collect()),
        columns => Err(BadInput(format!("{}: {columns} columns; a file of weights has one", path.display())).into()),
    }
}
