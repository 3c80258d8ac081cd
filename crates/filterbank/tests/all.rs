//! Filter banks: all tests in one program.

mod common;
mod import;
mod kernels;
mod nearest;
mod presets;
mod pyramid;
mod stream;
