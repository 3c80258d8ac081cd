//! Convolutions: all tests in one program, since each program would compile the generic layers again.

mod agreement;
mod bad_input;
#[path = "../../filterbank/tests/common/mod.rs"]
mod common;
mod free;
mod multiscale;
mod reference;
mod trained;
