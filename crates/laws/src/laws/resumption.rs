//! Training continues bit for bit: a layer restored from its specification, tensors, state and the
//! optimizer's memory moves as the one that was never saved.

use pdmap_core::contract::Rule;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Gradients, Layer, LayerError, ParametricExt, Real, State, Tape, Tensors};

use super::gradient::{delta, differentiate};
use crate::case::tensors;
use crate::verdict::{at_most, differences};
use crate::{Case, Verdict};

/// Steps before the layer is saved: no multiple of anything that counts steps.
const BEFORE: usize = 5;
/// Steps after it: past the next re-centring on O(D).
const AFTER: usize = 7;
/// Learning rate of Adam: large enough to meet the guards of small matrices.
const RATE: f64 = 0.1;

/// Some steps, save and restore, some more steps on both.
pub fn resumption<F: Real>(case: &Case<'_, F>) -> Verdict {
    if case.rows().nrows() == 0 {
        return Ok(());
    }
    let (mut whole, mut grads) = (case.layer().duplicate(), case.layer().new_grads());
    steps(case, &mut *whole, &mut grads, BEFORE)?;

    let (mut state, mut memory) = (State::default(), State::default());
    whole.save_state(&mut state);
    grads.save_memory(&mut memory);
    let mut saved = Tensors::from_iter(tensors(&*whole));
    let mut again = case.restore(&whole.spec(), &mut saved)?;
    saved.finish()?;
    let mut again_grads = again.new_grads();
    again.load_state(&mut state)?;
    again_grads.load_memory(&mut memory)?;
    state.finish()?;
    memory.finish()?;

    steps(case, &mut *whole, &mut grads, AFTER)?;
    steps(case, &mut *again, &mut again_grads, AFTER)?;
    let bits = |layer: &dyn Layer<F>| -> Vec<u64> {
        let tensors = tensors(layer);
        tensors.iter().flat_map(|(_, tensor)| tensor.iter().map(|v| v.f64().to_bits())).collect()
    };
    at_most("numbers that took another path", differences(bits(&*whole), bits(&*again)), 0.0)
}

/// The layer after some steps of Adam.
pub(super) fn moved_by<F: Real>(case: &Case<'_, F>, count: usize) -> Result<Box<dyn Layer<F>>, LayerError> {
    let (mut layer, mut grads) = (case.layer().duplicate(), case.layer().new_grads());
    steps(case, &mut *layer, &mut grads, count)?;
    Ok(layer)
}

fn steps<F: Real>(
    case: &Case<'_, F>,
    layer: &mut dyn Layer<F>,
    grads: &mut Gradients<F>,
    count: usize,
) -> Result<(), LayerError> {
    let (mut rule, mut tape, c) = (Optimizer::adam(RATE)?, Tape::recording(), delta(case));
    for _ in 0..count {
        differentiate(layer, case.rows(), c.view(), &mut tape, grads)?;
        layer.direct(grads.rows, Rule::<F>::reads(&rule), &mut grads.params)?;
        Rule::<F>::begin(&mut rule, &mut || Ok(layer.norm_squared(&mut grads.params)?.sqrt()))?;
        layer.update(&mut rule, &mut grads.params)?;
        grads.clear();
    }
    Ok(())
}
