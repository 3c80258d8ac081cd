//! `log|det|` of nearly singular maps against exact rational arithmetic (`scripts/log-det-reference.py`).
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, Array4};
use pdmap_conv::{CycledConv, FreeConv, FreeDirection, Geometry};
use pdmap_core::{Layer, LayerExt, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_filterbank::Kernels;
use pdmap_laws::normal_rows;
use pdmap_laws::tolerance::{LOG_DET_REFERENCE, rounding};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/log_det.json")).unwrap()
}

/// A matrix, its condition number and its determinant.
struct Case {
    matrix: Array2<f64>,
    condition: f64,
    negative: bool,
    log_abs_det: f64,
}

fn dense_cases(dtype: &str) -> Vec<Case> {
    let fixture = fixture();
    let cases = fixture["dense"].as_array().unwrap().iter().filter(|case| case["dtype"] == dtype);
    cases
        .map(|case| {
            let rows = case["matrix"].as_array().unwrap();
            let matrix = Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| rows[i][j].as_f64().unwrap());
            Case {
                matrix,
                condition: case["condition"].as_f64().unwrap(),
                negative: case["negative"].as_bool().unwrap(),
                log_abs_det: case["log_abs_det"].as_f64().unwrap(),
            }
        })
        .collect()
}

/// Determinants are computed in `f64` whatever the model's precision: its ε counts.
fn allowed(size: usize, condition: f64) -> f64 {
    rounding::<f64>(size, condition, LOG_DET_REFERENCE)
}

fn close(what: &str, actual: f64, expected: f64, size: usize, condition: f64) {
    let allowed = allowed(size, condition);
    let error = (actual - expected).abs();
    println!("{what}, size {size}, condition {condition:e}: error {error:.1e} of {allowed:.1e}");
    assert!(error <= allowed, "{what}: {actual} is not {expected} to {allowed:e}");
}

/// Log-determinants of both directions of a layer.
fn both_ways<F: Real>(what: &str, layer: &dyn Layer<F>, expected: f64, size: usize, condition: f64) {
    let x = normal_rows::<F>(2, size, &mut pdmap_laws::rng(1));
    let (_, forward) = layer.transform(&x).unwrap();
    let (_, inverse) = layer.untransform(&x).unwrap();
    for (forward, inverse) in forward.into_iter().zip(inverse) {
        close(what, forward, expected, size, condition);
        close(what, -inverse, expected, size, condition);
    }
}

fn dense<F: Real>() {
    for case in dense_cases(F::DTYPE) {
        let size = case.matrix.nrows();
        for direction in [Direction::Euclidean, Direction::Relative, Direction::RelativeLeft, Direction::Algebra] {
            let layer = Dense::<F>::new(case.matrix.mapv(F::of), Group::General(direction), BiasKind::None).unwrap();
            assert_eq!(layer.log_det().unwrap().negative, case.negative);
            both_ways("dense", &layer, case.log_abs_det, size, case.condition);
        }
    }
}

pdmap_laws::in_both_precisions!(dense_layers, dense);

#[test]
fn convolutions_with_a_nearly_singular_stage() {
    for case in dense_cases("f64") {
        let side = case.matrix.nrows();
        let blocks = 3;
        let geometry = Geometry::signal(1, blocks * side, side).isolated();
        let stages = vec![case.matrix.clone()];
        let layer = CycledConv::<f64>::new(geometry, stages, Group::General(Direction::Relative)).unwrap();
        let expected = blocks as f64 * case.log_abs_det;
        both_ways("convolution", &layer, expected, blocks * side, case.condition);
    }
}

#[test]
fn free_convolutions_with_a_nearly_singular_frequency() {
    for case in fixture()["circulant"].as_array().unwrap() {
        let number = |key: &str| case[key].as_f64().unwrap();
        let (length, tap) = (case["length"].as_u64().unwrap() as usize, number("tap"));
        for period in [1, 2, 3] {
            // y[bK + k] = x[bK + k] + tap · x[bK + k + 1].
            let mut taps = Array4::zeros((period, 1, 1, period + 1));
            for k in 0..period {
                taps[[k, 0, 0, k]] = 1.0;
                taps[[k, 0, 0, k + 1]] = tap;
            }
            let kernels = Kernels::signal(taps, 0).unwrap();
            let layer = FreeConv::<f64>::new(&[1, length], kernels, FreeDirection::Euclidean).unwrap();
            both_ways("free convolution", &layer, number("log_abs_det"), length, number("condition"));
        }
    }
}

/// The wrong implementation: the matrix is rounded to single precision before it is factorized.
#[test]
fn the_reference_sees_single_precision() {
    for case in dense_cases("f64") {
        let narrow = case.matrix.mapv(|v| f64::from(v as f32));
        let layer = Dense::new(narrow, Group::General(Direction::Relative), BiasKind::None).unwrap();
        let error = (layer.log_det().unwrap().log_abs - case.log_abs_det).abs();
        assert!(error > allowed(case.matrix.nrows(), case.condition), "condition {:e}: {error:e}", case.condition);
    }
}
