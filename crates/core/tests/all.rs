//! The core: all tests in one program, since each program would compile the generic layers again.

mod conditions;
mod expressive;
mod group;
mod memory;
mod spline;
mod steps;
