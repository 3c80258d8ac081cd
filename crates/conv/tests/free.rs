//! The convolution with unconstrained kernels: reference values, all laws, and what it refuses.
#![allow(clippy::unwrap_used)]

use crate::common;
use pdmap_core::{
    BuildContext, ForwardPass, Gradients, Kind, Layer, LayerError, LayerExt, LayerSpec, Parametric, ParametricExt,
    Real, Sample, State, Tape, Tensors,
};
use pdmap_laws::Case;

use common::{Fixture, distance, normal, rng};
use ndarray::{Array2, Array6, ArrayD, Ix2, Ix4, Ix6};
use pdmap_conv::{FreeConv, FreeDirection};
use pdmap_core::contract::Reads;
use pdmap_core::linalg::{Lu, singular_values};
use pdmap_core::optim::Optimizer;
use pdmap_filterbank::{Kernels, Period, Stages};

/// Tolerance of the reference values.
const REFERENCE: f64 = 1e-10;

const FIXTURES: [&str; 3] =
    ["cycled_conv_1d_c2_k3_m2_n12.json", "cycled_conv_1d_c1_k4_m3_n8_wrapped.json", "cycled_conv_2d.json"];

fn kernels_of(values: ArrayD<f64>) -> Kernels {
    if values.ndim() == 4 {
        Kernels::signal(values.into_dimensionality::<Ix4>().unwrap(), 0).unwrap()
    } else {
        Kernels::image(values.into_dimensionality::<Ix6>().unwrap(), [0, 0]).unwrap()
    }
}

fn rows(x: &ArrayD<f64>) -> Array2<f64> {
    let count = x.shape()[0];
    x.clone().into_shape_with_order((count, x.len() / count)).unwrap()
}

fn layer(fixture: &Fixture) -> FreeConv<f64> {
    let shape = fixture.array("x").shape()[1..].to_vec();
    FreeConv::new(&shape, kernels_of(fixture.array("kernels")), FreeDirection::Euclidean).unwrap()
}

/// One forward and one backward pass.
fn pass<F: Real>(layer: &FreeConv<F>, x: &Array2<F>, dy: &Array2<F>) -> (Array2<F>, Gradients<F>) {
    let (mut y, mut dx, mut tape) = (x.clone(), x.clone(), Tape::recording());
    let mut grads = layer.new_grads();
    layer.forward(x.into(), y.view_mut(), None, &mut tape).unwrap();
    let at = ForwardPass { input: x.into(), y: y.view(), tape: &mut tape };
    layer.backward(at, dy.view(), Some(dx.view_mut()), &mut grads.params).unwrap();
    grads.rows = x.nrows();
    (dx, grads)
}

/// Ways to get the gradient of the log-determinant wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// `E(f)⁻¹` in place of its transpose.
    NotTransposed,
    /// The conjugate frequency: taps run backwards.
    Conjugate,
    /// Wrapped taps share the gradient of their place instead of each having it.
    WrapShared,
}

/// The gradient by dense matrices: `∂ log|det W| / ∂W = W⁻ᵀ`, summed over the places of each tap.
fn dense_gradient(kernels: &Kernels, size: (usize, usize), mistake: Mistake) -> Vec<f64> {
    let w = kernels.materialize(size.0, size.1).unwrap();
    let mut g = Lu::<f64>::new(w.view()).unwrap().inverse_transposed().unwrap();
    if mistake == Mistake::NotTransposed {
        g = g.t().to_owned();
    }
    let (height, width, channels, _, u, v) = kernels.values().dim();
    let blocks = (size.0 / height, size.1 / width);
    let mut gradient = vec![];
    for (p, q, o, i, u_at, v_at) in ndarray::indices((height, width, channels, channels, u, v)) {
        let mut sum = 0.0;
        for (b_y, b_x) in ndarray::indices(blocks) {
            let row = (o * size.0 + b_y * height + p) * size.1 + b_x * width + q;
            let (u_at, v_at) = if mistake == Mistake::Conjugate { (u - 1 - u_at, v - 1 - v_at) } else { (u_at, v_at) };
            let (y, x) = ((b_y * height + u_at) % size.0, (b_x * width + v_at) % size.1);
            sum += g[[row, (i * size.0 + y) * size.1 + x]];
        }
        if mistake == Mistake::WrapShared {
            let taps = |at: usize, taps: usize, size: usize| (0..taps).filter(|tap| tap % size == at % size).count();
            sum /= (taps(u_at, u, size.0) * taps(v_at, v, size.1)) as f64;
        }
        gradient.push(sum);
    }
    gradient
}

