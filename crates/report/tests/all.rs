//! All report tests in one binary; separate binaries would compile the generic code again.

mod page;
mod pictures;
mod plots;
