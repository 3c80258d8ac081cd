//! Tests of latent class models and of their fits: one program.

mod common;
mod density;
mod em;
mod select;
