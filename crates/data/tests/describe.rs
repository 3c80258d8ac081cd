//! The description of tables: kinds, statistics, degenerate columns.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis, array, concatenate};
use pdmap_data::{ColumnKind, Degenerate, Distinct, describe, read_npy};

fn case(name: &str) -> Array2<f64> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name);
    read_npy(&path).unwrap()
}

/// Uniform numbers in [0, 1) with all 53 digits.
fn uniform(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1u64 << 53) as f64
    })
}

fn kinds(rows: &Array2<f64>) -> Vec<ColumnKind> {
    describe(rows.view(), None).columns.into_iter().map(|column| column.kind).collect()
}

/// Rows with a further column.
fn beside(rows: &Array2<f64>, column: ndarray::Array1<f64>) -> Array2<f64> {
    concatenate(Axis(1), &[rows.view(), column.insert_axis(Axis(1)).view()]).unwrap()
}

#[test]
fn statistics_are_those_of_the_finite_values() {
    let rows = array![[3.0, f64::NAN], [1.0, 5.0], [2.0, f64::INFINITY], [10.0, 5.0], [4.0, f64::NAN]];
    let names = ["a".to_owned(), "b".to_owned()];
    let table = describe(rows.view(), Some(&names));
    let [a, b] = &table.columns[..] else { panic!() };
    assert_eq!((a.name.as_str(), b.name.as_str(), table.rows), ("a", "b", 5));
    // numpy.quantile([1, 2, 3, 4, 10], [0.25, 0.5, 0.75]).
    assert_eq!((a.min, a.quantiles, a.max, a.distinct), (1.0, [2.0, 3.0, 4.0], 10.0, Distinct::Exactly(5)));
    assert_eq!((a.missing, a.infinite, b.missing, b.infinite), (0, 0, 2, 1));
    assert_eq!((b.min, b.quantiles, b.max, b.distinct), (5.0, [5.0; 3], 5.0, Distinct::Exactly(1)));
    assert_eq!((a.kind, b.kind), (ColumnKind::Integer, ColumnKind::Constant { value: 5.0 }));
    assert_eq!(describe(array![[0.0], [1.0], [0.0], [2.0]].view(), None).columns[0].quantiles, [0.0, 0.5, 1.25]);
}

#[test]
fn kinds_are_told_apart() {
    let noise = uniform(400, 1, 1);
    let of = |f: &dyn Fn(usize, f64) -> f64| {
        let column = Array2::from_shape_fn((400, 1), |(row, _)| f(row, noise[[row, 0]]));
        let summary = describe(column.view(), None).columns.remove(0);
        (summary.kind, summary.discrete_step())
    };
    assert_eq!(of(&|_, x| x), (ColumnKind::Real, None));
    assert_eq!(of(&|_, x| f64::from(x as f32)), (ColumnKind::Real, None));
    // Single precision that repeats is still no grid.
    assert_eq!(of(&|row, _| f64::from(noise[[row % 100, 0]] as f32)), (ColumnKind::Real, None));
    assert_eq!(of(&|_, x| (30.0 * x).floor() / 10.0), (ColumnKind::Grid { step: 0.1 }, Some(0.1)));
    assert_eq!(
        of(&|_, x| f64::from((4.0 + (30.0 * x).floor() / 10.0) as f32)),
        (ColumnKind::Grid { step: 0.1 }, Some(0.1))
    );
    assert_eq!(of(&|_, x| 7.0 + 25.0 * (30.0 * x).floor()), (ColumnKind::Grid { step: 25.0 }, Some(25.0)));
    assert_eq!(of(&|_, x| (30.0 * x).floor()), (ColumnKind::Integer, Some(1.0)));
    // Whole numbers that hardly repeat, such as times, are not discrete.
    assert_eq!(of(&|_, x| 1.7e9 + (1e7 * x).floor()), (ColumnKind::Integer, None));
    // Decimals that hardly repeat are real.
    assert_eq!(of(&|_, x| (1e6 * x).floor() / 1e6), (ColumnKind::Real, None));
    assert_eq!(
        of(&|row, _| if row % 3 == 0 { -0.5 } else { 2.0 }),
        (ColumnKind::Binary { low: -0.5, high: 2.0 }, Some(2.5))
    );
    assert_eq!(of(&|row, _| if row % 2 == 0 { 0.0 } else { -0.0 }).0, ColumnKind::Constant { value: 0.0 });
    // Two values in two rows are no coin.
    assert_eq!(kinds(&array![[0.3], [0.7]]), [ColumnKind::Real]);
    assert_eq!(kinds(&array![[f64::NAN], [f64::NAN]]), [ColumnKind::Empty]);
    // One value off the grid.
    assert_eq!(of(&|row, x| if row == 200 { 0.123_456 } else { (30.0 * x).floor() / 7.0 }).0, ColumnKind::Real);
}

#[test]
fn the_given_cases_are_recognized() {
    let collinear = describe(case("collinear.npy").view(), None);
    assert_eq!((collinear.rank, collinear.too_few_rows), (Some(3), false));
    let [Degenerate::Dependent { column, on }] = &collinear.degenerate[..] else {
        panic!("{:?}", collinear.degenerate)
    };
    assert!(!on.contains(column) && !on.is_empty(), "{column} on {on:?}");

    let units = describe(case("units-1e9-1-1e-9.npy").view(), None);
    assert_eq!((units.rank, units.degenerate.len()), (Some(3), 0));

    let binary = describe(case("binary-column.npy").view(), None);
    let coins = binary.columns.iter().filter(|column| matches!(column.kind, ColumnKind::Binary { .. })).count();
    assert_eq!((coins, binary.rank, binary.degenerate.len()), (1, Some(2), 0));
}

