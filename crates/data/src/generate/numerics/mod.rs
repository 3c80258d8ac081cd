//! Special functions, quadrature and logarithms of mixtures for the known densities.

mod bessel;
mod legendre;
mod mixture;
mod peaked;
mod plane_entropy;

pub(crate) use bessel::scaled_i0;
pub(crate) use legendre::integrate;
pub(crate) use mixture::{log_mean_exp, log_norm};
#[cfg(test)]
pub(crate) use peaked::oracle;
pub(crate) use peaked::{Peaked, log_integral};
pub(crate) use plane_entropy::{FINE, plane_entropy, points};
