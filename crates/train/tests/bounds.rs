//! Models of bounded columns and angles, against quadrature.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, array};
use pdmap_core::Flow;
use pdmap_train::{
    AnyModel, AutoConfig, Budget, ColumnMap, Domain, FitConfig, FitData, Hooks, Model, Preset, fit, fit_auto,
};

/// A number in (0, 1) for each row and column.
fn noise(row: usize, column: usize) -> f64 {
    (((row * row * (7 + column) + 13 * row + 31 * column) % 1009) as f64 + 0.5) / 1009.0
}

/// Of a share that is rarely near 0, and an angle in degrees that follows it, around the end of a
/// turn.
fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 2), |(row, column)| match column {
        0 => noise(row, 0).sqrt(),
        _ => (340.0 + 60.0 * noise(row, 0) + 40.0 * noise(row, 1)) % 360.0,
    })
}

const SHARE: Domain = Domain::Interval { lower: 0.0, upper: 1.0 };
const DIRECTION: Domain = Domain::Angle { from: 0.0, period: 360.0 };

fn mass(flow: &Flow<f64>, rows: &Array2<f64>, cell: f64) -> f64 {
    flow.log_prob(rows).unwrap().iter().map(|log_p| log_p.exp() * cell).sum()
}

/// `Σ p(x)·cell` over midpoints of `n × n` cells of `[0, 1] × [0, 360)`.
fn over_both(flow: &Flow<f64>, n: usize) -> f64 {
    let at = |index: usize| (index as f64 + 0.5) / n as f64;
    let points = Array2::from_shape_fn((n * n, 2), |(row, column)| match column {
        0 => at(row / n),
        _ => 360.0 * at(row % n),
    });
    mass(flow, &points, 360.0 / (n * n) as f64)
}

#[test]
fn a_share_and_a_direction_integrate_to_1_without_a_jump() {
    let x = rows(600);
    let config = AutoConfig { domains: vec![SHARE, DIRECTION], ..AutoConfig::new(Budget::Steps(120)) };
    let searched = fit_auto(FitData::new(x.view()), &config, Hooks::default()).unwrap().flow;
    let of = |preset: Preset| {
        let mut config = FitConfig::builder(preset).steps(60).build().unwrap();
        config.model.domains = vec![SHARE, DIRECTION];
        fit(x.view(), &config).unwrap()
    };
    let coupled = of(Preset::MIXTURE_AUTOREGRESSIVE);
    assert_eq!(coupled.preprocessing, 2, "bounds, and the standardization of the share");
    for flow in [&searched, &coupled.flow] {
        let all = over_both(flow, 160);
        assert!((all - 1.0).abs() < 5e-3, "{all}");
        // Beside the end of a turn, and after one.
        let edge = flow.log_prob(&array![[0.7, 0.0], [0.7, 360.0 - 1e-9], [0.7, 720.0]]).unwrap();
        assert!((edge[0] - edge[1]).abs() < 1e-6 && (edge[0] - edge[2]).abs() < 1e-9, "{edge:?}");
        let drawn = flow.sample(500, &mut rng()).unwrap();
        assert!(drawn.rows().into_iter().all(|row| SHARE.holds(row[0]) && (0.0..360.0).contains(&row[1])));
        assert!(flow.log_prob(&array![[1.1, 10.0]]).is_err());
    }
    // Cut open, a circle has its mass, but a jump.
    let cut = of(Preset::MIXTURE_COPULA).flow;
    assert!((over_both(&cut, 160) - 1.0).abs() < 5e-3);
}

#[test]
fn one_column_of_every_kind_integrates_to_1() {
    let x = |of: fn(f64) -> f64| Array2::from_shape_fn((500, 1), |(row, _)| of(noise(row, 0)));
    // Exponential, a square root that is dense at its bound, uniform, and dense around 0 degrees.
    let columns: [(Domain, Array2<f64>, f64, f64); 4] = [
        (Domain::Above { lower: 2.0 }, x(|u| 2.0 - 3.0 * (1.0 - u).ln()), 2.0, 60.0),
        (Domain::Below { upper: -1.0 }, x(|u| -1.0 + u.ln()), -25.0, -1.0),
        (Domain::Interval { lower: 0.0, upper: 4.0 }, x(|u| 4.0 * u), 0.0, 4.0),
        (DIRECTION, x(|u| (330.0 + 60.0 * u) % 360.0), 0.0, 360.0),
    ];
    for (domain, x, from, to) in columns {
        let config = AutoConfig { domains: vec![domain], ..AutoConfig::new(Budget::Steps(60)) };
        let flow = fit_auto(FitData::new(x.view()), &config, Hooks::default()).unwrap().flow;
        let n = 20_000;
        let points = Array2::from_shape_fn((n, 1), |(row, _)| from + (to - from) * (row as f64 + 0.5) / n as f64);
        let all = mass(&flow, &points, (to - from) / n as f64);
        assert!((all - 1.0).abs() < 3e-3, "{domain}: {all}");
        // A row on a bound has the density beside it.
        let (lower, upper) = domain.bounds();
        for bound in [lower, upper].into_iter().filter(|bound| bound.is_finite()) {
            let inner = bound + 1e-6 * (0.5 * (from + to) - bound).signum();
            let both = flow.log_prob(&array![[bound], [inner]]).unwrap();
            assert!((both[0] - both[1]).abs() < 0.05, "{domain}: {both:?}");
        }
    }
}

#[test]
fn a_saved_model_scores_rows_outside_and_draws_none() {
    let x = rows(400);
    let mut config = FitConfig::builder(Preset::MIXTURE_SPLINE).steps(20).build().unwrap();
    config.model.domains = vec![SHARE, DIRECTION];
    let mut model: Model<f64> = fit(x.view(), &config).unwrap().into_model("rows");
    model.header.columns = ColumnMap { domains: vec![SHARE, DIRECTION], ..ColumnMap::default() };
    let model = AnyModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    let asked = array![[0.5, 10.0], [-1e-9, 10.0], [1.0, 370.0], [2.0, 0.0]];
    let log_p = model.log_prob(asked.view(), None).unwrap();
    let outside: Vec<bool> = log_p.iter().map(|log_p| *log_p == f64::NEG_INFINITY).collect();
    assert_eq!(outside, [false, true, false, true]);
    let slopes = model.score(asked.view(), None).unwrap();
    assert!(slopes.row(1).iter().all(|slope| slope.is_nan()) && slopes.row(0).iter().all(|slope| slope.is_finite()));
    let drawn = model.sample(300, 1).unwrap();
    assert!(drawn.rows().into_iter().all(|row| SHARE.holds(row[0]) && (0.0..360.0).contains(&row[1])));
    // A header that does not fit its layers is refused.
    let mut wrong: Model<f64> = fit(x.view(), &config).unwrap().into_model("rows");
    wrong.header.columns.domains = vec![SHARE];
    assert!(wrong.to_bytes().is_err());
    // Columns that nobody has looked up.
    let mut named = config.clone();
    named.model.domains.clear();
    named.model.columns = serde_json::from_value(serde_json::json!({ "share": "0..1" })).unwrap();
    assert!(fit(x.view(), &named).unwrap_err().to_string().contains("columns"));
}

fn rng() -> rand_chacha::ChaCha8Rng {
    rand::SeedableRng::seed_from_u64(3)
}
