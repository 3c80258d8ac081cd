//! Convolutions: all tests in one program, since each program would compile the generic layers again.

mod agreement;
mod bad_input;
mod common;
mod free;
mod import;
mod kernels;
mod multiscale;
mod nearest;
mod presets;
mod pyramid;
mod reference;
mod stream;
mod trained;
