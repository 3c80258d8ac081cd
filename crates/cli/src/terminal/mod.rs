//! The terminal and the process: output, progress, log, signals, exit status.

pub(crate) mod exit;
pub(crate) mod log;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod signals;
