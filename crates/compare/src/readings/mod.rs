//! The same runs read in other ways: at equal steps, at equal time, and by time to target.

mod curve;
mod reading;
mod target;

pub(crate) use curve::Axis;
pub use reading::Reading;
pub(crate) use reading::reading;
pub use target::Target;
pub(crate) use target::targets;
