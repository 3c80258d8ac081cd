//! Errors and the exit status: 0 success, 1 internal failure, 2 bad input, 3 training diverged (the
//! last good weights are saved), 4 training interrupted (its state and best weights are saved).

use pdmap_compare::CompareError;
use pdmap_core::LayerError;
use pdmap_data::DataError;
use pdmap_onnx::OnnxError;
use pdmap_train::{SpecError, TrainError};

/// Unusable input.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

/// The loss became non-finite; the last good weights are saved.
#[derive(Debug, thiserror::Error)]
#[error("training diverged at step {step} ({reason}); the weights of step {kept} were saved")]
pub(crate) struct Diverged {
    pub(crate) step: u64,
    pub(crate) reason: String,
    pub(crate) kept: u64,
}

/// A signal ended training; the best weights so far are saved.
#[derive(Debug, thiserror::Error)]
#[error("interrupted after step {step}; the best weights so far, those of step {kept}, were saved; {}", resumable(.checkpoint))]
pub(crate) struct Interrupted {
    pub(crate) step: u64,
    pub(crate) kept: u64,
    pub(crate) checkpoint: Option<u64>,
}

/// The rows became unreadable; the best weights so far are saved.
#[derive(Debug, thiserror::Error)]
#[error("training stopped after step {step}: {reason}; the best weights so far, those of step {kept}, were saved; {}", resumable(.checkpoint))]
pub(crate) struct Failed {
    pub(crate) step: u64,
    pub(crate) reason: String,
    pub(crate) kept: u64,
    pub(crate) checkpoint: Option<u64>,
}

fn resumable(checkpoint: &Option<u64>) -> String {
    match checkpoint {
        Some(step) => format!("--resume continues from step {step}"),
        None => "this run wrote no checkpoint to resume from".to_owned(),
    }
}

/// Prints an error on one line of stderr and returns the exit status.
pub(crate) fn report(result: &anyhow::Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("error: {}", one_line(error));
            status(error)
        }
    }
}

/// An error and its causes on one line.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Transparent errors repeat the text of their source.
        if line.ends_with(&cause) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&cause);
    }
    // Names of files and keys may contain control characters, which a terminal would obey.
    line.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect::<String>()
        .replace("\\n", " ")
}

fn status(error: &anyhow::Error) -> u8 {
    if error.chain().any(|e| e.is::<Diverged>()) {
        return 3;
    }
    if error.chain().any(|e| e.is::<Interrupted>()) {
        return 4;
    }
    let input = error.chain().any(|e| {
        e.is::<BadInput>()
            || e.is::<Failed>()
            || e.is::<DataError>()
            || e.is::<TrainError>()
            || e.is::<SpecError>()
            || e.is::<LayerError>()
            || e.is::<CompareError>()
            || e.is::<OnnxError>()
            || e.is::<std::io::Error>()
    });
    if input { 2 } else { 1 }
}
