//! Training rows, in memory or in a file that does not fit into memory.

use std::path::Path;

use anyhow::Result;
use ndarray::{Array2, Axis};
use pdmap_core::Real;
use pdmap_data::{DataError, DataFacts, Describer, Input, NpyFile, Splits, TrainingCheck, check_rows};
use pdmap_train::{ColumnSums, Condition, Dequantizer, FileRows, InMemory, Rows, SpecError, ValidationRows};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::args::Train;
use crate::condition;
use crate::rows::data::{Source, fits};
use crate::rows::table::Columns;
use crate::terminal::exit::BadInput;

/// Training rows, with validation and test rows.
#[derive(Debug)]
pub(crate) struct Stored<F> {
    train: Trains<F>,
    pub(crate) validation: Array2<F>,
    pub(crate) test: Array2<F>,
    pub(crate) test_groups: Option<Vec<u32>>,
    pub(crate) facts: DataFacts,
    /// The columns of a table.
    pub(crate) columns: Columns,
}

#[derive(Debug)]
enum Trains<F> {
    Memory(Array2<F>),
    File(Box<FileRows>),
}

impl<F: Real> Stored<F> {
    /// Reads or opens what `source` names, and checks it: finite everywhere, at least a batch, no
    /// constant feature. The rows of an `.npy` file of more than `memory` bytes (in the precision
    /// `F`) stay in the file, unless they are in Fortran order.
    pub(crate) fn open(source: &Source, batch: usize, memory: u64) -> Result<Self> {
        if let Some(path) = source.npy() {
            match NpyFile::open(path) {
                Ok(file) if bytes::<F>(&file) > memory && source.has_weights() => {
                    let message = format!(
                        "--weights: the rows of {} take {} bytes, more than --memory {memory}, and weights need rows in memory",
                        path.display(),
                        bytes::<F>(&file)
                    );
                    return Err(BadInput(message).into());
                }
                Ok(file) if bytes::<F>(&file) > memory => return in_file(source, path, &file, batch, memory),
                // The reader of whole files reports all other errors.
                Ok(_) | Err(DataError::FortranOrder { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (Splits { train, validation, test, test_groups, facts }, columns) = source.splits(batch)?;
        Ok(Self { train: Trains::Memory(train), validation, test, test_groups, facts, columns })
    }

    /// Appends to each row its condition: `read` is that of the training rows and of those split off
    /// them, `args` names the others.
    pub(crate) fn condition(
        &mut self,
        source: &Source,
        args: &Train,
        read: Option<(Condition, Array2<f64>)>,
    ) -> Result<Option<Condition>> {
        let (Some(path), Some((kind, all))) = (args.condition.as_deref(), read) else { return Ok(None) };
        let text = args.data.text.options()?;
        let beside = |path: Option<&Path>| path.map(|path| condition::beside::<f64>(&kind, path, &text)).transpose();
        let given = (beside(args.val_condition.as_deref())?, beside(args.test_condition.as_deref())?);
        let Trains::Memory(rows) = &mut self.train else { return Err(SpecError::ConditionsInFile.into()) };
        let name = path.display().to_string();
        let counts = [rows.nrows(), self.validation.nrows(), self.test.nrows()];
        let split = source.split_condition(all, given, (counts, self.columns.parts.as_ref()), &name)?;
        let condition = match kind {
            Condition::Classes { .. } | Condition::Named { .. } => kind,
            kind => Condition::standardized(split[0].view())?.named(kind.names()),
        };
        let seen = |rows: Array2<f64>| -> Result<Array2<F>> {
            let rows = match &condition {
                Condition::Classes { .. } | Condition::Named { .. } => rows,
                condition => condition.encode(rows, &name)?,
            };
            Ok(rows.mapv(F::of))
        };
        let [train, validation, test] = split;
        *rows = condition::joined(std::mem::take(rows), &seen(train)?, &name)?;
        self.validation = condition::joined(std::mem::take(&mut self.validation), &seen(validation)?, &name)?;
        self.test = condition::joined(std::mem::take(&mut self.test), &seen(test)?, &name)?;
        Ok(Some(condition))
    }

    /// Splits codes of categories like the rows: `all` are those of the training rows and of those
    /// split off them, `given` those of the validation and test rows that have files.
    pub(crate) fn split_codes(
        &self,
        source: &Source,
        all: Array2<u32>,
        given: (Option<Array2<u32>>, Option<Array2<u32>>),
    ) -> Result<[Array2<u32>; 3]> {
        let numbers = |codes: Array2<u32>| codes.mapv(f64::from);
        let given = (given.0.map(numbers), given.1.map(numbers));
        let Trains::Memory(rows) = &self.train else { return Err(SpecError::ConditionsInFile.into()) };
        let counts = [rows.nrows(), self.validation.nrows(), self.test.nrows()];
        let split =
            source.split_condition(numbers(all), given, (counts, self.columns.parts.as_ref()), source.name())?;
        Ok(split.map(|codes| codes.mapv(|code| code as u32)))
    }

    /// Appends conditions to all rows; of the validation rows, only those in `kept` stay.
    pub(crate) fn append(
        &mut self,
        [train, validation, test]: [Array2<F>; 3],
        kept: &[usize],
        name: &str,
    ) -> Result<()> {
        let Trains::Memory(rows) = &mut self.train else { return Err(SpecError::ConditionsInFile.into()) };
        *rows = condition::joined(std::mem::take(rows), &train, name)?;
        self.validation = condition::joined(self.validation.select(Axis(0), kept), &validation, name)?;
        self.test = condition::joined(std::mem::take(&mut self.test), &test, name)?;
        Ok(())
    }

    /// Keeps the weights of some validation rows only.
    ///
    /// # Errors
    /// Weights that are all 0.
    pub(crate) fn keep_validation_weights(&mut self, kept: &[usize]) -> Result<()> {
        if let Some(weights) = &mut self.columns.weights {
            weights.validation = weights.validation.choose(kept)?;
        }
        Ok(())
    }

    /// The training rows.
    pub(crate) fn rows(&self) -> Result<Rows<'_, F>> {
        Ok(match &self.train {
            Trains::Memory(rows) => {
                let weights = self.columns.weights.as_ref().map(|weights| &weights.train);
                let rows = InMemory::from(rows.view()).weighted(weights)?;
                rows.dequantized(self.columns.noise.as_ref()).into()
            }
            Trains::File(file) => Rows::from(&**file),
        })
    }

    /// The validation rows.
    pub(crate) fn judges(&self) -> Result<ValidationRows<'_, F>> {
        let weights = self.columns.weights.as_ref().map(|weights| &weights.validation);
        Ok(ValidationRows::new(self.validation.view(), weights)?)
    }

    /// How often each test row counts.
    pub(crate) fn test_weights(&self) -> Option<&[f64]> {
        Some(self.columns.weights.as_ref()?.test.as_ref()?.each())
    }

    /// How often each validation row counts.
    pub(crate) fn validation_weights(&self) -> Option<&[f64]> {
        Some(self.columns.weights.as_ref()?.validation.each())
    }
}

fn bytes<F>(file: &NpyFile) -> u64 {
    file.rows().saturating_mul(row_bytes::<F>(file.features()))
}

/// Maximum number of validation rows split off a file: ten times as many as a validation uses.
const VALIDATION: u64 = 100_000;

/// The validation rows of a file take at most this fraction (one over the number) of the memory for
/// rows.
const VALIDATION_SHARE: u64 = 8;

fn row_bytes<F>(features: usize) -> u64 {
    (features as u64).saturating_mul(size_of::<F>() as u64).max(1)
}

fn in_file<F: Real>(source: &Source, path: &Path, file: &NpyFile, batch: usize, memory: u64) -> Result<Stored<F>> {
    let (val, test, seed) = source.parts();
    let (rows, in_row) = (file.rows(), file.features());
    let chosen: Vec<u64> = if val.is_some() {
        vec![]
    } else {
        let held = memory / VALIDATION_SHARE / row_bytes::<F>(in_row);
        let count = (rows / 10).min(VALIDATION).min(held).max(1) as usize;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut chosen: Vec<u64> =
            rand::seq::index::sample(&mut rng, rows as usize, count).into_iter().map(|row| row as u64).collect();
        chosen.sort_unstable();
        chosen
    };
    let buffer_rows = (memory / row_bytes::<F>(in_row)).max(batch as u64);
    let name = source.name();
    let (expected, actual) = (batch.saturating_add(chosen.len()), usize::try_from(rows)?);
    if actual < expected {
        return Err(DataError::TooFewRows { name: name.to_owned(), expected, actual }.into());
    }
    // Of all rows of the file, so that errors give row numbers of the file.
    let (mut check, mut sums, mut describer) =
        (TrainingCheck::<F>::new(name), ColumnSums::new(in_row), Describer::new(in_row));
    Rows::<f64>::File(&FileRows::open(path, vec![], batch)?).pass(&mut |block| {
        // In the model's precision, in which a number may be infinite.
        check.block(block.mapv(F::of).view())?;
        sums.add(block.reborrow());
        describer.add(block);
        Ok(())
    })?;
    let names = file.columns().map(<[String]>::to_vec).unwrap_or_default();
    let mut columns = Columns { names, ..Columns::default() };
    let described = describer.finish(columns.named());
    let (input, all) = (Input::File(path.to_owned()), columns.names.clone());
    columns.apply(&input, described, source.policy(), None)?;
    columns.bound(&input, source.domains(), &all, in_row)?;
    if !columns.map.domains.is_empty() {
        let (mut first, mut checked) = (0, Ok(()));
        Rows::<f64>::File(&FileRows::open(path, vec![], batch)?).pass(&mut |block| {
            if checked.is_ok() {
                checked = columns.check_bounds(&input, first, block.reborrow());
            }
            first += block.nrows() as u64;
            Ok(())
        })?;
        checked?;
    }
    columns.map = columns.map.with_offsets::<F>(&sums);
    columns.noise = Dequantizer::new(&columns.map.discrete, seed);
    let train = FileRows::open(path, chosen.clone(), usize::try_from(buffer_rows)?)?
        .mapped(columns.map.clone())
        .dequantized(columns.noise.clone());
    let features = train.features();
    let mut validation: Array2<F> = match source.beside(val, &columns, features)? {
        Some(rows) => rows,
        None => train.gather(&chosen)?,
    };
    check_rows(validation.view(), name)?;
    let mut test = source.beside(test, &columns, features)?.unwrap_or_else(|| Array2::zeros((0, features)));
    if test.nrows() > 0 {
        fits(Path::new(&source.test_name()), &test, features)?;
    }
    columns.add_noise(&mut validation, &mut test);
    let facts = columns.facts(
        path,
        features,
        format!(
            "{} training rows in a file, shuffled through {} at a time; {} validation and {} test rows (seed {seed}).",
            train.count(),
            train.buffer_rows(),
            validation.nrows(),
            test.nrows()
        ),
    );
    Ok(Stored { train: Trains::File(Box::new(train)), validation, test, test_groups: None, facts, columns })
}
