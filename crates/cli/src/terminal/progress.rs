//! A progress bar on stderr, hidden if stderr is not a terminal.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pdmap_train::Progress;

/// A bar that shows the used fraction of the budget.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    quiet: bool,
    /// Time and number of the first reported step of this stage.
    first: Mutex<Option<(Instant, u64)>>,
}

/// Length of a full bar.
const FULL: u64 = 1000;

impl Bar {
    /// A bar, hidden if `quiet` or if stderr is not a terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let hidden = quiet || !std::io::stderr().is_terminal();
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(8) };
        let bar = ProgressBar::with_draw_target(Some(FULL), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix:40} {bar:24} {elapsed:>4} / {eta:>4} left  {msg}") {
            bar.set_style(style);
        }
        Self { bar, quiet, first: Mutex::new(None) }
    }

    /// Starts a stage.
    pub(crate) fn stage(&self, name: String) {
        if self.bar.prefix() != name {
            self.bar.set_prefix(name);
            self.bar.reset();
            *self.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Shows progress.
    pub(crate) fn at(&self, progress: Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, step) = *first.get_or_insert_with(|| (Instant::now(), progress.step));
        let rate = (progress.step.saturating_sub(step)) as f64 / start.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_position((progress.share * FULL as f64) as u64);
        self.bar
            .set_message(format!("step {}, {rate:.0}/s  validation {:.2} nats", progress.step, progress.validation));
    }

    /// Prints a line above the bar, if there is one.
    pub(crate) fn note(&self, text: &str) {
        self.bar.println(text);
    }

    /// Prints a line to stderr unless the output is quiet.
    pub(crate) fn said(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// Prints a line to stderr, with or without a bar.
    pub(crate) fn warn(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
