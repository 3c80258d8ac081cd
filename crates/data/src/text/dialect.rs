//! Detects the dialect of a text file from its head.

use std::path::Path;

use super::blanks::single_blanks;
use super::delimiter::{BLANKS, detect_delimiter};
use super::header::{Kind, Names, kind, names_columns};
use super::number_format::NumberFormat;
use super::numbers::detect_numbers;
use super::options::{CsvHeader, TextOptions};
use super::preamble::{Preamble, preamble};
use super::two_readings::{Readings, decimal_commas};
use crate::error::{DataError, excerpt};

/// Records examined.
const RECORDS: usize = 1000;

/// How a text file is written.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) preamble: Preamble,
    pub(crate) delimiter: u8,
    pub(crate) numbers: NumberFormat,
    pub(crate) names: Names,
    /// The column names of a comment above the table, with its line.
    pub(crate) comment_names: Option<(u64, Vec<String>)>,
    /// The first records below the header.
    pub(crate) rows: Vec<Vec<String>>,
    /// Whether the two columns may be one of numbers with decimal commas.
    pub(crate) maybe_decimal_commas: bool,
}

impl Dialect {
    /// Detects what `options` leave open. `head` is UTF-8 with normalized line ends, and `complete`
    /// says that it is the whole file.
    ///
    /// # Errors
    /// [`DataError::BadDelimiter`], [`DataError::SkipsAll`], [`DataError::BadNumberFormat`], and
    /// [`DataError::AmbiguousDecimal`], [`DataError::AmbiguousComma`] where the text allows two
    /// readings.
    pub(crate) fn detect(path: &Path, head: &[u8], complete: bool, options: &TextOptions) -> Result<Self, DataError> {
        let preamble = preamble(path, head, options)?;
        let table = table(head.get(preamble.bytes..).unwrap_or_default(), complete, options.comment);
        let commas = options.decimal == Some(',') || options.thousands == Some(',');
        let given = options.delimiter.or(preamble.separator);
        let delimiter = match given.unwrap_or_else(|| detect_delimiter(&table, complete, commas)) {
            BLANKS if given.is_none() && options.thousands == Some(' ') => b',',
            other => other,
        };
        if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\n' | b'\r') {
            return Err(DataError::BadDelimiter { path: path.to_path_buf(), delimiter });
        }
        let mut records = records(&table, delimiter);
        if !complete && table.iter().filter(|&&byte| byte == b'"').count() % 2 == 1 {
            // It ends within a quoted cell.
            records.pop();
        }
        let free = delimiter == b',' && given.is_none() && options.decimal.is_none() && !commas;
        let readings = if free && !(options.header == CsvHeader::Yes && records.first().is_some_and(|r| r.len() > 1)) {
            decimal_commas(&records)
        } else {
            Readings::One
        };
        if let (Readings::Two, Some(record)) = (readings, records.last()) {
            return Err(DataError::AmbiguousDecimal { path: path.to_path_buf(), text: excerpt(&record.join(",")) });
        }
        let numbers = detect_numbers(path, records.iter().flatten().map(String::as_str), delimiter, options)?;
        let mut rows = records.into_iter();
        let first = rows.next().unwrap_or_default();
        let rows: Vec<Vec<String>> = rows.collect();
        let names = match options.header {
            CsvHeader::Yes => Names::Yes,
            CsvHeader::No => Names::No,
            CsvHeader::Auto if !options.usual.is_empty() && options.usual.iter().all(|name| first.contains(name)) => {
                Names::Yes
            }
            CsvHeader::Auto => {
                let id = options.id.as_ref().and_then(|id| id.trim().parse::<usize>().ok());
                names_columns(&first, &rows, id, numbers)
            }
        };
        let comment = preamble.comment.as_ref().filter(|_| options.header == CsvHeader::Auto && names != Names::Yes);
        let comment_names = comment.and_then(|(line, text)| {
            let names = self::records(text.as_bytes(), delimiter).into_iter().next()?;
            let mut buffer = String::new();
            let mut word = |name: &String| kind(name, NumberFormat::PLAIN, &mut buffer) == Kind::Word;
            // The mark of the comment may be the name of the first column.
            let words = names.iter().enumerate().all(|(column, name)| word(name) || column == 0 && name.is_empty());
            (words && names.len() == first.len() && names.len() > 1).then_some((*line, names))
        });
        let header = names == Names::Yes && comment_names.is_none();
        let rows = if header { rows } else { [vec![first], rows].concat() };
        let maybe_decimal_commas = readings == Readings::Doubtful;
        let names = if comment_names.is_some() { Names::No } else { names };
        Ok(Self { preamble, delimiter, numbers, names, comment_names, rows, maybe_decimal_commas })
    }
}

/// The complete lines of the table that are no comments.
fn table(head: &[u8], complete: bool, comment: Option<u8>) -> Vec<u8> {
    let end = head.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    // A single line is examined although it may be cut.
    let whole = if complete || end == 0 { head } else { head.get(..end).unwrap_or_default() };
    match comment {
        None => whole.to_vec(),
        Some(_) => whole.split_inclusive(|&byte| byte == b'\n').filter(|line| line.first() != comment.as_ref()).fold(
            Vec::new(),
            |mut kept, line| {
                kept.extend_from_slice(line);
                kept
            },
        ),
    }
}

/// The first records of a text.
fn records(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let single;
    let text = if delimiter == BLANKS {
        single = single_blanks(text);
        single.as_slice()
    } else {
        text
    };
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let cells = |record: csv::ByteRecord| {
        record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect::<Vec<String>>()
    };
    reader.byte_records().take(RECORDS).map_while(Result::ok).map(cells).collect()
}
