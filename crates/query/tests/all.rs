//! Tests of questions to a density: one program.

mod approximate;
mod bounds;
mod columnwise;
mod common;
mod missing;
mod questions;
