//! The nearest orthonormal bank.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{distance, normal, rng};
use ndarray::{Array4, Ix4, Ix6};
use pdmap_core::LayerError;
use pdmap_filterbank::{Kernels, Period, Stages};

fn near(period: Period, noise: f64) -> Kernels {
    let kernels = Stages::random(period, 2, 2, &mut rng(1)).unwrap().kernels().unwrap();
    let values = kernels.values().to_owned().into_dyn().into_shape_with_order(kernels.shape()).unwrap();
    let values = values + noise * normal(&kernels.shape(), 2);
    match period {
        Period::Signal(_) => {
            Kernels::signal(values.into_dimensionality::<Ix4>().unwrap(), kernels.offset()[1]).unwrap()
        }
        Period::Image(..) => Kernels::image(values.into_dimensionality::<Ix6>().unwrap(), kernels.offset()).unwrap(),
    }
}

#[test]
fn orthonormal_kernels_are_their_own() {
    for (period, shape) in [(Period::Signal(3), vec![2, 36]), (Period::Image(2, 3), vec![2, 12, 18])] {
        let kernels = near(period, 0.0);
        let nearest = kernels.nearest_orthonormal(&shape).unwrap();
        assert!(nearest.distance < 1e-14 && nearest.residual < 1e-13 && nearest.lost < 1e-14, "{nearest:?}");
        // 2 E has the polar factor of E, which a wrong factor would not.
        let doubled =
            Kernels::signal(2.0 * Stages::lot(4).unwrap().kernels().unwrap().signal_values().unwrap().to_owned(), 2)
                .unwrap();
        let nearest = doubled.nearest_orthonormal(&[1, 32]).unwrap();
        assert!(nearest.residual < 1e-14, "{:e}", nearest.residual);
    }
}

#[test]
fn the_residual_is_of_first_order_in_the_distance() {
    for (period, shape) in [(Period::Signal(3), vec![2, 48]), (Period::Image(2, 3), vec![2, 16, 24])] {
        let (mut residuals, mut before) = (vec![], vec![]);
        for noise in [1e-2, 1e-3] {
            let kernels = near(period, noise);
            let nearest = kernels.nearest_orthonormal(&shape).unwrap();
            assert_eq!(nearest.kernels.shape(), kernels.shape());
            assert_eq!(nearest.residual, nearest.kernels.residual());
            before.push(kernels.residual());
            residuals.push(nearest.residual);
            // What is truncated is of the order of the noise, and so is the distance.
            assert!(nearest.lost < 10.0 * noise && nearest.distance < 20.0 * noise, "{nearest:?}");
        }
        // Truncation leaves a residual of first order.
        assert!(residuals[0] < before[0] && residuals[1] < before[1], "{residuals:?} {before:?}");
        assert!(residuals[1] > 1e-6, "{residuals:?}");
    }
}

#[test]
fn without_truncation_it_is_the_polar_factor_of_the_matrix() {
    // One block: all taps are on the support.
    let h = normal(&[4, 1, 1, 4], 3).into_dimensionality::<Ix4>().unwrap();
    let kernels = Kernels::signal(h, 0).unwrap();
    let nearest = kernels.nearest_orthonormal(&[1, 4]).unwrap();
    assert!(nearest.residual < 1e-14 && nearest.lost == 0.0);
    // H = (polar)ᵀ A is symmetric positive definite, which singles the polar factor out.
    let (a, q) = (kernels.materialize(1, 4).unwrap(), nearest.kernels.materialize(1, 4).unwrap());
    let h = q.t().dot(&a);
    assert!(distance(h.view(), h.t()) < 1e-14);
    let (values, _) = pdmap_core::linalg::symmetric_eigen(h.view()).unwrap();
    assert!(values.iter().all(|&value| value > 0.0));
}

#[test]
fn kernels_without_a_nearest_bank() {
    let average = Kernels::signal(Array4::from_elem((1, 1, 1, 2), 0.5), 0).unwrap();
    match average.nearest_orthonormal(&[1, 8]).unwrap_err() {
        LayerError::SingularFrequency { frequency, .. } => assert_eq!(frequency, [0, 4]),
        other => assert_eq!(other.to_string(), "", "another error was due"),
    }
    assert!(matches!(average.nearest_orthonormal(&[1, 1]), Err(LayerError::Range { .. })));
    assert!(average.nearest_orthonormal(&[2, 8]).is_err());
}
