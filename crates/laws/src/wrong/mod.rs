//! Wrong implementations, each with the law that must reject it. If one of them passes, that law is
//! blind.

mod autoregressive;
mod base;
mod ensemble;
mod layer;
mod mixture;
mod module;

pub use autoregressive::{MASK_MISTAKES, MaskMistake, WrongMask};
pub use base::{BASE_MISTAKES, BaseMistake, WrongBase};
pub use ensemble::{ENSEMBLE_MISTAKES, EnsembleMistake, WrongEnsemble};
pub use layer::{MISTAKES, Mistake, WrongScale};
pub use mixture::{MIXTURE_MISTAKES, MixtureMistake, WrongMixture};
pub use module::{MODULE_MISTAKES, ModuleMistake, WrongModule};
