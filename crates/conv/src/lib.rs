#![doc = include_str!("../README.md")]

pub mod bank;
mod free;
mod spectrum;
mod stream;
mod windows;

pub use free::{FreeConv, FreeDirection};
pub use stream::{Analyzer, Synthesizer};

use pdmap_core::{Real, Registry};

/// Adds the kinds of this crate to a registry, so that saved models find them.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(FreeConv::<F>::KIND, FreeConv::restore, FreeConv::build);
}
