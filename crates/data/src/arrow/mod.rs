//! Tables of numbers in Arrow IPC, as files (Feather version 2) and as streams.
//!
//! Source: the Apache Arrow columnar format (<https://arrow.apache.org/docs/format/Columnar.html>:
//! layouts, encapsulated messages, compression). The messages of a file are those of its table of
//! contents. Stated bytes are checked against the file before memory is allocated, which otherwise grows
//! with the bytes that come out of it, up to limits. Damaged files give errors.

mod buffers;
mod column;
mod contents;
mod layout;
mod message;
mod messages;
mod schema;
mod source;
mod table;

pub(crate) use source::ArrowSource;
