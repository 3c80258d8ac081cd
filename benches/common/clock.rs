//! Times several functions in turns, so that changes of processor speed affect all of them.

use std::time::{Duration, Instant};

use anyhow::Result;

/// A function to time.
pub(crate) type Work<'a> = &'a mut dyn FnMut() -> Result<()>;

/// Seconds per call of one function, one value per round.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Calls per round.
    pub(crate) repeats: usize,
    pub(crate) seconds: Vec<f64>,
}

/// Runs `rounds` rounds of each function in turns; each round repeats its function until it takes
/// about as long as `round`. Two warm-up calls of each allocate memory and determine the number of
/// repeats; they are not counted.
pub(crate) fn in_turns<const N: usize>(mut works: [Work<'_>; N], rounds: usize, round: Duration) -> Result<[Times; N]> {
    let mut times = [const { Times { repeats: 1, seconds: Vec::new() } }; N];
    for (work, times) in works.iter_mut().zip(&mut times) {
        work()?;
        // The fastest of a few calls: an interrupted call would make the rounds too short.
        let mut fastest = f64::INFINITY;
        for _ in 0..3 {
            fastest = fastest.min(repeated(work, 1)?);
            if fastest > 0.5 {
                break;
            }
        }
        times.repeats = ((round.as_secs_f64() / fastest).ceil() as usize).max(1);
    }
    for _ in 0..rounds {
        for (work, times) in works.iter_mut().zip(&mut times) {
            times.seconds.push(repeated(work, times.repeats)?);
        }
    }
    Ok(times)
}

fn repeated(work: &mut Work<'_>, repeats: usize) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..repeats {
        work()?;
    }
    Ok(start.elapsed().as_secs_f64() / repeats as f64)
}

/// The median; for an even number, the mean of the two middle values.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// A quantile, linearly interpolated between neighbours.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = q * sorted.len().saturating_sub(1) as f64;
    match (sorted.get(at.floor() as usize), sorted.get(at.ceil() as usize)) {
        (Some(low), Some(high)) => low + (high - low) * at.fract(),
        _ => f64::NAN,
    }
}
