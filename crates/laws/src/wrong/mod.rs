//! Wrong implementations, each with the law that must reject it. If one of them passes, that law is
//! blind.

/// An enumeration of mistakes, and the list of all, each with the name of every law that must find
/// it.
macro_rules! mistakes {
    (
        $(#[$about:meta])*
        $Mistake:ident, $ALL:ident:
        $($(#[$what:meta])* $variant:ident: $($law:literal),+;)+
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Mistake {
            $($(#[$what])* $variant,)+
        }

        /// Every mistake, and the name of the law that must find it.
        pub const $ALL: &[($Mistake, &str)] = &[$($(($Mistake::$variant, $law)),+),+];
    };
}

mod autoregressive;
mod base;
mod circular;
mod ensemble;
mod layer;
mod mixture;
mod module;

pub use autoregressive::{MASK_MISTAKES, MaskMistake, WrongMask};
pub use base::{BASE_MISTAKES, BaseMistake, WrongBase};
pub use circular::{CIRCLE_MISTAKES, CircleMistake, WrongCircle};
pub use ensemble::{ENSEMBLE_MISTAKES, EnsembleMistake, WrongEnsemble};
pub use layer::{MISTAKES, Mistake, WrongScale};
pub use mixture::{MIXTURE_MISTAKES, MixtureMistake, WrongMixture};
pub use module::{MODULE_MISTAKES, ModuleMistake, WrongModule};
