//! What the header of a checkpoint says.

use std::collections::BTreeMap;
use std::path::Path;

use pdmap_core::{Flow, Real};
use pdmap_spec::{Rows, TrainConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::batches::Position;
use crate::clock_state::{ClockState, MOST_STEPS as MOST};
use crate::easing::Easing;
use crate::error::TrainError;
use crate::outcome::Rollback;
use crate::record::RecordState;

/// Version of the format that this crate writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What the names of the optimizer's memory begin with.
pub(super) const MEMORY: &str = "memory.";

/// A run without its arrays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    /// Version of the library that wrote the file.
    pub(super) version: String,
    /// Which run this is.
    pub(super) identity: Identity,
    /// Steps taken.
    pub(super) step: u64,
    /// Steps that were halved.
    pub(super) halvings: u64,
    /// Returns to the best weights.
    #[serde(default)]
    pub(super) rollbacks: Vec<Rollback>,
    /// What halved steps have done to the rate.
    #[serde(default)]
    pub(super) easing: Easing,
    /// The position in the data.
    pub(super) position: Position,
    /// Time used and planned.
    pub(super) clock: ClockState,
    /// Learning curve, best point, patience.
    pub(super) record: RecordState,
    /// Integers of layers and optimizer.
    pub(super) numbers: BTreeMap<String, u64>,
}

impl Header {
    /// Refuses numbers that no run can have left, which would later panic, mislead or never end;
    /// the error names them.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { step, halvings, rollbacks, easing, position, clock, record, numbers, identity, .. } = self;
        let number = |key: &str| identity.0.get(key).and_then(Value::as_u64).unwrap_or(MOST);
        let points = || record.curve.iter().chain([&record.best]);
        let sound = [
            ("step", *step <= MOST && clock.horizon.is_none_or(|horizon| *step <= horizon)),
            ("halvings", *halvings <= MOST),
            ("easing of the rate", easing.is_sound(*step, *halvings)),
            ("rollbacks", rollbacks.iter().all(Rollback::is_sound) && rollbacks.len() as u64 <= number("retries")),
            ("position", position.epoch <= MOST && position.next <= number("rows")),
            ("clock", clock.is_sound(identity.budget(), number("evaluations"))),
            (
                "learning curve",
                !record.curve.is_empty() && points().all(|p| p.step <= *step && p.validation.is_finite()),
            ),
            ("waited", record.waited <= step.saturating_mul(2).min(MOST)),
            ("steps of the optimizer", numbers.iter().all(|(name, &n)| !name.ends_with(".steps") || n <= MOST)),
        ];
        match sound.iter().find(|(_, sound)| !sound) {
            None => Ok(()),
            Some((name, _)) => Err(format!("the {name} cannot be that of a run")),
        }
    }
}

/// What identifies a run: a checkpoint is resumed only with the same model, configuration and rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity(BTreeMap<String, Value>);

impl Identity {
    /// The identity of a run that starts with `flow`; `hashes` are those of training and validation
    /// rows.
    pub(crate) fn of<F: Real>(
        flow: &Flow<F>,
        config: &TrainConfig,
        rows: Rows<'_, F>,
        validation: usize,
        hashes: [u64; 2],
    ) -> Self {
        let hashes = hashes.map(|hash| format!("{hash:016x}"));
        let value = |value: &dyn ToJson| value.to_json();
        let mut all = BTreeMap::from([
            ("precision".to_owned(), value(&F::DTYPE)),
            ("features".to_owned(), value(&flow.features())),
            ("base".to_owned(), value(&flow.base().spec())),
            ("rows".to_owned(), value(&rows.count())),
            ("hash of the rows".to_owned(), value(&hashes[0])),
            ("validation rows".to_owned(), value(&validation)),
            ("hash of the validation rows".to_owned(), value(&hashes[1])),
        ]);
        if let Rows::File(file) = rows {
            all.insert("buffer".to_owned(), value(&file.buffer_rows()));
        }
        for (index, spec) in flow.chain().specs().iter().enumerate() {
            all.insert(format!("layer {index}"), value(spec));
        }
        if let Value::Object(config) = value(config) {
            all.extend(config);
        }
        Self(all)
    }

    /// Steps of the run, where its budget is in steps.
    fn budget(&self) -> Option<u64> {
        self.0.get("budget")?.get("steps")?.as_u64()
    }

    /// Refuses another run. `current` gives values of earlier versions their present form.
    pub(super) fn check(&self, path: &Path, run: &Self, current: impl Fn(&Value) -> Value) -> Result<(), TrainError> {
        // Another precision gives other hashes: the error names the cause.
        let mut keys: Vec<&String> = self.0.keys().chain(run.0.keys()).collect();
        keys.sort_by_key(|key| (key.starts_with("hash"), *key != "precision"));
        for key in keys {
            let (checkpoint, run) = (self.0.get(key), run.0.get(key));
            if checkpoint.map(&current) != run.map(&current) {
                let words = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                return Err(TrainError::OtherRun {
                    path: path.to_owned(),
                    key: key.clone(),
                    checkpoint: words(checkpoint),
                    run: words(run),
                });
            }
        }
        Ok(())
    }
}

trait ToJson {
    fn to_json(&self) -> Value;
}

impl<T: Serialize> ToJson for T {
    fn to_json(&self) -> Value {
        // Numbers, words and plain structs of them, which always serialize.
        serde_json::to_value(self).unwrap_or_default()
    }
}
