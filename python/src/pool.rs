//! Pools of threads, which belong to the process that made them: a forked child has none of its parent's
//! threads, and would wait for them forever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pyo3::exceptions::PyRuntimeError;
use pyo3::{PyResult, Python};
use rayon::{ThreadPool, ThreadPoolBuilder};

#[derive(Default)]
struct Pools {
    process: u32,
    by_threads: HashMap<usize, Arc<ThreadPool>>,
}

/// Taken only while the interpreter's lock is held, so that no fork happens meanwhile.
static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

/// Most threads of a pool.
const MOST: usize = 1024;

/// The pool of so many threads; of as many as there are cores without a number.
fn pool(_py: Python<'_>, threads: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    let usual = || {
        let set = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse().ok());
        set.filter(|&count: &usize| count > 0)
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get))
    };
    let threads = threads.unwrap_or_else(usual).clamp(1, MOST);
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if pools.as_ref().is_none_or(|pools| pools.process != process) {
        // Those of the parent have no threads here: they are left alone, not ended.
        std::mem::forget(pools.take());
        *pools = Some(Pools { process, by_threads: HashMap::new() });
    }
    let all = &mut pools.get_or_insert_default().by_threads;
    if let Some(found) = all.get(&threads) {
        return Ok(found.clone());
    }
    let made = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("pdmap-{index}")).build();
    let made = Arc::new(made.map_err(|error| PyRuntimeError::new_err(error.to_string()))?);
    all.insert(threads, made.clone());
    Ok(made)
}

/// Works in the pool of so many threads, without the interpreter's lock.
pub(crate) fn work<R: Send>(py: Python<'_>, threads: Option<usize>, body: impl FnOnce() -> R + Send) -> PyResult<R> {
    let pool = pool(py, threads)?;
    Ok(py.detach(|| pool.install(body)))
}

/// The pool itself, for work on another thread.
pub(crate) fn of(py: Python<'_>, threads: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    pool(py, threads)
}
