//! SIGINT and SIGTERM ask a run to stop after its step; a second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static STOP: AtomicBool = AtomicBool::new(false);

/// Status of a program that a second signal ended: that of a shell for SIGINT.
const AT_ONCE: i32 = 130;

/// From here on, signals set the flag that [`stop`] reads.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(AT_ONCE);
        }
    })
    .context("signals")
}

/// Whether a signal asked to stop.
pub(crate) fn stop() -> bool {
    STOP.load(Ordering::SeqCst)
}
