//! Selects the columns of a text file.

use std::path::Path;

use crate::error::{DataError, excerpt};

/// Number of characters compared when looking for the nearest name.
const COMPARED: usize = 64;

/// The indices of the selected columns; without a selection, all of the `cells` columns except the
/// `id` column.
///
/// # Errors
/// [`DataError::ZeroFeatures`] for an empty list; [`DataError::UnknownColumn`],
/// [`DataError::ColumnOutOfRange`], [`DataError::NoHeader`], [`DataError::AmbiguousColumn`],
/// [`DataError::RepeatedColumn`].
pub(crate) fn choose(
    path: &Path,
    asked: Option<&[String]>,
    names: Option<&[String]>,
    cells: usize,
    id: Option<usize>,
) -> Result<Vec<usize>, DataError> {
    let Some(asked) = asked else { return Ok((0..cells).filter(|&column| Some(column) != id).collect()) };
    if asked.is_empty() {
        return Err(DataError::ZeroFeatures { name: path.display().to_string() });
    }
    let mut chosen = Vec::with_capacity(asked.len());
    for name in asked {
        let column = find(path, name, names, cells)?;
        if chosen.contains(&column) || Some(column) == id {
            return Err(DataError::RepeatedColumn { path: path.to_path_buf(), column, name: name.clone() });
        }
        chosen.push(column);
    }
    Ok(chosen)
}

/// The indices of columns that are read apart from the features.
///
/// # Errors
/// As [`choose`]; [`DataError::RepeatedColumn`] for the `id` column, too.
pub(crate) fn aside(
    path: &Path,
    asked: &[String],
    names: Option<&[String]>,
    cells: usize,
    id: Option<usize>,
) -> Result<Vec<usize>, DataError> {
    if asked.is_empty() { Ok(vec![]) } else { choose(path, Some(asked), names, cells, id) }
}

/// The index of one column.
///
/// # Errors
/// As [`choose`].
pub(crate) fn find(path: &Path, name: &str, names: Option<&[String]>, cells: usize) -> Result<usize, DataError> {
    let path = || path.to_path_buf();
    let mut same = names.unwrap_or_default().iter().enumerate().filter(|(_, known)| *known == name.trim());
    if let Some((first, _)) = same.next() {
        return match same.next() {
            None => Ok(first),
            Some((second, _)) => Err(DataError::AmbiguousColumn { path: path(), name: name.to_owned(), first, second }),
        };
    }
    if let Ok(index) = name.trim().parse::<usize>() {
        if index < cells {
            return Ok(index);
        }
        return Err(DataError::ColumnOutOfRange { path: path(), index, columns: cells });
    }
    let Some(names) = names else {
        return Err(DataError::NoHeader { path: path(), name: name.to_owned(), columns: cells });
    };
    let cut = |text: &str| text.chars().take(COMPARED).collect::<String>();
    let asked = cut(name);
    let nearest = names.iter().min_by_key(|known| strsim::levenshtein(&asked, &cut(known)));
    Err(DataError::UnknownColumn {
        path: path(),
        name: name.to_owned(),
        nearest: nearest.map(|nearest| excerpt(nearest)).unwrap_or_default(),
    })
}
