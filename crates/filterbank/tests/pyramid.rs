//! Pyramids against PyWavelets' `periodization` mode.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{Fixture, distance, normal, rng};
use ndarray::{ArrayD, Axis};
use pdmap_core::LayerError;
use pdmap_filterbank::{Kernels, Pyramid, Stages};

/// Tolerance of the reference values.
const REFERENCE: f64 = 1e-12;

/// `db4` has 8 taps.
fn wavelet(name: &str) -> Stages {
    Stages::daubechies(2 * name.trim_start_matches("db").parse::<usize>().unwrap()).unwrap()
}

/// The largest difference to the bands of a fixture.
fn against(fixture: &Fixture, path: &str, pyramid: &Pyramid<ndarray::IxDyn>) -> f64 {
    let mut worst = distance(pyramid.low.view(), fixture.array(&format!("{path}/low")).view());
    for (level, bands) in pyramid.details.iter().enumerate() {
        for (k, band) in bands.iter().enumerate() {
            let images = if path.starts_with("images") { format!("/{}", k + 1) } else { String::new() };
            let expected = fixture.array(&format!("{path}/details/{}{images}", level + 1));
            worst = f64::max(worst, distance(band.view(), expected.view()));
        }
    }
    worst
}

#[test]
fn signals_and_images_as_in_pywavelets() {
    let fixture = Fixture::read("pywavelets.json");
    for kind in ["signals", "images"] {
        for name in fixture.keys(kind) {
            let path = format!("{kind}/{name}");
            let (x, levels) = (fixture.array(&format!("{path}/x")), fixture.number(&format!("{path}/levels")) as usize);
            let stages = wavelet(&name);
            let kernels = if kind == "images" { Stages::separable(&stages, &stages).unwrap() } else { stages };
            let kernels = kernels.kernels().unwrap();
            let pyramid = kernels.decompose(x.view(), levels).unwrap();
            let measured = against(&fixture, &path, &pyramid);
            assert!(measured < REFERENCE, "{path}: {measured:e}");
            assert!(distance(kernels.recompose(&pyramid).unwrap().view(), x.view()) < REFERENCE, "{path}");
            // A shift by one sample and reversed kernels are rejected.
            let n = x.shape()[x.ndim() - 1];
            let moved = x.select(Axis(x.ndim() - 1), &(1..=n).map(|at| at % n).collect::<Vec<_>>());
            assert!(against(&fixture, &path, &kernels.decompose(moved.view(), levels).unwrap()) > 0.1, "{path}");
            if let Some(h) = kernels.signal_values().filter(|h| h.dim().3 > 2) {
                let mut turned = h.to_owned();
                turned.invert_axis(Axis(3));
                let turned = Kernels::signal(turned, kernels.offset()[1]).unwrap();
                assert!(against(&fixture, &path, &turned.decompose(x.view(), levels).unwrap()) > 0.1, "{path}");
            }
        }
    }
}

#[test]
fn pyramids_of_other_periods_keep_norms_and_reconstruct() {
    for (bank, shape) in [
        (Stages::random(3, 2, 3, &mut rng(1)).unwrap(), vec![2, 27]),
        (Stages::random((2, 3), 1, 2, &mut rng(2)).unwrap(), vec![1, 8, 18]),
        (Stages::random(1, 3, 2, &mut rng(3)).unwrap(), vec![3, 5]),
    ] {
        let (kernels, x) = (bank.kernels().unwrap(), normal(&shape, 4));
        let pyramid = kernels.decompose(x.view(), 2).unwrap();
        let square = |a: &ArrayD<f64>| a.iter().map(|v| v * v).sum::<f64>();
        let norms: f64 = square(&pyramid.low) + pyramid.details.iter().flatten().map(square).sum::<f64>();
        assert!((norms - square(&x)).abs() < 1e-12 * norms);
        assert!(distance(kernels.recompose(&pyramid).unwrap().view(), x.view()) < 1e-12);
        assert_eq!(kernels.recompose(&kernels.decompose(x.view(), 0).unwrap()).unwrap(), x);
    }
}

#[test]
fn bands_that_do_not_fit() {
    let kernels = Stages::haar().unwrap().kernels().unwrap();
    let x = normal(&[1, 12], 1);
    match kernels.decompose(x.view(), 3).unwrap_err() {
        LayerError::Indivisible { length: 3, period: 2, .. } => {}
        other => assert_eq!(other.to_string(), "", "another error was due"),
    }
    let mut pyramid = kernels.decompose(x.view(), 2).unwrap();
    pyramid.details[0][0] = normal(&[1, 5], 1);
    assert!(matches!(kernels.recompose(&pyramid), Err(LayerError::Shape { what: "band", .. })));
    pyramid.details[0].clear();
    assert!(kernels.recompose(&pyramid).is_err());
    pyramid.low = normal(&[7], 1);
    assert!(kernels.recompose(&pyramid).is_err());
}
