//! All data tests in one binary; separate binaries would compile the generic code again.

mod common;
mod csv;
mod densities;
mod describe;
mod generators;
mod idx;
mod image_protocol;
#[path = "common/linear.rs"]
mod linear;
mod mnist_protocol;
mod npy;
mod npy_file;
mod npz;
mod numbers;
mod real_data;
mod row_writer;
mod streams;
mod tiles;
mod wav;
