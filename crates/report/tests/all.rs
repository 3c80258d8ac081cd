//! All report tests in one binary; separate binaries would compile the generic code again.

mod page;
mod pairs;
mod pictures;
mod plots;
