//! What preprocessing and layers are fitted to. Each check was found missing by a planted bug.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use ndarray::Array2;
use pdmap_core::{LayerExt, ParametricExt};
use pdmap_spec::{FileRows, ModelFile, ModelSpec, Preprocess, Rows, SpecError, registry};

fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 3), |(row, column)| ((row * 7 + column * 3) as f64).sin() + 0.2 * column as f64)
}

#[test]
fn rows_with_conditions_are_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let x = rows(100);
    pdmap_data::write_npy(&path, &x).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    let spec = |conditions| {
        let text = "layers = [{ kind = \"coupling\", hidden = [4] }]";
        ModelSpec { conditions, ..ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec }
    };
    let build =
        |conditions, rows: Rows<'_, f64>| spec(conditions).build_on(rows, &[Preprocess::Standardize], 1, &registry());
    let refused = build(1, (&file).into()).unwrap_err();
    assert!(matches!(refused, SpecError::ConditionsInFile), "{refused}");
    // Without conditions a file will do, and what is fitted to it is what is fitted to memory.
    let (filed, held) = (build(0, (&file).into()).unwrap(), build(0, (&x).into()).unwrap());
    assert_eq!((filed.features(), filed.conditions()), (3, 0));
    assert_eq!(filed.tensors(), held.tensors());
    let conditioned = build(1, (&x).into()).unwrap();
    assert_eq!((conditioned.features(), conditioned.conditions()), (2, 1));
    for conditions in [3, 4] {
        let refused = build(conditions, (&x).into()).unwrap_err().to_string();
        assert!(refused.contains(&conditions.to_string()), "{refused}");
    }
}

/// A step sees the rows as the steps before it leave them.
#[test]
fn preprocessing_is_fitted_behind_what_stands_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let x = rows(300).mapv(|v| 50.0 + 7.0 * (v + v.powi(3)));
    pdmap_data::write_npy(&path, &x).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    let histogram = Preprocess::Histogram { bins: 16 };
    for last in [histogram, Preprocess::Whiten, Preprocess::Standardize, Preprocess::Robust, Preprocess::Columns] {
        let steps = [Preprocess::Standardize, last];
        let first = &Preprocess::fit(&steps[..1], &x).unwrap()[0];
        let between = first.transform(x.view()).unwrap().0;
        let alone = &Preprocess::fit(&steps[1..], &between).unwrap()[0];
        let expected = alone.transform(between.view()).unwrap().0;
        for rows in [Rows::from(&x), Rows::from(&file)] {
            let layers = Preprocess::fit(&steps, rows).unwrap();
            let actual = layers[1].transform(between.view()).unwrap().0;
            let far = (&actual - &expected).mapv(f64::abs).fold(0.0_f64, |worst, &v| worst.max(v));
            assert!(far < 1e-12, "{last}: {far}");
        }
    }
}

/// Wild rows are found by passes over a file as they are in memory, to the last bit.
#[test]
fn a_file_gives_the_scales_of_rows_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let mut x = rows(9000);
    (x[[17, 0]], x[[8191, 0]], x[[8999, 2]]) = (1e6, -4e6, 1e9);
    pdmap_data::write_npy(&path, &x).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    let deviation = |rows: Rows<'_, f64>, step| Preprocess::fit(&[step], rows).unwrap()[0].tensors();
    for step in [Preprocess::Standardize, Preprocess::Robust, Preprocess::Whiten] {
        let (held, filed) = (deviation((&x).into(), step), deviation((&file).into(), step));
        assert_eq!(held, filed, "{step}");
        let largest = held.last().unwrap().1.iter().fold(0.0_f64, |largest, &value| largest.max(value));
        assert!(largest < 2.0, "{step}: {largest}");
    }
}

/// Held-out rows choose the maps of columns: curves where a column has heavy tails, and a line
/// for a few rows. A constant column is refused.
#[test]
fn maps_of_columns_are_chosen_for_the_rows() {
    let normal = |row: usize, column: usize| {
        // A sum of uniform numbers.
        let part =
            |k: usize| ((row * row * (7 + 2 * k) + 31 * row * (column + 1) + 17 * k) % 1009) as f64 / 1009.0 - 0.5;
        2.0 * (0..4).map(part).sum::<f64>()
    };
    let kind = |rows: &Array2<f64>| Preprocess::fit(&[Preprocess::Columns], rows).unwrap()[0].spec().kind;
    let plain = Array2::from_shape_fn((400, 2), |(row, column)| normal(row, column));
    let mut heavy = plain.clone();
    heavy.column_mut(0).mapv_inplace(|x| (3.0 * x).sinh());
    assert_eq!(kind(&heavy), "chain");
    let few = heavy.slice_axis(ndarray::Axis(0), ndarray::Slice::from(..90)).to_owned();
    assert_eq!(kind(&few), "standardize");
    let mut constant = plain;
    constant.column_mut(1).fill(3.0);
    assert!(Preprocess::fit(&[Preprocess::Columns], &constant).is_err());
}
