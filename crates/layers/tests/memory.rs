//! The optimizer's memory is part of a run: saved and restored, it leads to the same next step.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use ndarray::Array2;
use pdmap_core::flow::base::StudentT;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, LayerError, ParametricExt, State, Training};
use pdmap_layers::diagonal::{Scale, ScaleDirection, Shift};

fn step(flow: &mut Flow<f64>, training: &mut Training<f64>) {
    let x = Array2::from_shape_fn((20, 2), |(row, column)| ((row * 3 + column) as f64).sin() * 2.0 + 1.0);
    flow.accumulate(&x, training).unwrap();
    flow.update(&mut Optimizer::adam(0.1).unwrap(), training).unwrap();
}

#[test]
fn a_restored_memory_leads_to_the_same_next_step() {
    let base = StudentT::new(4.0, true).unwrap();
    let flow = Flow::builder(2)
        .layer(Shift::zero(2).unwrap())
        .layer(Scale::one(2, ScaleDirection::Algebra).unwrap())
        .base(base);
    let mut flow = flow.build().unwrap();
    let mut training = flow.training();
    (0..3).for_each(|_| step(&mut flow, &mut training));
    let mut state = State::new(BTreeMap::new(), BTreeMap::new());
    training.save_memory(&mut state);

    let (mut other, mut forgetful) = (flow.clone(), flow.clone());
    let (mut loaded, mut empty) = (other.training(), forgetful.training());
    loaded.load_memory(&mut state).unwrap();
    state.finish().unwrap();
    step(&mut flow, &mut training);
    step(&mut other, &mut loaded);
    step(&mut forgetful, &mut empty);
    assert_eq!(flow.tensors(), other.tensors());
    assert_eq!(flow.base().spec(), other.base().spec());
    // Without its memory Adam takes another path.
    assert_ne!(flow.tensors(), forgetful.tensors());
    assert_ne!(flow.base().spec(), forgetful.base().spec());
    let mut nothing = State::new(BTreeMap::new(), BTreeMap::new());
    assert!(other.training().load_memory(&mut nothing).is_err());
}

#[test]
fn unused_pieces_of_a_memory_are_reported() {
    let state = |arrays: usize, numbers: usize| {
        let arrays = (0..arrays).map(|at| (format!("a-{at}"), ndarray::ArrayD::<f64>::zeros(vec![2])));
        let numbers = (0..numbers).map(|at| (format!("n-{at}"), 7));
        State::new(arrays.collect(), numbers.collect())
    };
    assert!(state(0, 0).finish().is_ok());
    for (arrays, numbers, first) in [(1, 0, "a-0"), (0, 1, "n-0"), (2, 1, "a-0")] {
        let LayerError::UnusedTensors { count, name } = state(arrays, numbers).finish().unwrap_err() else {
            panic!("{arrays} arrays and {numbers} numbers")
        };
        assert_eq!((count, name.as_str()), (arrays + numbers, first));
    }
    let mut taken = state(0, 1);
    assert_eq!(taken.take_number("n-0").unwrap(), 7);
    assert!(taken.finish().is_ok());
}
