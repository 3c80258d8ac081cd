//! After training, kernels are orthonormal and the inverse is the transpose, to rounding and at every length.
#![allow(missing_docs, clippy::unwrap_used)]

use ndarray::Array2;
use pdmap_conv::optim::Optimizer;
use pdmap_conv::{CycledConv, Flow, Geometry, Group, Layer, LayerExt, Real, stages_of, subband_scale, subband_shift};
use pdmap_core::ParametricExt;
use pdmap_core::flow::base::{Normal, draw};
use pdmap_filterbank::{Kernels, Stages};
use pdmap_layers::diagonal::ScaleDirection;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const STEPS: usize = 2000;

/// An orthonormal convolution, trained by Adam on rows whose neighbours are alike.
fn trained<F: Real>(geometry: Geometry, stages: usize) -> CycledConv<F> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let conv = CycledConv::<F>::random(geometry, stages, Group::Orthonormal, &mut rng).unwrap();
    let scale = subband_scale::<F>(geometry, None, ScaleDirection::Algebra).unwrap();
    let layers: Vec<Box<dyn Layer<F>>> = vec![Box::new(conv), Box::new(scale)];
    let mut flow = Flow::new(geometry.features(), layers, Box::new(Normal)).unwrap();
    let mut x: Array2<F> = draw(&Normal, 16, geometry.features(), &mut rng).unwrap();
    for mut row in x.rows_mut() {
        for i in 1..row.len() {
            row[i] = F::of(0.9) * row[i - 1] + F::of(0.4) * row[i];
        }
    }
    let (mut training, mut optimizer) = (flow.training(), Optimizer::adam(0.02).unwrap());
    for _ in 0..STEPS {
        flow.accumulate(&x, &mut training).unwrap();
        flow.update(&mut optimizer, &mut training).unwrap();
    }
    let stages = flow.chain().layers()[0].tensors().into_iter();
    let stages = stages.map(|(_, stage)| stage.into_dimensionality().unwrap()).collect();
    CycledConv::new(geometry, stages, Group::Orthonormal).unwrap()
}

fn geometries() -> [(Geometry, usize); 5] {
    [
        (Geometry::signal(1, 64, 8), 2),
        (Geometry::signal(1, 64, 8), 4),
        (Geometry::signal(2, 30, 3), 3),
        (Geometry::image(1, (16, 16), (4, 4)), 2),
        (Geometry::image(3, (8, 8), (2, 2)), 2),
    ]
}

fn kernels<F: Real>(conv: &CycledConv<F>) -> Kernels {
    stages_of(conv).unwrap().kernels().unwrap()
}

#[test]
fn kernels_stay_paraunitary() {
    for (geometry, stages) in geometries() {
        let (wide, narrow) = (trained::<f64>(geometry, stages), trained::<f32>(geometry, stages));
        let (wide, narrow) = (kernels(&wide), kernels(&narrow));
        println!("{geometry}, {stages} stages: {:.1e} in f64, {:.1e} in f32", wide.residual(), narrow.residual());
        assert!(wide.residual() <= 1e-12, "{geometry}: {:e}", wide.residual());
        assert!(narrow.residual() <= 1e-5, "{geometry}: {:e}", narrow.residual());
        let values = wide.singular_values(&geometry.shape()).unwrap();
        assert!(values.iter().all(|value| (value - 1.0).abs() <= 1e-12), "{geometry}: {values:?}");
    }
    // A bank that is not orthonormal is rejected.
    let (geometry, _) = geometries()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut matrices = Stages::random(8, 1, 2, &mut rng).unwrap().into_matrices();
    matrices[0][[0, 0]] += 1e-9;
    let spoilt = Stages::new(8, 1, matrices).unwrap().kernels().unwrap();
    assert!(spoilt.residual() > 1e-12);
    assert!(spoilt.singular_values(&geometry.shape()).unwrap().iter().any(|value| (value - 1.0).abs() > 1e-12));
}

#[test]
fn the_inverse_holds_at_every_length() {
    let conv = trained::<f64>(Geometry::signal(1, 64, 8), 3);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for blocks in [1, 2, 3, 5, 16, 100, 1000, 8192] {
        let length = 8 * blocks;
        let conv = conv.resized(Geometry::signal(1, length, 8)).unwrap();
        let x: Array2<f64> = draw(&Normal, 1, length, &mut rng).unwrap();
        let (y, log_det) = conv.transform(&x).unwrap();
        let (back, _) = conv.untransform(&y).unwrap();
        let norm = |v: &Array2<f64>| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let error = norm(&(&back - &x)) / norm(&x);
        assert!(error <= 1e-12, "length {length}: {error:e}");
        assert_eq!(log_det, [0.0]);
        // Inverse and adjoint are the same code.
        assert_eq!(conv.adjoint(y.view()).unwrap(), back);
    }
}

/// The maximum-likelihood shift removes the mean of each subband.
#[test]
fn a_shift_of_subbands_learns_their_means() {
    let geometry = Geometry::signal(1, 12, 4);
    let x = Array2::from_shape_fn((50, 12), |(row, at)| (at % 4) as f64 + ((row * 12 + at) as f64).sin());
    let layer = subband_shift(geometry, None).unwrap();
    assert_eq!(Layer::<f64>::shape(&layer, 12.into()).unwrap().features(), 12);
    let mut flow = Flow::builder(12).layer(layer).build().unwrap();
    let (mut training, mut optimizer) = (flow.training(), Optimizer::sgd(0.2).unwrap());
    for _ in 0..300 {
        flow.accumulate(&x, &mut training).unwrap();
        flow.update(&mut optimizer, &mut training).unwrap();
    }
    let (_, shift) = flow.tensors().pop().unwrap();
    for (band, found) in shift.iter().enumerate() {
        let values = x.indexed_iter().filter(|((_, at), _)| at % 4 == band).map(|(_, value)| value);
        let mean = values.sum::<f64>() / 150.0;
        assert!((found + mean).abs() < 1e-9, "subband {band}: {found} against {mean}");
    }
}