#[test]
fn values_log_det_and_gradient_as_in_the_reference() {
    for name in FIXTURES {
        let fixture = Fixture::read(name);
        let (layer, x, y) = (layer(&fixture), rows(&fixture.array("x")), rows(&fixture.array("y")));
        let (found, log_det) = layer.transform(&x).unwrap();
        assert!(distance(found.view(), y.view()) < REFERENCE, "{name}");
        let expected = fixture.number("log_det");
        assert!(log_det.iter().all(|found| (found - expected).abs() < REFERENCE), "{name}: {log_det:?}");
        let (back, inverse_log_det) = layer.untransform(&y).unwrap();
        assert!(distance(back.view(), x.view()) < REFERENCE, "{name}");
        assert!(inverse_log_det.iter().all(|found| (found + expected).abs() < REFERENCE), "{name}");
        let gradient = fixture.array("grad_log_det");
        assert!(distance(layer.log_det_gradient().unwrap().view(), gradient.view()) < REFERENCE, "{name}");
        // With δ = 0 it is the layer's whole gradient.
        let (_, grads) = pass(&layer, &x, &Array2::zeros(x.raw_dim()));
        let own = layer.euclidean(grads.rows, &grads.params).unwrap().remove(0).1;
        assert!(distance(own.view(), gradient.view()) < REFERENCE, "{name}");

        // The dense oracle agrees, and each mistake in it is revealed.
        let shape = fixture.array("x").shape().to_vec();
        let size = if shape.len() == 4 { (shape[2], shape[3]) } else { (1, shape[2]) };
        for mistake in [Mistake::None, Mistake::NotTransposed, Mistake::Conjugate, Mistake::WrapShared] {
            let dense = dense_gradient(&layer.kernels().unwrap(), size, mistake);
            let dense = ArrayD::from_shape_vec(gradient.raw_dim(), dense).unwrap();
            let wraps = name.contains("wrapped");
            let blind = mistake == Mistake::WrapShared && !wraps;
            let passes = distance(dense.view(), gradient.view()) < REFERENCE;
            assert_eq!(passes, mistake == Mistake::None || blind, "{name}: {mistake:?}");
        }
    }
}

/// A convolution for each number of features: periods of 1 to 3, both dimensions, one or two channels,
/// offsets, wrapped taps.
fn subject<F: Real>(features: usize, direction: FreeDirection) -> FreeConv<F> {
    let seed = features as u64;
    let (shape, period): (Vec<usize>, Period) = match features {
        12 => (vec![2, 6], 3.into()),
        16 => (vec![1, 4, 4], (2, 2).into()),
        18 => (vec![1, 3, 6], (1, 3).into()),
        8 => (vec![2, 2, 2], (2, 1).into()),
        6 => (vec![2, 3], 1.into()),
        _ => (vec![1, features], 1.into()),
    };
    // Near enough to orthonormal kernels to be well conditioned.
    let kernels = Stages::random(period, shape[0], 2, &mut rng(seed)).unwrap().kernels().unwrap();
    let noise = normal(&kernels.shape(), seed + 1) * 0.05;
    let values = kernels.values().to_owned().into_dyn().into_shape_with_order(kernels.shape()).unwrap() + noise;
    let offset = kernels.offset();
    let kernels = match period {
        Period::Signal(_) => Kernels::signal(values.into_dimensionality::<Ix4>().unwrap(), offset[1]),
        Period::Image(..) => Kernels::image(values.into_dimensionality::<Ix6>().unwrap(), offset),
    };
    FreeConv::new(&shape, kernels.unwrap(), direction).unwrap()
}

