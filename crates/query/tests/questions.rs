//! Closed forms against the joint density of the flow and against numerical integration.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, ArrayView1, Axis};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::{Flow, Real};
use pdmap_dense::{BiasKind, Dense, Group};
use pdmap_query::{Copula, QueryError};

use crate::common::{flow, rng};

/// Rounding of a log-density, in ε: products of matrices and slopes that differ by orders of magnitude.
const ROUNDING: f64 = 1e5;

fn whole<F: Real>() {
    let flow = flow::<F>();
    let model = Copula::of(&flow).unwrap();
    let rows: Array2<F> = flow.sample(50, &mut rng(1)).unwrap();
    let all = [0, 1, 2];
    let joint = model.marginal(&all).unwrap().log_density(rows.view()).unwrap();
    for (own, flow) in joint.iter().zip(flow.log_prob(&rows).unwrap()) {
        assert!((own - flow).abs() < ROUNDING * F::EPS, "{own} {flow}");
    }
    // In any order, and by the chain rule.
    let (a, b) = (rows.select(Axis(1), &[2]), rows.select(Axis(1), &[1, 0]));
    let conditional = model.log_conditional((&[2], a.view()), (&[1, 0], b.view())).unwrap();
    let marginal = model.marginal(&[1, 0]).unwrap().log_density(b.view()).unwrap();
    for ((conditional, marginal), joint) in conditional.iter().zip(&marginal).zip(&joint) {
        assert!((conditional + marginal - joint).abs() < ROUNDING * F::EPS, "{conditional} {marginal} {joint}");
    }
    // The conditional density of one row is the same as that of many.
    let given = model.given(&[1, 0]).unwrap();
    let one = given.at(b.row(7)).unwrap();
    assert_eq!(given.columns(), [2]);
    let found = one.log_density(a.row(7).insert_axis(Axis(0))).unwrap()[0];
    assert!((found - conditional[7]).abs() < ROUNDING * F::EPS, "{found} {}", conditional[7]);
    // Nothing given, and nothing asked.
    let nothing = Array2::zeros((50, 0));
    let free = model.log_conditional((&all, rows.view()), (&[], nothing.view())).unwrap();
    assert!(free.iter().zip(&joint).all(|(free, joint)| (free - joint).abs() < ROUNDING * F::EPS));
    assert_eq!(model.marginal(&[]).unwrap().log_density(nothing.view()).unwrap(), [0.0; 50]);
}

pdmap_laws::in_both_precisions!(marginals_and_conditionals_obey_the_chain_rule, whole);

/// Steps of the trapezoidal rule.
fn grid(low: f64, high: f64, count: usize) -> (Vec<f64>, f64) {
    let step = (high - low) / (count - 1) as f64;
    ((0..count).map(|at| low + step * at as f64).collect(), step)
}

#[test]
fn marginals_integrate_to_one_and_are_integrals_of_the_joint() {
    let flow = flow::<f64>();
    let model = Copula::of(&flow).unwrap();
    for (column, range) in [120.0, 30.0, 60.0].into_iter().enumerate() {
        let (points, step) = grid(-range, range, 400_001);
        let cells = Array2::from_shape_vec((points.len(), 1), points).unwrap();
        let log_density = model.marginal(&[column]).unwrap().log_density(cells.view()).unwrap();
        let mass: f64 = log_density.iter().map(|log| log.exp() * step).sum();
        assert!((mass - 1.0).abs() < 1e-3, "column {column}: {mass}");
    }
    // Two dimensions, by integration over the second of `p(x_0, x_2)`.
    let both = model.marginal(&[0, 2]).unwrap();
    let (points, step) = grid(-120.0, 120.0, 200_001);
    for at in [-1.5, 0.3, 2.0] {
        let cells =
            Array2::from_shape_fn((points.len(), 2), |(row, column)| if column == 0 { at } else { points[row] });
        let mass: f64 = both.log_density(cells.view()).unwrap().iter().map(|log| log.exp() * step).sum();
        let cells = Array2::from_elem((1, 1), at);
        let marginal = model.marginal(&[0]).unwrap().log_density(cells.view()).unwrap()[0].exp();
        assert!((mass / marginal - 1.0).abs() < 1e-3, "{mass} {marginal}");
    }
}

