//! Options for reading a text file.

/// Whether the first record of a text file names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// It does if one of its cells is neither a number nor a missing value.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not; it is the first row.
    No,
}

/// Options for reading a text file. The default detects everything and selects every column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether there is a header row.
    pub header: CsvHeader,
    /// The delimiter, one ASCII byte; `None` detects one of `,` `;` tab `|` from the first lines.
    pub delimiter: Option<u8>,
    /// The columns to select, in this order, each by its header name or by its index from 0. A name
    /// that is also an index is taken as a name. `None` selects all.
    pub columns: Option<Vec<String>>,
    /// A column of row names, given as in `columns`. Its text accompanies the rows
    /// ([`ReadRows::ids`](crate::ReadRows::ids)) and is not a feature.
    pub id: Option<String>,
    /// Columns to select, in this order, if `columns` is `None` and the header has each of these
    /// names exactly once: those a model was trained on.
    pub usual: Vec<String>,
}
