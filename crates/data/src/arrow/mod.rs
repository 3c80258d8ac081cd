//! Tables of numbers in Arrow IPC, as files (Feather version 2) and as streams.
//!
//! Source: the Apache Arrow columnar format (<https://arrow.apache.org/docs/format/Columnar.html>:
//! layouts, encapsulated messages, compression). A file holds a stream between its signatures, and is
//! read as that stream. Sizes are checked against the file before memory is allocated, and damaged
//! files give errors.

mod buffers;
mod column;
mod layout;
mod message;
mod messages;
mod schema;
mod source;
mod table;

pub(crate) use source::ArrowSource;