fn laws_hold<F: Real>() {
    let registry = pdmap_laws::laws::registry();
    for features in [1, 5, 6, 8, 12, 16, 18] {
        for rows in [0, 1, 5] {
            let x = pdmap_laws::normal_rows::<F>(rows, features, &mut rng(7));
            for (name, law) in pdmap_laws::laws::all::<F>() {
                for direction in [FreeDirection::Euclidean, FreeDirection::RelativeOnSupport] {
                    // The heuristic need not ascend.
                    if name == "ascends" && direction == FreeDirection::RelativeOnSupport {
                        continue;
                    }
                    let layer = subject::<F>(features, direction);
                    law(&Case::seeded(&layer, x.view(), &registry, 3)).unwrap_or_else(|violation| {
                        unreachable!("{name}, {} x {rows}, {features} features, {direction:?}: {violation:?}", F::DTYPE)
                    });
                }
            }
        }
    }
}

pdmap_laws::in_both_precisions!(every_law, laws_hold);

fn train<F: Real>(layer: &mut dyn Layer<F>, grads: &mut Gradients<F>, x: &Array2<F>, steps: usize) {
    let mut optimizer = Optimizer::adam(0.02).unwrap();
    for _ in 0..steps {
        let (mut y, mut tape) = (x.clone(), Tape::recording());
        layer.forward(x.into(), y.view_mut(), None, &mut tape).unwrap();
        let dy = y.mapv(|v| -v);
        let at = ForwardPass { input: x.into(), y: y.view(), tape: &mut tape };
        layer.backward(at, dy.view(), None, &mut grads.params).unwrap();
        layer.direct(x.nrows(), Reads::Entries, &mut grads.params).unwrap();
        layer.update(&mut optimizer, &mut grads.params).unwrap();
        grads.clear();
    }
}

#[test]
fn restored_from_data_it_continues_bit_for_bit() {
    let registry = pdmap_laws::laws::registry::<f64>();
    for (features, direction) in [(12, FreeDirection::Euclidean), (16, FreeDirection::RelativeOnSupport)] {
        let x = pdmap_laws::normal_rows::<f64>(4, features, &mut rng(8));
        let mut whole: Box<dyn Layer<f64>> = Box::new(subject::<f64>(features, direction));
        let mut grads = whole.new_grads();
        train(&mut *whole, &mut grads, &x, 5);
        let json = serde_json::to_string(&whole.spec()).unwrap();
        let mut tensors = Tensors::from_iter(whole.tensors());
        let mut again = registry.restore(&serde_json::from_str(&json).unwrap(), &mut tensors).unwrap();
        tensors.finish().unwrap();
        assert_eq!(whole.transform(&x).unwrap(), again.transform(&x).unwrap());
        let (mut state, mut again_grads) = (State::default(), again.new_grads());
        grads.save_memory(&mut state);
        again_grads.load_memory(&mut state).unwrap();
        train(&mut *whole, &mut grads, &x, 7);
        train(&mut *again, &mut again_grads, &x, 7);
        assert_eq!(whole.tensors(), again.tensors());
    }
}

