//! Missing cells: densities of what is there, and what stands for the others.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, Slice, array, concatenate};
use pdmap_core::{Real, RowWeights};
use pdmap_layers::preprocess::Domain;
use pdmap_query::{
    Copula, Fill, ObservedRows, SelectOptions, fit_columns, fit_observed, fit_observed_within, is_columnwise,
};
use rand::RngExt;

use crate::common::{flow, mixture, rng};

fn holes(rows: &Array2<f64>, share: f64, seed: u64) -> Array2<f64> {
    let mut rng = rng(seed);
    rows.mapv(|x| if rng.random::<f64>() < share { f64::NAN } else { x })
}

#[test]
fn what_is_there_has_its_marginal_density() {
    let flow = flow::<f64>();
    let model = Copula::of(&flow).unwrap();
    let rows = flow.sample(60, &mut rng(1)).unwrap();
    let part = holes(&rows, 0.4, 2);
    let all = model.log_density_observed(part.view()).unwrap();
    for (row, &found) in part.rows().into_iter().zip(&all) {
        let there: Vec<usize> = (0..3).filter(|&column| !row[column].is_nan()).collect();
        let cells = row.select(Axis(0), &there).insert_axis(Axis(0));
        let expected = model.marginal(&there).unwrap().log_density(cells.view()).unwrap()[0];
        assert!((found - expected).abs() < 1e-9, "{there:?}: {found} {expected}");
    }
}

#[test]
fn cells_are_filled_by_what_is_known_of_them() {
    let flow = flow::<f64>();
    let model = Copula::of(&flow).unwrap();
    let rows = array![[0.5, f64::NAN, 1.0], [f64::NAN, f64::NAN, f64::NAN], [0.1, -1.8, 0.9]];
    let filled = |fill: Fill, first: u64| {
        let mut own = rows.clone();
        model.impute(own.view_mut(), fill, first).unwrap();
        own
    };
    let given = model.given(&[0, 2]).unwrap().at(array![0.5, 1.0].view()).unwrap().column(1).unwrap();
    assert_eq!(filled(Fill::Mean, 0)[[0, 1]], given.mean().unwrap());
    assert_eq!(filled(Fill::Median, 0)[[0, 1]], given.quantile(0.5).unwrap());
    assert_eq!(filled(Fill::Mode, 0)[[0, 1]], given.mode().unwrap());
    // A row without any cell gets the moments of the columns; one without holes is left alone.
    let column = model.marginal(&[2]).unwrap().column(2).unwrap();
    assert!((filled(Fill::Mean, 0)[[1, 2]] - column.mean().unwrap()).abs() < 1e-9);
    assert_eq!(filled(Fill::Mean, 0).row(2), rows.row(2));
    // Draws belong to the number of a row, whatever rows are beside it.
    let seed = 7;
    let all = filled(Fill::Draw { seed }, 10);
    let mut alone = rows.select(Axis(0), &[1]);
    model.impute(alone.view_mut(), Fill::Draw { seed }, 11).unwrap();
    assert_eq!(alone.row(0), all.row(1));
    assert_ne!(all, filled(Fill::Draw { seed: 8 }, 10));
    let mut infinite = array![[f64::INFINITY, 0.0, f64::NAN]];
    assert!(model.impute(infinite.view_mut(), Fill::Mean, 0).is_err());
}

/// Rows of the flow, 30% of whose cells are missing, are nearly as good as whole ones; and the
/// conditional mean is nearer to what was removed than the mean of the column, the wrong answer to
/// test against.
fn recovered<F: Real>() {
    let truth = flow::<f64>();
    let [train, validation, test] =
        [(3000, 3), (600, 4), (2000, 5)].map(|(count, seed)| truth.sample(count, &mut rng(seed)).unwrap());
    let options = SelectOptions { most_components: Some(6), ..SelectOptions::default() };
    let fit = |train: &Array2<f64>, validation: &Array2<f64>| {
        let [train, validation] = [train, validation].map(|rows| rows.mapv(F::of));
        fit_observed(train.view(), validation.view(), &options, &mut rng(6)).unwrap()
    };
    let whole = fit(&train, &validation);
    let part = fit(&holes(&train, 0.3, 7), &holes(&validation, 0.3, 8));
    let of = |flow: &pdmap_core::Flow<F>| {
        let each = flow.log_prob(&test.mapv(F::of)).unwrap();
        each.iter().sum::<f64>() / each.len() as f64
    };
    let (whole, part_score) = (of(&whole.flow), of(&part.flow));
    assert!(part_score > whole - 0.1, "{part_score} of {whole}");

    let hidden = holes(&test, 0.3, 9);
    let mut filled = hidden.mapv(F::of);
    Copula::of(&part.flow).unwrap().impute(filled.view_mut(), Fill::Mean, 0).unwrap();
    let all = concatenate(Axis(0), &[train.view(), validation.view()]).unwrap();
    let means = all.mean_axis(Axis(0)).unwrap();
    let (mut ours, mut plain) = (0.0, 0.0);
    for ((row, column), cell) in hidden.indexed_iter().filter(|(_, cell)| cell.is_nan()) {
        assert!(cell.is_nan());
        ours += (filled[[row, column]].f64() - test[[row, column]]).powi(2);
        plain += (means[column] - test[[row, column]]).powi(2);
    }
    assert!(ours < 0.95 * plain, "{ours} {plain}");
}

