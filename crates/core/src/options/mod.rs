//! Options as data: from JSON values (which a TOML file or a model's header becomes) to typed options, with errors that name the place
//! and the nearest known word.

mod deserializer;
mod error;
mod nearest;

pub use deserializer::parse;
pub use error::{OptionsError, Problem, Segment};
pub use nearest::nearest;
