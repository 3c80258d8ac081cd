//! How a text file is to be understood.

/// Whether the first record of a text file names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// It does where one of its cells is neither a number nor a missing value.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is the first row.
    No,
}

/// How a text file is to be understood. The default detects everything and takes every column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether there is a header row.
    pub header: CsvHeader,
    /// The delimiter, one ASCII byte; `None` detects one of `,` `;` tab `|` in the first lines.
    pub delimiter: Option<u8>,
    /// The columns to take, in this order, each by its name in the header or by its index from 0. A name that is also an index
    /// means the name. `None` takes all.
    pub columns: Option<Vec<String>>,
    /// A column that names the rows rather than describing them, as in `columns`: its text goes along with the rows
    /// ([`ReadRows::ids`](crate::ReadRows::ids)), and it is none of the features.
    pub id: Option<String>,
    /// Where no columns are asked for and the header has each of these names once, these are taken, in this order: those that a model was trained on.
    pub usual: Vec<String>,
}
