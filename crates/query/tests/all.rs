//! Tests of questions to a density: one program.

mod approximate;
mod columnwise;
mod common;
mod missing;
mod questions;
