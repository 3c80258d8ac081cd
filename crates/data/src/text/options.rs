//! Options for reading a text file.

/// Whether the first record of a text file names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// It does if one of its cells is neither a number, a date nor a missing value. Where that is
    /// not certain, as for a header of numbers, the file is refused.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not; it is the first row.
    No,
}

/// Whether the first column is an index, which names the rows and is not a feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexColumn {
    /// It is if the header does not name it (or calls it `Unnamed: 0`) and it counts the rows, from
    /// 0 or 1, or holds words.
    #[default]
    Auto,
    /// It is, and its text accompanies the rows as that of [`TextOptions::id`].
    Yes,
    /// It is a feature.
    No,
}

/// The encoding of a text without a byte order mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// Latin-1, with the characters that Windows-1252 adds to it.
    Latin1,
}

/// Options for reading a text file. The default detects everything and selects every column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether there is a header row.
    pub header: CsvHeader,
    /// The delimiter, one ASCII byte; a blank stands for runs of blanks and tabs. `None` detects
    /// one of `,` `;` tab `|` or runs of blanks from the first lines.
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
    /// Columns of categories, given as in `columns`: they are not features, and
    /// [`read_categories`](crate::read_categories) reads them.
    pub categories: Vec<String>,
    /// The decimal point, `.` or `,`; `None` detects it.
    pub decimal: Option<char>,
    /// What separates thousands: `,` `.` `'` `_` or a blank; `None` detects it.
    pub thousands: Option<char>,
    /// The byte that starts a comment line; `None` recognizes lines that start with `#` above the
    /// header only.
    pub comment: Option<u8>,
    /// Lines above the table that are not part of it.
    pub skip: usize,
    /// The encoding of a text without a byte order mark.
    pub encoding: TextEncoding,
    /// Whether the first column is an index.
    pub index: IndexColumn,
    /// Whether missing cells (empty, `NA`, null and the like) are read as NaN; otherwise they are
    /// refused.
    pub missing: bool,
}
