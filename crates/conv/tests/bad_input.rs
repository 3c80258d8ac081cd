//! Bad input is refused, and the errors carry the numbers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use ndarray::{Array2, Array4};
use pdmap_conv::{
    CycledConv, Direction, FreeConv, FreeDirection, Geometry, Group, LayerError, LayerExt, Output, subband_scale,
    subband_shift,
};
use pdmap_filterbank::Kernels;
use pdmap_layers::diagonal::ScaleDirection;

#[test]
fn bad_input_is_refused_with_its_numbers() {
    let eye = |side: usize| vec![Array2::<f64>::eye(side); 2];
    let group = Group::General(Direction::Relative);
    let refused = |geometry: Geometry, stages| CycledConv::new(geometry, stages, group).unwrap_err();
    let indivisible = |length, period| LayerError::Indivisible { what: "length", length, period };
    assert_eq!(refused(Geometry::signal(1, 10, 4), eye(4)), indivisible(10, 4));
    assert_eq!(refused(Geometry::signal(1, 3, 4).isolated(), eye(4)), indivisible(3, 4));
    for geometry in [
        Geometry::signal(0, 8, 4),
        Geometry::signal(1, 0, 4),
        Geometry::signal(1, 8, 0),
        Geometry::image(1, (4, 4), (0, 2)),
        Geometry::image(1, (4, 0), (2, 2)),
        Geometry::signal(usize::MAX, 8, 4),
        Geometry::signal(1 << 20, 1 << 20, 4),
    ] {
        assert!(matches!(refused(geometry, vec![]), LayerError::Range { .. }), "{geometry}");
    }
    let large = refused(Geometry::image(1 << 10, (1 << 9, 1 << 8), (2, 2)), vec![]);
    let LayerError::Range { what: "features", value, .. } = large else { panic!("{large}") };
    assert_eq!(value.log2(), 27.0);
    assert!(matches!(refused(Geometry::signal(1, 8, 4), vec![]), LayerError::Range { what: "stages", .. }));
    let subbands = Geometry::signal(1, 9, 4).isolated().with_output(Output::Subbands);
    assert!(matches!(refused(subbands, eye(4)), LayerError::Conflict { .. }));
    let mut wrong = eye(4);
    wrong[1][[2, 3]] = f64::NAN;
    let LayerError::Stage { stage: 1, problem } = refused(Geometry::signal(1, 8, 4), wrong) else { panic!() };
    assert!(matches!(*problem, LayerError::NonFinite { row: 2, column: 3, .. }));
    let LayerError::Stage { stage: 0, problem } = refused(Geometry::signal(1, 8, 4), eye(3)) else { panic!() };
    assert!(matches!(*problem, LayerError::Shape { .. }));
    let mut stretched = eye(4);
    stretched[1][[0, 0]] = 2.0;
    let error = CycledConv::new(Geometry::signal(1, 8, 4), stretched, Group::Orthonormal).unwrap_err();
    let LayerError::Stage { stage: 1, problem } = error else { panic!() };
    assert!(matches!(*problem, LayerError::NotOrthonormal { residual, .. } if residual == 3.0));
    let mut singular = eye(4);
    singular[1].row_mut(2).fill(0.0);
    let layer = CycledConv::new(Geometry::signal(1, 8, 4), singular, group).unwrap();
    let x = Array2::<f64>::ones((1, 8));
    for error in
        [layer.log_abs_det().unwrap_err(), layer.untransform(&x).unwrap_err(), layer.transform(&x).unwrap_err()]
    {
        let LayerError::Stage { stage: 1, problem } = error else { panic!() };
        assert!(matches!(*problem, LayerError::Singular { dim: 4, .. }));
    }
}

#[test]
fn bands_that_do_not_fit_are_refused() {
    let geometry = Geometry::signal(2, 9, 4);
    let direction = ScaleDirection::Algebra;
    let scale =
        |values: Vec<f64>| subband_scale(geometry, ndarray::Array1::from(values), direction).map(|_| ()).unwrap_err();
    assert!(matches!(scale(vec![1.0; 7]), LayerError::Features { expected: 8, actual: 7, .. }));
    let mut values = vec![1.0; 8];
    values[5] = -2.0;
    assert_eq!(scale(values), LayerError::NotPositive { index: 5, value: -2.0 });
    let shift = subband_shift(geometry, ndarray::Array1::from(vec![0.0_f64; 9])).map(|_| ()).unwrap_err();
    assert!(matches!(shift, LayerError::Features { expected: 8, actual: 9, .. }));
    let none = subband_shift::<f64>(Geometry::signal(1, 8, 0), None).map(|_| ()).unwrap_err();
    assert!(matches!(none, LayerError::Range { what: "period", .. }));
}

/// A specification of a few bytes must not cause gigabytes to be allocated.
#[test]
fn free_kernels_of_too_many_frequencies_are_refused() {
    let kernels = |period: usize| {
        let mut taps = Array4::zeros((period, 1, 1, period));
        (0..period).for_each(|k| taps[[k, 0, 0, k]] = 1.0);
        Kernels::signal(taps, 0).unwrap()
    };
    let free = |length: usize, period: usize| {
        FreeConv::<f64>::new(&[1, length], kernels(period), FreeDirection::Euclidean).map(|_| ())
    };
    for (length, period) in [(1 << 22, 1), (1 << 20, 64), ((1 << 24) - 64, 64)] {
        let error = free(length, period).unwrap_err();
        assert!(matches!(error, LayerError::Range { range: "at most 2^24", .. }), "{error}");
    }
    free(1 << 16, 64).unwrap();
}
