//! The command line.

use pyo3::prelude::*;

/// Runs `pdmap` with these arguments, the program's name first, and returns the exit status.
#[pyfunction]
pub(crate) fn run(py: Python<'_>, args: Vec<String>) -> u8 {
    py.detach(|| pdmap_cli::run(args))
}
