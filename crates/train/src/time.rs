//! The source of a clock's time.

use std::time::{Duration, Instant};

/// A source of time.
#[derive(Debug, Clone)]
pub(crate) enum Time {
    /// The system's monotonic clock, since this instant.
    System(Instant),
    /// Nanoseconds that a test sets.
    #[cfg(test)]
    Set(std::sync::Arc<std::sync::atomic::AtomicU64>),
}

impl Time {
    /// The system's time, from now on.
    pub(crate) fn system() -> Self {
        Self::System(Instant::now())
    }

    /// Time since the source began.
    pub(crate) fn now(&self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            #[cfg(test)]
            Self::Set(nanos) => Duration::from_nanos(nanos.load(std::sync::atomic::Ordering::Relaxed)),
        }
    }

    /// A source that stands still.
    #[cfg(test)]
    pub(crate) fn still() -> Self {
        Self::Set(std::sync::Arc::default())
    }

    /// Lets time pass.
    #[cfg(test)]
    pub(crate) fn pass(&self, time: Duration) {
        if let Self::Set(nanos) = self {
            nanos.fetch_add(time.as_nanos() as u64, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
