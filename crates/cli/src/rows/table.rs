//! Opens tables of rows and matches their columns by name.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use pdmap_data::{
    DataError, DataFacts, Degenerate, Description, Input, MappedRows, ReadRows, TextOptions, check_rows,
    collect_named_rows, match_names, open_rows,
};
use pdmap_train::{Categories, ColumnDomains, ColumnMap, Dequantizer, DiscreteFeature, Domain, Model};

use super::bounded::Bounded;
use super::parts::Parts;
use super::policy::{Degenerates, Policy, subspace};
use super::projected::{coordinates, projected};
use super::reading::Reading;
use super::weights::PartWeights;
use crate::args::Discrete;
use crate::terminal::exit::BadInput;

/// The columns that a table must have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Their names; empty if unknown.
    pub(crate) names: Vec<String>,
    /// Columns that may be there or not.
    pub(crate) left_out: Vec<String>,
    /// The columns of categories, which are read apart from these.
    pub(crate) categories: Vec<String>,
    /// Selection and offsets.
    pub(crate) map: ColumnMap,
    /// How often rows count.
    pub(crate) weights: Option<PartWeights>,
    /// Row numbers of the parts, if the training rows were split.
    pub(crate) parts: Option<Parts>,
    /// The noise of discrete columns.
    pub(crate) noise: Option<Dequantizer>,
    /// What was read as training rows.
    pub(crate) read: Option<Reading>,
    /// Whether rows off the subspace of the training rows become NaN, instead of an error.
    pub(crate) marks_outside: bool,
}

impl Columns {
    /// Those of a model.
    pub(crate) fn of<F: Real>(model: &Model<F>) -> Self {
        let training = model.header.training.as_ref();
        Self {
            names: training.map(|training| training.columns.clone()).unwrap_or_default(),
            left_out: training.map(|training| training.left_out.clone()).unwrap_or_default(),
            categories: model.header.categories.as_ref().map(Categories::names).unwrap_or_default(),
            map: model.header.columns.clone(),
            parts: None,
            noise: Dequantizer::new(&model.header.columns.discrete, SEED),
            ..Self::default()
        }
    }

    /// Opens a table with these columns. Names are compared if both sides have them: another order
    /// is matched, a missing or unexpected column is an error. Without names, columns are taken by
    /// position, which stderr says.
    pub(crate) fn open<F: Real>(&self, input: &Input, text: &TextOptions) -> Result<Box<dyn ReadRows<F>>> {
        let (usual, categories) = (self.names.clone(), self.categories.clone());
        let text = TextOptions { usual, categories, ..text.clone() };
        if self.map.takes_rows_as_they_are() && self.map.domains.is_empty() {
            let reader = open_rows::<F>(input, &text)?;
            return Ok(match self.places(&*reader, &text)? {
                None => reader,
                Some(places) => Box::new(MappedRows::new(reader, places, vec![])?),
            });
        }
        let reader = open_rows::<f64>(input, &text)?;
        let columns = reader.features();
        if let Some(subspace) = &self.map.subspace {
            let reader = match self.places(&*reader, &text)? {
                None => reader,
                Some(places) => Box::new(MappedRows::new(reader, places, vec![])?),
            };
            return Ok(Box::new(projected(reader, subspace, self.marks_outside)?));
        }
        let places = match self.places(&*reader, &text)? {
            Some(places) => places,
            None if columns == self.map.of => self.map.kept.clone(),
            None => (0..columns).collect(),
        };
        if self.map.domains.is_empty() {
            return Ok(Box::new(MappedRows::new(reader, places, self.map.offsets.clone())?));
        }
        if let Some(&index) = places.iter().find(|&&column| column >= columns) {
            return Err(DataError::ColumnOutOfRange { path: reader.name().into(), index, columns }.into());
        }
        let names = reader.columns().map(|names| places.iter().map(|&column| names[column].clone()).collect());
        let named = names.clone().unwrap_or_else(|| self.names.clone());
        Ok(Box::new(MappedRows::by(reader, Bounded::new(&self.map, places, named, self.marks_outside), names)))
    }

    /// Adds the noise of discrete columns to held-out rows: once, so that all are judged by the same.
    pub(crate) fn add_noise<F: Real>(&self, validation: &mut Array2<F>, test: &mut Array2<F>) {
        if let Some(noise) = &self.noise {
            noise.add(Dequantizer::VALIDATION, 0, validation.view_mut());
            noise.add(Dequantizer::TEST, 0, test.view_mut());
        }
    }

    /// Facts about rows of these columns from a file.
    pub(crate) fn facts(&self, path: &Path, features: usize, note: String) -> DataFacts {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        DataFacts { notes: vec![note], ..DataFacts::new(name, self.map.space(features), features) }
    }

