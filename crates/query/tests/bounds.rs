//! Questions about columns with bounds.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, array};
use pdmap_layers::preprocess::Domain;
use pdmap_query::{Copula, Fill, SelectOptions, fit_observed_within};

use crate::common::rng;

#[test]
fn a_row_on_its_bounds_has_a_density_and_no_answer_leaves_them() {
    let domains = [Domain::Interval { lower: 0.0, upper: 1.0 }, Domain::Above { lower: 2.0 }];
    let noise = |row: usize, k: usize| (((row * row * (7 + k) + 13 * row) % 1009) as f64 + 0.5) / 1009.0;
    let rows = |count: usize, shift: usize| {
        Array2::from_shape_fn((count, 2), |(row, column)| match column {
            0 if row % 20 == 0 => 0.0,
            0 => noise(row + shift, 0),
            _ if row % 7 == 3 => f64::NAN,
            _ => 2.0 - noise(row + shift, 1).ln() * (0.5 + noise(row + shift, 0)),
        })
    };
    let (train, validation) = (rows(300, 0), rows(80, 500));
    let options = SelectOptions { most_components: Some(2), ..SelectOptions::default() };
    let fitted =
        fit_observed_within(&domains, (train.view().into(), validation.view().into()), &options, &mut rng(1)).unwrap();
    assert!(fitted.validation.is_finite(), "{}", fitted.validation);
    let copula = Copula::of(&fitted.flow).unwrap();
    let bound = array![[0.0, 2.0], [1.0, 3.0], [0.5, 2.0]];
    let observed = copula.log_density_observed(bound.view()).unwrap();
    let whole = fitted.flow.log_prob(&bound).unwrap();
    assert!(observed.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-9 && a.is_finite()), "{observed:?} {whole:?}");
    assert!(copula.log_density_observed(array![[1.5, 3.0]].view()).is_err());
    for fill in [Fill::Mean, Fill::Median, Fill::Mode, Fill::Draw { seed: 3 }] {
        let mut holes = array![[f64::NAN, 2.0], [0.0, f64::NAN], [f64::NAN, f64::NAN]];
        copula.impute(holes.view_mut(), fill, 0).unwrap();
        assert!(holes.rows().into_iter().all(|row| domains[0].holds(row[0]) && domains[1].holds(row[1])), "{holes}");
        assert!(holes.iter().all(|x| x.is_finite()), "{holes}");
    }
}
