//! Preprocessing of rows with weights that are whole numbers is that of repeated rows.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, Slice};
use pdmap_core::{Layer, LayerError, ParametricExt};
use pdmap_layers::preprocess::{Bins, Histogram, Standardize, Visit, Whitening};

fn rows() -> (Array2<f64>, Vec<f64>, Vec<usize>) {
    let rows = Array2::from_shape_fn((500, 2), |(row, column)| {
        let place = ((row * 229 + column * 71) % 500) as f64 / 500.0;
        // One wild row, which does not count in the standardization.
        if row == 17 { 1e6 } else { (place - 0.3).powi(3) + 0.01 * row as f64 }
    });
    let weights: Vec<f64> = (0..500).map(|row| f64::from((row * row % 5 + row) as u32 % 3)).collect();
    let repeated = weights.iter().enumerate().flat_map(|(row, &weight)| vec![row; weight as usize]).collect();
    (rows, weights, repeated)
}

fn tensors(layer: &dyn Layer<f64>) -> Vec<f64> {
    layer.tensors().into_iter().flat_map(|(_, values)| values.into_iter().collect::<Vec<f64>>()).collect()
}

/// The layers of rows, weighted or not, in blocks of some size.
fn fitted(rows: &Array2<f64>, weights: Option<&[f64]>) -> Vec<Box<dyn Layer<f64>>> {
    let mut passes = |visit: &mut Visit<'_, f64>| -> Result<(), LayerError> {
        (0..rows.nrows()).step_by(64).try_for_each(|from| {
            let to = (from + 64).min(rows.nrows());
            visit(rows.slice_axis(Axis(0), Slice::from(from..to)), weights.map(|weights| &weights[from..to]))
        })
    };
    vec![
        Box::new(Standardize::fit_in_passes(&mut passes).unwrap()),
        Box::new(Standardize::fit_robust_in_passes(&mut passes).unwrap()),
        Box::new(Whitening::fit_in_passes(&mut passes).unwrap()),
        Box::new(Histogram::fit_weighted(rows.view(), weights, Bins::Bins(8)).unwrap()),
    ]
}

#[test]
fn preprocessing_counts_a_row_as_often_as_its_weight_says() {
    let (rows, weights, repeated) = rows();
    let twice = rows.select(Axis(0), &repeated);
    let (plain, expected) = (fitted(&rows, None), fitted(&twice, None));
    for ((own, expected), plain) in fitted(&rows, Some(&weights)).iter().zip(&expected).zip(&plain) {
        let kind = own.spec().kind;
        let (own, expected, plain) = (tensors(&**own), tensors(&**expected), tensors(&**plain));
        let apart =
            |a: &[f64]| a.iter().zip(&expected).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max);
        assert!(apart(&own) < 1e-9, "{kind}: {}", apart(&own));
        assert!(apart(&plain) > 1e-6, "{kind}: weights change nothing");
    }
}

#[test]
fn rows_of_no_weight_are_no_rows() {
    let (rows, _, _) = rows();
    let none = vec![0.0; rows.nrows()];
    let refused = Histogram::fit_weighted(rows.view(), Some(&none), Bins::Bins(8)).unwrap_err();
    assert_eq!(refused, LayerError::NoRows);
    assert!(Histogram::fit_weighted(rows.view(), Some(&none[1..]), Bins::Bins(8)).is_err());
    let mut passes = |visit: &mut Visit<'_, f64>| visit(rows.view(), Some(&none));
    assert_eq!(Standardize::fit_in_passes::<LayerError>(&mut passes).unwrap_err(), LayerError::NoRows);
}
