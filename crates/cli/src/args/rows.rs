//! Flags for rows that are read and written in blocks.

use clap::{Args, ValueEnum};
use pdmap_data::{CsvHeader, RowFormat, TextOptions};

use crate::terminal::exit::BadInput;

/// How CSV is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct TextArgs {
    /// CSV delimiter: one ASCII character or `tab` [default: detected from the first lines]
    #[arg(long, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// Whether CSV starts with column names; `no` also omits them from CSV output
    #[arg(long, value_enum, default_value_t = HeaderArg::Auto)]
    pub(crate) header: HeaderArg,
    /// CSV columns to read, in this order, by name or by index from 0 [default: the model's
    /// training columns if the header names all of them, otherwise all columns]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',', num_args = 1)]
    pub(crate) columns: Option<Vec<String>>,
    /// CSV column with row names, by name or by index from 0: it is not a feature, and becomes the
    /// first column of CSV output
    #[arg(long, value_name = "COLUMN")]
    pub(crate) id: Option<String>,
}

impl TextArgs {
    /// The reader's options.
    pub(crate) fn options(&self) -> Result<TextOptions, BadInput> {
        let delimiter = match self.delimiter.as_deref() {
            None => None,
            Some("tab" | "\\t") => Some(b'\t'),
            Some(text) => match text.as_bytes() {
                &[byte] => Some(byte),
                _ => {
                    let message = format!("--delimiter {text:?}: must be one ASCII character, or tab");
                    return Err(BadInput(message));
                }
            },
        };
        let header = match self.header {
            HeaderArg::Auto => CsvHeader::Auto,
            HeaderArg::Yes => CsvHeader::Yes,
            HeaderArg::No => CsvHeader::No,
        };
        Ok(TextOptions { header, delimiter, columns: self.columns.clone(), id: self.id.clone(), usual: vec![] })
    }
}

/// Whether CSV has a header row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeaderArg {
    /// Present if a cell of the first line is neither a number nor a missing value
    Auto,
    Yes,
    No,
}

/// Output format of rows.
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
