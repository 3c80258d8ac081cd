//! The rows of a table in Arrow IPC, message by message.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::buffers::Buffers;
use super::column::{Run, dictionary, empty};
use super::message::{Batch, Message};
use super::messages::Messages;
use super::schema::ArrowColumn;
use crate::columnar::{Columnar, Data, Outcome, Part, Values, bad};
use crate::error::DataError;

/// Selected columns. Memory is bounded by a block or a window of each column, and by one message for a
/// stream from a pipe. Dictionaries and compressed views are held whole.
pub(crate) struct ArrowTable {
    path: PathBuf,
    format: &'static str,
    messages: Messages,
    columns: Vec<ArrowColumn>,
    /// The dictionaries by their numbers: a column that uses it, and the values.
    dictionaries: HashMap<i64, (usize, Values)>,
    /// Bytes of memory that the dictionaries take.
    held: u64,
    runs: Vec<Run>,
    /// Places in a dictionary.
    places: Values,
    /// Rows left of the current message.
    left: usize,
}

impl ArrowTable {
    pub(super) fn new(path: &Path, format: &'static str, messages: Messages, columns: Vec<ArrowColumn>) -> Self {
        let empty = |(column, stored): (usize, &ArrowColumn)| {
            let (id, _) = stored.dictionary?;
            Some((id, (column, empty(stored.storage?))))
        };
        Self {
            path: path.to_path_buf(),
            format,
            messages,
            dictionaries: columns.iter().enumerate().filter_map(empty).collect(),
            columns,
            held: 0,
            runs: Vec::new(),
            places: Values::new(Data::Whole(Vec::new())),
            left: 0,
        }
    }

