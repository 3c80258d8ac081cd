//! SIGINT and SIGTERM stop a run after its current step; a second signal ends the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Makes the two signals set the flag that [`stop`] reads.
///
/// A signal that the program was started to ignore (as shells do with SIGINT for background jobs)
/// stays ignored. SIGHUP is left alone, so that `nohup` works.
pub(crate) fn listen() -> Result<()> {
    STOP.store(false, Ordering::SeqCst);
    for signal in [SIGINT, SIGTERM].into_iter().filter(|&signal| !ignored(signal)) {
        // The order matters: the first signal sets the flag, and with the flag set the second one
        // ends the program with the shell's status for that signal.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&STOP)).context("signals")?;
        flag::register(signal, Arc::clone(&STOP)).context("signals")?;
    }
    Ok(())
}

/// Whether a signal has arrived.
pub(crate) fn stop() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Whether a signal is ignored, if the system reports it: bit `signal − 1` of the mask in /proc.
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}
