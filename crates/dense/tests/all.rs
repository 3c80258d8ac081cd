//! Tests of the dense layer's companions: one program.

mod ica;
