//! Work on another thread, while this one listens to signals and to what the work tells.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pdmap_train::{CurvePoint, Event, Hooks, Progress};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::pool;

/// Time between two looks at signals and at the progress.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs `body` in the pool of so many threads. Its events go to `listener`, as JSON. If a signal handler
/// or the listener raises, the run is stopped after its step; the exception is returned beside the result.
pub(crate) fn watched<R: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    listener: Option<&Bound<'_, PyAny>>,
    body: impl FnOnce(Hooks<'_>) -> R + Send,
) -> PyResult<(R, Option<PyErr>)> {
    let pool = pool::of(py, threads)?;
    let listener = listener.map(|listener| listener.clone().unbind());
    let hears = listener.is_some();
    // Steps are too frequent to report each one.
    let (stop, latest) = (AtomicBool::new(false), Mutex::new(None::<Progress>));
    let (done, raised) = py.detach(|| {
        let (sender, events) = channel::<Event>();
        thread::scope(|scope| {
            let (stop, latest) = (&stop, &latest);
            let run = scope.spawn(move || {
                let mut tell = move |event| match event {
                    Event::Progress(progress) if hears => {
                        *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
                    }
                    Event::Progress(_) => {}
                    event => drop(sender.send(event)),
                };
                let stops = || stop.load(Ordering::Relaxed);
                pool.install(|| body(Hooks { watch: Some(&mut tell), stop: Some(&stops), checkpoints: None }))
            });
            let mut raised = None;
            loop {
                let told = match events.recv_timeout(PATIENCE) {
                    Ok(event) => in_json(&event),
                    Err(RecvTimeoutError::Timeout) => {
                        let progress = latest.lock().unwrap_or_else(PoisonError::into_inner).take();
                        progress.map(|progress| of_progress(&progress))
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                if raised.is_none()
                    && let Err(error) = Python::attach(|py| heard(py, listener.as_ref(), told))
                {
                    stop.store(true, Ordering::Relaxed);
                    raised = Some(error);
                }
            }
            (run.join(), raised)
        })
    });
    match done {
        Ok(done) => Ok((done, raised)),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(PyRuntimeError::new_err(format!("internal error: {text}")))
        }
    }
}

fn heard(py: Python<'_>, listener: Option<&Py<PyAny>>, told: Option<Value>) -> PyResult<()> {
    py.check_signals()?;
    if let (Some(listener), Some(told)) = (listener, told) {
        listener.bind(py).call1((told.to_string(),))?;
    }
    Ok(())
}

fn of_progress(progress: &Progress) -> Value {
    let Progress { step, horizon, share, validation } = progress;
    json!({ "event": "progress", "step": step, "horizon": horizon, "share": share, "validation": validation })
}

/// An event; those of checkpoints, which there are none of, are left out.
fn in_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Progress(progress) => of_progress(progress),
        Event::Validated(CurvePoint { step, seconds, validation }) => {
            json!({ "event": "validated", "step": step, "seconds": seconds, "validation": validation })
        }
        Event::Member { model, fold, index } => {
            json!({ "event": "member", "model": model, "fold": fold, "index": index })
        }
        Event::LeftOut { model, reason } => json!({ "event": "left-out", "model": model, "reason": reason }),
        Event::RolledBack(rollback) => {
            json!({ "event": "rolled-back", "step": rollback.step, "reason": rollback.reason, "to": rollback.to })
        }
        Event::Eased { step, halvings, factor } => {
            json!({ "event": "eased", "step": step, "halvings": halvings, "factor": factor })
        }
        _ => return None,
    })
}
