//! The laws, and other tests of several layers at once: one program, since each would compile the
//! generic layers again.

mod autoregressive;
mod base;
mod base_laws;
mod circles;
mod conv_paths;
mod convolutions;
mod dense_directions;
mod dense_layers;
mod dense_reference;
mod effort;
mod ensemble;
mod evaluator;
mod extremes;
mod laws;
mod log_det;
mod low_rank;
mod mixture;
mod orthonormal;
mod panels;
mod subbands;
mod threads;
mod torus;
mod wrong;
