//! Errors of the library as exceptions.

use std::fmt::Display;
use std::io;

use pdmap_core::LayerError;
use pdmap_train::{SpecError, TrainError};
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

/// Flags of the command line in messages, and what they are called here.
const NAMES: [(&str, &str); 10] = [
    ("--drop-degenerate leaves", "drop_degenerate=True leaves"),
    (", --reduce-rank trains in the subspace that the rows span, --columns selects others", ""),
    ("(one batch: --batch N takes fewer)", "(one batch: training={\"batch\": N} takes fewer)"),
    ("--discrete", "discrete"),
    ("--condition", "condition"),
    ("(--bound of train)", "(bounds of the fit)"),
    ("--components", "n_components"),
    ("--member 0 to", "member=0 to"),
    ("--model", "model"),
    ("--budget", "budget"),
];

/// A `ValueError` with this message.
pub(crate) fn value(error: impl Display) -> PyErr {
    let text = NAMES.iter().fold(error.to_string(), |text, (flag, name)| text.replace(flag, name));
    PyValueError::new_err(text)
}

/// A `ValueError`, or the `OSError` of a file.
pub(crate) fn of_spec(error: SpecError) -> PyErr {
    match error {
        SpecError::Io { path, source } => {
            let text = format!("{}: {source}", path.display());
            io::Error::new(source.kind(), text).into()
        }
        other => value(other),
    }
}

/// As [`of_spec`].
pub(crate) fn of_train(error: TrainError) -> PyErr {
    match error {
        TrainError::Spec(error) => of_spec(error),
        other => value(other),
    }
}

/// A `ValueError`.
pub(crate) fn of_layer(error: LayerError) -> PyErr {
    value(error)
}