    /// Reads a whole table, which must have rows of finite numbers unless cells may be missing, and
    /// the names of its rows.
    pub(crate) fn read<F: Real>(&self, input: &Input, text: &TextOptions) -> Result<(Array2<F>, Vec<String>)> {
        let (rows, names) = collect_named_rows(&mut *self.open(input, text)?)?;
        if !text.missing {
            check_rows(rows.view(), &input.to_string())?;
        }
        Ok((rows, names))
    }

    /// The names, if they are known.
    pub(crate) fn named(&self) -> Option<&[String]> {
        (!self.names.is_empty()).then_some(&self.names[..])
    }

    /// Records what the columns of the training rows hold, and what `policy` does about it. `rows` are
    /// these rows, if they are in memory.
    ///
    /// # Errors
    /// [`DataError::DegenerateColumns`]; [`BadInput`] if no column is left, or if discrete columns are
    /// refused; those of [`subspace`].
    pub(crate) fn apply(
        &mut self,
        input: &Input,
        described: Description,
        policy: Policy,
        rows: Option<ArrayView2<'_, f64>>,
    ) -> Result<()> {
        let dropped: Vec<usize> = described.degenerate.iter().map(Degenerate::column).collect();
        match policy.degenerate {
            _ if dropped.is_empty() => {}
            Degenerates::Drop => {}
            Degenerates::Refuse => {
                let (name, notes) = (input.to_string(), described.degenerate_notes());
                return Err(DataError::DegenerateColumns { name, notes }.into());
            }
            Degenerates::ReduceRank => {
                self.map.subspace = Some(subspace(input, &described, policy.discrete, rows)?);
                self.read = Some(Reading::of(input, described).reduced());
                return Ok(());
            }
        }
        let of = described.columns.len();
        let kept: Vec<usize> = (0..of).filter(|column| !dropped.contains(column)).collect();
        if kept.is_empty() && of > 0 {
            let message = format!("{input}: every column is constant; --drop-degenerate leaves none");
            return Err(BadInput(message).into());
        }
        let features = kept.iter().map(|&column| &described.columns[column]);
        let features = features.enumerate();
        let discrete: Vec<DiscreteFeature> =
            features.filter_map(|(feature, column)| DiscreteFeature::of(feature, column)).collect();
        match policy.discrete {
            Discrete::Error if !discrete.is_empty() => {
                let names: Vec<&str> =
                    discrete.iter().map(|d| described.columns[kept[d.feature]].name.as_str()).collect();
                let message = format!(
                    "{input}: discrete columns: {}; --discrete dequantize adds uniform noise of one step to them, --discrete keep trains on them as they are",
                    names.join(", ")
                );
                return Err(BadInput(message).into());
            }
            Discrete::Dequantize => self.map.discrete = discrete,
            Discrete::Keep | Discrete::Error => {}
        }
        if !dropped.is_empty() {
            if !self.names.is_empty() {
                self.left_out.extend(dropped.iter().map(|&column| self.names[column].clone()));
                self.names = kept.iter().map(|&column| self.names[column].clone()).collect();
            }
            (self.map.of, self.map.kept) = (of, kept);
        }
        self.read = Some(Reading::of(input, described));
        Ok(())
    }

    /// Takes over bounds and periods of columns by name, where the training rows have `of` columns
    /// with the names `all`.
    ///
    /// # Errors
    /// [`BadInput`] for a column that does not exist, that is named twice or that is no feature.
    pub(crate) fn bound(&mut self, input: &Input, domains: &ColumnDomains, all: &[String], of: usize) -> Result<()> {
        let refuse = |reason: String| BadInput(format!("{input}: --bound, --angle: {reason}"));
        let found = domains.of_columns(all, of).map_err(refuse)?;
        if found.is_empty() {
            return Ok(());
        }
        if self.map.subspace.is_some() {
            return Err(refuse("not with --reduce-rank, whose coordinates have no bounds".into()).into());
        }
        let lost = (0..of).find(|column| {
            found[*column] != Domain::Real && !self.map.kept.is_empty() && !self.map.kept.contains(column)
        });
        if let Some(column) = lost {
            let name = all.get(column).cloned().unwrap_or_else(|| column.to_string());
            return Err(
                refuse(format!("column `{name}` is left out, since it is constant or depends on others")).into()
            );
        }
        let kept = if self.map.kept.is_empty() { (0..of).collect() } else { self.map.kept.clone() };
        self.map.domains = kept.into_iter().map(|column| found[column]).collect();
        Ok(())
    }

    /// Says that rows of all columns, of which the first has the number `first`, are inside the
    /// bounds.
    ///
    /// # Errors
    /// [`DataError::OutOfBounds`].
    pub(crate) fn check_bounds(&self, input: &Input, first: u64, rows: ArrayView2<'_, f64>) -> Result<()> {
        if self.map.domains.is_empty() {
            return Ok(());
        }
        for (row, values) in rows.rows().into_iter().enumerate() {
            if let Some((feature, value)) = self.map.outside(values) {
                let (name, domain) = (input.to_string(), self.map.domains[feature].to_string());
                let (column, row) = (self.name(feature), first + row as u64);
                return Err(DataError::OutOfBounds { name, row, column, value, domain }.into());
            }
        }
        Ok(())
    }

