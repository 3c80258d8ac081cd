//! What happens while a run goes on: progress on the bar, trouble on stderr, everything but single steps in the log.

use pdmap_core::{Flow, Real};
use pdmap_train::{Event, Rollback, TrainConfig, TrainError, Trained};
use serde_json::{Value, json};

use crate::args::Train;
use crate::log::Log;
use crate::progress::Bar;

/// Who is told.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) bar: Bar,
    pub(super) log: Log,
}

impl Watch {
    /// Training begins.
    pub(super) fn started<F: Real>(
        &mut self,
        args: &Train,
        model: &str,
        config: &TrainConfig,
        flow: &Flow<F>,
    ) {
        let facts = json!({
            "version": env!("CARGO_PKG_VERSION"), "data": args.data.data(), "model": model, "seed": args.seed, "config": config,
            "dtype": F::DTYPE, "features": flow.features(), "parameters": flow.parameters(),
        });
        self.write("start", facts);
    }

    /// Something happened.
    pub(super) fn tell(&mut self, event: Event) {
        if let Some((name, facts)) = line(&event) {
            self.write(name, facts);
        }
        match event {
            Event::Progress(progress) => self.bar.at(progress),
            Event::Resumed { step, version } => {
                self.bar.say(&format!("going on from step {step}"));
                if let Some(version) = version {
                    let own = env!("CARGO_PKG_VERSION");
                    self.bar.warn(&format!(
                        "warning: the checkpoint is of version {version}, this is {own}: bits may differ"
                    ));
                }
            }
            Event::RolledBack(Rollback { step, reason, to, factor }) => self.bar.warn(&format!(
                "warning: step {step}: {reason}; going on from the weights of step {to} at {factor} of the rate"
            )),
            Event::SaveFailed { last: true, step, error } => {
                self.bar.warn(&format!("warning: no checkpoint of step {step}, the last one: {error}"));
            }
            Event::SaveFailed { step, error, .. } => {
                self.bar.warn(&format!(
                    "warning: no checkpoint of step {step}: {error}; training goes on and tries again"
                ));
            }
            _ => {}
        }
    }

    /// Training is over, one way or another.
    pub(super) fn ended(mut self, trained: Result<Trained, TrainError>) -> Result<Trained, TrainError> {
        let facts = match &trained {
            Ok(trained) => json!({
                "outcome": trained.outcome, "steps": trained.steps, "seconds": trained.seconds, "best": trained.best,
                "halvings": trained.halvings, "peak_memory": trained.peak_memory,
            }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        self.write("end", facts);
        self.bar.finish();
        trained
    }

    fn write(&mut self, event: &str, facts: Value) {
        if let Some(trouble) = self.log.write(event, facts) {
            self.bar.warn(&trouble);
        }
    }
}

/// The line of the log, where an event has one.
fn line(event: &Event) -> Option<(&'static str, Value)> {
    Some(match event {
        Event::Validated(point) => {
            ("validation", json!({ "step": point.step, "seconds": point.seconds, "nats": point.validation }))
        }
        Event::Resumed { step, version } => ("resumed", json!({ "step": step, "other_version": version })),
        Event::RolledBack(rollback) => ("rollback", json!(rollback)),
        Event::Saved { step } => ("checkpoint", json!({ "step": step })),
        Event::SaveFailed { step, error, .. } => {
            ("checkpoint-failed", json!({ "step": step, "error": error.to_string() }))
        }
        _ => return None,
    })
}
