//! Filter banks as data: stages, dense kernels, presets, import and analysis, all in `f64`.

mod analysis;
mod grid;
mod kernels;
pub(crate) mod polyphase;
mod stages;

pub use grid::Period;
pub use kernels::Kernels;
pub use stages::Stages;
