//! Memory of training.

use super::model::Flow;
use crate::contract::{Buffer, Gradients, ParametricExt, State, Tape};
use crate::{Real, Result};

/// Tape, gradients and optimizer state. After the first step, batches of at most the same size
/// allocate nothing.
#[derive(Debug, Clone)]
pub struct Training<F: Real> {
    /// Gradients, directions and optimizer state of all parameters: first those of the layers, then
    /// those of the base density.
    pub grads: Gradients<F>,
    pub(super) tape: Tape<F>,
    pub(super) x: Buffer<F>,
    pub(super) z: Buffer<F>,
    pub(super) delta: Buffer<F>,
    pub(super) condition: Buffer<F>,
    pub(super) log_density: Vec<f64>,
    /// Log-determinants of the rows, where they are asked for.
    pub(super) log_det: Option<Vec<f64>>,
    /// The same for the other parts of a batch; their sums are added to `grads`.
    pub(super) parts: Vec<Training<F>>,
}

/// What accumulating a batch reports at no extra cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// Rows of the batch.
    pub rows: usize,
    /// Mean of `log p_base(f(x))`, in nats. The log-determinants are not included, since a training
    /// step does not need them.
    pub base_log_density: f64,
    /// Mean of `log|det|`, in nats, with [`Training::with_log_det`].
    pub log_det: Option<f64>,
}

impl<F: Real> Flow<F> {
    /// Memory for training this flow.
    pub fn training(&self) -> Training<F> {
        Training::of(self)
    }
}

impl<F: Real> Training<F> {
    pub(super) fn of(flow: &Flow<F>) -> Self {
        Self {
            grads: flow.new_grads(),
            tape: Tape::recording(),
            x: Buffer::default(),
            z: Buffer::default(),
            delta: Buffer::default(),
            condition: Buffer::default(),
            log_density: Vec::new(),
            log_det: None,
            parts: Vec::new(),
        }
    }

    /// The same, so that batches also report their log-determinants, and with them their likelihood.
    pub fn with_log_det(self) -> Self {
        Self { log_det: Some(Vec::new()), ..self }
    }

    /// Clears the accumulated sums, in all parts.
    pub fn clear(&mut self) {
        self.grads.clear();
        self.parts.iter_mut().for_each(Self::clear);
    }

    /// Writes the optimizer state of every parameter. Sums of gradients are not written: they are
    /// empty between steps.
    pub fn save_memory(&self, state: &mut State<F>) {
        self.grads.save_memory(state);
    }

    /// Restores what [`save_memory`](Self::save_memory) wrote.
    ///
    /// # Errors
    /// Missing entries.
    pub fn load_memory(&mut self, state: &mut State<F>) -> Result<()> {
        self.grads.load_memory(state)
    }
}
