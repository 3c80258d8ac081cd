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

/// The largest dictionary, values.
const LARGEST: usize = 1 << 24;

/// Selected columns. Memory is bounded by a few kilobytes of each column for a file, and by one message
/// for a stream; dictionaries are held whole.
pub(crate) struct ArrowTable {
    path: PathBuf,
    format: &'static str,
    messages: Messages,
    columns: Vec<ArrowColumn>,
    /// The dictionaries of the columns, by their numbers.
    dictionaries: HashMap<i64, Values>,
    runs: Vec<Run>,
    /// Places in a dictionary.
    places: Values,
    /// Rows left of the current message.
    left: usize,
}

impl ArrowTable {
    pub(super) fn new(path: &Path, format: &'static str, messages: Messages, columns: Vec<ArrowColumn>) -> Self {
        Self {
            path: path.to_path_buf(),
            format,
            messages,
            columns,
            dictionaries: HashMap::new(),
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
        let buffers = Buffers { batch, body };
        self.runs.clear();
        for column in &self.columns {
            let stored = column.dictionary.map(|(_, places)| places).or(column.storage);
            let Some(stored) = stored else { return bad("a column is nested") };
            self.runs.push(Run::open(stored, column.before, &buffers)?);
        }
        Ok(())
    }

    /// Reads a dictionary if a column needs it.
    fn learn(&mut self, id: i64, more: bool, batch: &Batch, body: &Part) -> Outcome<()> {
        let needed = self.columns.iter().find(|column| column.dictionary.is_some_and(|(own, _)| own == id));
        let Some(storage) = needed.and_then(|column| column.storage) else { return Ok(()) };
        let known = self.dictionaries.get(&id).filter(|_| more).map_or(0, Values::len);
        if batch.rows > LARGEST - known.min(LARGEST) {
            return bad(format!("a dictionary of more than {LARGEST} values"));
        }
        let values = dictionary(storage, &Buffers { batch, body })?;
        match self.dictionaries.get_mut(&id).filter(|_| more) {
            Some(known) => known.append(values),
            None => {
                self.dictionaries.insert(id, values);
                Ok(())
            }
        }
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
        looked_up(&self.places, self.dictionaries.get(&id), values)
    }
}

/// Replaces places in a dictionary by its values.
fn looked_up(places: &Values, dictionary: Option<&Values>, values: &mut Values) -> Outcome<()> {
    let Data::Whole(numbers) = &places.data else { return bad("places in a dictionary that are no integers") };
    let Some(dictionary) = dictionary else { return bad("a dictionary is missing") };
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
        self.next(column, count, values).map_err(|problem| problem.at(&self.path, self.format))
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
    }
}
