//! Parquet tables of numbers, read page by page.
//!
//! Sources: the Apache Parquet format (<https://parquet.apache.org/docs/file-format/>: file layout,
//! metadata, encodings, compression, logical types) and the compact protocol of Apache Thrift.
//! Stated bytes are checked against the file, or against what a codec can make of it, before memory is
//! allocated; for values that take no bytes there are limits. Damaged files give errors.

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
