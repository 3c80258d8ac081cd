//! A density for a table without a choice of model: mixtures and flows, weighted by what they say
//! about rows that they have not seen.

mod candidate;
mod combined;
mod folds;
mod imputed;
mod member;
mod options;
mod pace;
mod search;
mod stacking;

pub use combined::AutoFitted;
pub use imputed::train_auto_imputed;
pub use options::AutoConfig;
pub use search::{fit_auto, train_auto};
