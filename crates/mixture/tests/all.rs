//! Tests of the mixture and of its fits: one program.

mod base;
mod common;
mod density;
mod em;
mod missing;
mod questions;
mod reference;
mod select;
mod threads;
mod weights;
