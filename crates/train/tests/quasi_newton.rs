//! Quasi-Newton ascents end where the likelihood is known to be highest.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array1, Array2, Axis};
use pdmap_conv::{CycledConv, Geometry, subband_scale};
use pdmap_core::flow::base::Normal;
use pdmap_core::linalg::{Lu, orthonormality_residual};
use pdmap_core::{Flow, Layer, ParametricExt, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_layers::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_train::{AscentEnd, QuasiNewtonConfig, quasi_newton};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows of four dependent columns.
fn rows<F: Real>() -> Array2<F> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mixing = Array2::from_shape_simple_fn((4, 4), || rng.random::<f64>() - 0.5);
    let sources = Array2::from_shape_simple_fn((3000, 4), || rng.random::<f64>() + rng.random::<f64>());
    (sources.dot(&mixing) * 3.0).mapv(F::of)
}

/// The mean log-likelihood of the normal density of the rows' own mean and covariance.
fn normal<F: Real>(rows: &Array2<F>) -> f64 {
    let x = rows.mapv(F::f64);
    let centred = &x - &x.mean_axis(Axis(0)).unwrap();
    let covariance = centred.t().dot(&centred) / x.nrows() as f64;
    let log_det = Lu::<f64>::new(covariance.view()).unwrap().log_det().log_abs;
    -0.5 * (4.0 * (std::f64::consts::TAU.ln() + 1.0) + log_det)
}

/// A shift, a matrix of the group, and scales.
fn flow<F: Real>(group: Group) -> Flow<F> {
    let dense = Dense::random(4, group, BiasKind::None, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let scale = Scale::new(Array1::ones(4), ScaleDirection::Algebra).unwrap();
    let layers: Vec<Box<dyn Layer<F>>> = vec![Box::new(Shift::zero(4).unwrap()), Box::new(dense), Box::new(scale)];
    Flow::new(4, layers, Box::new(Normal)).unwrap()
}

fn reaches_the_normal_density<F: Real>() {
    let x = rows::<F>();
    let best = normal(&x);
    for group in [Group::General(Direction::Algebra), Group::General(Direction::Euclidean), Group::Orthonormal] {
        let mut flow = flow::<F>(group);
        let tolerance = F::EPS.sqrt().max(1e-7) * 10.0;
        let config = QuasiNewtonConfig { tolerance, batch: 700, ..QuasiNewtonConfig::default() };
        let ascent = quasi_newton(&mut flow, x.view(), &config).unwrap();
        let last = ascent.record.last().unwrap();
        assert_ne!(ascent.end, AscentEnd::OutOfIterations, "{group:?}: {last:?}");
        assert!((last.log_likelihood - best).abs() < 1e3 * F::EPS.max(1e-12), "{group:?}: {last:?}, {best}");
        assert!(ascent.record.windows(2).all(|pair| pair[1].log_likelihood >= pair[0].log_likelihood - 1e-5));
        assert!(last.evaluations < 120, "{group:?}: {last:?}");
    }
}

#[test]
fn linear_flows_end_at_the_normal_density_of_the_rows() {
    reaches_the_normal_density::<f64>();
    reaches_the_normal_density::<f32>();
}

#[test]
fn cycled_convolutions_stay_orthonormal_and_reach_the_gain_of_their_bank() {
    // x[t] = 0.95 x[t−1] + noise.
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut x = Array2::from_shape_simple_fn((32, 256), || (0..12).map(|_| rng.random::<f64>() - 0.5).sum::<f64>());
    for mut row in x.rows_mut() {
        for t in 1..256 {
            row[t] = 0.95 * row[t - 1] + (1.0 - 0.95_f64.powi(2)).sqrt() * row[t];
        }
    }
    let signal = Geometry::signal(1, 256, 2).isolated();
    let bank =
        CycledConv::random(signal, 2, pdmap_conv::Group::Orthonormal, &mut ChaCha8Rng::seed_from_u64(4)).unwrap();
    let scale = subband_scale(signal, None, ScaleDirection::Algebra).unwrap();
    let mut flow = Flow::<f64>::new(256, vec![Box::new(bank), Box::new(scale)], Box::new(Normal)).unwrap();
    let config = QuasiNewtonConfig { tolerance: 1e-4, ..QuasiNewtonConfig::default() };
    let ascent = quasi_newton(&mut flow, x.view(), &config).unwrap();
    let last = ascent.record.last().unwrap();
    assert_eq!(ascent.end, AscentEnd::Converged, "{last:?}");
    // Two bands without overlap have a gain of at most −5 log₁₀(1 − 0.95²) = 5.055 dB, ideal ones 5.962 dB.
    let white = -0.5 * (std::f64::consts::TAU.ln() + 1.0 + x.mapv(|x| x * x).mean().unwrap().ln());
    let gain = (last.log_likelihood / 256.0 - white) * 20.0 / 10_f64.ln();
    assert!(gain > 5.2 && gain < 5.962, "{gain} dB");
    for (name, stage) in flow.tensors().into_iter().filter(|(name, _)| name.contains("stages")) {
        let stage = stage.into_dimensionality().unwrap();
        assert!(orthonormality_residual(stage.view()) < 1e-13, "{name}");
    }
}

#[test]
fn what_has_no_slopes_is_refused_and_the_flow_stays() {
    let x = rows::<f64>();
    let mut flow = flow::<f64>(Group::General(Direction::Relative));
    let before = flow.tensors();
    let refused = quasi_newton(&mut flow, x.view(), &QuasiNewtonConfig::default());
    assert!(refused.unwrap_err().to_string().contains("algebra"));
    assert_eq!(flow.tensors(), before);
    let none = Array2::<f64>::zeros((0, 4));
    assert!(quasi_newton(&mut flow, none.view(), &QuasiNewtonConfig::default()).is_err());
    for config in [
        QuasiNewtonConfig { batch: 0, ..QuasiNewtonConfig::default() },
        QuasiNewtonConfig { tolerance: f64::NAN, ..QuasiNewtonConfig::default() },
    ] {
        assert!(quasi_newton(&mut flow, x.view(), &config).is_err());
    }
}