    /// Where the columns of the training rows stand in their table, as far as a model gives them back.
    pub(crate) fn table_places(&self) -> Vec<usize> {
        let read = self.read.as_ref();
        let text = read.and_then(|read| read.text.as_ref()).map(|text| &text.columns);
        let columns = text.or_else(|| read.and_then(|read| read.table.as_ref()).map(|table| &table.columns));
        let all: Vec<usize> = columns.into_iter().flatten().map(|column| column.column).collect();
        if self.map.kept.is_empty() {
            all
        } else {
            self.map.kept.iter().filter_map(|&kept| all.get(kept).copied()).collect()
        }
    }

    /// A warning about discrete columns that are kept as they are.
    pub(crate) fn warning(&self) -> Option<String> {
        self.read.as_ref().filter(|_| self.map.discrete.is_empty())?.warning()
    }

    /// What is done to columns before the flow sees them, in words.
    pub(crate) fn steps(&self) -> Vec<String> {
        let reduced = self.map.subspace.as_ref().map(|subspace| {
            format!("coordinates in the subspace of rank {} of {} columns", subspace.rank(), subspace.columns())
        });
        reduced.into_iter().chain(self.domains()).chain(self.noise_in_words()).chain(self.offsets()).collect()
    }

    /// The domains in words.
    pub(crate) fn domains(&self) -> Option<String> {
        let domains = self.map.domains.iter().enumerate().filter(|&(_, &domain)| domain != Domain::Real);
        let in_words = |(feature, domain): (usize, &Domain)| match *domain {
            Domain::Angle { from, period } => {
                format!("{} in [{from}, {}), periodic", self.name(feature), from + period)
            }
            domain => format!("{} in {domain}", self.name(feature)),
        };
        let named: Vec<String> = domains.map(in_words).collect();
        (!named.is_empty()).then(|| named.join(", "))
    }

    fn noise_in_words(&self) -> Option<String> {
        let named = |d: &DiscreteFeature| format!("{} ({})", self.name(d.feature), d.step);
        let noisy: Vec<String> = self.map.discrete.iter().map(named).collect();
        (!noisy.is_empty()).then(|| format!("uniform noise of one step on {}", noisy.join(", ")))
    }

    fn name(&self, feature: usize) -> String {
        self.names.get(feature).cloned().unwrap_or_else(|| format!("x{feature}"))
    }

    /// The names for plots, with the offsets: `time − 1.7e9`.
    pub(crate) fn labels(&self) -> Option<Vec<String>> {
        if let Some(subspace) = &self.map.subspace {
            return Some(coordinates(subspace.rank()));
        }
        let label = |(index, name): (usize, &String)| match self.map.offsets.get(index) {
            Some(offset) if *offset != 0.0 => format!("{name} − {offset}"),
            _ => name.clone(),
        };
        self.named().map(|names| names.iter().enumerate().map(label).collect())
    }

    /// The offsets in words.
    fn offsets(&self) -> Option<String> {
        let named =
            |(index, offset): (usize, &f64)| (*offset != 0.0).then(|| format!("{} − {offset}", self.name(index)));
        let shifted: Vec<String> = self.map.offsets.iter().enumerate().filter_map(named).collect();
        (!shifted.is_empty()).then(|| format!("in double precision {}", shifted.join(", ")))
    }

    /// Where the table has the columns, if it has them in another order.
    fn places<G>(&self, reader: &dyn ReadRows<G>, text: &TextOptions) -> Result<Option<Vec<usize>>>
    where
        G: pdmap_data::Element,
    {
        if text.columns.is_some() || self.names.is_empty() {
            // The flag decides, but for the order of columns that have the names of the model's.
            let named = reader.columns().filter(|columns| *columns != self.names);
            return Ok(named.and_then(|columns| match_names(&self.names, columns, &[]).ok()));
        }
        let (Some(all), Some(selected)) = (reader.all_columns(), reader.columns()) else {
            eprintln!("note: {} has no column names; its columns are taken by position", reader.name());
            return Ok(None);
        };
        if selected == self.names && all == self.names {
            return Ok(None);
        }
        let ignored = [&self.left_out[..], reader.id_column().map(str::to_owned).as_slice()].concat();
        let matched = match_names(&self.names, all, &ignored);
        let matched = matched.and_then(|_| match_names(&self.names, selected, &ignored));
        let places = matched.map_err(|mismatch| DataError::ColumnNames {
            path: PathBuf::from(reader.name()),
            mismatch: Box::new(mismatch),
        })?;
        Ok((selected != self.names).then_some(places))
    }
}

/// Seed of the noise on rows for a finished model.
const SEED: u64 = 0;
