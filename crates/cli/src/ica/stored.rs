//! The folder that `pdmap ica` writes: `ica.json`, which `pdmap ica apply` reads, and its matrices as
//! arrays and tables for other programs.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result};
use ndarray::{Array1, Array2, Axis};
use pdmap_data::{Output, RowShape, RowWriter, write_npy};
use pdmap_dense::ica::{Component, End, Ica, Separation};
use serde::{Deserialize, Serialize};

use crate::terminal::exit::BadInput;
use crate::terminal::output::{self, Folder};

/// The version of `ica.json`.
const FORMAT: u32 = 1;

/// The file that `pdmap ica apply` reads.
const FILE: &str = "ica.json";

/// All files of the folder.
pub(crate) const FILES: [&str; 9] = [
    FILE,
    "mean.npy",
    "mean.csv",
    "unmixing.npy",
    "unmixing.csv",
    "mixing.npy",
    "mixing.csv",
    "whitening.npy",
    "whitening.csv",
];

/// A solution and the names of its columns.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    format: u32,
    /// Names of the columns; empty if they have none.
    pub(crate) columns: Vec<String>,
    /// Number of rows.
    pub(crate) rows: usize,
    /// Rank of the correlations of the columns.
    pub(crate) rank: usize,
    /// Share of the variance in the kept axes.
    pub(crate) explained: f64,
    pub(crate) form: String,
    pub(crate) density: String,
    /// `converged`, `out of iterations` or `stalled`.
    pub(crate) end: String,
    pub(crate) sources: Vec<StoredSource>,
    /// The names of sources that are not told from normal ones, if there are at least two.
    pub(crate) unidentified: Vec<String>,
    pub(crate) record: Vec<StoredIteration>,
    /// `[D]`.
    mean: Vec<f64>,
    /// `[k, D]`.
    unmixing: Vec<Vec<f64>>,
    /// `[D, k]`.
    mixing: Vec<Vec<f64>>,
    /// `[k, D]`.
    whitening: Vec<Vec<f64>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredSource {
    pub(crate) name: String,
    /// Share of the variance.
    pub(crate) variance: f64,
    pub(crate) kurtosis: f64,
    /// `super-gaussian` or `sub-gaussian`.
    pub(crate) density: String,
    pub(crate) contrast: f64,
    pub(crate) contrast_error: f64,
    pub(crate) stability: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredIteration {
    rows: usize,
    passes: usize,
    log_likelihood: f64,
    pub(crate) gradient: f64,
}

/// The name of a source.
pub(crate) fn source_name(index: usize) -> String {
    format!("s{index}")
}

fn source((index, own): (usize, &Component)) -> StoredSource {
    let density = if own.sign > 0.0 { "super-gaussian" } else { "sub-gaussian" }.to_owned();
    let Component { variance, kurtosis, contrast, contrast_error, stability, .. } = *own;
    StoredSource { name: source_name(index), variance, kurtosis, density, contrast, contrast_error, stability }
}

impl Stored {
    /// What is kept of a solution. `form` and `density` are the values of the flags.
    pub(crate) fn new(ica: &Ica, columns: Option<&[String]>, form: String, density: String) -> Self {
        let lists = |matrix: &Array2<f64>| matrix.rows().into_iter().map(|row| row.to_vec()).collect();
        let end = match ica.solution.end {
            End::Converged => "converged",
            End::OutOfIterations => "out of iterations",
            End::Stalled => "stalled",
        };
        let record = ica.solution.record.iter().map(|at| StoredIteration {
            rows: at.rows,
            passes: at.passes,
            log_likelihood: at.log_likelihood,
            gradient: at.criterion,
        });
        Self {
            format: FORMAT,
            columns: columns.unwrap_or_default().to_vec(),
            rows: ica.rows,
            rank: ica.rank,
            explained: ica.explained,
            form,
            density,
            end: end.to_owned(),
            sources: ica.components.iter().enumerate().map(source).collect(),
            unidentified: ica.unidentified().into_iter().map(source_name).collect(),
            record: record.collect(),
            mean: ica.separation.mean().to_vec(),
            unmixing: lists(ica.separation.unmixing()),
            mixing: lists(ica.separation.mixing()),
            whitening: lists(&ica.whitening),
        }
    }

    /// Writes all files; `ica.json`, with which they are complete, at the end.
    pub(crate) fn write(&self, ica: &Ica, folder: &Folder) -> Result<()> {
        let numbered = |stem: &str, count: usize| (0..count).map(|index| format!("{stem}{index}")).collect::<Vec<_>>();
        let separation = &ica.separation;
        let columns = if self.columns.is_empty() { numbered("x", separation.columns()) } else { self.columns.clone() };
        let sources: Vec<String> = self.sources.iter().map(|source| source.name.clone()).collect();
        let components = numbered("z", sources.len());
        let mean = separation.mean().clone().insert_axis(Axis(0));
        let write = |stem: &str, matrix: &Array2<f64>, rows: (&str, &[String]), names: &[String]| -> Result<()> {
            write_npy(&folder.file(&format!("{stem}.npy")), matrix)?;
            let output = Output::parse(folder.file(&format!("{stem}.csv")));
            let all = [&[rows.0.to_owned()], names].concat();
            let mut table =
                RowWriter::create_labelled(&output, RowShape::Matrix { features: names.len() }, Some(&all))?;
            for (name, row) in rows.1.iter().zip(matrix.rows()) {
                table.write_labelled(std::slice::from_ref(name), &row.to_vec())?;
            }
            table.finish()?;
            Ok(())
        };
        write("mean", &mean, ("", &["mean".to_owned()]), &columns)?;
        write("unmixing", separation.unmixing(), ("source", &sources), &columns)?;
        write("mixing", separation.mixing(), ("column", &columns), &sources)?;
        write("whitening", &ica.whitening, ("coordinate", &components), &columns)?;
        output::text(&folder.file(FILE), serde_json::to_string(self)?)
    }

    /// Reads `ica.json` of a folder.
    pub(crate) fn read(folder: &Path) -> Result<(Self, Separation)> {
        let path = folder.join(FILE);
        let name = || path.display().to_string();
        let file = BufReader::new(File::open(&path).with_context(name)?);
        let stored: Self = serde_json::from_reader(file)
            .map_err(|error| BadInput(format!("{}: not a file of `pdmap ica`: {error}", path.display())))?;
        if stored.format != FORMAT {
            let message = format!("{}: format {}, this version reads format {FORMAT}", path.display(), stored.format);
            return Err(BadInput(message).into());
        }
        let separation = stored.separation().with_context(name)?;
        Ok((stored, separation))
    }

    fn separation(&self) -> Result<Separation> {
        let columns = self.mean.len();
        if !(self.columns.is_empty() || self.columns.len() == columns) || self.sources.len() != self.unmixing.len() {
            let (names, sources, rows) = (self.columns.len(), self.sources.len(), self.unmixing.len());
            let message = format!(
                "{names} names for {columns} columns, {sources} sources for {rows} rows of the unmixing matrix"
            );
            return Err(BadInput(message).into());
        }
        let (unmixing, mixing) = (matrix(&self.unmixing, columns)?, matrix(&self.mixing, self.unmixing.len())?);
        Ok(Separation::new(Array1::from_vec(self.mean.clone()), unmixing, mixing)?)
    }
}

/// A matrix of rows of this length.
fn matrix(rows: &[Vec<f64>], length: usize) -> Result<Array2<f64>> {
    if let Some((index, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != length) {
        return Err(BadInput(format!("row {index} of a matrix has {} numbers, expected {length}", row.len())).into());
    }
    Ok(Array2::from_shape_vec((rows.len(), length), rows.concat())?)
}
