//! A Parquet file: its end, its metadata and its columns.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::footer::{Chunk, Footer, Group};
use super::leaf::Leaf;
use super::schema::{Column, columns};
use super::table::{FORMAT, ParquetTable};
use crate::columnar::{Codec, Field, Outcome, Part, bad};
use crate::error::DataError;
use crate::format::{PARQUET_MAGIC, SharedFile};

/// The bytes behind the metadata: their length, and the signature.
const TAIL: u64 = 8;

/// A file whose metadata were read.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    file: Arc<SharedFile>,
    /// The place of the metadata, behind all pages.
    end: u64,
    columns: Vec<Column>,
    groups: Vec<Group>,
    rows: u64,
    pandas: Option<String>,
}

impl ParquetFile {
    /// Reads the metadata of a file, which is not a pipe.
    ///
    /// # Errors
    /// [`DataError::Io`], [`DataError::BadTable`].
    pub(crate) fn open(path: &Path, file: File) -> Result<Self, DataError> {
        let length = file.metadata().map_err(|error| DataError::io(path, error))?.len();
        Self::read(Arc::new(SharedFile::new(file)), length).map_err(|problem| problem.at(path, FORMAT))
    }

    fn read(file: Arc<SharedFile>, length: u64) -> Outcome<Self> {
        let start = PARQUET_MAGIC.len() as u64;
        let Some(tail_at) = length.checked_sub(TAIL).filter(|&at| at >= start) else { return bad("it ends early") };
        let mut tail = [0; TAIL as usize];
        file.read_exact_at(&mut tail, tail_at)?;
        let [a, b, c, d, magic @ ..] = tail;
        if &magic == b"PARE" {
            return bad("it is encrypted");
        }
        if magic != PARQUET_MAGIC {
            return bad("its end is missing, where its columns are described");
        }
        let stated = u64::from(u32::from_le_bytes([a, b, c, d]));
        let Some(end) = tail_at.checked_sub(stated).filter(|&end| end >= start) else {
            return bad(format!("metadata of {stated} bytes in a file of {length}"));
        };
        // No more than the file has.
        let mut bytes = vec![0; stated as usize];
        file.read_exact_at(&mut bytes, end)?;
        let Footer { schema, rows, groups, pandas } = Footer::parse(&bytes)?;
        let (columns, leaves) = columns(&schema)?;
        let mut sum = 0_u64;
        for group in &groups {
            let Ok(rows) = u64::try_from(group.rows) else { return bad(format!("{} rows in a group", group.rows)) };
            if group.chunks.len() != leaves {
                return bad(format!("{} columns in a row group, {leaves} expected", group.chunks.len()));
            }
            sum = sum.saturating_add(rows);
        }
        if u64::try_from(rows) != Ok(sum) {
            return bad(format!("{rows} rows, but {sum} in its row groups"));
        }
        Ok(Self { file, end, columns, groups, rows: sum, pandas })
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|column| column.field.clone()).collect()
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// What pandas says about the columns, as JSON.
    pub(crate) fn pandas(&self) -> Option<&str> {
        self.pandas.as_deref()
    }

    /// The table of some of the columns, by their numbers.
    ///
    /// # Errors
    /// [`DataError::BadTable`] if a column is nested, or its pages are not in the file.
    pub(crate) fn table(self, path: &Path, needed: &[usize]) -> Result<ParquetTable, DataError> {
        self.chosen(needed)
            .map_err(|problem| problem.at(path, FORMAT))
            .map(|(leaves, groups)| ParquetTable::new(path, leaves, groups, self.rows))
    }

    /// The names and leaves of columns, and for each row group its rows and the pages of these columns.
    #[allow(clippy::type_complexity, reason = "used once, next to its definition")]
    fn chosen(&self, needed: &[usize]) -> Outcome<(Vec<(String, Leaf)>, Vec<(usize, Vec<(Codec, Part)>)>)> {
        let mut chosen = Vec::with_capacity(needed.len());
        for &column in needed {
            match self.columns.get(column) {
                Some(Column { field, leaf: Some(leaf), place }) => chosen.push((field.name.clone(), *leaf, *place)),
                _ => return bad(format!("column {column} is nested")),
            }
        }
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in self.groups.iter().filter(|group| group.rows > 0) {
            let mut parts = Vec::with_capacity(chosen.len());
            for (name, leaf, place) in &chosen {
                let Some(chunk) = group.chunks.get(*place) else { return bad("a column of a row group is missing") };
                if chunk.physical != Some(leaf.physical.number()) || chunk.values != group.rows {
                    return bad(format!("column {place} of a row group is of another type or length"));
                }
                parts.push(self.pages(chunk).map_err(|problem| problem.of_column(name))?);
            }
            let Ok(rows) = usize::try_from(group.rows) else { return bad("too many rows in a group") };
            groups.push((rows, parts));
        }
        Ok((chosen.into_iter().map(|(name, leaf, _)| (name, leaf)).collect(), groups))
    }

    /// The codec and the bytes of the pages of a column chunk.
    fn pages(&self, chunk: &Chunk) -> Outcome<(Codec, Part)> {
        if chunk.elsewhere || chunk.encrypted {
            return bad("a column is encrypted or in another file");
        }
        let codec = match chunk.codec {
            0 => Codec::Plain,
            1 => Codec::Snappy,
            2 => Codec::Gzip,
            4 => Codec::Brotli,
            5 => Codec::Lz4Hadoop,
            6 => Codec::Zstd,
            7 => Codec::Lz4Block,
            3 => return bad("a column is compressed with LZO; supported are Snappy, gzip, Brotli, LZ4 and Zstandard"),
            other => return bad(format!("codec {other} of a column")),
        };
        // Some writers state a place of 0 where there is no dictionary.
        let start = chunk.dictionary_page.filter(|&at| at > 0).map_or(chunk.data_page, |at| at.min(chunk.data_page));
        let range = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed).ok());
        let end = range.and_then(|(start, length)| start.checked_add(length));
        match (range, end) {
            (Some((start, _)), Some(end)) if start >= PARQUET_MAGIC.len() as u64 && end <= self.end => {
                Ok((codec, Part::of_file(&self.file, start, end)))
            }
            _ => bad(format!("pages of {} bytes at {start} in a file of {}", chunk.compressed, self.end + TAIL)),
        }
    }
}
