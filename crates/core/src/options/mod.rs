//! Typed options from JSON values (to which a TOML file or a model header is converted), with
//! errors that state the path and the nearest known name.

mod deserializer;
mod error;
mod nearest;

pub use deserializer::parse;
pub use error::{OptionsError, Problem, Segment};
pub use nearest::nearest;
