//! Filter banks as data: stages, dense kernels, presets, import and analysis, all in `f64`.

mod grid;
mod kernels;
mod polyphase;
mod stages;

pub use grid::Period;
pub use kernels::Kernels;
pub use stages::Stages;

pub(crate) use grid::{Grid, entries};
