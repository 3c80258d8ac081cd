//! Tests of the dense layer's companions: one program.

mod ica;
mod ica_fit;
mod mixtures;
