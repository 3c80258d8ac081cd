//! Flags about rows that are read and written in blocks.

use clap::{Args, ValueEnum};
use pdmap_core::Real;
use pdmap_data::{CsvHeader, RowFormat, TextOptions};
use pdmap_train::Model;

use crate::exit::BadInput;

/// How CSV is understood.
#[derive(Debug, Clone, Args)]
pub(crate) struct TextArgs {
    /// Delimiter of CSV, one ASCII character or `tab` [default: found in the first lines]
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// Whether CSV begins with the names of its columns; `no` also leaves them out of CSV that is written
    #[arg(long, value_enum, default_value_t = HeaderArg::Auto)]
    pub(crate) header: HeaderArg,
    /// Columns of CSV to take, in this order, by name or by index from 0 [default: those that the model was trained on, where the header names them all; or all]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',', num_args = 1)]
    pub(crate) columns: Option<Vec<String>>,
    /// A column of CSV that names the rows, by name or by index from 0: it is no feature, and CSV that is written begins with it
    #[arg(long, value_name = "COLUMN")]
    pub(crate) id: Option<String>,
}

impl TextArgs {
    /// The flags as the readers want them, for rows of a model: its columns are taken by their names where they are there.
    pub(crate) fn of<F: Real>(&self, model: &Model<F>) -> Result<TextOptions, BadInput> {
        let usual = model.header.training.as_ref().map(|training| training.columns.clone());
        Ok(TextOptions { usual: usual.unwrap_or_default(), ..self.options()? })
    }

    /// The flags as the readers want them.
    pub(crate) fn options(&self) -> Result<TextOptions, BadInput> {
        let delimiter = match self.delimiter.as_deref() {
            None => None,
            Some("tab" | "\\t") => Some(b'\t'),
            Some(text) => match text.as_bytes() {
                &[byte] => Some(byte),
                _ => {
                    let message =
                        format!("--delimiter {text:?}: one ASCII character, or tab, delimits cells");
                    return Err(BadInput(message));
                }
            },
        };
        let header = match self.header {
            HeaderArg::Auto => CsvHeader::Auto,
            HeaderArg::Yes => CsvHeader::Yes,
            HeaderArg::No => CsvHeader::No,
        };
        Ok(TextOptions {
            header,
            delimiter,
            columns: self.columns.clone(),
            id: self.id.clone(),
            usual: vec![],
        })
    }
}

/// Whether CSV has a header row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeaderArg {
    /// It has where a cell of the first line is neither a number nor a missing value
    Auto,
    Yes,
    No,
}

/// A format of rows that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormatArg {
    Npy,
    Csv,
}

impl From<RowFormatArg> for RowFormat {
    fn from(format: RowFormatArg) -> Self {
        match format {
            RowFormatArg::Npy => Self::Npy,
            RowFormatArg::Csv => Self::Csv,
        }
    }
}