#[test]
fn dependence_is_judged_after_scaling_and_at_the_rounding_of_the_numbers() {
    let base = uniform(500, 3, 2);
    let sum = 1e9 * &base.column(0) + 3.0 * &base.column(2) * 1e9 - 5.0;
    let dependent = [Degenerate::Dependent { column: 3, on: vec![0, 2] }];
    let judged = |rows: &Array2<f64>| describe(rows.view(), None).degenerate;
    assert_eq!(judged(&beside(&base, sum.clone())), dependent);
    // In single precision the sum is rounded, and still nothing but the sum.
    let single = beside(&base.mapv(|x| f64::from(x as f32)), sum.mapv(|x| f64::from(x as f32)));
    assert_eq!(judged(&single), dependent);
    // A signal above the rounding of single precision is one.
    let noise = uniform(500, 1, 3).column(0).mapv(|x| 1e5 * x);
    let noisy = (&sum + &noise).mapv(|x| f64::from(x as f32));
    assert_eq!(judged(&beside(&base.mapv(|x| f64::from(x as f32)), noisy)), []);
    // The same signal below it is not; in double precision it is.
    let small = 1e-2 * &noise;
    let hidden = (&sum + &small).mapv(|x| f64::from(x as f32));
    assert_eq!(judged(&beside(&base.mapv(|x| f64::from(x as f32)), hidden)), dependent);
    assert_eq!(judged(&beside(&base, &sum + &small)), []);
    // Six decimals in a text file: a sum rounded after it was taken.
    let decimals = |x: f64| (x * 1e6).round() / 1e6;
    let total = base.column(0).mapv(|x| x) + base.column(1);
    assert_eq!(
        judged(&beside(&base.mapv(decimals), total.mapv(decimals))),
        [Degenerate::Dependent { column: 3, on: vec![0, 1] }]
    );
    // A large offset is no dependence: its deviation is 1.
    let offset = beside(&base, uniform(500, 1, 4).column(0).mapv(|x| 1e8 + x));
    assert_eq!((judged(&offset), describe(offset.view(), None).rank), (vec![], Some(4)));
}

#[test]
fn all_degenerate_columns_are_named() {
    let base = uniform(300, 2, 5);
    let (a, b) = (base.column(0), base.column(1));
    let columns =
        [a.to_owned(), a.mapv(|_| 4.0), b.to_owned(), a.to_owned(), a.mapv(|x| 100.0 * x), &a + &b, a.mapv(|_| -1.0)];
    let views: Vec<_> = columns.iter().map(|column| column.view().insert_axis(Axis(1))).collect();
    let table = describe(concatenate(Axis(1), &views).unwrap().view(), None);
    let expected = [
        Degenerate::Constant { column: 1, value: 4.0 },
        Degenerate::Duplicate { column: 3, of: 0 },
        Degenerate::Dependent { column: 4, on: vec![0] },
        Degenerate::Dependent { column: 5, on: vec![0, 2] },
        Degenerate::Constant { column: 6, value: -1.0 },
    ];
    assert_eq!((table.rank, &table.degenerate[..]), (Some(2), &expected[..]));
    assert_eq!(table.degenerate.iter().map(Degenerate::column).collect::<Vec<_>>(), [1, 3, 4, 5, 6]);
}

#[test]
fn few_rows_and_gaps_are_not_taken_for_dependence() {
    let wide = describe(uniform(4, 6, 6).view(), None);
    assert_eq!((wide.rank, wide.too_few_rows, wide.degenerate.len()), (Some(3), true, 0));
    // Without the rows with gaps, c = a + b.
    let base = uniform(200, 2, 7);
    let mut rows = beside(&base, &base.column(0) + &base.column(1));
    (rows[[3, 0]], rows[[5, 2]], rows[[9, 1]]) = (f64::NAN, f64::INFINITY, f64::NAN);
    let table = describe(rows.view(), None);
    assert_eq!((table.rank, table.degenerate.len()), (Some(2), 1));
    assert_eq!(table.columns.iter().map(|column| column.missing + column.infinite).sum::<u64>(), 3);
    // Nothing to judge.
    for empty in [Array2::zeros((0, 2)), Array2::zeros((5, 0)), Array2::from_elem((1, 2), 1.0)] {
        assert!(describe(empty.view(), None).rank.is_none_or(|rank| rank == 0), "{empty}");
    }
}

#[test]
fn long_tables_are_sampled_but_kinds_hold_in_all_rows() {
    // 200,001 rows: every row but one is in the sample.
    let count = 200_001;
    let sampled: Vec<usize> = (0..200_000usize).map(|index| index * count / 200_000).collect();
    let odd = (0..count).find(|row| sampled.binary_search(row).is_err()).unwrap();
    let rows = Array2::from_shape_fn((count, 3), |(row, column)| match column {
        0 => (row % 5) as f64,
        1 if row == odd => 2.5,
        1 => (row * row % 5) as f64,
        _ => {
            if row == odd {
                1.0
            } else {
                0.0
            }
        }
    });
    let table = describe(rows.view(), None);
    assert_eq!((table.rows, table.sampled_rows), (200_001, Some(200_000)));
    assert_eq!(table.columns[0].kind, ColumnKind::Integer);
    assert_eq!(table.columns[1].kind, ColumnKind::Real);
    assert!(!matches!(table.columns[2].kind, ColumnKind::Constant { .. }));
    assert_eq!(table.columns[0].distinct, Distinct::AtLeast(5));
    assert_eq!(table.degenerate, []);
}
