//! SIGINT and SIGTERM ask a run to stop after its step; a second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From here on, the two signals set the flag that [`stop`] reads. One that the program was started to ignore (a shell does that to
/// SIGINT of background jobs) stays ignored, and so does SIGHUP under `nohup`, which is left alone.
pub(crate) fn listen() -> Result<()> {
    for signal in [SIGINT, SIGTERM].into_iter().filter(|&signal| !ignored(signal)) {
        // The order matters: with the flag set by a first signal, the second one ends the program, with a shell's status for it.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&STOP)).context("signals")?;
        flag::register(signal, Arc::clone(&STOP)).context("signals")?;
    }
    Ok(())
}

/// Whether a signal asked to stop.
pub(crate) fn stop() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Whether a signal is ignored, where the system tells: bit `signal − 1` of the mask in /proc.
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}
