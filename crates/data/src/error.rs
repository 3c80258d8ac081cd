//! Everything that can be wrong with data, each with the numbers that say what.

use std::path::{Path, PathBuf};

use crate::stream::Place;

/// The source of an error that another crate raised.
type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The first line of what another crate said; some parsers draw a picture of the place below it.
fn first_line(cause: &Cause) -> String {
    let text = cause.to_string();
    text.lines().next().unwrap_or_default().trim_end().to_owned()
}

/// Names in one line, and that there are more if there are.
fn listed(names: &[String], count: usize) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    shown.join(", ") + if count > names.len() { ", ..." } else { "" }
}

/// What is wrong with the data, with the file and the numbers. Each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file or folder.
    #[error("{}: no such file or folder", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The operating system refused to read or write.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder was needed.
    #[error("{}: not a folder", path.display())]
    NotAFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file is of no format that can be read.
    #[error("{}: unknown format; readable are .npy and .npz arrays, CSV text in UTF-8, WAV sound, IDX images (plain or gzip) and folders of JPEG or PNG images", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file does not begin as its format does.
    #[error("{}: not {expected}: it begins with bytes {actual:02x?}", path.display())]
    BadMagic {
        /// The file.
        path: PathBuf,
        /// The format.
        expected: &'static str,
        /// The first bytes found.
        actual: Vec<u8>,
    },
    /// The header cannot be understood.
    #[error("{}: bad header: {}", path.display(), first_line(source))]
    BadHeader {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: Cause,
    },
    /// The header is longer than any header of a plain array.
    #[error("{}: header of {actual} bytes, at most {limit} are read", path.display())]
    HeaderTooLong {
        /// The file.
        path: PathBuf,
        /// The limit, bytes.
        limit: u64,
        /// The length that the file states, bytes.
        actual: u64,
    },
    /// The header nests deeper than the description of a plain array.
    #[error("{}: header nested {actual} deep, at most {limit} is read", path.display())]
    HeaderTooDeep {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: usize,
        /// The depth found.
        actual: usize,
    },
    /// The elements are of a type that is not read.
    #[error("{}: elements of type {actual}, expected {expected}", path.display())]
    WrongDtype {
        /// The file.
        path: PathBuf,
        /// The types that are read.
        expected: &'static str,
        /// The type found.
        actual: String,
    },
    /// The array has another number of axes.
    #[error("{}: array of rank {actual}, expected rank {expected}", path.display())]
    WrongRank {
        /// The file.
        path: PathBuf,
        /// The rank that is read.
        expected: usize,
        /// The rank found.
        actual: usize,
    },
    /// The file ends before the data that its header promises.
    #[error("{}: truncated: the header promises {expected} bytes of data, the file can hold at most {actual}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes promised.
        expected: u128,
        /// Bytes there are (for a compressed file: an upper bound or the count decompressed).
        actual: u128,
    },
    /// Data follow after those that the header promises.
    #[error("{}: more data than the {expected} bytes that the header promises", path.display())]
    Trailing {
        /// The file.
        path: PathBuf,
        /// Bytes promised.
        expected: u128,
    },
    /// An image cannot be decoded.
    #[error("{}: cannot decode the image: {}", path.display(), first_line(source))]
    BadImage {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: Cause,
    },
    /// An image is so large that decoding it could exhaust the memory.
    #[error("{}: image of {width}x{height} pixels (width x height), at most {limit} pixels are read", path.display())]
    ImageTooLarge {
        /// The file.
        path: PathBuf,
        /// Its width, pixels.
        width: u32,
        /// Its height, pixels.
        height: u32,
        /// Pixels that are read at most.
        limit: u64,
    },
    /// A folder holds no image.
    #[error("{}: no .jpg, .jpeg or .png image in this folder", path.display())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// Too few images to do what was asked.
    #[error("{name}: {actual} image(s), at least {expected} needed")]
    TooFewImages {
        /// The data.
        name: String,
        /// Images needed.
        expected: usize,
        /// Images there are.
        actual: usize,
    },
    /// A patch does not fit into an image.
    #[error("{name}: image of {width}x{height} pixels is smaller than a {patch}x{patch} patch")]
    ImageTooSmall {
        /// The image.
        name: String,
        /// Its width, pixels.
        width: usize,
        /// Its height, pixels.
        height: usize,
        /// The side of the patch, pixels.
        patch: usize,
    },
    /// The same picture is in the training and in the test folder.
    #[error("{name}: the same image is in the training data {} and in the test data {}", train.display(), test.display())]
    SharedImage {
        /// The image.
        name: String,
        /// The training folder.
        train: PathBuf,
        /// The test folder.
        test: PathBuf,
    },
    /// A value is NaN or infinite.
    #[error("{name}: row {row}, column {column} is {value}; every value must be finite")]
    NonFinite {
        /// The data.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A feature has one value in every row: no density over it exists.
    #[error("{name}: column {column} is {value} in every row; drop it, a constant has no density")]
    ConstantFeature {
        /// The data.
        name: String,
        /// The column, from 0.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// Fewer rows than needed.
    #[error("{name}: {actual} row(s), at least {expected} needed")]
    TooFewRows {
        /// The data.
        name: String,
        /// Rows needed.
        expected: usize,
        /// Rows there are.
        actual: usize,
    },
    /// Rows without any feature.
    #[error("{name}: rows have no features")]
    ZeroFeatures {
        /// The data.
        name: String,
    },
    /// Two data sets that belong together have different features.
    #[error("{name}: {actual} features, expected {expected}")]
    FeatureMismatch {
        /// The data.
        name: String,
        /// Features expected.
        expected: usize,
        /// Features found.
        actual: usize,
    },
    /// Two files that belong together hold pictures of different sizes.
    #[error("{}: pictures of {}x{} pixels, expected {}x{} (height x width)", path.display(), actual.0, actual.1, expected.0, expected.1)]
    PictureMismatch {
        /// The file.
        path: PathBuf,
        /// `(height, width)` expected.
        expected: (usize, usize),
        /// `(height, width)` found.
        actual: (usize, usize),
    },
    /// Fewer groups than a split needs.
    #[error("{actual} group(s), at least {expected} needed so that no part of the split is empty")]
    TooFewGroups {
        /// Groups needed.
        expected: usize,
        /// Groups there are.
        actual: usize,
    },
    /// The memory for so many numbers cannot be had.
    #[error("no memory for {rows} rows of {features} features")]
    TooLarge {
        /// Rows asked for.
        rows: usize,
        /// Features of each.
        features: usize,
    },
    /// What was given is known, but is no table of numbers.
    #[error("{}: {found}, not rows of numbers; those are read from .npy, .npz and CSV", path.display())]
    NotRows {
        /// The path as it was given.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// Something that only a file can give was given through a pipe.
    #[error("{}: {what} cannot be read from a pipe; write it to a file first", path.display())]
    NeedsAFile {
        /// The stream.
        path: PathBuf,
        /// What was given.
        what: &'static str,
    },
    /// Columns, or one that names the rows, were chosen of an array, which has no names.
    #[error("{}: columns can be chosen of CSV only, and this is an array", path.display())]
    ColumnsOfAnArray {
        /// The file.
        path: PathBuf,
    },
    /// An array of an archive was asked for, but the file is no archive.
    #[error("{}: not an .npz archive, so there is no array {member:?} in it", path.display())]
    NotAnArchive {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        member: String,
    },
    /// A byte that cannot delimit cells.
    #[error("{}: byte {delimiter:#04x} cannot delimit cells; it must be an ASCII character other than a quote or a line end", path.display())]
    BadDelimiter {
        /// The file.
        path: PathBuf,
        /// The byte that was given.
        delimiter: u8,
    },
    /// A text has bytes that are no UTF-8.
    #[error("{}: line {line}: not UTF-8 text", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A record of a text is so long that a quote in it probably never closes.
    #[error("{}: the record that begins on line {line} is longer than {limit} bytes; does a quote in it never close?", path.display())]
    RecordTooLong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Bytes of a record that are read at most.
        limit: u64,
    },
    /// A row has more or fewer cells than the first record.
    #[error("{}: line {line} (row {row}): {actual} cell(s), expected {expected}", path.display())]
    RaggedRow {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The row, from 0 and without the header.
        row: u64,
        /// Cells of the first record.
        expected: usize,
        /// Cells of this one.
        actual: usize,
    },
    /// A cell holds no value.
    #[error("{}: {place}: missing value {text:?}; fill it in or leave the row out", path.display())]
    MissingCell {
        /// The file.
        path: PathBuf,
        /// The cell.
        place: Place,
        /// What stands there.
        text: String,
    },
    /// A cell is infinite, or too large for the precision asked for.
    #[error("{}: {place}: {text:?} is infinite as a {bits}-bit number; every value must be finite", path.display())]
    InfiniteCell {
        /// The file.
        path: PathBuf,
        /// The cell.
        place: Place,
        /// What stands there.
        text: String,
        /// The precision, bits.
        bits: usize,
    },
    /// A column begins with a word: it holds no numbers at all.
    #[error("{}: {place}: {text:?} is no number; choose the columns that hold numbers", path.display())]
    TextColumn {
        /// The file.
        path: PathBuf,
        /// The first cell of the column.
        place: Place,
        /// What stands there.
        text: String,
    },
    /// A cell holds no number.
    #[error("{}: {place}: {text:?} is no number", path.display())]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The cell.
        place: Place,
        /// What stands there.
        text: String,
    },
    /// There is no column of this name.
    #[error("{}: no column {name:?}, nearest is {nearest:?}", path.display())]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The name nearest to it.
        nearest: String,
    },
    /// There is no column of this index.
    #[error("{}: no column {index}, they are numbered from 0 and there are {columns}", path.display())]
    ColumnOutOfRange {
        /// The file.
        path: PathBuf,
        /// The index that was asked for.
        index: usize,
        /// Columns there are.
        columns: usize,
    },
    /// A column was asked for by name, but the columns have no names.
    #[error("{}: no header row, so no column {name:?}; choose by index from 0, there are {columns} columns", path.display())]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// Columns there are.
        columns: usize,
    },
    /// Two columns have the name that was asked for.
    #[error("{}: columns {first} and {second} are both named {name:?}; choose by index", path.display())]
    AmbiguousColumn {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The first column of that name, from 0.
        first: usize,
        /// The second.
        second: usize,
    },
    /// The same column was asked for twice.
    #[error("{}: column {column} is chosen twice, the second time as {name:?}; a copy has no density", path.display())]
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The column, from 0.
        column: usize,
        /// How it was asked for the second time.
        name: String,
    },
    /// Numbers that do not make whole rows.
    #[error("{}: {values} numbers are no whole rows of {features} features", path.display())]
    PartialRow {
        /// The file.
        path: PathBuf,
        /// Features of a row.
        features: usize,
        /// Numbers given.
        values: usize,
    },
    /// More or fewer rows were written than announced.
    #[error("{}: {actual} row(s) to write, {expected} were announced", path.display())]
    RowCount {
        /// The file.
        path: PathBuf,
        /// Rows announced.
        expected: u64,
        /// Rows that came.
        actual: u64,
    },
    /// Rows beyond the end of a file.
    #[error("{}: rows {first}..{} asked for, the file has {rows}", path.display(), u128::from(*first) + u128::from(*count))]
    RowsOutOfRange {
        /// The file.
        path: PathBuf,
        /// The first row asked for, from 0.
        first: u64,
        /// Rows asked for.
        count: u64,
        /// Rows there are.
        rows: u64,
    },
    /// The rows of an array are not together, so that they cannot be read one by one.
    #[error("{}: in Fortran order, whose rows cannot be read one by one; save it in C order (numpy.ascontiguousarray)", path.display())]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
    /// An archive cannot be understood.
    #[error("{}: bad archive: {}", path.display(), first_line(source))]
    BadArchive {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: Cause,
    },
    /// An archive holds no array.
    #[error("{}: no .npy array in this archive", path.display())]
    NoArrays {
        /// The file.
        path: PathBuf,
    },
    /// An archive holds several arrays, and none was named.
    #[error("{}: {count} arrays; name one of them, FILE#NAME: {}", path.display(), listed(names, *count))]
    ManyArrays {
        /// The file.
        path: PathBuf,
        /// Arrays there are.
        count: usize,
        /// The names of the first of them.
        names: Vec<String>,
    },
    /// There is no array of this name in the archive.
    #[error("{}: no array {name:?}, nearest is {nearest:?}", path.display())]
    UnknownArray {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The name nearest to it.
        nearest: String,
    },
    /// An array of an archive is stored in a way that is not read.
    #[error("{}: stored with {method}; arrays that are stored plainly or deflated are read", path.display())]
    UnreadEntry {
        /// The file and the array.
        path: PathBuf,
        /// How it is stored.
        method: String,
    },
    /// The samples of a sound are of a kind that is not read.
    #[error("{}: samples of {bits} bits, format {tag:#06x}; whole numbers of 8, 16, 24 and 32 bits (0x0001) and floats of 32 (0x0003) are read", path.display())]
    SampleFormat {
        /// The file.
        path: PathBuf,
        /// The format, a number of the WAV standard.
        tag: u16,
        /// Bits of a sample.
        bits: u16,
    },
    /// A sample of a sound is NaN or infinite.
    #[error("{}: sample {sample} of channel {channel} is {value}; every sample must be finite", path.display())]
    NonFiniteSample {
        /// The file.
        path: PathBuf,
        /// The sample, from 0.
        sample: usize,
        /// The channel, from 0.
        channel: usize,
        /// The value.
        value: f32,
    },
    /// A sound is too short to have frames for training, validation and test.
    #[error("{}: {actual} samples, {expected} are needed for frames of {frame} every {hop} in each part", path.display())]
    SoundTooShort {
        /// The file.
        path: PathBuf,
        /// Samples of a frame.
        frame: usize,
        /// Samples from frame to frame.
        hop: usize,
        /// Samples of each channel needed.
        expected: u128,
        /// Samples of each channel there are.
        actual: usize,
    },
    /// A generator is named `synthetic:NAME`.
    #[error("{text:?} names no generator: write synthetic:NAME?key=value&key=value")]
    NotAGenerator {
        /// The text as it was given.
        text: String,
    },
    /// There is no generator of this name.
    #[error("unknown generator {name:?}, nearest is {nearest:?}")]
    UnknownGenerator {
        /// The name as it was given.
        name: String,
        /// The known name nearest to it.
        nearest: &'static str,
    },
    /// The generator has no such option.
    #[error("generator {generator} has no option {key:?}, nearest is {nearest:?}")]
    UnknownKey {
        /// The generator.
        generator: &'static str,
        /// The key as it was given.
        key: String,
        /// The known key nearest to it.
        nearest: &'static str,
    },
    /// The option has no such named value.
    #[error("option {key} cannot be {value:?}, nearest is {nearest:?}")]
    UnknownValue {
        /// The option.
        key: &'static str,
        /// The value as it was given.
        value: String,
        /// The known value nearest to it.
        nearest: &'static str,
    },
    /// The option was given twice.
    #[error("generator {generator}: option {key} given twice")]
    RepeatedKey {
        /// The generator.
        generator: &'static str,
        /// The option.
        key: String,
    },
    /// The value of an option is not allowed.
    #[error("option {option} is {value}, expected {expected}")]
    BadOption {
        /// The option.
        option: &'static str,
        /// The value as it was given.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
}

impl DataError {
    /// Names the file of an input or output error; a missing file has its own variant.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Io { path, source },
        }
    }
}
