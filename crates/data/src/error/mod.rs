//! Everything that can be wrong with data, with the numbers that locate it.

mod cause;
mod hint;
mod place;

use std::path::{Path, PathBuf};

use cause::{Cause, above, first_line, held, listed};

pub use hint::Hint;
pub use place::Place;
pub(crate) use place::excerpt;

/// An error about data, with the file and the numbers. Each message is one line.
///
/// In all variants, `path` is the file or folder as given and `name` the name of the data in
/// messages. Rows, columns, samples and channels count from 0, lines from 1. `expected` is what was
/// required, `actual` what was found, and `limit` the largest value accepted.
#[allow(missing_docs)]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    // Files and folders.
    /// The file or folder does not exist.
    #[error("{}: no such file or folder", path.display())]
    NotFound { path: PathBuf },
    /// The operating system reported an error while reading or writing.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// A folder is required.
    #[error("{}: not a folder", path.display())]
    NotAFolder { path: PathBuf },
    /// The format of the file is not supported.
    #[error("{}: unknown format; supported are .npy and .npz arrays, CSV text (plain, gzip or zstd), Parquet and Arrow IPC tables, WAV sound, IDX images (plain or gzip) and folders of JPEG, PNG, TIFF or WebP images", path.display())]
    UnknownFormat { path: PathBuf },
    /// The file does not start with the signature of its format; `actual` are its first bytes.
    #[error("{}: not {expected}: it starts with bytes {actual:02x?}", path.display())]
    BadMagic { path: PathBuf, expected: &'static str, actual: Vec<u8> },
    /// The file ends before the data that its header declares, in bytes. For a compressed file,
    /// `actual` is the decompressed count or an upper bound.
    #[error("{}: truncated: the header declares {expected} bytes of data, the file can hold at most {actual}", path.display())]
    Truncated { path: PathBuf, expected: u128, actual: u128 },
    /// More data than the `expected` bytes that the header declares.
    #[error("{}: more data than the {expected} bytes that the header declares", path.display())]
    Trailing { path: PathBuf, expected: u128 },
    /// The requested format needs a file, but a pipe was given.
    #[error("{}: cannot read {what} from a pipe; write it to a file first", path.display())]
    NeedsAFile { path: PathBuf, what: &'static str },
    /// The input is recognised, but is not a table of numbers.
    #[error("{}: {found}, not rows of numbers; give an .npy, .npz, CSV, Parquet or Arrow file", path.display())]
    NotRows { path: PathBuf, found: &'static str },

    // Rows of numbers.
    /// A value is NaN or infinite.
    #[error("{name}: row {row}, column {column} is {value}; every value must be finite")]
    NonFinite { name: String, row: usize, column: usize, value: f64 },
    /// A feature has the same value in every row, so no density exists.
    #[error("{name}: column {column} is {value} in every row; drop it, a constant has no density")]
    ConstantFeature { name: String, column: usize, value: f64 },
    /// Too few rows.
    #[error("{name}: {actual} row(s), at least {expected} needed")]
    TooFewRows { name: String, expected: usize, actual: usize },
    /// The rows have no features.
    #[error("{name}: rows have no features")]
    ZeroFeatures { name: String },
    /// Two related data sets differ in their number of features.
    #[error("{name}: {actual} features, expected {expected}")]
    FeatureMismatch { name: String, expected: usize, actual: usize },
    /// Too few groups for a split.
    #[error("{actual} group(s), at least {expected} needed so that no part of the split is empty")]
    TooFewGroups { expected: usize, actual: usize },
    /// A row has no key in the order by which rows are split.
    #[error("row {row} has no value to order it by; --order needs one in every row")]
    MissingKey { row: usize },
    /// The memory cannot be allocated.
    #[error("not enough memory for {rows} rows of {features} features")]
    TooLarge { rows: usize, features: usize },
    /// The numbers do not make whole rows.
    #[error("{}: {values} numbers are not whole rows of {features} features", path.display())]
    PartialRow { path: PathBuf, features: usize, values: usize },
    /// The number of rows written differs from the number announced.
    #[error("{}: {actual} row(s) to write, {expected} announced", path.display())]
    RowCount { path: PathBuf, expected: u64, actual: u64 },
    /// The requested rows lie beyond the end of the file.
    #[error("{}: rows {first}..{} requested, the file has {rows}", path.display(), u128::from(*first) + u128::from(*count))]
    RowsOutOfRange { path: PathBuf, first: u64, count: u64, rows: u64 },

    // Arrays: .npy and .npz.
    /// The header cannot be parsed.
    #[error("{}: invalid header: {}", path.display(), first_line(source))]
    BadHeader { path: PathBuf, source: Cause },
    /// The header is longer than any header of a plain array, in bytes.
    #[error("{}: header of {actual} bytes, at most {limit} are accepted", path.display())]
    HeaderTooLong { path: PathBuf, limit: u64, actual: u64 },
    /// The header is nested more deeply than the description of a plain array.
    #[error("{}: header nested {actual} deep, at most {limit} is accepted", path.display())]
    HeaderTooDeep { path: PathBuf, limit: usize, actual: usize },
    /// The element type is not supported.
    #[error("{}: elements of type {actual}, expected {expected}", path.display())]
    WrongDtype { path: PathBuf, expected: &'static str, actual: String },
    /// An integer of 64 bits that would have to be rounded. The `hint` says what helps.
    #[error("{}: {place} is {value}, which no 64-bit float holds exactly{hint}", path.display())]
    InexactInteger { path: PathBuf, place: Place, value: i128, hint: Hint },
    /// The number of axes is wrong.
    #[error("{}: array of rank {actual}, expected rank {expected}{}", path.display(), if *expected == 2 { " (or 1); x.reshape(len(x), -1) makes rows" } else { "" })]
    WrongRank { path: PathBuf, expected: usize, actual: usize },
    /// The rows of the array are not contiguous, so they cannot be read one by one.
    #[error("{}: in Fortran order, which cannot be read row by row; save it in C order (numpy.ascontiguousarray)", path.display())]
    FortranOrder { path: PathBuf },
    /// Feature or row-name columns of an array were selected, but arrays have no column names.
    #[error("{}: columns can be selected in CSV, Parquet and Arrow only, and this is an array", path.display())]
    ColumnsOfAnArray { path: PathBuf },
    /// The array `member` was requested, but the file is not an archive.
    #[error("{}: not an .npz archive, so it has no array {member:?}", path.display())]
    NotAnArchive { path: PathBuf, member: String },
    /// The archive cannot be parsed.
    #[error("{}: invalid archive: {}", path.display(), first_line(source))]
    BadArchive { path: PathBuf, source: Cause },
    /// The archive contains no array.
    #[error("{}: no .npy array in this archive", path.display())]
    NoArrays { path: PathBuf },
    /// The archive contains `count` arrays and none was selected; `names` lists the first of them.
    #[error("{}: {count} arrays; select one of them with FILE#NAME: {}", path.display(), listed(names, *count))]
    ManyArrays { path: PathBuf, count: usize, names: Vec<String> },
    /// The archive has no array of this name.
    #[error("{}: no array {name:?}, nearest is {nearest:?}", path.display())]
    UnknownArray { path: PathBuf, name: String, nearest: String },
    /// The storage method of an array is not supported.
    #[error("{}: stored with {method}; only plain and deflated arrays are supported", path.display())]
    UnreadEntry { path: PathBuf, method: String },

    // Tables of columns: Parquet and Arrow IPC.
    /// The file is damaged, or needs something that is not supported; `problem` says what.
    #[error("{}: cannot read this {format}: {problem}", path.display())]
    BadTable { path: PathBuf, format: &'static str, problem: String },
    /// Selected columns do not hold numbers: for each, its number, its name and what it holds.
    #[error("{}: {}, not numbers; select others with --columns, name the rows with --id, or train on text as categories with --categorical", path.display(), held(columns))]
    NotNumeric { path: PathBuf, columns: Vec<(usize, String, &'static str)> },
    /// The reader of the format was not compiled: it is a feature of this crate.
    #[error("{}: {format} cannot be read here; build pdmap-data with its feature `parquet`", path.display())]
    NotBuilt { path: PathBuf, format: &'static str },

    // Text.
    /// The byte cannot be a delimiter.
    #[error("{}: byte {delimiter:#04x} cannot delimit cells; use an ASCII character other than a quote or a line end", path.display())]
    BadDelimiter { path: PathBuf, delimiter: u8 },
    /// The text contains bytes that are not UTF-8.
    #[error("{}: line {line}: not UTF-8 text; if it is Latin-1 or Windows-1252, give --encoding latin-1", path.display())]
    NotUtf8 { path: PathBuf, line: u64 },
    /// A record exceeds `limit` bytes, probably because of an unclosed quote.
    #[error("{}: the record that starts on line {line} is longer than {limit} bytes; is there an unclosed quote?", path.display())]
    RecordTooLong { path: PathBuf, line: u64, limit: u64 },
    /// The number of cells differs from the first record.
    #[error("{}: line {line} (row {row}): {actual} cell(s), expected {expected}{}", path.display(), above(*row))]
    RaggedRow { path: PathBuf, line: u64, row: u64, expected: usize, actual: usize },
    /// A cell has no value.
    #[error("{}: {place}: missing value {text:?}; fill it in, remove the row, or see --missing marginalize of `train` and `score`", path.display())]
    MissingCell { path: PathBuf, place: Place, text: String },
    /// A cell is infinite, or too large for the requested precision.
    #[error("{}: {place}: {text:?} is infinite as a {bits}-bit number; every value must be finite", path.display())]
    InfiniteCell { path: PathBuf, place: Place, text: String, bits: usize },
    /// The first cell of a column is a word, so the column does not hold numbers.
    /// The `hint` says what helps.
    #[error("{}: {place}: {text:?} is not a number{hint}", path.display())]
    TextColumn { path: PathBuf, place: Place, text: String, hint: Hint },
    /// A cell is not a number; the `hint`, which may be empty, says what helps.
    #[error("{}: {place}: {text:?} is not a number{hint}", path.display())]
    NotANumber { path: PathBuf, place: Place, text: String, hint: Hint },
    /// A cell of a column of dates is not a date.
    #[error("{}: {place}: {text:?} is not a date such as 2024-02-29 or 2024-02-29 12:00:00, as the first row has", path.display())]
    NotADate { path: PathBuf, place: Place, text: String },
    /// There is a header, but no row below it.
    #[error("{}: no rows below the header on line {line}", path.display())]
    NoRows { path: PathBuf, line: u64 },
    /// The text can be read as one column with decimal commas or as two columns.
    #[error("{}: {text:?} is one number with a decimal comma, or two columns; give --decimal , or --delimiter ,", path.display())]
    AmbiguousDecimal { path: PathBuf, text: String },
    /// The comma can be a decimal point or separate thousands.
    #[error("{}: the comma of {text:?} is a decimal point, or separates thousands; give --decimal , or --thousands ,", path.display())]
    AmbiguousComma { path: PathBuf, text: String },
    /// The first record can be a header or the first row.
    #[error("{}: line {line}: {text:?} is a header, or the first row; give --header yes or --header no", path.display())]
    AmbiguousHeader { path: PathBuf, line: u64, text: String },
    /// The first column has no name, and can be an index or a feature.
    #[error("{}: column {column} has no name and starts with {text:?}: it names the rows, or is a feature; give --index yes or --index no", path.display())]
    AmbiguousIndex { path: PathBuf, column: usize, text: String },
    /// A column that seemed to count the rows does not.
    #[error("{}: {place}: {text:?}, expected {expected}: the column has no name and seemed to count the rows; give --index yes if it names them, --index no if it is a feature", path.display())]
    BrokenIndex { path: PathBuf, place: Place, text: String, expected: u64 },
    /// A column that seemed to be empty is not.
    #[error("{}: {place}: {text:?} in a column without a name that seemed to be empty; select columns with --columns", path.display())]
    NotEmpty { path: PathBuf, place: Place, text: String },
    /// Fewer lines than are to be skipped; `lines` are in the file, or in its first 2 MiB.
    #[error("{}: cannot skip {skip} lines, there are {lines}", path.display())]
    SkipsAll { path: PathBuf, skip: usize, lines: u64 },
    /// These marks cannot stand in numbers.
    #[error("{}: numbers cannot have the decimal point {decimal:?} and thousands {thousands:?}; --decimal is . or , and --thousands another one, a blank, ' or _", path.display())]
    BadNumberFormat { path: PathBuf, decimal: char, thousands: Option<char> },
    /// Too many distinct labels for classes.
    #[error("{}: more than {limit} distinct labels in {rows} rows; is it a column of classes?", path.display())]
    TooManyClasses { path: PathBuf, rows: usize, limit: usize },
    /// No column has this name.
    #[error("{}: no column {name:?}, nearest is {nearest:?}", path.display())]
    UnknownColumn { path: PathBuf, name: String, nearest: String },
    /// The columns do not match those of the training rows or of the model.
    #[error("{}: {mismatch}; select the columns with --columns", path.display())]
    ColumnNames { path: PathBuf, mismatch: Box<crate::columns::NameMismatch> },
    /// A row off the subspace of the training rows: its density is 0.
    #[error(
        "{name}: row {row} is off the subspace of the training rows by {distance:.3e} standard deviations, at most {tolerance:.3e} allowed; its density is 0"
    )]
    OffSubspace { name: String, row: u64, distance: f64, tolerance: f64 },
    /// A value outside the bounds of its column: its density is 0.
    #[error(
        "{name}: row {row}, column {column} is {value}: outside the bounds {domain} of the column (--bound of train)"
    )]
    OutOfBounds { name: String, row: u64, column: String, value: f64, domain: String },
    /// A stream is longer than its format allows.
    #[error("{}: more than {limit} bytes; cut the sound into shorter files", path.display())]
    TooLong { path: PathBuf, limit: u64 },
    /// Columns without a density of their own; `notes` describes each.
    #[error("{name}: the columns have no joint density: {}; --drop-degenerate leaves some out, --reduce-rank trains in the subspace that the rows span, --columns selects others", notes.join("; "))]
    DegenerateColumns { name: String, notes: Vec<String> },
    /// The column index is out of range.
    #[error("{}: no column {index}; there are {columns}, numbered from 0", path.display())]
    ColumnOutOfRange { path: PathBuf, index: usize, columns: usize },
    /// A column was selected by name, but there is no header row.
    #[error("{}: no header row, so no column {name:?}; select by index from 0, there are {columns} columns", path.display())]
    NoHeader { path: PathBuf, name: String, columns: usize },
    /// Two columns have the requested name.
    #[error("{}: columns {first} and {second} are both named {name:?}; select by index", path.display())]
    AmbiguousColumn { path: PathBuf, name: String, first: usize, second: usize },
    /// A column was selected twice; `name` is its second selection.
    #[error("{}: column {column} is selected twice, the second time as {name:?}; a copy has no density", path.display())]
    RepeatedColumn { path: PathBuf, column: usize, name: String },

    // Images.
    /// The image cannot be decoded.
    #[error("{}: cannot decode the image: {}", path.display(), first_line(source))]
    BadImage { path: PathBuf, source: Cause },
    /// The image is so large that decoding it could exhaust memory.
    #[error("{}: image of {width}x{height} pixels (width x height), at most {limit} pixels are accepted", path.display())]
    ImageTooLarge { path: PathBuf, width: u32, height: u32, limit: u64 },
    /// The folder contains no image.
    #[error("{}: no .jpg, .jpeg, .png, .tif, .tiff or .webp image in this folder; for one folder per class (CLASS/IMAGE.png), use `pdmap data images --classes`", path.display())]
    NoImages { path: PathBuf },
    /// The folder contains no class folder.
    #[error("{}: no folder of images for each class (CLASS/IMAGE.png) in this folder", path.display())]
    NoClasses { path: PathBuf },
    /// An image beside the class folders.
    #[error("{}: an image outside the class folders; move it into the folder of its class", path.display())]
    ImageOutsideClasses { path: PathBuf },
    /// Too few images.
    #[error("{name}: {actual} image(s), at least {expected} needed")]
    TooFewImages { name: String, expected: usize, actual: usize },
    /// A patch with a side of `patch` pixels does not fit into an image.
    #[error("{name}: image of {width}x{height} pixels is smaller than a {patch}x{patch} patch")]
    ImageTooSmall { name: String, width: usize, height: usize, patch: usize },
    /// The same image is in the training folder and in the test folder.
    #[error("{name}: the same image is in the training data {} and in the test data {}", train.display(), test.display())]
    SharedImage { name: String, train: PathBuf, test: PathBuf },
    /// Two related files contain images of different sizes, `(height, width)`.
    #[error("{}: images of {}x{} pixels, expected {}x{} (height x width)", path.display(), actual.0, actual.1, expected.0, expected.1)]
    PictureMismatch { path: PathBuf, expected: (usize, usize), actual: (usize, usize) },

    // Sound.
    /// The sample format is not supported; `tag` is its number in the WAV standard.
    #[error("{}: samples of {bits} bits, format {tag:#06x}; supported are integers of 8, 16, 24 and 32 bits (0x0001) and floats of 32 bits (0x0003)", path.display())]
    SampleFormat { path: PathBuf, tag: u16, bits: u16 },
    /// A sample is NaN or infinite.
    #[error("{}: sample {sample} of channel {channel} is {value}; every sample must be finite", path.display())]
    NonFiniteSample { path: PathBuf, sample: usize, channel: usize, value: f32 },
    /// The sound is too short for training, validation and test frames. `expected` and `actual` are
    /// samples per channel, `frame` and `hop` the length of a frame and the step between frames.
    #[error("{}: {actual} samples, {expected} needed for frames of {frame} every {hop} in each part", path.display())]
    SoundTooShort { path: PathBuf, frame: usize, hop: usize, expected: u128, actual: usize },

    // Generators.
    /// The text is not of the form `synthetic:NAME`.
    #[error("{text:?} is not a generator: write synthetic:NAME?key=value&key=value")]
    NotAGenerator { text: String },
    /// No generator has this name.
    #[error("unknown generator {name:?}, nearest is {nearest:?}")]
    UnknownGenerator { name: String, nearest: &'static str },
    /// The generator has no such option.
    #[error("generator {generator} has no option {key:?}, nearest is {nearest:?}")]
    UnknownKey { generator: &'static str, key: String, nearest: &'static str },
    /// The option has no such named value.
    #[error("option {key} cannot be {value:?}, nearest is {nearest:?}")]
    UnknownValue { key: &'static str, value: String, nearest: &'static str },
    /// The option was given twice.
    #[error("generator {generator}: option {key} given twice")]
    RepeatedKey { generator: &'static str, key: String },
    /// The value of an option is not allowed.
    #[error("option {option} is {value}, expected {expected}")]
    BadOption { option: &'static str, value: String, expected: &'static str },
}

impl DataError {
    /// Adds the path to an I/O error; a missing file has its own variant.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Io { path, source },
        }
    }
}
