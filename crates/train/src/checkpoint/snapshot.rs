//! A run between two steps, to bytes and back.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::ArrayD;
use pdmap_core::{Flow, ParametricExt, Real, State, Tensors, Training};
use pdmap_spec::{SpecError, tensor_file};

use super::header::{FORMAT, Header, Identity, MEMORY};
use super::legacy;
use crate::average::Average;
use crate::batches::Position;
use crate::clock_state::ClockState;
use crate::easing::Easing;
use crate::error::TrainError;
use crate::outcome::Rollback;
use crate::record::{Record, RecordState};

/// Name of the header entry.
const ENTRY: &str = "pdmap-checkpoint";

/// Prefixes of the arrays: weights, weights of the best validation, and other state of training.
const NOW: &str = "now.";
const BEST: &str = "best.";
const STATE: &str = "state.";

/// What the names of a moving average of the weights begin with.
const AVERAGE: &str = "average.";

/// A run between two steps.
#[derive(Debug)]
pub(crate) struct Snapshot<'a, F: Real> {
    pub(crate) identity: &'a Identity,
    pub(crate) flow: &'a Flow<F>,
    pub(crate) training: &'a Training<F>,
    pub(crate) record: &'a Record<F>,
    pub(crate) clock: ClockState,
    pub(crate) position: Position,
    pub(crate) step: u64,
    pub(crate) halvings: u64,
    pub(crate) rollbacks: &'a [Rollback],
    pub(crate) easing: Easing,
    pub(crate) average: Option<&'a Average<F>>,
}

/// What a run resumes from, beside the flow and the optimizer's memory, which are already set.
#[derive(Debug)]
pub(crate) struct Restored<F> {
    pub(crate) record: RecordState,
    pub(crate) best: Vec<(String, ArrayD<F>)>,
    pub(crate) clock: ClockState,
    pub(crate) position: Position,
    pub(crate) step: u64,
    pub(crate) halvings: u64,
    pub(crate) rollbacks: Vec<Rollback>,
    pub(crate) easing: Easing,
    /// The version of the library that wrote it, if another one.
    pub(crate) version: Option<String>,
}

impl<F: Real> Snapshot<'_, F> {
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let mut state = State::default();
        self.flow.save_state(&mut state);
        state.scoped(MEMORY, |state| self.training.save_memory(state));
        if let Some(average) = self.average {
            state.scoped(AVERAGE, |state| average.save(state));
        }
        let header = Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            identity: self.identity.clone(),
            step: self.step,
            halvings: self.halvings,
            rollbacks: self.rollbacks.to_vec(),
            easing: self.easing,
            position: self.position,
            clock: self.clock,
            record: self.record.state(),
            numbers: state.numbers,
        };
        let json =
            serde_json::to_string(&header).map_err(|error| SpecError::Unsavable { reason: error.to_string() })?;
        let named = |group: &'static str| move |(name, array): (String, ArrayD<F>)| (format!("{group}{name}"), array);
        let now = self.flow.tensors().into_iter().map(named(NOW));
        let best = self.record.weights().iter().cloned().map(named(BEST));
        let state = state.arrays.into_iter().map(named(STATE));
        Ok(tensor_file::bytes_of(ENTRY, json, now.chain(best).chain(state))?)
    }
}

impl<F: Real> Restored<F> {
    /// Reads the bytes of the checkpoint called `path` into `flow`, `training` and `average`. After an
    /// error, the first two are unchanged.
    pub(super) fn read(
        path: &Path,
        contents: &[u8],
        identity: &Identity,
        flow: &mut Flow<F>,
        training: &mut Training<F>,
        average: Option<&mut Average<F>>,
    ) -> Result<Self, TrainError> {
        let header: Header = tensor_file::parse(path, &tensor_file::entry(path, contents, ENTRY)?, FORMAT)?;
        header.identity.check(path, identity, legacy::current)?;
        header.check().map_err(|reason| tensor_file::damaged(path, reason))?;
        let (mut now, mut best, mut arrays) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (name, array) in tensor_file::tensors(path, contents)? {
            if let Some(name) = name.strip_prefix(NOW) {
                now.push((name.to_owned(), array));
            } else if let Some(name) = name.strip_prefix(BEST) {
                best.push((name.to_owned(), array));
            } else if let Some(name) = name.strip_prefix(STATE) {
                arrays.insert(name.to_owned(), array);
            } else {
                let reason = format!("tensor `{name}` is of no known group");
                return Err(tensor_file::damaged(path, reason).into());
            }
        }
        let mut state = legacy::state(arrays, header.numbers, &flow.chain().specs(), training);
        let inconsistent = |source| SpecError::Inconsistent { path: path.to_owned(), source: Box::new(source) };
        let (mut restored, mut memory) = (flow.clone(), training.clone());
        // The best weights must be valid, since the run ends with them.
        restored.set_tensors(Tensors::from_iter(best.clone())).map_err(inconsistent)?;
        restored.set_tensors(Tensors::from_iter(now)).map_err(inconsistent)?;
        restored.load_state(&mut state).map_err(inconsistent)?;
        state.scoped(MEMORY, |state| memory.load_memory(state)).map_err(inconsistent)?;
        if let Some(average) = average {
            state.scoped(AVERAGE, |state| average.load(state)).map_err(inconsistent)?;
        }
        state.finish().map_err(inconsistent)?;
        (*flow, *training) = (restored, memory);
        let Header { record, clock, position, step, halvings, rollbacks, easing, version, .. } = header;
        let version = (version != env!("CARGO_PKG_VERSION")).then_some(version);
        Ok(Self { record, best, clock, position, step, halvings, rollbacks, easing, version })
    }
}
