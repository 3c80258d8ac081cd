//! Runs beside each other, each on threads of its own; or one at a time, on all of them.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use pdmap_train::Progress;
use serde::{Deserialize, Serialize};

use crate::CompareError;

/// How many runs go on at once, and on how many threads each. Results do not depend on it; times do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Parallel {
    /// Runs at once, at least 1.
    pub runs: usize,
    /// Threads of each, at least 1.
    pub threads: usize,
}

/// What a worker tells.
enum Said<T> {
    Progress(usize, Progress),
    Done(usize, Result<T, CompareError>),
}

/// Does `work` for each of `count` jobs and gives the results in their order. Without `parallel`, one after the other on the caller's threads.
///
/// # Errors
/// The first that a job gives; threads that cannot be had.
pub(crate) fn perform<T: Send>(
    count: usize,
    parallel: Option<Parallel>,
    work: impl Fn(usize, &mut (dyn FnMut(Progress) + Send)) -> Result<T, CompareError> + Sync,
    mut watch: impl FnMut(usize, Told<'_, T>) + Send,
) -> Result<Vec<T>, CompareError> {
    let mut results: Vec<Option<T>> = Vec::new();
    results.resize_with(count, || None);
    let Some(Parallel { runs, threads }) = parallel.filter(|_| count > 1) else {
        for (job, place) in results.iter_mut().enumerate() {
            let done = work(job, &mut |progress| watch(job, Told::Progress(progress)))?;
            watch(job, Told::Done(&done));
            *place = Some(done);
        }
        return Ok(results.into_iter().flatten().collect());
    };
    let jobs = Mutex::new(0..count);
    let (sender, receiver) = channel();
    let pools: Vec<_> = (0..runs.min(count)).map(|_| pool(threads)).collect::<Result<_, _>>()?;
    let mut failed = None;
    std::thread::scope(|scope| {
        for pool in pools {
            let (sender, jobs, work) = (sender.clone(), &jobs, &work);
            scope.spawn(move || worker(&pool, jobs, work, &sender));
        }
        drop(sender);
        for said in receiver {
            match said {
                Said::Progress(job, progress) => watch(job, Told::Progress(progress)),
                Said::Done(job, Ok(done)) => {
                    watch(job, Told::Done(&done));
                    results[job] = Some(done);
                }
                Said::Done(_, Err(error)) => {
                    // No further jobs are begun.
                    next(&jobs, |jobs| jobs.start = jobs.end);
                    failed.get_or_insert(error);
                }
            }
        }
    });
    failed.map_or_else(|| Ok(results.into_iter().flatten().collect()), Err)
}

/// What the caller is told of a job.
pub(crate) enum Told<'a, T> {
    Progress(Progress),
    Done(&'a T),
}

fn worker<T: Send>(
    pool: &rayon::ThreadPool,
    jobs: &Mutex<std::ops::Range<usize>>,
    work: &(impl Fn(usize, &mut (dyn FnMut(Progress) + Send)) -> Result<T, CompareError> + Sync),
    sender: &Sender<Said<T>>,
) {
    while let Some(job) = next(jobs, Iterator::next) {
        // Nobody to tell is no failure.
        let done =
            pool.install(|| work(job, &mut |progress| drop(sender.send(Said::Progress(job, progress)))));
        drop(sender.send(Said::Done(job, done)));
    }
}

fn next<T>(jobs: &Mutex<std::ops::Range<usize>>, take: impl FnOnce(&mut std::ops::Range<usize>) -> T) -> T {
    take(&mut jobs.lock().unwrap_or_else(PoisonError::into_inner))
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, CompareError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| CompareError::Threads { threads, reason: error.to_string() })
}
