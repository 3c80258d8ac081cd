//! The laws, and what else is held to many layers at once: all tests in one program, since each program would compile the generic layers again.

mod base;
mod convolutions;
mod dense_directions;
mod dense_layers;
mod dense_reference;
mod evaluator;
mod extremes;
mod laws;
mod log_det;
mod low_rank;
mod orthonormal;
mod panels;
mod subbands;
mod threads;
mod wrong;
