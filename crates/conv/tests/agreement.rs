//! A layer and the bank of its stages are the same map, and each leads back to the other.
#![allow(missing_docs, clippy::unwrap_used)]

use ndarray::{Array2, ArrayD};
use pdmap_conv::{CycledConv, Direction, Geometry, Group, Layer, LayerExt, kernels_of, stages_of};
use pdmap_filterbank::{Stages, Window};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Roundings of a few products of side `KC`.
const ROUNDINGS: f64 = 64.0;

fn apart<'a>(a: impl IntoIterator<Item = &'a f64>, b: impl IntoIterator<Item = &'a f64>) -> f64 {
    a.into_iter().zip(b).fold(0.0, |worst, (a, b)| {
        let error = (a - b).abs();
        if error <= worst { worst } else { error }
    })
}

fn rows(features: usize) -> Array2<f64> {
    Array2::from_shape_fn((1, features), |(_, i)| (1.7 * i as f64).sin() + 0.1 * i as f64 / features as f64)
}

#[test]
fn layers_stages_and_composed_kernels_agree() {
    let geometries = [
        Geometry::signal(1, 24, 4),
        Geometry::signal(2, 15, 3),
        Geometry::signal(3, 10, 1),
        Geometry::signal(1, 8, 8),
        Geometry::image(1, (8, 12), (2, 4)),
        Geometry::image(2, (6, 6), (3, 2)),
        Geometry::image(3, (5, 4), (1, 1)),
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for geometry in geometries {
        for count in 1..=4 {
            for group in [Group::Orthonormal, Group::General(Direction::Relative)] {
                let conv = CycledConv::<f64>::random(geometry, count, group, &mut rng).unwrap();
                let bank = stages_of(&conv).unwrap();
                let x = rows(geometry.features());
                let y = conv.transform(&x).unwrap().0;
                let shaped = ArrayD::from_shape_vec(geometry.shape(), x.iter().copied().collect()).unwrap();
                let by_stages = bank.analyze(shaped.view()).unwrap();
                let kernels = kernels_of(&conv as &dyn Layer<f64>).unwrap().unwrap();
                let by_kernels = kernels.analyze(shaped.view()).unwrap();
                let allowed = ROUNDINGS * f64::EPSILON * (geometry.side() * count) as f64;
                for other in [&by_stages, &by_kernels] {
                    assert!(apart(&y, other) < allowed, "{geometry} x {count}: {:e}", apart(&y, other));
                }
                // A wrong one, with the grid off by half a period, is rejected.
                let mut late = bank.matrices().to_vec();
                late.push(Array2::eye(geometry.side()));
                let late = Stages::new(bank.period(), bank.channels(), late).unwrap();
                if geometry.side() > 1 {
                    assert!(apart(&y, &late.analyze(shaped.view()).unwrap()) > 1e-3, "{geometry} x {count}");
                }
                assert!(kernels.residual() < allowed, "Haar stages are orthonormal in either group");
                let again = CycledConv::<f64>::of_bank(geometry, &bank, group).unwrap();
                assert_eq!(again.transform(&x).unwrap().0, y);
            }
        }
    }
}

#[test]
fn designed_banks_become_layers() {
    for bank in [
        Stages::haar().unwrap(),
        Stages::dct2(8).unwrap(),
        Stages::daubechies(8).unwrap(),
        Stages::mdct(8, Window::Sine).unwrap(),
        Stages::fast_lot().unwrap(),
    ] {
        let pdmap_filterbank::Period::Signal(period) = bank.period() else { unreachable!() };
        let conv = CycledConv::<f64>::of_bank(Geometry::signal(1, 8 * period, period), &bank, Group::Orthonormal);
        let (conv, x) = (conv.unwrap(), rows(8 * period));
        let y = conv.transform(&x).unwrap().0;
        let back = conv.adjoint(y.view()).unwrap();
        let allowed = ROUNDINGS * f64::EPSILON * (period * bank.matrices().len()) as f64;
        assert!(apart(&back, &x) < allowed, "{:e}", apart(&back, &x));
        let other = CycledConv::<f64>::of_bank(Geometry::signal(2, 8 * period, period), &bank, Group::Orthonormal);
        assert!(other.is_err(), "a bank of one channel on two");
    }
}