    /// Goes on to the next message with rows.
    fn advance(&mut self) -> Outcome<()> {
        while self.left == 0 {
            match self.messages.next()? {
                None => return Ok(()),
                Some((Message::Rows(batch), body)) => self.open(&batch, &body)?,
                Some((Message::Dictionary { id, more, batch }, body)) => self.learn(id, more, &batch, &body)?,
                Some((Message::Schema(_), _)) => return bad("its columns are described twice"),
                Some((Message::Other, _)) => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, batch: &Batch, body: &Part) -> Outcome<()> {
        self.left = batch.rows;
        let (buffers, mut held) = (Buffers { batch, body }, self.held);
        self.runs.clear();
        for column in &self.columns {
            let stored = column.dictionary.map(|(_, places)| places).or(column.storage);
            let Some(stored) = stored else { return bad("a column is nested") };
            let run = Run::open(stored, column.before, &buffers, &mut held);
            self.runs.push(run.map_err(|problem| problem.of_column(&column.field.name))?);
        }
        Ok(())
    }

    /// Reads a dictionary if a column needs it.
    fn learn(&mut self, id: i64, more: bool, batch: &Batch, body: &Part) -> Outcome<()> {
        let Some((column, known)) = self.dictionaries.get_mut(&id) else { return Ok(()) };
        let Some(ArrowColumn { field, storage: Some(storage), .. }) = self.columns.get(*column) else { return Ok(()) };
        if !more {
            self.held -= known.bytes();
            *known = empty(*storage);
        }
        let read = dictionary(*storage, &Buffers { batch, body }, known, &mut self.held);
        read.map_err(|problem| problem.of_column(&field.name))
    }

    fn next(&mut self, column: usize, count: usize, values: &mut Values) -> Outcome<()> {
        let (Some(run), Some(column)) = (self.runs.get_mut(column), self.columns.get(column)) else {
            return bad("a column that was not selected");
        };
        let Some(storage) = column.storage else { return bad("a column is nested") };
        values.restart(empty(storage));
        let Some((id, places)) = column.dictionary else { return run.read(count, values) };
        self.places.restart(empty(places));
        run.read(count, &mut self.places)?;
        let Some((_, dictionary)) = self.dictionaries.get(&id) else { return bad("a dictionary is missing") };
        looked_up(&self.places, dictionary, values)
    }
}

/// Replaces places in a dictionary by its values.
fn looked_up(places: &Values, dictionary: &Values, values: &mut Values) -> Outcome<()> {
    let Data::Whole(numbers) = &places.data else { return bad("places in a dictionary that are no integers") };
    // The place of a null is anything.
    let mut nulls = places.nulls.iter().peekable();
    for (row, &place) in numbers.iter().enumerate() {
        if nulls.next_if(|&&null| null == row).is_some() {
            values.push_null();
        } else {
            values.gather(dictionary, std::iter::once(u64::try_from(place).unwrap_or(u64::MAX)))?;
        }
    }
    Ok(())
}

impl Columnar for ArrowTable {
    fn rows(&self) -> Option<u64> {
        None
    }

    fn available(&mut self) -> Result<usize, DataError> {
        self.advance().map_err(|problem| problem.at(&self.path, self.format))?;
        Ok(self.left)
    }

    fn read(&mut self, column: usize, count: usize, values: &mut Values) -> Result<(), DataError> {
        self.next(column, count, values).map_err(|problem| {
            let name = self.columns.get(column).map_or("", |column| &column.field.name);
            problem.of_column(name).at(&self.path, self.format)
        })
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::super::buffers::LARGEST;
    use super::super::layout::Layout;
    use super::super::schema::Storage;
    use super::*;
    use crate::columnar::{Codec, Field, Kind};

    fn table(storage: Storage, dictionary: Option<(i64, Storage)>) -> ArrowTable {
        let field = Field { name: "x".to_owned(), kind: Kind::Number };
        let column = ArrowColumn { field, storage: Some(storage), dictionary, before: Layout::default() };
        ArrowTable::new(Path::new("t"), "Arrow", Messages::Stored(Part::of_memory(Vec::new())), vec![column])
    }

    #[test]
    fn the_bytes_of_dictionaries_are_limited_over_all_messages() {
        let storage = Storage::Integers { bytes: 8, signed: true };
        let (nodes, buffers) = (vec![(2, 0)], vec![(0, 0), (0, 16)]);
        let batch = Batch { rows: 2, nodes, buffers, variadic: vec![0], codec: Codec::Plain };
        let body = Part::of_memory(vec![0; 16]);
        let mut table = table(storage, Some((7, storage)));
        // Two integers take 32 bytes; a second dictionary replaces the first.
        table.held = LARGEST - 63;
        table.learn(7, false, &batch, &body).unwrap();
        table.learn(7, false, &batch, &body).unwrap();
        let error = table.learn(7, true, &batch, &body).unwrap_err().at(Path::new("t"), "Arrow").to_string();
        assert!(error.ends_with("column \"x\": dictionaries and views of more than 536870912 bytes"), "{error}");
    }

    #[test]
    fn compressed_views_count_with_the_dictionaries() {
        let text = "a name of more than 12 bytes";
        let mut packed = lz4_flex::frame::FrameEncoder::new((text.len() as u64).to_le_bytes().to_vec());
        packed.write_all(text.as_bytes()).unwrap();
        // A length of -1: the view is not compressed.
        let mut bytes = [(-1_i64).to_le_bytes(), (text.len() as u64).to_le_bytes(), [0; 8]].concat();
        bytes.extend(packed.finish().unwrap());
        let buffers = vec![(0, 0), (0, 24), (24, bytes.len() as i64 - 24)];
        let batch = Batch { rows: 1, nodes: vec![(1, 0)], buffers, variadic: vec![0, 1], codec: Codec::Lz4Frame };
        let (mut table, body) = (table(Storage::Views, None), Part::of_memory(bytes));
        table.held = LARGEST - text.len() as u64;
        table.open(&batch, &body).unwrap();
        let mut values = empty(Storage::Views);
        table.read(0, 1, &mut values).unwrap();
        assert_eq!(values.data, Data::Text(vec![text.to_owned()]));
        table.held += 1;
        assert!(table.open(&batch, &body).is_err());
    }
}
