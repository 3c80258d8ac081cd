//! Statistics of log-likelihoods.

pub(crate) mod gaussian;
pub(crate) mod labelled_rows;
pub(crate) mod likelihood;
pub(crate) mod moments;
pub(crate) mod quantile;
pub(crate) mod reliability;
pub(crate) mod threshold;
