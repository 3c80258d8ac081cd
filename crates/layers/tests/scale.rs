//! The scale of features with and without wild rows. Features are quantiles of a distribution, so
//! that nothing depends on a draw.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use ndarray::{Array1, Array2, Axis};
use pdmap_core::{Layer, LayerExt, ParametricExt};
use pdmap_layers::preprocess::{Scale, Standardize, Visit};
use statrs::distribution::{ContinuousCDF, Exp, Laplace, LogNormal, Normal, StudentsT};

const ROWS: usize = 2000;

/// The quantiles of a distribution in a scrambled order.
fn feature(quantile: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..ROWS).map(|row| quantile(((row * 1117) % ROWS) as f64 / ROWS as f64 + 0.5 / ROWS as f64)).collect()
}

fn normal() -> Vec<f64> {
    let normal = Normal::new(5.0, 2.0).unwrap();
    feature(|share| normal.inverse_cdf(share))
}

fn matrix(features: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((features[0].len(), features.len()), |(row, column)| features[column][row])
}

fn fit(rows: &Array2<f64>, robust: bool) -> Scale {
    let mut passes =
        |visit: &mut Visit<'_, f64>| rows.axis_chunks_iter(Axis(0), 97).try_for_each(|block| visit(block, None));
    match robust {
        true => Scale::fit_robust_in_passes::<f64, pdmap_core::LayerError>(&mut passes).unwrap(),
        false => Scale::fit_in_passes(&mut passes).unwrap(),
    }
}

/// Mean and standard deviation, summed in the same order.
fn plain(rows: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let (mut mean, mut variance) = (Array1::<f64>::zeros(rows.ncols()), Array1::<f64>::zeros(rows.ncols()));
    rows.rows().into_iter().for_each(|row| mean += &row);
    mean /= rows.nrows() as f64;
    rows.rows().into_iter().for_each(|row| variance += &(&row - &mean).mapv(|d| d.powi(2)));
    (mean, (variance / rows.nrows() as f64).mapv(f64::sqrt))
}

#[test]
fn a_wild_row_moves_neither_location_nor_scale() {
    let (clean, laplace) = (normal(), Laplace::new(0.0, 1.0).unwrap());
    let mut wild = clean.clone();
    // Two rows in two thousand, and eight.
    wild.extend([1e7, -3e6]);
    let mut more = clean.clone();
    more.extend([1e3, -1e3]);
    (0..6).for_each(|row| more[row] = 200.0 + row as f64);
    let mut other = feature(|share| laplace.inverse_cdf(share));
    other.extend([0.0, 0.0]);
    let rows = matrix(&[wild, other, more]);
    let (mean, deviation) = plain(&matrix(&[clean]));
    let (untrimmed, large) = plain(&rows);
    let scale = fit(&rows, false);
    assert!((scale.location[0] - mean[0]).abs() < 1e-12 && (scale.deviation[0] - deviation[0]).abs() < 1e-12);
    assert!((scale.location[2] - mean[0]).abs() < 0.05 && (scale.deviation[2] - deviation[0]).abs() < 0.05);
    // The untouched feature beside them keeps its bits.
    assert_eq!((scale.location[1], scale.deviation[1]), (untrimmed[1], large[1]));
    // The plain moments are far from that.
    assert!((untrimmed[0] - mean[0]).abs() > 1e3 && large[0] > 1e4 * deviation[0] && large[2] > 5.0 * deviation[0]);
}

