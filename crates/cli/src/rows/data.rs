//! Data flags and the rows they describe.

use std::io::stdin;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};
use ndarray::{Array2, Axis};
use pdmap_core::{LayerError, Real};
use pdmap_data::{
    Counts, DataError, Format, Generator, Input, Splits, TextOptions, bsds300, check_rows, check_training,
    detect_format, mnist, read_wav, read_wav_stream, tiles, wav_frames,
};
use pdmap_train::{ColumnDomains, Dequantizer, Preprocess, SpecError, TrainError, validation_share};

use super::kind::{Kind, ROWS, is_pipe};
use super::parts::{Parts, Split};
use super::policy::{Degenerates, Policy};
use super::table::Columns;
use super::training_table::Trained;
use super::weights::{PartWeights, RowsOf, WeightSource};
use crate::args::{DataArgs, Discrete, WeightArgs};
use crate::terminal::exit::BadInput;

/// Default side of a patch in pixels.
const PATCH: usize = 8;

/// The requested data, decided before anything large is read.
#[derive(Debug)]
pub(crate) struct Source {
    kind: Kind,
    /// The data as named by the user.
    name: String,
    counts: Option<Counts>,
    patch: usize,
    text: TextOptions,
    split: Split,
    policy: Policy,
    weights: Option<WeightSource>,
    /// Bounds and periods of columns.
    domains: ColumnDomains,
    val: Option<PathBuf>,
    test: Option<PathBuf>,
    seed: u64,
    /// Whether a test set is needed.
    with_test: bool,
}

impl Source {
    /// Interprets the flags. `with_test` requests a test set.
    pub(crate) fn plan(args: &DataArgs, with_test: bool) -> Result<Self> {
        let counts = match args.rows.as_deref() {
            None => None,
            Some(&[train, validation, test]) => Some(Counts { train, validation, test }),
            Some(other) => {
                let message = format!("--rows takes three numbers (training,validation,test); got {}", other.len());
                return Err(BadInput(message).into());
            }
        };
        let kind = Kind::of(args)?;
        let split = Split::of(args);
        let mut text = args.text.options()?;
        text.id = split.column().cloned().or(text.id);
        Ok(Self {
            kind,
            name: args.data().to_owned(),
            counts,
            patch: args.patch.unwrap_or(PATCH),
            text,
            split,
            policy: Policy { degenerate: Degenerates::of(args), discrete: args.discrete.unwrap_or_default() },
            weights: None,
            domains: ColumnDomains::default(),
            val: args.val.clone(),
            test: args.test.clone(),
            seed: args.data_seed,
            with_test,
        })
    }

    /// The same data, split with equal shares of these classes, one for each row.
    pub(crate) fn stratified(self, classes: Option<Vec<u32>>) -> Self {
        let Some(classes) = classes else { return self };
        Self { split: self.split.stratified(classes), ..self }
    }

    /// The same data, whose rows count as often as these flags say.
    ///
    /// # Errors
    /// Data that are no table.
    pub(crate) fn weighted(self, args: &WeightArgs) -> Result<Self> {
        let weights = WeightSource::of(args);
        if weights.is_some() && !self.is_table() {
            return Err(BadInput(format!("--weights requires a file of rows; --data is {}", self.name)).into());
        }
        Ok(Self { weights, ..self })
    }

    /// Whether rows have weights.
    pub(crate) fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// The same data with columns of categories, which are no features.
    pub(crate) fn with_categories(self, categories: &[String]) -> Self {
        Self { text: TextOptions { categories: categories.to_vec(), ..self.text }, ..self }
    }

    /// The same data, with these rows among the training rows if others are split off at random.
    pub(crate) fn keeping(self, rows: Vec<usize>) -> Self {
        Self { split: self.split.keeping(rows), ..self }
    }

    /// How tables are read.
    pub(crate) fn text(&self) -> &TextOptions {
        &self.text
    }

    /// The same data, whose cells may be missing.
    pub(crate) fn allowing_missing(self) -> Self {
        Self { text: TextOptions { missing: true, ..self.text }, ..self }
    }

    /// The same data, whose columns have bounds and periods.
    ///
    /// # Errors
    /// [`BadInput`] for data that have no columns.
    pub(crate) fn bounded(self, domains: ColumnDomains) -> Result<Self> {
        if domains.is_empty() || self.is_table() {
            return Ok(Self { domains, ..self });
        }
        Err(BadInput(format!("{}: --bound and --angle are for files of rows", self.name)).into())
    }

    /// Bounds and periods of columns.
    pub(crate) fn domains(&self) -> &ColumnDomains {
        &self.domains
    }

    /// The same data without noise on discrete columns.
    pub(crate) fn without_noise(self) -> Self {
        let discrete = match self.policy.discrete {
            Discrete::Dequantize => Discrete::Keep,
            other => other,
        };
        Self { policy: Policy { discrete, ..self.policy }, ..self }
    }

