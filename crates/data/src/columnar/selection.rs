//! Selects the columns of a table: features, row names, and the index of pandas.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::kind::Kind;
use crate::column_report::ColumnReport;
use crate::error::DataError;
use crate::text::{IndexColumn, TextColumn, TextOptions, aside, choose, find, is_named};

/// The name of the column of row names if the file does not name it.
const ID: &str = "id";

/// What pandas calls the columns of an index without a name.
const UNNAMED_INDEX: (&str, &str) = ("__index_level_", "__");

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The columns that are read.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The features, in their order.
    pub(crate) taken: Vec<usize>,
    /// The column of row names, and its own name.
    pub(crate) id: Option<(usize, String)>,
    /// The names of the features.
    pub(crate) columns: Vec<String>,
    /// The names of all columns but an index.
    pub(crate) named: Vec<String>,
    /// Whether nulls are read as NaN.
    pub(crate) missing: bool,
    pub(crate) report: ColumnReport,
}

impl Selection {
    /// The columns that are decoded: the features, then that of the row names.
    pub(crate) fn needed(&self) -> Vec<usize> {
        self.taken.iter().copied().chain(self.id.iter().map(|&(column, _)| column)).collect()
    }
}

/// The columns of the index of pandas, ascending, by the metadata that it writes into the file, or by
/// their names.
pub(crate) fn pandas_index(fields: &[Field], metadata: Option<&str>) -> Vec<usize> {
    let parsed: Option<serde_json::Value> = metadata.and_then(|text| serde_json::from_str(text).ok());
    let stated: HashSet<&str> = match parsed.as_ref().and_then(|value| value.get("index_columns")?.as_array()) {
        // A range of row numbers is described by an object and has no column.
        Some(columns) => columns.iter().filter_map(serde_json::Value::as_str).collect(),
        None => HashSet::new(),
    };
    let unnamed = |name: &str| {
        let level = name.strip_prefix(UNNAMED_INDEX.0).and_then(|rest| rest.strip_suffix(UNNAMED_INDEX.1));
        level.is_some_and(|level| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_index = |field: &Field| unnamed(&field.name) || stated.contains(field.name.as_str());
    (0..fields.len()).filter(|&column| is_index(&fields[column])).collect()
}

/// Selects columns as the reader of text does: `columns`, `id`, `index` and `usual` of the options.
/// `index` are the columns of the index of pandas, ascending.
///
/// # Errors
/// [`DataError::ZeroFeatures`]; [`DataError::UnknownColumn`], [`DataError::ColumnOutOfRange`],
/// [`DataError::AmbiguousColumn`], [`DataError::RepeatedColumn`]; [`DataError::NotNumeric`] if
/// features do not hold numbers, or row names neither numbers nor text.
pub(crate) fn select(
    path: &Path,
    fields: &[Field],
    index: &[usize],
    options: &TextOptions,
    (format, rows): (&'static str, Option<u64>),
) -> Result<Selection, DataError> {
    let names = names(fields);
    let described = |column: usize| TextColumn { column, name: names.get(column).cloned() };
    let find_id = |name: &String| find(path, name, Some(&names), fields.len());
    let id = match (&options.id, options.index) {
        (Some(name), _) => Some(find_id(name)?),
        (None, IndexColumn::Yes) if !fields.is_empty() => Some(index.first().copied().unwrap_or(0)),
        _ => None,
    };
    let usual = has_each_once(&names, &options.usual).then_some(options.usual.as_slice());
    let asked = options.columns.as_deref().or(usual);
    let mut taken = choose(path, asked, Some(&names), fields.len(), id)?;
    let categories = aside(path, &options.categories, Some(&names), fields.len(), id)?;
    taken.retain(|column| !categories.contains(column));
    let mut left_out: Vec<usize> = Vec::new();
    if asked.is_none() && options.index != IndexColumn::No {
        let other = |column: &usize| Some(*column) != id && !categories.contains(column);
        left_out = index.iter().copied().filter(other).collect();
        // Features must remain; a table of an index alone is not read as nothing.
        if left_out.len() < taken.len() {
            taken.retain(|column| left_out.binary_search(column).is_err());
        } else {
            left_out.clear();
        }
    }
    if taken.is_empty() {
        return Err(DataError::ZeroFeatures { name: path.display().to_string() });
    }
    let kind = |column: usize| fields.get(column).map_or(Kind::Other("nothing"), |field| field.kind);
    let readable = |column: usize| kind(column).is_numeric() || Some(column) == id && kind(column) == Kind::Text;
    let refused = taken.iter().chain(&id).copied().filter(|&column| !readable(column));
    let refused: Vec<(usize, String, &'static str)> =
        refused.map(|column| (column, names[column].clone(), kind(column).words())).collect();
    if !refused.is_empty() {
        return Err(DataError::NotNumeric { path: path.to_path_buf(), columns: refused });
    }
    let such = |test: &dyn Fn(Kind) -> bool| -> Vec<TextColumn> {
        taken.iter().copied().filter(|&column| test(kind(column))).map(described).collect()
    };
    let report = ColumnReport {
        format,
        rows,
        cells: fields.len(),
        columns: taken.iter().copied().map(described).collect(),
        id: id.map(described),
        index: left_out.iter().copied().map(described).collect(),
        dates: such(&|kind| matches!(kind, Kind::Date | Kind::Time { .. })),
        spans: such(&|kind| matches!(kind, Kind::Span { .. })),
        decimals: such(&|kind| matches!(kind, Kind::Decimal { .. })),
    };
    let features: HashSet<usize> = taken.iter().copied().collect();
    let left = |column: usize| left_out.binary_search(&column).is_ok();
    let held = |column: usize| features.contains(&column) || is_named(&names[column]) && !left(column);
    Ok(Selection {
        columns: taken.iter().map(|&column| names[column].clone()).collect(),
        named: (0..fields.len()).filter(|&column| held(column)).map(|column| names[column].clone()).collect(),
        id: id.map(|column| {
            let name = names.get(column).filter(|name| !name.is_empty());
            (column, name.cloned().unwrap_or_else(|| ID.to_owned()))
        }),
        taken,
        missing: options.missing,
        report,
    })
}

/// Selects the one column of labels, as row names without features.
///
/// # Errors
/// [`DataError::FeatureMismatch`] for more than one column, and those of [`select`].
pub(crate) fn select_labels(
    path: &Path,
    fields: &[Field],
    index: &[usize],
    options: &TextOptions,
    (format, rows): (&'static str, Option<u64>),
) -> Result<Selection, DataError> {
    let names = names(fields);
    let mut taken = choose(path, options.columns.as_deref(), Some(&names), fields.len(), None)?;
    if options.columns.is_none() && options.index != IndexColumn::No && taken.len() > index.len() {
        taken.retain(|column| index.binary_search(column).is_err());
    }
    let &[column] = taken.as_slice() else {
        let name = path.display().to_string();
        return Err(DataError::FeatureMismatch { name, expected: 1, actual: taken.len() });
    };
    let (name, kind) = (names[column].clone(), fields[column].kind);
    if !kind.is_numeric() && kind != Kind::Text {
        return Err(DataError::NotNumeric { path: path.to_path_buf(), columns: vec![(column, name, kind.words())] });
    }
    let described = TextColumn { column, name: Some(name.clone()) };
    let report = ColumnReport {
        format,
        rows,
        cells: fields.len(),
        columns: Vec::new(),
        id: Some(described),
        index: Vec::new(),
        dates: Vec::new(),
        spans: Vec::new(),
        decimals: Vec::new(),
    };
    Ok(Selection {
        taken: Vec::new(),
        id: Some((column, name)),
        columns: Vec::new(),
        named: names,
        missing: false,
        report,
    })
}

/// The names of columns without surrounding blanks, as those of text have.
fn names(fields: &[Field]) -> Vec<String> {
    fields.iter().map(|field| field.name.trim().to_owned()).collect()
}

/// Whether each of `names` occurs exactly once in the table; `false` for no names.
fn has_each_once(all: &[String], names: &[String]) -> bool {
    let mut counts = HashMap::new();
    all.iter().for_each(|name| *counts.entry(name.as_str()).or_insert(0) += 1);
    !names.is_empty() && names.iter().all(|name| counts.get(name.as_str()) == Some(&1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fields() -> Vec<Field> {
        let kinds =
            [("who", Kind::Text), ("x", Kind::Number), ("day", Kind::Date), ("__index_level_0__", Kind::Number)];
        kinds.map(|(name, kind)| Field { name: name.to_owned(), kind }).to_vec()
    }

    fn selected(options: &TextOptions, metadata: Option<&str>) -> Result<Selection, DataError> {
        let fields = fields();
        select(Path::new("t"), &fields, &pandas_index(&fields, metadata), options, ("Parquet", Some(2)))
    }

    #[test]
    fn the_index_of_pandas_is_no_feature() {
        let names = |columns: &[TextColumn]| columns.iter().map(|c| c.name.clone().unwrap()).collect::<Vec<_>>();
        let who = TextOptions { id: Some("who".to_owned()), ..TextOptions::default() };
        let selection = selected(&who, None).unwrap();
        assert_eq!((&selection.columns[..], selection.needed()), (&["x".into(), "day".into()][..], vec![1, 2, 0]));
        assert_eq!(names(&selection.report.index), ["__index_level_0__"]);
        assert_eq!(names(&selection.report.dates), ["day"]);
        assert_eq!(selection.named, ["who", "x", "day"]);
        let named = r#"{"index_columns": ["day", {"kind": "range"}], "columns": []}"#;
        assert_eq!(selected(&who, Some(named)).unwrap().columns, ["x"]);
        let yes = TextOptions {
            index: IndexColumn::Yes,
            columns: Some(vec!["day".into(), "x".into()]),
            ..TextOptions::default()
        };
        let selection = selected(&yes, None).unwrap();
        assert_eq!((selection.id.unwrap().1.as_str(), selection.taken), ("__index_level_0__", vec![2, 1]));
        let no = TextOptions { index: IndexColumn::No, ..who.clone() };
        assert_eq!(selected(&no, None).unwrap().columns, ["x", "day", "__index_level_0__"]);
        let usual = TextOptions { usual: vec!["x".into()], ..TextOptions::default() };
        assert_eq!(selected(&usual, None).unwrap().columns, ["x"]);
        assert_eq!(pandas_index(&fields(), Some("not JSON")), [3]);
    }

    #[test]
    fn names_are_compared_without_surrounding_blanks() {
        let fields = [" x ", "y\t"].map(|name| Field { name: name.to_owned(), kind: Kind::Number });
        let options = TextOptions { columns: Some(vec![" y ".into()]), id: Some("x".into()), ..TextOptions::default() };
        let selection = select(Path::new("t"), &fields, &[], &options, ("", None)).unwrap();
        assert_eq!((selection.needed(), &selection.named[..]), (vec![1, 0], &["x".to_owned(), "y".to_owned()][..]));
        let labels = TextOptions { id: None, ..options };
        assert_eq!(select_labels(Path::new("t"), &fields, &[], &labels, ("", None)).unwrap().needed(), [1]);
    }

    #[test]
    fn an_index_of_many_columns_is_found() {
        // A search for each column would take minutes.
        const COLUMNS: usize = 300_000;
        let names: Vec<String> = (0..COLUMNS).map(|column| format!("column {column:06}")).collect();
        let metadata = serde_json::json!({ "index_columns": &names[1..] }).to_string();
        let fields: Vec<Field> = names.into_iter().map(|name| Field { name, kind: Kind::Number }).collect();
        let index = pandas_index(&fields, Some(&metadata));
        let selection = select(Path::new("t"), &fields, &index, &TextOptions::default(), ("", None)).unwrap();
        assert_eq!((index.len(), selection.taken), (COLUMNS - 1, vec![0]));
    }

    #[test]
    fn columns_that_hold_no_numbers_are_refused_by_name() {
        let error = selected(&TextOptions::default(), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t: column 0 (\"who\") holds text, not numbers; select others with --columns, name the rows with --id, or train on text as categories with --categorical"
        );
        let only = TextOptions { columns: Some(vec!["x".into(), "x".into()]), ..TextOptions::default() };
        assert!(matches!(selected(&only, None), Err(DataError::RepeatedColumn { .. })));
        let unknown = TextOptions { columns: Some(vec!["X".into()]), ..TextOptions::default() };
        assert!(matches!(selected(&unknown, None), Err(DataError::UnknownColumn { .. })));
        let lists = [Field { name: "tags".into(), kind: Kind::Other("lists") }];
        let id = TextOptions { id: Some("tags".into()), ..TextOptions::default() };
        assert!(matches!(select(Path::new("t"), &lists, &[], &id, ("", None)), Err(DataError::ZeroFeatures { .. })));
        assert!(select(Path::new("t"), &[], &[], &TextOptions::default(), ("", None)).is_err());
    }
}
