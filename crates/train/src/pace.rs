//! How long a training step takes.

use std::time::Duration;

/// Weight of the latest step in the running mean.
const LATEST: f64 = 0.1;

/// A running mean of the time of a step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    /// Steps, and the time spent on them, at the last measurement.
    last: Option<(u64, f64)>,
    step: f64,
}

impl Pace {
    /// Records that `done` steps have taken `time`, without validations. The first measurement of
    /// a resumed run gives the mean of all its steps.
    pub(crate) fn measure(&mut self, done: u64, time: Duration) {
        let time = time.as_secs_f64();
        match self.last {
            None if done > 0 => self.step = time / done as f64,
            Some((before, then)) if done > before => {
                let each = (time - then).max(0.0) / (done - before) as f64;
                self.step = if before == 0 { each } else { self.step + LATEST * (each - self.step) };
            }
            _ => {}
        }
        self.last = Some((done, time));
    }

    /// Seconds of a step; 0 before the first.
    pub(crate) fn step(&self) -> f64 {
        self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_the_latest_steps() {
        let near = |pace: &Pace, expected: f64| (pace.step() - expected).abs() < 1e-9;
        let mut pace = Pace::default();
        pace.measure(0, Duration::from_secs(9));
        assert!(near(&pace, 0.0));
        pace.measure(1, Duration::from_secs(12));
        assert!(near(&pace, 3.0), "what was before the first step is none: {pace:?}");
        pace.measure(2, Duration::from_secs(13));
        assert!(near(&pace, 2.8), "{pace:?}");
        (3..200).for_each(|done| pace.measure(done, Duration::from_secs(11 + done)));
        assert!((pace.step() - 1.0).abs() < 1e-6, "{pace:?}");
        let mut resumed = Pace::default();
        resumed.measure(50, Duration::from_secs(100));
        assert!(near(&resumed, 2.0), "{resumed:?}");
    }
}
