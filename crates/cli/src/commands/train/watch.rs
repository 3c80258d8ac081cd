//! Events of a run: progress to the bar, warnings to stderr, all events except steps to the log.

use pdmap_core::{Flow, ParametricExt, Real};
use pdmap_train::{Event, Rollback, TrainConfig, TrainError, Trained, Tried};
use serde_json::{Value, json};

use crate::args::Train;
use crate::terminal::log::Log;
use crate::terminal::progress::Bar;

/// The receivers of events.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) bar: Bar,
    pub(super) log: Log,
    /// Lines about the data. They are printed when training starts, when nothing can be refused any more.
    pub(super) data: Option<DataSummary>,
}

/// Lines and a warning about the data.
#[derive(Debug)]
pub(super) struct DataSummary {
    pub(super) lines: Vec<String>,
    pub(super) warning: Option<String>,
}

impl Watch {
    /// Records the start of training, with the flow unless it is still to be found.
    pub(super) fn started<F: Real>(
        &mut self,
        args: &Train,
        model: &str,
        config: &TrainConfig,
        features: usize,
        flow: Option<&Flow<F>>,
    ) {
        let facts = json!({
            "version": env!("CARGO_PKG_VERSION"), "data": args.data.data(), "model": model, "seed": args.seed, "config": config,
            "dtype": F::DTYPE, "features": features, "parameters": flow.map(ParametricExt::parameter_count),
        });
        self.write("start", facts);
    }

    /// Handles an event.
    pub(super) fn event(&mut self, event: Event) {
        if let Some(DataSummary { lines, warning }) = self.data.take() {
            lines.iter().for_each(|line| self.bar.said(line));
            warning.iter().for_each(|warning| self.bar.warn(&format!("warning: {warning}")));
        }
        if let Some((name, facts)) = line(&event) {
            self.write(name, facts);
        }
        match event {
            Event::Progress(progress) => self.bar.at(progress),
            Event::Member { model, fold, .. } => self.bar.stage(format!("auto: {model}, part {fold} held out")),
            Event::LeftOut { model, reason } => self.bar.said(&format!("auto: {model} is left out: {reason}")),
            Event::Resumed { step, version } => {
                self.bar.note(&format!("resuming from step {step}"));
                if let Some(version) = version {
                    let own = env!("CARGO_PKG_VERSION");
                    self.bar.warn(&format!(
                        "warning: the checkpoint was written by version {version}, this is {own}: results may differ in the last bits"
                    ));
                }
            }
            Event::RolledBack(Rollback { step, reason, to, factor }) => self.bar.warn(&format!(
                "warning: step {step}: {reason}; continuing from the weights of step {to} with the rate times {factor}"
            )),
            Event::Eased { step, halvings, factor } => self.bar.said(&format!(
                "step {step}: {halvings} steps were halved so far; continuing with the rate times {factor}"
            )),
            Event::SaveFailed { last: true, step, error } => {
                self.bar.warn(&format!("warning: the last checkpoint (step {step}) was not saved: {error}"));
            }
            Event::SaveFailed { step, error, .. } => {
                self.bar.warn(&format!(
                    "warning: the checkpoint of step {step} was not saved: {error}; training continues and will try again"
                ));
            }
            _ => {}
        }
    }

    /// Records the end of training.
    pub(super) fn ended<T>(
        mut self,
        run: Result<(T, Trained, Vec<Tried>), TrainError>,
    ) -> Result<(T, Trained, Vec<Tried>), TrainError> {
        let facts = match &run {
            Ok((_, trained, tried)) => json!({
                "outcome": trained.outcome, "steps": trained.steps, "seconds": trained.seconds, "best": trained.best,
                "halvings": trained.halvings, "peak_memory": trained.peak_memory, "tried": tried,
            }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        self.write("end", facts);
        self.bar.finish();
        run
    }

    fn write(&mut self, event: &str, facts: Value) {
        if let Some(trouble) = self.log.write(event, facts) {
            self.bar.warn(&trouble);
        }
    }
}

/// The log entry of an event, if it has one.
fn line(event: &Event) -> Option<(&'static str, Value)> {
    Some(match event {
        Event::LeftOut { model, reason } => ("left-out", json!({ "model": model, "reason": reason })),
        Event::Member { model, fold, index } => ("member", json!({ "model": model, "fold": fold, "index": index })),
        Event::Validated(point) => {
            ("validation", json!({ "step": point.step, "seconds": point.seconds, "nats": point.validation }))
        }
        Event::Resumed { step, version } => ("resumed", json!({ "step": step, "other_version": version })),
        Event::RolledBack(rollback) => ("rollback", json!(rollback)),
        Event::Eased { step, halvings, factor } => {
            ("eased", json!({ "step": step, "halvings": halvings, "factor": factor }))
        }
        Event::Saved { step } => ("checkpoint", json!({ "step": step })),
        Event::SaveFailed { step, error, .. } => {
            ("checkpoint-failed", json!({ "step": step, "error": error.to_string() }))
        }
        _ => return None,
    })
}