    /// The name of the data in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the data are a file of rows.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Rows(_))
    }

    /// The default preprocessing of the data.
    pub(crate) fn preprocess(&self) -> Preprocess {
        match &self.kind {
            Kind::Patches(..) | Kind::Generator(Generator::Leaves(_)) => Preprocess::Whiten,
            Kind::Tiles(_) | Kind::Mnist(_) | Kind::Rows(_) | Kind::Wav { .. } | Kind::Generator(_) => {
                Preprocess::Standardize
            }
        }
    }

    /// Reads, generates or splits the rows and checks them: all values finite, at least a batch, no
    /// constant feature. Returns the columns of a table, too.
    pub(crate) fn splits<F: Real>(&self, batch: usize) -> Result<(Splits<F>, Columns)> {
        let mut columns = Columns::default();
        let splits = match &self.kind {
            Kind::Generator(generator) => generator.splits(self.counts.unwrap_or(ROWS), self.seed)?,
            Kind::Patches(path, counts) => {
                let counts = self.counts.unwrap_or(*counts);
                bsds300(path, self.test.as_deref(), counts, self.patch, self.seed)?
            }
            Kind::Tiles(path) => tiles(path, self.test.as_deref(), self.counts.unwrap_or(ROWS), self.patch, self.seed)?,
            Kind::Mnist(path) => mnist(path, self.test.as_deref(), self.seed)?,
            Kind::Wav { input, frame, hop } => {
                let (name, sound) = match input {
                    Input::File(path) => (path.clone(), read_wav(path)?),
                    Input::Stdin => (PathBuf::from(input.to_string()), read_wav_stream(&input.to_string(), stdin())?),
                };
                wav_frames(&sound, &name, *frame, *hop, self.seed)?
            }
            Kind::Rows(input) => {
                let (splits, found) = self.rows(input)?;
                columns = found;
                splits
            }
        };
        if self.text.missing {
            // What a fit needs of columns and rows, it checks itself.
            return Ok((splits, columns));
        }
        check_training(splits.train.view(), &self.name, batch).map_err(|error| match error {
            DataError::TooFewRows { name, expected, actual } => {
                let split = splits.validation.nrows() + splits.test.nrows();
                let rest = format!("{name}, with {split} rows set aside for validation and test");
                DataError::TooFewRows { name: if split > 0 { rest } else { name }, expected, actual }
            }
            other => other,
        })?;
        check_rows(splits.validation.view(), &beside(self.val.as_deref(), &self.name, "validation"))?;
        if self.with_test || splits.test.nrows() > 0 {
            check_rows(splits.test.view(), &self.test_name())?;
        }
        Ok((splits, columns))
    }

    /// Adds the name of the data to an error of preprocessing, building or training that is about
    /// rows.
    pub(crate) fn blame(&self, error: impl Into<TrainError>) -> Error {
        match error.into() {
            error @ (TrainError::Spec(SpecError::Layer(
                LayerError::NonFinite { .. }
                | LayerError::Singular { .. }
                | LayerError::Dependent { .. }
                | LayerError::NotPositive { .. }
                | LayerError::Domain { .. }
                | LayerError::Features { .. }
                | LayerError::NoRows,
            ))
            | TrainError::NonFiniteStart { .. }
            | TrainError::TooFewRows { .. }
            | TrainError::NoValidation) => Error::from(error).context(self.name.clone()),
            other => other.into(),
        }
    }

    /// The name of the test rows in messages.
    pub(crate) fn test_name(&self) -> String {
        beside(self.test.as_deref(), &self.name, "test")
    }

    /// Rows of a file. Missing validation and test sets are split off, a tenth each, or up to a fifth
    /// of few rows.
    fn rows<F: Real>(&self, input: &Input) -> Result<(Splits<F>, Columns)> {
        let name = self.weights.as_ref().map(WeightSource::name);
        let read = Columns::of_training::<F>(input, &self.text, self.policy, (name, &self.domains))?;
        let Trained { mut columns, rows, names: keys, weights } = read;
        let (features, all) = (rows.ncols(), rows.nrows());
        let beside = |path: Option<&Path>| -> Result<Option<Array2<F>>> {
            let Some((read, others)) = self.named_beside(path, &columns, features)? else { return Ok(None) };
            self.split.check_apart(&keys, &others, &path.unwrap_or(Path::new("")).display().to_string())?;
            Ok(Some(read))
        };
        let (validation, test) = (beside(self.val.as_deref())?, beside(self.test.as_deref())?);
        let part = validation_share(rows.nrows() as u64);
        let share = |given: bool| if given { 0.0 } else { part };
        let shares = (share(validation.is_some()), share(!self.with_test || test.is_some()));
        let (mut train, mut parts) = (rows, None);
        if shares != (0.0, 0.0) {
            let split = self.split.split(train.nrows(), &keys, shares, self.seed);
            let split = split.with_context(|| self.name.clone())?;
            let take = |numbers: &[usize]| train.select(Axis(0), numbers);
            parts = Some((take(&split.1), take(&split.2)));
            train = take(&split.0);
            columns.parts = Some(split);
        }
        let none = || (Array2::zeros((0, features)), Array2::zeros((0, features)));
        let (split_off, split_off_test) = parts.unwrap_or_else(none);
        let (mut validation, mut test) = (validation.unwrap_or(split_off), test.unwrap_or(split_off_test));
        columns.noise = Dequantizer::new(&columns.map.discrete, self.seed);
        columns.add_noise(&mut validation, &mut test);
        if let Some(source) = &self.weights {
            let counts = [all, validation.nrows(), test.nrows()];
            let (val, test, parts) = (self.val.as_deref(), self.test.as_deref(), columns.parts.as_ref());
            let rows = RowsOf { input, val, test, counts, parts };
            columns.weights = Some(PartWeights::read(source, weights.as_ref(), &rows, &self.text)?);
        }
        let facts = columns.facts(
            Path::new(&input.to_string()),
            features,
            format!(
                "{} training, {} validation and {} test rows; {}.",
                train.nrows(),
                validation.nrows(),
                test.nrows(),
                self.split.describe(self.seed)
            ),
        );
        Ok((Splits { train, validation, test, test_groups: None, facts }, columns))
    }

    /// Conditions of the training, validation and test rows, split like the rows. `given` holds the
    /// validation and test conditions that have files; `counts` holds the numbers of rows.
    pub(crate) fn split_condition<F: Real>(
        &self,
        all: Array2<F>,
        given: (Option<Array2<F>>, Option<Array2<F>>),
        (counts, parts): ([usize; 3], Option<&Parts>),
        name: &str,
    ) -> Result<[Array2<F>; 3]> {
        let (validation, test) = given;
        let missing = |flag: &str| BadInput(format!("{flag} is missing: the condition of these rows is not in {name}"));
        let width = all.ncols();
        let test_of = |split: Array2<F>| match test {
            Some(test) => Ok(test),
            None if counts[2] == split.nrows() => Ok(split),
            None => Err(missing("--test-condition")),
        };
        let none = || Array2::zeros((0, width));
        let expected = match &self.kind {
            Kind::Rows(_) if self.val.is_some() => counts[0],
            _ => counts[0] + counts[1],
        };
        if all.nrows() != expected {
            let message = format!("{name}: {} rows, but the data have {expected}", all.nrows());
            return Err(BadInput(message).into());
        }
        match &self.kind {
            Kind::Rows(_) if self.val.is_some() => {
                let validation = validation.ok_or_else(|| missing("--val-condition"))?;
                Ok([all, validation, test_of(none())?])
            }
            Kind::Rows(_) => {
                let (train, validation, split) = parts.cloned().unwrap_or_default();
                let take = |numbers: &[usize]| all.select(Axis(0), numbers);
                Ok([take(&train), take(&validation), test_of(take(&split))?])
            }
            Kind::Mnist(_) => {
                let (train, validation) = all.view().split_at(ndarray::Axis(0), counts[0]);
                Ok([train.to_owned(), validation.to_owned(), test_of(none())?])
            }
            _ => Err(BadInput("--condition requires a file of rows or IDX images".into()).into()),
        }
    }

    /// Reads rows of a separate file with the columns of the training rows.
    pub(crate) fn beside<F: Real>(
        &self,
        path: Option<&Path>,
        columns: &Columns,
        features: usize,
    ) -> Result<Option<Array2<F>>> {
        Ok(self.named_beside(path, columns, features)?.map(|(rows, _)| rows))
    }

    /// The same with the names or groups of the rows.
    fn named_beside<F: Real>(
        &self,
        path: Option<&Path>,
        columns: &Columns,
        features: usize,
    ) -> Result<Option<(Array2<F>, Vec<String>)>> {
        let Some(path) = path else { return Ok(None) };
        let (rows, keys) = columns.read(&Input::File(path.to_owned()), &self.text)?;
        fits(path, &rows, features)?;
        Ok(Some((rows, keys)))
    }

    /// The `.npy` file, if the data are one. Its rows need not be held in memory if they are in C
    /// order.
    pub(crate) fn npy(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Rows(Input::File(path))
                // Arrays refuse a choice of columns when they are opened as rows.
                if self.text.columns.is_none()
                    && self.text.id.is_none()
                    && !is_pipe(path)
                    && detect_format(path).is_ok_and(|format| format == Format::Npy) =>
            {
                Some(path)
            }
            _ => None,
        }
    }

    /// Files of validation and test rows, and the seed of splits.
    pub(crate) fn parts(&self) -> (Option<&Path>, Option<&Path>, u64) {
        (self.val.as_deref(), self.test.as_deref(), self.seed)
    }

    /// What happens to degenerate and discrete columns.
    pub(crate) fn policy(&self) -> Policy {
        self.policy
    }
}

/// The name of rows that are in a separate file or were split off.
fn beside(file: Option<&Path>, name: &str, part: &str) -> String {
    file.map_or_else(|| format!("{name} ({part} rows)"), |path| path.display().to_string())
}

/// Checks the number of features.
pub(crate) fn fits<F>(path: &Path, rows: &Array2<F>, features: usize) -> Result<()> {
    if rows.ncols() == features {
        return Ok(());
    }
    let message = format!("{}: {} features per row, expected {features}", path.display(), rows.ncols());
    Err(BadInput(message).into())
}
