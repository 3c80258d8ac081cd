//! One member: a new flow, trained on a fold.

use ndarray::{ArrayView2, Axis};
use pdmap_core::{Flow, Input, Real};
use pdmap_spec::{Preprocess, TrainConfig, registry};

use super::candidate::Candidate;
use super::folds::Folds;
use crate::checkpoint::Checkpoints;
use crate::error::TrainError;
use crate::hooks::Hooks;
use crate::outcome::Trained;
use crate::training::train_with;

/// A member and how it was judged.
#[derive(Debug)]
pub(super) struct Member<F: Real> {
    pub(super) flow: Flow<F>,
    /// Index of its kind.
    pub(super) kind: usize,
    pub(super) fold: usize,
    /// `log p` of the rows that its fold holds out, nats.
    pub(super) held_out: Vec<f64>,
    /// Nothing for a mixture by EM alone.
    pub(super) trained: Option<Trained>,
}

impl<F: Real> Member<F> {
    /// A member before any step: a mixture by EM, with layers that start as the identity.
    pub(super) fn new(
        (kind, candidate): (usize, &Candidate),
        (folds, fold): (&Folds<'_, F>, usize),
        (steps, seed): (&[Preprocess], u64),
    ) -> Result<Self, TrainError> {
        let (rows, held_out) = folds.get(fold)?;
        let flow = candidate.spec.build_on(rows, steps, seed, &registry())?;
        let held_out = log_prob(&flow, held_out.rows)?;
        Ok(Self { flow, kind, fold, held_out, trained: None })
    }

    /// Trains the flow; the rows that its fold holds out stop it.
    pub(super) fn train(
        &mut self,
        folds: &Folds<'_, F>,
        config: &TrainConfig,
        hooks: &mut Hooks<'_>,
        checkpoints: Option<&mut Checkpoints>,
    ) -> Result<&Trained, TrainError> {
        let (rows, held_out) = folds.get(self.fold)?;
        let watch = hooks.watch.as_deref_mut().map(|watch| watch as _);
        let own = Hooks { watch, stop: hooks.stop, checkpoints };
        let trained = train_with(&mut self.flow, rows, held_out, config, own)?;
        self.held_out = log_prob(&self.flow, held_out.rows)?;
        Ok(self.trained.insert(trained))
    }
}

/// `log p` of rows that are followed by their condition, if there is one; a flow may ignore it.
fn log_prob<F: Real>(flow: &Flow<F>, rows: ArrayView2<'_, F>) -> Result<Vec<f64>, TrainError> {
    let (x, condition) = rows.split_at(Axis(1), flow.features().min(rows.ncols()));
    let condition = (condition.ncols() > 0).then_some(condition);
    Ok(flow.log_prob(Input::new(x, condition))?)
}
