//! Results do not depend on the number of threads, to the bit.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::effort::effort;
use pdmap_conv::{CycledConv, Geometry, subband_scale, subband_shift};
use pdmap_core::flow::base::Normal;
use pdmap_core::optim::{Clip, Optimizer};
use pdmap_core::{Flow, Layer, ParametricExt, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::{normal_rows, rng};
use pdmap_layers::diagonal::ScaleDirection;

fn trained<F: Real>(threads: usize, group: Group, optimizer: &Optimizer, features: usize, rows: usize) -> Vec<F> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut rng = rng(1);
        let x = normal_rows::<F>(rows, features, &mut rng);
        let dense: Box<dyn Layer<F>> =
            Box::new(Dense::random(features, group, BiasKind::Plain, &mut rng).unwrap().tracking_inverse());
        let mut flow = Flow::new(features, vec![dense], Box::new(Normal)).unwrap();
        let mut training = flow.training();
        let mut optimizer = optimizer.clone();
        for _ in 0..3 {
            flow.accumulate(&x, &mut training).unwrap();
            flow.update(&mut optimizer, &mut training).unwrap();
        }
        let mut bits: Vec<F> = flow.tensors().into_iter().flat_map(|(_, tensor)| tensor.into_iter()).collect();
        bits.extend(flow.decode(&x).unwrap());
        bits.extend(flow.log_prob(&x).unwrap().into_iter().map(F::of));
        bits
    })
}

/// Numbers of threads that are compared with one.
fn threads() -> &'static [usize] {
    effort(&[4], &[2, 4])
}

fn same<F: Real>(group: Group, optimizer: &Optimizer, features: usize, rows: usize) {
    let trained = |threads| trained::<F>(threads, group, optimizer, features, rows);
    let one = trained(1);
    for &threads in threads() {
        let different = one.iter().zip(&trained(threads)).filter(|(a, b)| a != b).count();
        let case = format!("{group:?}, {features} features, {rows} rows, {threads} threads, {}", F::DTYPE);
        assert!(different == 0, "{case}: {different} of {} numbers differ", one.len());
    }
}

#[test]
fn several_threads_give_the_bits_of_one() {
    for group in [
        Group::General(Direction::Relative),
        Group::General(Direction::Algebra),
        Group::General(Direction::Euclidean),
        Group::Orthonormal,
    ] {
        let adam = Optimizer::adam(1e-3).unwrap();
        // Few rows of a plain rule stay in factors.
        let sgd = Optimizer::sgd(1e-2).unwrap().clipped(Clip::Norm(5.0)).unwrap();
        for (optimizer, features, rows) in
            [(&adam, 63, 100), (&adam, 300, 100), (&adam, 150, 500), (&sgd, 300, 70), (&sgd, 600, 16)]
        {
            same::<f32>(group, optimizer, features, rows);
            same::<f64>(group, optimizer, features, rows);
        }
    }
}

/// Convolutions with scales: small and large blocks, tasks of whole signals and of parts.
fn convolved<F: Real>(threads: usize, geometry: Geometry, group: Group, rows: usize) -> Vec<F> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut rng = rng(2);
        let x = normal_rows::<F>(rows, geometry.features(), &mut rng);
        let scale = subband_scale(geometry, None, ScaleDirection::Algebra).unwrap();
        let layers: Vec<Box<dyn Layer<F>>> = vec![
            Box::new(CycledConv::random(geometry, 3, group, &mut rng).unwrap()),
            Box::new(scale),
            Box::new(subband_shift(geometry, None).unwrap()),
        ];
        let mut flow = Flow::new(geometry.features(), layers, Box::new(Normal)).unwrap();
        let (mut training, mut optimizer) = (flow.training(), Optimizer::adam(1e-2).unwrap());
        for _ in 0..3 {
            flow.accumulate(&x, &mut training).unwrap();
            flow.update(&mut optimizer, &mut training).unwrap();
        }
        let mut bits: Vec<F> = flow.tensors().into_iter().flat_map(|(_, tensor)| tensor.into_iter()).collect();
        bits.extend(flow.decode(&x).unwrap());
        bits
    })
}

#[test]
fn convolutions_have_the_same_bits_on_any_number_of_threads() {
    for (geometry, rows) in [
        (Geometry::signal(1, 40_000, 8), 3),
        (Geometry::signal(2, 10_001, 3).isolated(), 5),
        (Geometry::signal(8, 4096, 4), 2),
        (Geometry::image(1, (28, 28), (4, 4)), 90),
        (Geometry::image(3, (33, 30), (5, 4)).isolated(), 40),
    ] {
        for group in [Group::Orthonormal, Group::General(Direction::Relative)] {
            let one = (convolved::<f32>(1, geometry, group, rows), convolved::<f64>(1, geometry, group, rows));
            for &threads in threads() {
                let many = (
                    convolved::<f32>(threads, geometry, group, rows),
                    convolved::<f64>(threads, geometry, group, rows),
                );
                assert!(one == many, "{geometry}, {group:?}, {threads} threads");
            }
        }
    }
}
