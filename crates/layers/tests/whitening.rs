//! Whitening of features in very different units, and of features that depend on each other.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::linalg::symmetric_eigen;
use pdmap_core::{Input, Layer, LayerError, LayerExt, ParametricExt, Real, Tape, Tensors};
use pdmap_layers::preprocess::Whitening;

use crate::common::registry;

/// Three correlated features of about unit variance.
fn correlated(rows: usize) -> Array2<f64> {
    let noise = |row: usize, k: usize| ((row * 7919 * k + 13 * k) % 1009) as f64 / 1009.0 - 0.5;
    let free = Array2::from_shape_fn((rows, 3), |(row, column)| 3.5 * noise(row, 3 + 4 * column));
    free.dot(&ndarray::array![[1.0, 0.5, -0.3], [0.0, 0.9, 0.4], [0.0, 0.0, 0.8]])
}

/// Covariance with the number of rows as divisor.
fn covariance(rows: ArrayView2<'_, f64>) -> Array2<f64> {
    let centred = &rows - &rows.mean_axis(Axis(0)).unwrap();
    centred.t().dot(&centred) / rows.nrows() as f64
}

fn worst(values: &Array2<f64>) -> f64 {
    values.iter().fold(0.0_f64, |worst, value| worst.max(value.abs()))
}

fn whitens_in_units<F: Real>(tolerance: f64) {
    let units = Array1::from(vec![1e9, 1.0, 1e-8]);
    let plain = correlated(600);
    let rows = (&plain * &units).mapv(F::of);
    // The covariance alone cannot tell the smallest feature from rounding.
    let (variance, _) = symmetric_eigen(covariance(rows.mapv(Real::f64).view()).view()).unwrap();
    assert!(variance[2] <= 1e-14 * variance[0]);

    let layer = Whitening::fit(rows.view()).unwrap();
    let (y, log_det) = layer.transform(rows.view()).unwrap();
    let off = covariance(y.mapv(Real::f64).view()) - Array2::<f64>::eye(3);
    assert!(worst(&off) < tolerance, "{off}");
    // The log-determinant is that of the features without units, less that of the units.
    let (variance, _) = symmetric_eigen(covariance(plain.view()).view()).unwrap();
    let expected = -0.5 * variance.mapv(f64::ln).sum() - units.mapv(f64::ln).sum();
    assert!((log_det[0] - expected).abs() < tolerance, "{} {expected}", log_det[0]);

    let mut back = rows.clone();
    layer.inverse((&y).into(), back.view_mut(), None, &mut Tape::default()).unwrap();
    let far = (back - &rows).mapv(Real::f64) / &units;
    assert!(worst(&far) < tolerance);

    // The same after the file.
    let mut tensors = Tensors::from_iter(layer.tensors());
    let restored = registry::<F>().restore(&layer.spec(), &mut tensors).unwrap();
    tensors.finish().unwrap();
    assert_eq!(restored.transform(rows.view()).unwrap(), (y.clone(), log_det));

    // The gradient is the transposed map, which is affine.
    let dy = Array2::from_shape_fn((1, 3), |(_, j)| F::of(0.3 + j as f64));
    let (mut tape, mut out, mut dx) = (Tape::default(), Array2::zeros((1, 3)), Array2::zeros((1, 3)));
    let x = rows.slice_axis(Axis(0), (0..1).into()).to_owned();
    let input = Input::from(&x);
    layer.forward(input, out.view_mut(), None, &mut tape).unwrap();
    let at = pdmap_core::ForwardPass { input: (&x).into(), y: out.view(), tape: &mut tape };
    layer.backward(at, dy.view(), Some(dx.view_mut()), &mut []).unwrap();
    for (j, unit) in units.iter().enumerate() {
        let mut moved = x.clone();
        moved[[0, j]] += F::of(*unit);
        let difference = layer.transform(moved.view()).unwrap().0 - &out;
        let expected: f64 = difference.iter().zip(&dy).map(|(d, dy)| d.f64() * dy.f64()).sum();
        assert!((dx[[0, j]].f64() * unit - expected).abs() < 10.0 * tolerance, "{j}");
    }
}

#[test]
fn rank_is_judged_after_scaling() {
    whitens_in_units::<f32>(1e-4);
    whitens_in_units::<f64>(1e-9);
}

/// Features in similar units keep the principal axes of their covariance, bit for bit.
#[test]
fn similar_units_keep_the_axes_of_the_covariance() {
    for spread in [1.0, 1e3, 1e5] {
        let rows = correlated(500) * &Array1::from(vec![spread, 1.0, 1.0]) + 2.0;
        let layer = Whitening::fit(rows.view()).unwrap();
        assert_eq!(layer.spec().options, serde_json::json!({}));
        let names: Vec<String> = layer.tensors().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["mean", "basis", "deviation"]);
        let mut mean = Array1::<f64>::zeros(3);
        rows.rows().into_iter().for_each(|row| mean += &row);
        mean /= 500.0;
        let centred = &rows - &mean;
        let mut sum = Array2::zeros((3, 3));
        let add = pdmap_core::linalg::Add::Yes;
        pdmap_core::linalg::gemm(1.0 / 500.0, centred.t(), centred.view(), add, sum.view_mut()).unwrap();
        let (variance, basis) = symmetric_eigen(sum.view()).unwrap();
        let tensors = layer.tensors();
        assert_eq!(tensors[1].1, basis.into_dyn());
        assert_eq!(tensors[2].1, variance.mapv(f64::sqrt).into_dyn());
    }
}

#[test]
fn all_columns_of_a_dependency_are_named() {
    fn hold<F: Real>() {
        let free = correlated(400);
        let extra = correlated(700);
        let rows = Array2::from_shape_fn((400, 9), |(row, column)| match column {
            0 => 1e6 * free[[row, 0]],
            3 => free[[row, 1]],
            5 => 1e-6 * (free[[row, 0]] - 2.0 * free[[row, 1]]),
            4 => 7.0,
            6 | 8 => extra[[300 + row, 0]] + if column == 8 { 3.0 } else { 0.0 },
            _ => (row as f64 * (1.0 + column as f64).sqrt()).sin(),
        });
        let error = Whitening::fit(rows.mapv(F::of).view()).unwrap_err();
        let LayerError::Dependent { groups, ratio, least } = &error else { panic!("{error}") };
        assert_eq!(groups, &[vec![0, 3, 5], vec![4], vec![6, 8]]);
        assert!(ratio < least);
        let text = error.to_string();
        for part in ["columns 0, 3 and 5 are", "column 4 is constant", "columns 6 and 8 are"] {
            assert!(text.contains(part), "{text}");
        }
    }
    hold::<f32>();
    hold::<f64>();
    // Fewer rows than columns: every column depends on the others.
    let wide = Array2::from_shape_fn((4, 30), |(row, column)| ((row * 31 + column * 7) as f64).sin());
    let error = Whitening::fit(wide.view()).unwrap_err();
    assert!(matches!(&error, LayerError::Dependent { groups, .. } if groups[0].len() == 30), "{error}");
    assert!(error.to_string().contains("and 10 more"), "{error}");
}
