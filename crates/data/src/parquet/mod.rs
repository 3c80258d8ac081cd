//! Parquet tables of numbers, read page by page.
//!
//! Sources: the Apache Parquet format (<https://parquet.apache.org/docs/file-format/>: file layout,
//! metadata, encodings, compression, logical types) and the compact protocol of Apache Thrift.
//! Sizes are checked against the file before memory is allocated, and damaged files give errors.

mod bits;
mod bytes;
mod column;
mod delta;
mod file;
mod footer;
mod hybrid;
mod leaf;
mod page;
mod schema;
mod table;
mod thrift;
mod values;

pub(crate) use file::ParquetFile;
