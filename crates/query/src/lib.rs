#![doc = include_str!("../README.md")]

mod approximate;
mod arcsinh;
mod candidates;
mod column;
mod columnwise;
mod copula;
mod curve;
mod density;
mod error;
mod fit;
mod fit_columns;
mod impute;
mod maps;
mod observed_rows;

pub use approximate::{Approximate, ApproximateOptions, Estimate, RELIABLE};
pub use column::Column;
pub use columnwise::is_columnwise;
pub use copula::{Copula, Given};
pub use density::Density;
pub use error::{QueryError, Result};
pub use fit::{ObservedFit, fit_observed, fit_observed_within};
pub use fit_columns::fit_columns;
pub use impute::Fill;
pub use observed_rows::ObservedRows;

pub use pdmap_mixture::SelectOptions;
