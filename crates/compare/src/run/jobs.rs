//! Executes runs one at a time on all threads, or in parallel with separate thread pools.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use pdmap_train::Progress;

use crate::error::CompareError;
use crate::plan::Parallel;

/// A message from a worker.
enum Message<T> {
    Progress(usize, Progress),
    Done(usize, Result<T, CompareError>),
}

/// Executes `work` for each of `count` jobs and returns the results in order. Without `parallel`,
/// the jobs run one after another on the caller's threads.
///
/// # Errors
/// The first error of a job; threads that cannot be started.
pub(crate) fn perform<T: Send>(
    count: usize,
    parallel: Option<Parallel>,
    work: impl Fn(usize, &mut (dyn FnMut(Progress) + Send)) -> Result<T, CompareError> + Sync,
    mut watch: impl FnMut(usize, Update<'_, T>) + Send,
) -> Result<Vec<T>, CompareError> {
    let mut results: Vec<Option<T>> = Vec::new();
    results.resize_with(count, || None);
    let Some(Parallel { runs, threads }) = parallel.filter(|_| count > 1) else {
        for (job, place) in results.iter_mut().enumerate() {
            let done = work(job, &mut |progress| watch(job, Update::Progress(progress)))?;
            watch(job, Update::Done(&done));
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
        for message in receiver {
            match message {
                Message::Progress(job, progress) => watch(job, Update::Progress(progress)),
                Message::Done(job, Ok(done)) => {
                    watch(job, Update::Done(&done));
                    results[job] = Some(done);
                }
                Message::Done(_, Err(error)) => {
                    // Start no further jobs.
                    next(&jobs, |jobs| jobs.start = jobs.end);
                    failed.get_or_insert(error);
                }
            }
        }
    });
    failed.map_or_else(|| Ok(results.into_iter().flatten().collect()), Err)
}

/// An update about a job.
pub(crate) enum Update<'a, T> {
    Progress(Progress),
    Done(&'a T),
}

fn worker<T: Send>(
    pool: &rayon::ThreadPool,
    jobs: &Mutex<std::ops::Range<usize>>,
    work: &(impl Fn(usize, &mut (dyn FnMut(Progress) + Send)) -> Result<T, CompareError> + Sync),
    sender: &Sender<Message<T>>,
) {
    while let Some(job) = next(jobs, Iterator::next) {
        // A closed channel is not an error.
        let done = pool.install(|| work(job, &mut |progress| drop(sender.send(Message::Progress(job, progress)))));
        drop(sender.send(Message::Done(job, done)));
    }
}

fn next<T>(jobs: &Mutex<std::ops::Range<usize>>, take: impl FnOnce(&mut std::ops::Range<usize>) -> T) -> T {
    take(&mut jobs.lock().unwrap_or_else(PoisonError::into_inner))
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, CompareError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| CompareError::Threads { threads, reason: error.to_string() })
}
