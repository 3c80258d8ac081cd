//! Rows with and without conditions. A planted bug once revealed that each check was missing.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::common::coupling;
use ndarray::Array2;
use pdmap_core::{Chain, FactorOut, Flow, Input, Layer, LayerError};
use pdmap_layers::coupling::CouplingOptions;
use pdmap_layers::diagonal::Shift;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rows(features: usize) -> Array2<f64> {
    Array2::from_shape_fn((6, features), |(row, column)| ((row * 5 + column * 2) as f64).sin())
}

#[test]
fn a_condition_that_no_layer_reads_changes_nothing() {
    let flow = Flow::builder(3).layer(Shift::zero(3).unwrap()).build().unwrap();
    let (x, condition) = (rows(3), rows(2));
    let given = Input::from(&x).given(condition.view());
    assert_eq!(flow.log_prob(given).unwrap(), flow.log_prob(&x).unwrap());
    // It must still have one row for each row.
    let short = condition.slice_axis(ndarray::Axis(0), ndarray::Slice::from(1..));
    assert!(flow.log_prob(Input::from(&x).given(short)).is_err());
}

#[test]
fn a_factored_part_reads_the_condition_of_its_layers() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let coupling = coupling(2, 3, CouplingOptions::default(), &mut rng).unwrap();
    let part = FactorOut::new(4, 2, Chain::new(vec![Box::new(coupling)]).unwrap()).unwrap();
    assert_eq!(part.conditions(), 3);
    let flow = Flow::builder(4).layer(part).build().unwrap();
    let (x, condition) = (rows(4), rows(3));
    assert!(flow.log_prob(Input::from(&x).given(condition.view())).is_ok());
    let refused = flow.log_prob(&x).unwrap_err();
    assert!(matches!(refused, LayerError::Conditions { expected: 3, actual: 0 }), "{refused}");
}
