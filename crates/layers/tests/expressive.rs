//! Radii, mixtures and couplings at extreme numbers, and what they refuse.
#![allow(missing_docs, clippy::unwrap_used)]

use crate::common::coupling;
use ndarray::{Array2, array};
use pdmap_core::{ForwardPass, Layer, LayerExt, ParametricExt, Tape, Tensors};
use pdmap_layers::coupling::{CouplingOptions, Split, Transform};
use pdmap_layers::mixture::LogisticMixture;
use pdmap_layers::radial::{Groups, Radial};
use pdmap_layers::spline::SplineOptions;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A radial layer with random splines.
fn radial(features: usize, groups: Groups) -> Radial<f64> {
    let mut layer = Radial::identity(features, groups, None, false, SplineOptions::default()).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut tensors = layer.tensors();
    tensors.iter_mut().flat_map(|(_, tensor)| tensor).for_each(|v| *v += rng.random_range(-1.0..1.0));
    layer.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
    layer
}

#[test]
fn a_row_of_length_0_stays_and_has_a_gradient() {
    let layer = radial(3, Groups::Row);
    let x = array![[0.0, 0.0, 0.0], [1e-200, 0.0, 0.0], [1e100, -1e100, 1e99], [1.0, -2.0, 0.5]];
    let (y, log_det) = layer.transform(&x).unwrap();
    assert_eq!(y.row(0), x.row(0));
    assert!(log_det[..3].iter().all(|v| v.abs() < 1e-9), "{log_det:?}");
    let back = layer.untransform(&y).unwrap().0;
    assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs()), "{back}");
    let (mut tape, mut grads) = (Tape::recording(), layer.new_grads());
    let (mut out, mut dx) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
    layer.forward((&x).into(), out.view_mut(), None, &mut tape).unwrap();
    let at = ForwardPass { input: (&x).into(), y: out.view(), tape: &mut tape };
    // As a normal base: δ = −y.
    layer.backward(at, (-&y).view(), Some(dx.view_mut()), &mut grads.params).unwrap();
    assert!(dx.iter().all(|v| v.is_finite()), "{dx}");
}

#[test]
fn a_radius_commutes_with_rotations() {
    let layer = radial(2, Groups::Row);
    let (s, c) = 0.7_f64.sin_cos();
    let turn = array![[c, -s], [s, c]];
    let x = array![[1.0, 0.3], [-2.0, 0.1], [0.2, 0.2]];
    let (a, b) = (layer.transform(&x).unwrap().0.dot(&turn), layer.transform(&x.dot(&turn)).unwrap().0);
    assert!((a - b).iter().all(|d| d.abs() < 1e-12));
    // Radii of each feature by itself do not.
    let apart = radial(2, Groups::Size(1));
    let (a, b) = (apart.transform(&x).unwrap().0.dot(&turn), apart.transform(&x.dot(&turn)).unwrap().0);
    assert!((a - b).iter().any(|d| d.abs() > 1e-3));
}

#[test]
fn mixtures_have_unbounded_tails() {
    let layer =
        LogisticMixture::<f64>::new(array![[0.0, 1.0, -1.0]], array![[-2.0, 0.5, 3.0]], array![[-1.0, 0.2, -0.5]])
            .unwrap();
    let x = array![[-1e6], [-50.0], [-2.0], [0.0], [4.0], [60.0], [1e6]];
    let (y, log_det) = layer.transform(&x).unwrap();
    assert!(y.iter().zip(y.iter().skip(1)).all(|(a, b)| a < b), "{y}");
    assert!(log_det.iter().all(|v| v.is_finite()));
    let back = layer.untransform(&y).unwrap().0;
    assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() <= 1e-10 * b.abs().max(1.0)), "{back}");
}

#[test]
fn a_mixture_fitted_to_rows_makes_them_nearly_normal() {
    let rows = Array2::from_shape_fn((2000, 1), |(row, _)| (4.0 * ((row * 7919) % 2000) as f64 / 2000.0).exp());
    let layer = LogisticMixture::fit(rows.view(), 16).unwrap();
    let z = layer.transform(&rows).unwrap().0;
    let (mean, square) = (z.mean().unwrap(), z.mapv(|v| v * v).mean().unwrap());
    assert!(mean.abs() < 0.1 && (square - 1.0).abs() < 0.25, "{mean} {square}");
}

#[test]
fn a_new_coupling_is_the_identity_and_sees_only_what_stays() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for transform in [Transform::default(), Transform::Spline { bins: 5, bound: 3.0 }] {
        let options = CouplingOptions { transform, hidden: Some(vec![7, 6]), ..CouplingOptions::default() };
        let layer = coupling(5, 0, options, &mut rng).unwrap();
        let x = Array2::from_shape_simple_fn((20, 5), || rng.random_range(-2.0..2.0));
        let (y, log_det) = layer.transform(&x).unwrap();
        assert!((&y - &x).iter().all(|d| d.abs() < 1e-12) && log_det.iter().all(|v| v.abs() < 1e-12));
    }
    // Outliers see the network's boundary behaviour: |s| < 2, and a bounded shift.
    let options = CouplingOptions { hidden: Some(vec![9]), ..CouplingOptions::default() };
    let mut layer = coupling(2, 0, options, &mut rng).unwrap();
    let mut tensors = layer.tensors();
    tensors.iter_mut().flat_map(|(_, tensor)| tensor).for_each(|v| *v += rng.random_range(-1.0..1.0));
    layer.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
    let y = layer.transform(&array![[1e3, 0.0], [1e30, 0.0]]).unwrap().0;
    assert!((y[[0, 1]] - y[[1, 1]]).abs() < 1e-2 * y[[1, 1]].abs().max(1.0), "{y}");
}

#[test]
fn impossible_couplings_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut made = |features: usize, options: CouplingOptions| {
        coupling(features, 0, options, &mut rng).map(drop).unwrap_err().to_string()
    };
    let usual = CouplingOptions::default;
    assert!(made(1, usual()).contains('2'));
    assert!(made(4, CouplingOptions { split: Split::None, ..usual() }).contains("without a condition"));
    assert!(made(4, CouplingOptions { split: Split::Channels, ..usual() }).contains("shape"));
    let shape = Some(vec![2, 3]);
    assert!(made(4, CouplingOptions { split: Split::Channels, shape, ..usual() }).contains('6'));
    let shape = Some(vec![2, 2]);
    assert!(made(4, CouplingOptions { split: Split::Channels, shape, window: 2, ..usual() }).contains("odd"));
    assert!(made(4, CouplingOptions { hidden: Some(vec![0]), ..usual() }).contains("units"));
    assert!(made(4, CouplingOptions { hidden: Some(vec![3; 6]), ..usual() }).contains("at most 5"));
    let transform = Transform::Spline { bins: 99, bound: 3.0 };
    assert!(made(4, CouplingOptions { transform, ..usual() }).contains("bins"));
}
