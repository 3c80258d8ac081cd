//! Shared by the benches and by the examples that time steps: a case, its step, and the floor of
//! the step.
#![allow(dead_code)] // Each of them uses a part.

pub(crate) mod case;
pub(crate) mod clock;
pub(crate) mod floor;
pub(crate) mod start;
pub(crate) mod step;