/// Heavy tails, skewed, discrete and mixed features keep mean and standard deviation, bit for bit.
#[test]
fn what_belongs_to_the_distribution_stays() {
    let (t3, log_normal) = (StudentsT::new(0.0, 1.0, 3.0).unwrap(), LogNormal::new(0.0, 1.0).unwrap());
    let (t15, wide) = (StudentsT::new(0.0, 1.0, 1.5).unwrap(), LogNormal::new(0.0, 2.0).unwrap());
    let (laplace, exponential) = (Laplace::new(0.0, 1.0).unwrap(), Exp::new(1.0).unwrap());
    let (gauss, normal) = (Normal::standard(), normal());
    let features = [
        normal.clone(),
        feature(|share| t3.inverse_cdf(share)),
        feature(|share| t15.inverse_cdf(share)),
        feature(|share| log_normal.inverse_cdf(share)),
        feature(|share| wide.inverse_cdf(share)),
        feature(|share| laplace.inverse_cdf(share)),
        feature(|share| exponential.inverse_cdf(share)),
        // Rare events among zeros, and among small numbers: quartiles that coincide, or too many.
        feature(|share| if share > 0.998 { 1000.0 * share } else { 0.0 }),
        feature(|share| if share > 0.7 { 1e6 * (share - 0.7) } else { 0.0 }),
        feature(|share| f64::from(u8::from(share > 0.999))),
        feature(|share| if share > 0.994 { 1e4 } else { gauss.inverse_cdf(share) }),
        feature(|share| if share > 0.95 { 100.0 * gauss.inverse_cdf(share) } else { gauss.inverse_cdf(share) }),
        // Wild, but not by much.
        normal.iter().enumerate().map(|(row, &x)| if row % 500 == 3 { x + 60.0 } else { x }).collect(),
    ];
    let rows = matrix(&features);
    let (scale, (mean, deviation)) = (fit(&rows, false), plain(&rows));
    assert_eq!((scale.location, scale.deviation), (mean, deviation));
    // Of a hundred rows, one is a hundredth.
    let mut few = matrix(&[normal[..100].to_vec()]);
    few[[3, 0]] = 1e6;
    assert_eq!(fit(&few, false).deviation, plain(&few).1);
}

#[test]
fn robust_agrees_with_the_deviation_of_a_normal_feature() {
    let mut skewed = normal();
    skewed.iter_mut().take(400).for_each(|x| *x = -1e9);
    let zeros = |most: f64| feature(move |share| if share > most { 7.0 + share } else { 0.0 });
    let rows = matrix(&[normal(), skewed, zeros(0.8), zeros(0.98), zeros(0.999)]);
    let scale = fit(&rows, true);
    assert!((scale.location[0] - 5.0).abs() < 1e-3 && (scale.deviation[0] - 2.0).abs() < 2e-3, "{scale:?}");
    // A fifth of the rows moves it by a factor, not by orders of magnitude.
    assert!((scale.location[1] - 5.0).abs() < 1.0 && scale.deviation[1] < 6.0, "{scale:?}");
    // Wider quantiles where the quartiles coincide, and the standard deviation at last.
    assert!((scale.deviation[2] - 7.95 / 3.2897).abs() < 1e-2, "{scale:?}");
    assert!((scale.deviation[3] - 7.995 / 5.1517).abs() < 1e-2, "{scale:?}");
    assert_eq!(scale.deviation[4], plain(&rows).1[4]);

    let layer = Standardize::fit_robust(rows.view()).unwrap();
    assert_eq!(layer.spec(), Standardize::fit(rows.view()).unwrap().spec());
    assert_eq!(layer.tensors()[1].1, scale.deviation.clone().into_dyn());
    let (_, log_det) = layer.transform(rows.view()).unwrap();
    assert!((log_det[0] + scale.deviation.mapv(f64::ln).sum()).abs() < 1e-12);
    assert!(Standardize::fit_robust(matrix(&[vec![1.0; 300]]).view()).is_err());
}

/// More rows than a sample holds.
#[test]
fn robust_scales_come_from_evenly_spaced_rows() {
    let rows = Array2::from_shape_fn((200_003, 1), |(row, _)| (row % 1000) as f64);
    let scale = fit(&rows, true);
    assert!((scale.location[0] - 499.5).abs() < 4.0 && (scale.deviation[0] - 499.5 / 1.349).abs() < 2.0, "{scale:?}");
}
