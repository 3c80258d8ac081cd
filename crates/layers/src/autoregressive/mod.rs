//! Autoregressive layers: each feature changes through a map whose parameters a masked network
//! computes from the features before it and from a condition.

mod layer;
mod options;
mod order;

pub use layer::Autoregressive;
pub use options::AutoregressiveOptions;
pub use order::Order;