/// Moments, quantiles and the mode of one column given another, against sums over a grid.
#[test]
fn a_column_has_the_moments_and_quantiles_of_its_density() {
    let flow = flow::<f64>();
    let model = Copula::of(&flow).unwrap();
    let given = model.given(&[1]).unwrap();
    let density = given.at(ArrayView1::from(&[-1.9])).unwrap();
    let column = density.column(2).unwrap();
    let (points, step) = grid(-120.0, 120.0, 400_001);
    // Of columns 0 and 2, integrate over 0 by the library: it was tested above.
    let of_two = model.marginal(&[2, 1]).unwrap();
    let cells = Array2::from_shape_fn((points.len(), 2), |(row, at)| if at == 0 { points[row] } else { -1.9 });
    let joint = of_two.log_density(cells.view()).unwrap();
    let weights: Vec<f64> = joint.iter().map(|log| log.exp() * step).collect();
    let total: f64 = weights.iter().sum();
    let mean = points.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() / total;
    let variance = points.iter().zip(&weights).map(|(x, w)| (x - mean).powi(2) * w).sum::<f64>() / total;
    assert!((column.mean().unwrap() - mean).abs() < 2e-3, "{} {mean}", column.mean().unwrap());
    assert!((column.variance().unwrap() / variance - 1.0).abs() < 5e-3, "{} {variance}", column.variance().unwrap());
    for p in [0.01, 0.2, 0.5, 0.9, 0.999] {
        let q = column.quantile(p).unwrap();
        assert!((column.cdf(q).unwrap() - p).abs() < 1e-6, "{p} {}", column.cdf(q).unwrap());
        let below: f64 = points.iter().zip(&weights).filter(|(x, _)| **x <= q).map(|(_, w)| w).sum::<f64>() / total;
        assert!((below - p).abs() < 2e-3, "{p}: {below}");
    }
    let best = (0..points.len()).max_by(|&a, &b| joint[a].total_cmp(&joint[b])).unwrap();
    let at = |x: f64| of_two.log_density(Array2::from_shape_fn((1, 2), |(_, at)| [x, -1.9][at]).view()).unwrap()[0];
    assert!(at(column.mode().unwrap()) > joint[best] - 0.01);
    for wrong in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(column.quantile(wrong), Err(QueryError::Probability { .. })), "{wrong}");
    }
}

#[test]
fn samples_have_the_moments_of_their_density() {
    let flow = flow::<f64>();
    let model = Copula::of(&flow).unwrap();
    let given = model.given(&[0]).unwrap();
    let density = given.at(ArrayView1::from(&[0.4])).unwrap();
    let rows = density.sample(20_000, &mut rng(2)).unwrap();
    for (place, &column) in density.columns().iter().enumerate() {
        let (mean, deviation) = (density.column(column).unwrap().mean().unwrap(), {
            density.column(column).unwrap().variance().unwrap().sqrt()
        });
        let found = rows.column(place).mean().unwrap();
        assert!((found - mean).abs() < 5.0 * deviation / 20_000f64.sqrt(), "column {column}: {found} {mean}");
    }
}

#[test]
fn what_has_no_closed_form_is_refused_with_the_reason() {
    let dense = Dense::<f64>::random(3, Group::Orthonormal, BiasKind::None, &mut rng(3)).unwrap();
    let mixes = Flow::builder(3).layer(dense).build().unwrap();
    let refused = Copula::of(&mixes).unwrap_err();
    assert_eq!(refused, QueryError::Mixes { index: 0, kind: "dense".into() });
    assert!(refused.to_string().contains("mixture-copula"), "{refused}");
    let student = pdmap_core::flow::base::StudentT::new(4.0, false).unwrap();
    let other = Flow::<f64>::builder(3).base(student).build().unwrap();
    assert_eq!(Copula::of(&other).unwrap_err(), QueryError::Base { kind: "student-t".into() });
    // A normal density is a mixture of one.
    let normal = Flow::<f64>::builder(3).build().unwrap();
    let rows = draw::<f64>(&Normal, 5, 3, &mut rng(4)).unwrap();
    let found = Copula::of(&normal).unwrap().marginal(&[0, 1, 2]).unwrap().log_density(rows.view()).unwrap();
    assert!(found.iter().zip(normal.log_prob(&rows).unwrap()).all(|(a, b)| (a - b).abs() < 1e-12));

    let flow = flow::<f64>();
    let model = Copula::of(&flow).unwrap();
    assert!(model.marginal(&[3]).is_err() && model.marginal(&[1, 1]).is_err() && model.given(&[5]).is_err());
    assert!(model.given(&[0]).unwrap().at(ArrayView1::from(&[0.0, 1.0])).is_err());
    assert!(model.marginal(&[0]).unwrap().column(1).is_err());
    let nan = Array2::from_elem((1, 1), f64::NAN);
    assert!(model.marginal(&[0]).unwrap().log_density(nan.view()).is_err());
    assert!(model.log_conditional((&[0], nan.view()), (&[0], nan.view())).is_err());
}
