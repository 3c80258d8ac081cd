//! Layers: all tests in one program, since each program would compile the generic layers again.

mod autoregressive;
mod common;
mod conditions;
mod expressive;
mod histogram;
mod memory;
mod scale;
mod spline;
mod steps;
mod weights;
mod whitening;
