//! Training goes on bit for bit: a layer built again from its specification, tensors, state and the optimizer's memory
//! moves as the one that was never saved.

use ndarray::{Array2, ArrayView2};
use pdmap_core::optim::{Memory, Optimizer};
use pdmap_core::{Layer, LayerError, LayerGrads, Real, State, Tape, Tensors};

use super::specification::registry;
use super::{Verdict, at_most, gradient::differentiate};
use crate::{normal_rows, rng};

/// Steps before the layer is saved: no multiple of anything that counts steps.
const BEFORE: usize = 5;
/// Steps after it: past the next re-centring on O(D).
const AFTER: usize = 7;
/// Learning rate of Adam: large enough to meet the guards of small matrices.
const RATE: f64 = 0.1;

/// Some steps, save and build again, some more steps on both.
pub fn resumption<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, seed: u64) -> Verdict {
    if x.nrows() == 0 {
        return Ok(());
    }
    let c = normal_rows::<F>(x.nrows(), x.ncols(), &mut rng(seed));
    let (mut whole, mut grads) = (layer.duplicate(), layer.new_grads());
    steps(&mut *whole, &mut grads, x.reborrow(), &c, BEFORE)?;

    let mut state = State::default();
    whole.save_state(&mut state);
    let mut tensors = Tensors::from_iter(whole.tensors());
    let mut again = registry().restore(&whole.spec(), &mut tensors)?;
    tensors.finish()?;
    again.load_state(&mut state)?;
    state.finish()?;
    let mut memories: Vec<Memory<F>> = Vec::new();
    grads.visit_memory("", &mut |_, memory| memories.push(memory.clone()));
    let (mut again_grads, mut memories) = (again.new_grads(), memories.into_iter());
    again_grads.visit("", &mut |_, param| param.memory = memories.next().unwrap_or_default());

    steps(&mut *whole, &mut grads, x.reborrow(), &c, AFTER)?;
    steps(&mut *again, &mut again_grads, x, &c, AFTER)?;
    let numbers = |layer: &dyn Layer<F>| -> Vec<f64> {
        layer
            .tensors()
            .iter()
            .flat_map(|(_, tensor)| tensor.iter().map(|v| v.f64()).collect::<Vec<_>>())
            .collect()
    };
    let (whole, again) = (numbers(&*whole), numbers(&*again));
    let different = whole.iter().zip(&again).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    at_most("numbers that went another way", (different + whole.len().abs_diff(again.len())) as f64, 0.0)
}

fn steps<F: Real>(
    layer: &mut dyn Layer<F>,
    grads: &mut LayerGrads<F>,
    x: ArrayView2<'_, F>,
    c: &Array2<F>,
    count: usize,
) -> Result<(), LayerError> {
    let mut optimizer = Optimizer::adam(RATE)?;
    let mut tape = Tape::recording();
    for _ in 0..count {
        differentiate(layer, x.reborrow(), c.view(), &mut tape, grads)?;
        layer.direct(grads)?;
        layer.update(&mut optimizer, grads)?;
        grads.clear();
    }
    Ok(())
}
