//! Dense linear algebra shared by the layers, all of it through faer.

mod cholesky;
mod decompositions;
mod gemm;
mod kernels;
mod lu;
mod memory;
mod orthonormality;
mod view;

pub use cholesky::Cholesky;
pub use decompositions::{Svd, orthonormal_factor, singular_values, svd, symmetric_eigen};
pub use gemm::{Add, gemm};
pub(crate) use kernels::Product;
pub use lu::{LogDet, Lu};
pub use orthonormality::orthonormality_residual;
pub use view::as_faer;
pub(crate) use view::parts;
