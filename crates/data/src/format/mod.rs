//! Formats at the level of bytes: detection, `.npy` headers, types and numbers, compression.

mod compressed;
mod gzip;
mod npy_decode;
mod npy_dtype;
mod npy_header;
mod npy_literal;
mod shared_file;
mod sniff;

pub(crate) use compressed::Zstd;
pub(crate) use gzip::{DEFLATE_MAX_RATIO, GZIP_MAGIC};
#[cfg(feature = "parquet")]
pub(crate) use npy_decode::half;
pub(crate) use npy_decode::{decode, decode_into};
pub(crate) use npy_header::{MatrixHeader, read_header};
pub(crate) use shared_file::SharedFile;
#[cfg(feature = "parquet")]
pub(crate) use sniff::{ARROW_MAGIC, ARROW_MARK, PARQUET_MAGIC};
pub(crate) use sniff::{BOM, Head, Sniffed, Stream};