#[test]
fn made_from_a_description() {
    let registry = pdmap_laws::laws::registry::<f64>();
    let build = |features: usize, options: serde_json::Value| {
        let spec = LayerSpec { kind: <FreeConv<f64> as Kind<f64>>::KIND.into(), options };
        let (mut rng, mut sample) = (rng(1), Sample::new(Array2::zeros((0, features))));
        registry.build(&spec, &mut BuildContext::new(features, &mut rng, &mut sample))
    };
    let json = |text: &str| serde_json::from_str(text).unwrap();
    let layer = build(24, json(r#"{"shape": [1, 24], "period": [4], "overlap": 3}"#)).unwrap();
    let x = normal(&[3, 24], 1).into_dimensionality::<Ix2>().unwrap();
    // It starts orthonormal.
    let (y, log_det) = layer.transform(&x).unwrap();
    assert!(log_det.iter().all(|value| value.abs() < 1e-12), "{log_det:?}");
    assert!(((&y * &y).sum() - (&x * &x).sum()).abs() < 1e-11);
    let layer = build(24, json(r#"{"shape": [1, 4, 6], "period": [2, 3], "start": "identity"}"#)).unwrap();
    assert_eq!(layer.transform(&x).unwrap().0, x);
    assert!(build(24, json(r#"{"shape": [1, 4, 6], "period": [2]}"#)).is_ok());
    // Its figures are those of a paraunitary bank.
    let figures = layer.diagnostics();
    let figure = |name: &str| figures.iter().find(|figure| figure.name == format!("kernels {name}")).unwrap().value;
    assert!(figure("paraunitary residual") < 1e-14 && figure("log|det|").abs() < 1e-14, "{figures:?}");
    for name in ["condition number", "largest singular value", "smallest singular value"] {
        assert!((figure(name) - 1.0).abs() < 1e-14, "{figures:?}");
    }
    // It reserves the factors of each frequency: long periods of long rows are within the limit.
    assert!(build(1024, json(r#"{"shape": [1, 1024], "period": [32]}"#)).is_ok());
    let refused = [
        (23, r#"{"shape": [1, 24], "period": [4]}"#),
        (24, r#"{"shape": [1, 24], "period": [5]}"#),
        (24, r#"{"shape": [1, 24], "period": [4, 4]}"#),
        (24, r#"{"shape": [1, 24], "period": [4], "overlap": 0}"#),
        (24, r#"{"shape": [1, 24], "period": [0]}"#),
        (24, r#"{"shape": [1, 24], "period": [4], "overlp": 2}"#),
        (24, r#"{"shape": [24], "period": []}"#),
        (24, r#"{"shape": [], "period": []}"#),
        (24, r#"{"shape": [4294967296, 4294967296, 24], "period": [1]}"#),
    ];
    for (features, options) in refused {
        assert!(build(features, json(options)).is_err(), "{options}");
    }
}

#[test]
fn a_singular_frequency_is_named() {
    // A moving average of two vanishes at the highest frequency of an even length, and nowhere at an odd one.
    let h = ndarray::array![[[[0.5, 0.5]]]];
    let average = |n: usize| {
        let kernels = Kernels::signal(h.clone(), 0).unwrap();
        FreeConv::<f64>::new(&[1, n], kernels, FreeDirection::Euclidean).unwrap()
    };
    match average(8).log_det().unwrap_err() {
        LayerError::SingularFrequency { frequency, blocks, pivot } => {
            assert_eq!((frequency, blocks), ([0, 4], [1, 8]));
            assert!(pivot < 1e-15);
        }
        other => assert_eq!(other.to_string(), "", "another error was due"),
    }
    // Π_f cos(πf/7) = 2⁻⁶.
    assert!((average(7).log_det().unwrap() + 6.0 * std::f64::consts::LN_2).abs() < 1e-13);
    let (x, layer) = (Array2::<f64>::ones((1, 8)), average(8));
    assert!(layer.untransform(&x).is_err());
    // The values need no inverse.
    assert!(layer.forward((&x).into(), x.clone().view_mut(), None, &mut Tape::scratch()).is_ok());
    let kernels = Kernels::signal(h.clone(), 0).unwrap();
    assert!(matches!(
        FreeConv::<f64>::new(&[1, 1 << 25], kernels.clone(), FreeDirection::Euclidean),
        Err(LayerError::Range { what: "features", .. })
    ));
    assert!(matches!(
        FreeConv::<f32>::new(&[1, 2], Kernels::signal(h * 1e300, 0).unwrap(), FreeDirection::Euclidean),
        Err(LayerError::NonFinite { .. })
    ));
    assert!(FreeConv::<f64>::new(&[2, 8], kernels, FreeDirection::Euclidean).is_err());
}

#[test]
fn a_determinant_keeps_its_sign() {
    // One tap: the map is a multiple of the identity, and a long step down would pass 0.
    let kernels = Kernels::signal(ndarray::array![[[[0.25]]]], 0).unwrap();
    let mut layer = FreeConv::<f64>::new(&[1, 3], kernels, FreeDirection::Euclidean).unwrap();
    let x = Array2::ones((1, 3));
    let (_, mut grads) = pass(&layer, &x, &Array2::from_elem((1, 3), -10.0));
    layer.direct(grads.rows, Reads::Entries, &mut grads.params).unwrap();
    let report = layer.update(&mut Optimizer::sgd(1.0).unwrap(), &mut grads.params).unwrap();
    assert!(report.halvings > 0);
    let (_, log_det) = layer.transform(&x).unwrap();
    assert!(layer.kernels().unwrap().values()[[0, 0, 0, 0, 0, 0]] > 0.0 && log_det[0].is_finite());
}

#[test]
fn a_determinant_of_an_image_keeps_its_sign_at_each_frequency() {
    // Two taps down the columns: at frequency 0 they are added, at the highest one subtracted, and only the sum would pass 0.
    let mut taps = Array6::zeros((1, 1, 1, 1, 2, 1));
    taps[[0, 0, 0, 0, 0, 0]] = 0.25;
    let kernels = Kernels::image(taps, [0, 0]).unwrap();
    let mut layer = FreeConv::<f64>::new(&[1, 2, 1], kernels, FreeDirection::Euclidean).unwrap();
    let x = Array2::ones((1, 2));
    let (_, mut grads) = pass(&layer, &x, &Array2::from_elem((1, 2), -10.0));
    layer.direct(grads.rows, Reads::Entries, &mut grads.params).unwrap();
    let report = layer.update(&mut Optimizer::sgd(1.0).unwrap(), &mut grads.params).unwrap();
    assert!(report.halvings > 0);
    let kernels = layer.kernels().unwrap();
    let [first, second] = [0, 1].map(|tap| kernels.values()[[0, 0, 0, 0, tap, 0]]);
    assert!(first + second > 0.0 && first - second > 0.0, "{first} {second}");
}

#[test]
fn the_angle_of_the_heuristic() {
    // Without overlap nothing is truncated. Near an orthonormal map WᵀW = I: the angle vanishes with the
    // distance.
    let x = normal(&[64, 12], 1).into_dimensionality::<Ix2>().unwrap();
    let angle = |overlap: usize, noise: f64, direction| {
        let kernels = Stages::random(4, 1, overlap, &mut rng(2)).unwrap().kernels().unwrap();
        let values = kernels.signal_values().unwrap().to_owned();
        let noise = normal(values.shape(), 3).into_dimensionality::<Ix4>().unwrap() * noise;
        let kernels = Kernels::signal(values + noise, kernels.offset()[1]).unwrap();
        let layer = FreeConv::<f64>::new(&[1, 12], kernels, direction).unwrap();
        let (y, _) = layer.transform(&x).unwrap();
        let (_, grads) = pass(&layer, &x, &y.mapv(|v| -v.tanh()));
        layer.angle(&grads)
    };
    let relative = FreeDirection::RelativeOnSupport;
    assert!(angle(1, 0.0, relative).unwrap() < 1e-6);
    let (near, far) = (angle(2, 0.05, relative).unwrap(), angle(2, 0.5, relative).unwrap());
    assert!(near < far && far < std::f64::consts::FRAC_PI_2, "{near} {far}");
    assert!(matches!(angle(2, 0.1, FreeDirection::Euclidean), Err(LayerError::Conflict { .. })));
}

#[test]
fn singular_values_per_frequency_are_those_of_the_matrix() {
    for features in [6, 8, 12, 16, 18] {
        let layer = subject::<f64>(features, FreeDirection::Euclidean);
        let LayerSpec { options, .. } = Layer::<f64>::spec(&layer);
        let shape: Vec<usize> = serde_json::from_value(options["shape"].clone()).unwrap();
        let (height, width) = if shape.len() == 3 { (shape[1], shape[2]) } else { (1, shape[1]) };
        let kernels = layer.kernels().unwrap();
        let dense = singular_values(kernels.materialize(height, width).unwrap().view());
        let found = kernels.singular_values(&shape).unwrap();
        assert_eq!(found.len(), dense.len());
        assert!(found.iter().zip(&dense).all(|(a, b)| (a - b).abs() < 1e-13), "{features}");
        let log_det: f64 = dense.iter().map(|value| value.ln()).sum();
        assert!((layer.log_det().unwrap() - log_det).abs() < 1e-12);
        // Orthonormal kernels: all 1.
        let stages = Stages::random(kernels.period(), shape[0], 3, &mut rng(1)).unwrap();
        let values = stages.kernels().unwrap().singular_values(&shape).unwrap();
        assert!(values.iter().all(|value| (value - 1.0).abs() < 1e-13), "{values:?}");
    }
}
