//! Flags for rows that are read and written in blocks.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pdmap_data::{CsvHeader, IndexColumn, RowFormat, TextEncoding, TextOptions};

use crate::terminal::exit::BadInput;

/// The rows that a command reads.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputRows {
    /// Rows: .npy, .npz (FILE.npz#NAME selects an array), CSV, Parquet, Arrow, or - for .npy, CSV or
    /// Arrow on standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// Rows, and what they are conditioned on.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConditionedRows {
    #[command(flatten)]
    pub(crate) input: InputRows,
    /// Condition of each row, for a conditional model (see `pdmap train --condition`); for a model
    /// with categories, the table that has their columns [default: that of the rows]
    #[arg(long, value_name = "C")]
    pub(crate) condition: Option<PathBuf>,
}

impl ConditionedRows {
    /// The files that are read.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.input.data), self.condition.as_ref()].into_iter().flatten().map(PathBuf::as_path)
    }
}

/// The format of rows that a command writes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OutputFormat {
    /// Output format for standard output [default: that of the rows that are read, or npy] and for
    /// files with an extension other than .npy and .csv
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormatArg>,
}

/// Heading of the flags about how tables are read.
const READING: &str = "Reading tables";

/// How tables are read: CSV, and the columns of Parquet and Arrow.
#[derive(Debug, Clone, Args)]
pub(crate) struct TextArgs {
    /// CSV delimiter: one ASCII character, `tab` or `blanks` (runs of blanks) [default: detected
    /// from the first lines]
    #[arg(long, help_heading = READING, value_name = "CHAR")]
    pub(crate) delimiter: Option<String>,
    /// Decimal point of numbers in CSV: `.` or `,` [default: detected]
    #[arg(long, help_heading = READING, value_name = "CHAR")]
    pub(crate) decimal: Option<char>,
    /// What separates thousands in CSV: `,` `.` `'` `_` or `blank` [default: detected]
    #[arg(long, help_heading = READING, value_name = "CHAR")]
    pub(crate) thousands: Option<String>,
    /// Character that starts comment lines in CSV [default: `#`, above the table only]
    #[arg(long, help_heading = READING, value_name = "CHAR")]
    pub(crate) comment: Option<String>,
    /// Lines above the table in CSV that are not part of it
    #[arg(long, help_heading = READING, value_name = "LINES", default_value_t = 0)]
    pub(crate) skip: usize,
    /// Encoding of CSV without a byte order mark
    #[arg(long, help_heading = READING, value_enum, default_value_t = EncodingArg::Utf8)]
    pub(crate) encoding: EncodingArg,
    /// Whether the first column names the rows and is not a feature; `auto` leaves it out if it has
    /// no name and counts the rows, or is an index of pandas in Parquet or Arrow
    #[arg(long, help_heading = READING, value_enum, default_value_t = IndexArg::Auto)]
    pub(crate) index: IndexArg,
    /// Whether CSV starts with column names; `no` also omits them from CSV output
    #[arg(long, help_heading = READING, value_enum, default_value_t = HeaderArg::Auto)]
    pub(crate) header: HeaderArg,
    /// Columns to read, in this order, by name or by index from 0; the model's own names in any
    /// order [default: the model's training columns if the header names all of them, otherwise all
    /// columns]
    #[arg(long, help_heading = READING, value_name = "A,B,..", value_delimiter = ',', num_args = 1)]
    pub(crate) columns: Option<Vec<String>>,
    /// Column with row names, by name or by index from 0: it is not a feature, and becomes the
    /// first column of CSV output
    #[arg(long, help_heading = READING, value_name = "COLUMN")]
    pub(crate) id: Option<String>,
}

impl TextArgs {
    /// The reader's options.
    pub(crate) fn options(&self) -> Result<TextOptions, BadInput> {
        let one = |flag: &str, text: &str, named: &[(&str, u8)], more: &str| {
            let named = named.iter().find(|(name, _)| *name == text).map(|&(_, byte)| byte);
            match (named, text.as_bytes()) {
                (Some(byte), _) | (None, &[byte]) => Ok(byte),
                _ => Err(BadInput(format!("{flag} {text:?}: must be one ASCII character{more}"))),
            }
        };
        let names = [("tab", b'\t'), ("\\t", b'\t'), ("blanks", b' ')];
        let delimiter = self.delimiter.as_deref().map(|text| one("--delimiter", text, &names, ", tab or blanks"));
        let thousands = self.thousands.as_deref().map(|text| one("--thousands", text, &[("blank", b' ')], " or blank"));
        let comment = self.comment.as_deref().map(|text| one("--comment", text, &[], ""));
        Ok(TextOptions {
            header: self.header.into(),
            delimiter: delimiter.transpose()?,
            columns: self.columns.clone(),
            id: self.id.clone(),
            usual: vec![],
            categories: vec![],
            missing: false,
            decimal: self.decimal,
            thousands: thousands.transpose()?.map(char::from),
            comment: comment.transpose()?,
            skip: self.skip,
            encoding: match self.encoding {
                EncodingArg::Utf8 => TextEncoding::Utf8,
                EncodingArg::Latin1 => TextEncoding::Latin1,
            },
            index: match self.index {
                IndexArg::Auto => IndexColumn::Auto,
                IndexArg::Yes => IndexColumn::Yes,
                IndexArg::No => IndexColumn::No,
            },
        })
    }
}

/// The encoding of CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodingArg {
    #[value(name = "utf-8")]
    Utf8,
    /// Latin-1 or Windows-1252
    #[value(name = "latin-1")]
    Latin1,
}

/// Whether CSV has an index column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexArg {
    Auto,
    Yes,
    No,
}

/// Whether CSV has a header row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeaderArg {
    /// Present if a cell of the first line is neither a number, a date nor a missing value
    Auto,
    Yes,
    No,
}

impl From<HeaderArg> for CsvHeader {
    fn from(header: HeaderArg) -> Self {
        match header {
            HeaderArg::Auto => Self::Auto,
            HeaderArg::Yes => Self::Yes,
            HeaderArg::No => Self::No,
        }
    }
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
