//! Histograms as layers: the density that they are, their tails, and what is refused.
#![allow(missing_docs, clippy::unwrap_used)]

use ndarray::{Array2, array};
use pdmap_core::flow::base::Normal;
use pdmap_core::{Flow, LayerExt, ParametricExt, Tensors};
use pdmap_layers::elementwise::{Elementwise, Sigmoid, logit};
use pdmap_layers::preprocess::{Bins, Histogram, PRIOR};

/// Rounding of a mapped number, relative to its size, in ε: quantiles cost some digits where their density is low.
const ROUND_TRIP: f64 = 1e4;

fn rows() -> Array2<f64> {
    // Skewed, and with one value that repeats.
    Array2::from_shape_fn((1000, 2), |(row, column)| {
        let u = ((row * 7919 + column * 31) % 1000) as f64 / 1000.0;
        if column == 0 { (3.0 * u).exp() } else { (8.0 * u).floor().max(2.0) + 0.3 * u }
    })
}

#[test]
fn behind_a_normal_base_it_is_the_density_of_the_histogram() {
    let layer = Histogram::<f64>::new(array![[0.0, 1.0, 3.0]], array![[0.1, 0.5, 0.2, 0.2]]).unwrap();
    let flow = Flow::new(1, vec![Box::new(layer)], Box::new(Normal)).unwrap();
    let x = array![[0.25], [0.999], [1.5], [-0.5], [4.0]];
    // Two bins, 1.5 wide on average: tails of that scale.
    let rate = 2.0 / 3.0_f64;
    let expected = [0.5, 0.5, 0.1, 0.1 * rate * (-0.5 * rate).exp(), 0.2 * rate * (-rate).exp()].map(f64::ln);
    for (actual, expected) in flow.log_prob(&x).unwrap().iter().zip(expected) {
        assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
    }
    // And a wrong one is seen: the same with other masses.
    let wrong = Histogram::<f64>::new(array![[0.0, 1.0, 3.0]], array![[0.1, 0.4, 0.3, 0.2]]).unwrap();
    let wrong = Flow::new(1, vec![Box::new(wrong)], Box::new(Normal)).unwrap();
    assert!((wrong.log_prob(&x).unwrap()[0] - expected[0]).abs() > 0.1);
}

#[test]
fn normal_scores_are_normal_and_come_back() {
    let rows = rows();
    for bins in [2, 16, 128] {
        let layer = Histogram::fit(rows.view(), Bins::Bins(bins)).unwrap();
        assert_eq!(layer.bins(), bins);
        let (z, _) = layer.transform(&rows).unwrap();
        let mean = z.column(0).mean().unwrap();
        assert!(bins < 16 || mean.abs() < 0.05, "{bins} bins: mean {mean}");
        let back = layer.untransform(&z).unwrap().0;
        for (a, b) in back.iter().zip(&rows) {
            assert!((a - b).abs() <= ROUND_TRIP * f64::EPSILON * b.abs(), "{bins} bins: {a} {b}");
        }
    }
}

#[test]
fn tails_have_no_end() {
    let layer = Histogram::fit(rows().view(), Bins::Bins(32)).unwrap();
    let far = array![[1e9, -1e9], [-1e12, 1e12], [0.0, 30.0]];
    let (z, log_det) = layer.transform(&far).unwrap();
    assert!(z.iter().chain(&log_det).all(|v| v.is_finite()));
    let back = layer.untransform(&z).unwrap().0;
    for (a, b) in back.iter().zip(&far) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn levels_that_were_never_seen_keep_the_share_that_they_have_elsewhere() {
    // One pixel that is always black, one of all levels.
    let rows = Array2::from_shape_fn((400, 2), |(row, column)| {
        let level = if column == 0 { 0.0 } else { (row % 4) as f64 };
        (level + 0.5) / 4.0
    });
    let layer = Histogram::fit(rows.view(), Bins::Levels(4)).unwrap();
    let flow = Flow::new(2, vec![Box::new(layer)], Box::new(Normal)).unwrap();
    let at = |first: f64| flow.log_prob(&array![[first, 0.1]]).unwrap()[0];
    // Level 3 of the first pixel: its share among all, 1/8, as if seen in so many rows more.
    let expected = (PRIOR / 8.0 / (400.0 + PRIOR)).ln();
    let black = (400.0 + PRIOR * 5.0 / 8.0) / (400.0 + PRIOR);
    assert!(((at(0.9) - at(0.1)) - (expected - black.ln())).abs() < 0.02, "{}", at(0.9) - at(0.1));
}

#[test]
fn broken_tensors_are_refused() {
    let new = |edges: Array2<f64>, masses: Array2<f64>| Histogram::new(edges, masses).map(drop);
    let good = array![[0.2, 0.3, 0.5]];
    assert!(new(array![[0.0, 1.0]], good.clone()).is_ok());
    assert!(new(array![[1.0, 1.0]], good.clone()).is_err());
    assert!(new(array![[0.0, f64::NAN]], good.clone()).is_err());
    assert!(new(array![[0.0, 1.0]], array![[0.2, 0.0, 0.8]]).is_err());
    assert!(new(array![[0.0, 1.0]], array![[0.2, 0.8]]).is_err());
    assert!(new(Array2::zeros((0, 3)), Array2::zeros((0, 4))).is_err());
    let mut layer = Histogram::new(array![[0.0, 1.0]], good.clone()).unwrap();
    let other = Tensors::from_iter([
        ("edges".to_owned(), array![[0.0, 1.0], [0.0, 1.0]].into_dyn()),
        ("masses".to_owned(), array![[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]].into_dyn()),
    ]);
    assert!(layer.set_tensors(&mut { other }).is_err());
    for bins in [Bins::Bins(1), Bins::Levels(5000)] {
        assert!(Histogram::fit(rows().view(), bins).is_err());
    }
    assert!(Histogram::fit(Array2::<f64>::zeros((0, 2)).view(), Bins::Bins(4)).is_err());
}

#[test]
fn the_sigmoid_undoes_the_logit() {
    let (logit, sigmoid) = (logit(1e-6).unwrap(), Elementwise::new(Sigmoid { lambda: 1e-6 }).unwrap());
    let x = array![[0.0_f64, 0.25, 0.5], [0.75, 0.999, 1.0]];
    let (y, there) = logit.transform(&x).unwrap();
    let (back, again) = sigmoid.transform(&y).unwrap();
    assert!((&back - &x).iter().all(|d| d.abs() < 1e-9));
    assert!(there.iter().zip(&again).all(|(a, b)| (a + b).abs() < 1e-6 * a.abs()));
}
