//! Layers learn all of their parameters. A planted bug once revealed that each check was missing.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ndarray::{Array2, Axis};
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, Layer, ParametricExt};
use pdmap_layers::mixture::LogisticMixture;
use pdmap_layers::spline::{Spline, SplineOptions};

/// One feature with two modes.
fn heaps(rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, 1), |(row, _)| {
        let side = if row % 3 == 0 { -2.0 } else { 1.0 };
        side + 0.7 * ((row * 7) as f64).sin()
    })
}

fn mean(flow: &Flow<f64>, x: &Array2<f64>) -> f64 {
    flow.log_prob(x).unwrap().iter().sum::<f64>() / x.nrows() as f64
}

/// A flow after some steps, and its mean log-likelihood before and after them.
fn stepped(layer: impl Layer<f64> + 'static, x: &Array2<f64>, steps: usize) -> (Flow<f64>, f64, f64) {
    let mut flow = Flow::builder(x.ncols()).layer(layer).build().unwrap();
    let (mut training, mut rule) = (flow.training(), Optimizer::sgd(0.1).unwrap());
    let before = mean(&flow, x);
    for _ in 0..steps {
        flow.accumulate(x, &mut training).unwrap();
        flow.update(&mut rule, &mut training).unwrap();
    }
    let after = mean(&flow, x);
    (flow, before, after)
}

#[test]
fn a_mixture_learns_all_of_its_parameters() {
    let x = heaps(300);
    let fresh = || LogisticMixture::fit(Array2::zeros((0, 1)).view(), 3).unwrap();
    let (flow, before, after) = stepped(fresh(), &x, 50);
    assert!(after > before + 0.1, "{before} to {after}");
    for ((name, old), (_, new)) in fresh().tensors().iter().zip(flow.tensors()) {
        let moved = old.iter().zip(&new).filter(|(a, b)| (**a - **b).abs() > 1e-3).count();
        assert_eq!(moved, 3, "{name}");
    }
    // What a mixture derives from its tensors is recomputed: a flow with the same tensors agrees.
    let mut again = Flow::builder(1).layer(fresh()).build().unwrap();
    again.set_tensors(pdmap_core::Tensors::from_iter(flow.tensors())).unwrap();
    assert_eq!(again.log_prob(&x).unwrap(), flow.log_prob(&x).unwrap());
}

#[test]
fn splines_of_many_features_step_as_each_would_alone() {
    let (x, features) = (heaps(200), 37);
    let wide = x.broadcast((200, features)).unwrap().to_owned();
    let layer = |features| Spline::<f64>::identity(features, SplineOptions::default()).unwrap();
    let ((alone, ..), (many, before, after)) = (stepped(layer(1), &x, 3), stepped(layer(features), &wide, 3));
    assert!(after > before);
    for ((name, one), (_, all)) in alone.tensors().iter().zip(many.tensors()) {
        assert_eq!(all.len(), features * one.len());
        for row in all.axis_iter(Axis(0)) {
            let far = row.iter().zip(one).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
            assert!(far < 1e-13, "{name}: {far}");
        }
    }
}
