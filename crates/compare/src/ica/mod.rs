//! Independent component analysis: the Amari index and FastICA as a reference.

mod amari;
mod fast_ica;
mod jacobian;

pub use amari::amari_index;
pub use fast_ica::{FastIca, fast_ica};
pub(crate) use jacobian::jacobian;
