#![doc = include_str!("../README.md")]

mod column;
mod columnwise;
mod copula;
mod density;
mod error;
mod fit;
mod impute;
mod maps;

pub use column::Column;
pub use columnwise::is_columnwise;
pub use copula::{Copula, Given};
pub use density::Density;
pub use error::{QueryError, Result};
pub use fit::{ObservedFit, fit_observed, fit_observed_within};
pub use impute::Fill;

pub use pdmap_mixture::SelectOptions;
