//! All data tests in one binary; separate binaries would compile the generic code again.

#[cfg(feature = "parquet")]
mod arrow;
mod cases;
mod categories;
mod class_folders;
#[cfg(feature = "parquet")]
#[path = "common/columns.rs"]
mod columns;
mod common;
mod csv;
mod densities;
mod describe;
mod dialects;
mod generators;
mod idx;
mod image_formats;
mod image_protocol;
#[path = "common/linear.rs"]
mod linear;
mod mnist_protocol;
mod npy;
mod npy_file;
mod npy_types;
mod npz;
mod numbers;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_damage;
mod real_data;
mod row_writer;
mod streams;
mod tiles;
mod wav;