pdmap_laws::in_both_precisions!(rows_with_holes_are_learned_from, recovered);

/// Where a column has heavy tails, the validation rows choose curves, with and without missing
/// cells; and lines where none has.
#[test]
fn the_maps_of_columns_are_chosen_by_validation_rows() {
    let (z, _) = mixture(2, 2).sample(800, &mut rng(11)).unwrap();
    let mut x = z.clone();
    x.column_mut(0).mapv_inplace(|z| (2.0 * z).sinh());
    let options = SelectOptions { most_components: Some(2), ..SelectOptions::default() };
    let fit = |rows: &Array2<f64>| {
        let (train, validation) = rows.view().split_at(Axis(0), 600);
        fit_observed(train, validation, &options, &mut rng(12)).unwrap()
    };
    for rows in [x.clone(), holes(&x, 0.2, 13)] {
        assert_eq!(fit(&rows).map, "arcsinh");
    }
    // The same density but for the map: nearly as likely as without it.
    let slopes = |x: &Array2<f64>| {
        let own = x.column(0);
        own.iter().skip(600).map(|x| -(2.0 * x.hypot(1.0)).ln()).sum::<f64>() / 200.0
    };
    let (straight, curved) = (fit(&z), fit(&x));
    assert!((curved.validation - straight.validation - slopes(&x)).abs() < 0.05, "{curved:?} {straight:?}");
    assert_eq!(straight.map, "standardize");
    let layer = fit_columns(x.view(), &mut rng(14)).unwrap().unwrap();
    assert!(is_columnwise(&layer.spec()) && layer.spec().kind == "chain");
    assert!(fit_columns(x.slice_axis(Axis(0), ndarray::Slice::from(..50)), &mut rng(14)).unwrap().is_none());
}

#[test]
fn weights_count_rows_with_missing_cells() {
    let mut rng = rng(12);
    let mut holes = flow::<f64>().sample(400, &mut rng).unwrap();
    holes.indexed_iter_mut().filter(|((row, column), _)| (row + 2 * column) % 5 == 0).for_each(|(_, x)| *x = f64::NAN);
    // The second half does not count, and is far away.
    holes.slice_axis_mut(Axis(0), Slice::from(200..)).mapv_inplace(|x| x + 50.0);
    let weights = RowWeights::new((0..400).map(|row| f64::from(u8::from(row < 200))).collect()).unwrap();
    let rows = || ObservedRows { rows: holes.view(), weights: Some(&weights) };
    let options = SelectOptions { components: Some(1), ..SelectOptions::default() };
    let real = vec![Domain::Real; holes.ncols()];
    let fitted = fit_observed_within(&real, (rows(), rows()), &options, &mut rng).unwrap();
    let half = holes.slice_axis(Axis(0), Slice::from(..200));
    let alone = fit_observed(half, half, &options, &mut rng).unwrap();
    assert!((fitted.validation - alone.validation).abs() < 0.2, "{} {}", fitted.validation, alone.validation);
    let plain = fit_observed(holes.view(), half, &options, &mut rng).unwrap();
    assert!(plain.validation < alone.validation - 1.0);
    let fewer = RowWeights::new(vec![1.0; 3]).unwrap();
    let wrong = ObservedRows { rows: holes.view(), weights: Some(&fewer) };
    assert!(fit_observed_within(&real, (wrong, rows()), &options, &mut rng).is_err());
}
