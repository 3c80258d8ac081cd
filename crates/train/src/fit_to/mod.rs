//! A flow fitted to an unnormalized density instead of rows.

mod fitted;
mod options;
mod run;
mod target;

pub use fitted::{Estimate, FittedTo, Weighted};
pub use options::FitToConfig;
pub use run::fit_to;
