//! ICA by quasi-Newton steps: against Picard, against finite differences, on both groups.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::LayerError;
use pdmap_core::linalg::{Lu, orthonormality_residual, symmetric_eigen};
use pdmap_dense::ica::{Constraint, End, IcaOptions, SourceDensity, solve, solve_in_passes};
use serde::Deserialize;

use crate::mixtures::{amari, mixed, sources};

/// Rows of covariance `I`, without a turn: `C^{−1/2} x`.
fn white(x: &Array2<f64>) -> Array2<f64> {
    let (values, vectors) = symmetric_eigen((x.t().dot(x) / x.nrows() as f64).view()).unwrap();
    let root = &vectors * &values.mapv(|value| value.powf(-0.5));
    x.dot(&root.dot(&vectors.t()))
}

#[derive(Deserialize)]
struct Case {
    seed: u64,
    kinds: String,
    orthonormal: bool,
    adaptive: bool,
    unmixing: Vec<Vec<f64>>,
}

fn options(constraint: Constraint, density: SourceDensity) -> IcaOptions {
    IcaOptions { constraint, density, tolerance: 1e-10, ..IcaOptions::default() }
}

/// The largest difference between two matrices, up to the order and the signs of their rows.
fn apart(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    let row = |own: ndarray::ArrayView1<'_, f64>| {
        let to = |other: ndarray::ArrayView1<'_, f64>| {
            let by = |sign: f64| own.iter().zip(other).map(|(a, b)| (a - sign * b).abs()).fold(0.0, f64::max);
            by(1.0).min(by(-1.0))
        };
        b.rows().into_iter().map(to).fold(f64::INFINITY, f64::min)
    };
    a.rows().into_iter().map(row).fold(0.0, f64::max)
}

#[test]
fn solutions_are_those_of_picard() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/picard.json")).unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let Case { seed, kinds, orthonormal, adaptive, unmixing } = case;
        let x = mixed(seed, 2000, &kinds).0;
        let x = if orthonormal { white(&x) } else { x };
        let constraint = if orthonormal { Constraint::Orthonormal } else { Constraint::Unconstrained };
        let density = if adaptive { SourceDensity::Adaptive } else { SourceDensity::LogCosh };
        let solution = solve(x.view(), Array2::eye(4).view(), &options(constraint, density)).unwrap();
        assert_eq!(solution.end, End::Converged, "case {seed}: {:?}", solution.last());
        let expected = Array2::from_shape_fn((4, 4), |(i, j)| unmixing[i][j]);
        let apart = apart(&solution.unmixing, &expected);
        assert!(apart < 1e-6, "case {seed}: {apart:e}\n{}\n{expected}", solution.unmixing);
    }
}

/// `L(W)` with the densities of the documentation, by itself.
fn log_likelihood(x: ArrayView2<'_, f64>, w: &Array2<f64>, signs: &[f64], density: SourceDensity) -> f64 {
    let q = if density == SourceDensity::Adaptive { 1.0 } else { 0.0 };
    let y = x.dot(&w.t());
    let energy = |row: ndarray::ArrayView1<'_, f64>| {
        let each = row.iter().zip(signs).map(|(y, sign)| match density {
            SourceDensity::HeavyTailed => 2.0 * (y * y).ln_1p(),
            _ => sign * y.cosh().ln() + 0.5 * q * y * y,
        });
        each.sum::<f64>()
    };
    let mean = y.rows().into_iter().map(energy).sum::<f64>() / y.nrows() as f64;
    let constant = |sign: f64| match density {
        SourceDensity::LogCosh => std::f64::consts::PI.ln(),
        SourceDensity::HeavyTailed => std::f64::consts::FRAC_PI_2.ln(),
        SourceDensity::Adaptive if sign > 0.0 => 0.619_540_461_179_252_4,
        SourceDensity::Adaptive => 0.5 + 0.5 * (2.0 * std::f64::consts::PI).ln(),
    };
    Lu::<f64>::new(w.view()).unwrap().log_det().log_abs - mean - signs.iter().map(|&sign| constant(sign)).sum::<f64>()
}

#[test]
fn the_likelihood_is_that_of_the_formula_and_no_move_raises_it() {
    let (adaptive, heavy) = (SourceDensity::Adaptive, SourceDensity::HeavyTailed);
    for (kinds, constraint, density) in [
        ("lulu", Constraint::Unconstrained, adaptive),
        ("lluu", Constraint::Orthonormal, adaptive),
        ("llll", Constraint::Unconstrained, heavy),
        ("llll", Constraint::Orthonormal, heavy),
    ] {
        let x = mixed(9, 3000, kinds).0;
        let x = if constraint == Constraint::Orthonormal { white(&x) } else { x };
        let solution = solve(x.view(), Array2::eye(4).view(), &options(constraint, density)).unwrap();
        assert_eq!(solution.end, End::Converged);
        let of = |w: &Array2<f64>| log_likelihood(x.view(), w, &solution.signs, density);
        let best = of(&solution.unmixing);
        assert!((best - solution.last().log_likelihood).abs() < 1e-11 * best.abs().max(1.0));
        let mut signs = solution.signs.clone();
        signs.sort_by(f64::total_cmp);
        let lower = if density == adaptive { -1.0 } else { 1.0 };
        assert_eq!(signs, [lower, lower, 1.0, 1.0]);
        for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
            for step in [1e-3, -1e-3] {
                let mut algebra = Array2::<f64>::eye(4);
                match constraint {
                    Constraint::Unconstrained => algebra[[i, j]] += step,
                    Constraint::Orthonormal if i == j => continue,
                    // A rotation.
                    Constraint::Orthonormal => {
                        (algebra[[i, i]], algebra[[j, j]]) = (step.cos(), step.cos());
                        (algebra[[i, j]], algebra[[j, i]]) = (step.sin(), -step.sin());
                    }
                }
                assert!(of(&algebra.dot(&solution.unmixing)) < best, "{constraint:?} {i} {j}");
            }
        }
        if constraint == Constraint::Orthonormal {
            assert!(orthonormality_residual(solution.unmixing.view()) < 1e-12);
        }
    }
}

#[test]
fn uniform_and_mixed_sources_are_separated() {
    for kinds in ["uuuuuu", "llluuu", "llllll"] {
        let (x, mixing) = mixed(21, 20_000, kinds);
        let solution = solve(x.view(), Array2::eye(6).view(), &IcaOptions::default()).unwrap();
        assert_eq!(solution.end, End::Converged, "{kinds}");
        let amari = amari(&solution.unmixing, &mixing);
        assert!(amari < 0.02, "{kinds}: {amari}");
        // A fixed density for super-Gaussian sources does not separate uniform ones.
        if kinds == "uuuuuu" {
            let fixed = IcaOptions { density: SourceDensity::LogCosh, ..IcaOptions::default() };
            let wrong = solve(x.view(), Array2::eye(6).view(), &fixed).unwrap().unmixing;
            assert!(self::amari(&wrong, &mixing) > 0.1);
        }
    }
}

#[test]
fn passes_over_blocks_give_the_same_up_to_rounding_and_threads_the_same_bits() {
    let x = mixed(5, 5000, "lul").0;
    let options = options(Constraint::Unconstrained, SourceDensity::Adaptive);
    let whole = solve(x.view(), Array2::eye(3).view(), &options).unwrap();
    let blocks = solve_in_passes(
        &mut |visit| x.axis_chunks_iter(Axis(0), 700).try_for_each(&mut *visit),
        Array2::eye(3).view(),
        &options,
    )
    .unwrap();
    assert!(apart(&whole.unmixing, &blocks.unmixing) < 1e-8);
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let own = pool.install(|| solve(x.view(), Array2::eye(3).view(), &options)).unwrap();
        assert_eq!(own.unmixing, whole.unmixing, "{threads} threads");
    }
}

#[test]
fn the_mixing_does_not_matter() {
    // Equivariance: the record of a search depends on W A alone.
    let s = sources(3, 4000, "llu");
    let scaled =
        Array2::from_shape_fn((3, 3), |(i, j)| if i == j { [1e3, 1.0, 1e-3][i] } else { 0.1 * (i + 2 * j) as f64 });
    let x = s.dot(&scaled.t());
    let start = Lu::<f64>::new(scaled.view()).unwrap().inverse_transposed().unwrap().reversed_axes();
    let options = options(Constraint::Unconstrained, SourceDensity::Adaptive);
    let (plain, mixed) = (
        solve(s.view(), Array2::eye(3).view(), &options).unwrap(),
        solve(x.view(), start.as_standard_layout().view(), &options).unwrap(),
    );
    assert_eq!(plain.end, End::Converged);
    for (a, b) in plain.record.iter().zip(&mixed.record).take(5) {
        assert!((a.criterion - b.criterion).abs() < 1e-9, "{a:?} {b:?}");
    }
}

#[test]
fn what_has_no_solution_is_refused_or_said() {
    let x = mixed(5, 500, "lul").0;
    let eye = Array2::<f64>::eye(3);
    let options = IcaOptions::default();
    let few = x.slice_axis(Axis(0), Slice::from(..0));
    assert_eq!(solve(few, eye.view(), &options).unwrap_err(), LayerError::NoRows);
    assert!(matches!(solve(x.view(), Array2::eye(2).view(), &options), Err(LayerError::Features { .. })));
    assert!(matches!(solve(x.view(), Array2::zeros((3, 3)).view(), &options), Err(LayerError::Singular { .. })));
    let mut bad = x.clone();
    bad[[7, 1]] = f64::NAN;
    assert!(matches!(solve(bad.view(), eye.view(), &options), Err(LayerError::NonFinite { row: 7, column: 1, .. })));
    let wrong = IcaOptions { tolerance: -1.0, ..options };
    assert!(matches!(solve(x.view(), eye.view(), &wrong), Err(LayerError::Range { .. })));
    let density = SourceDensity::LogCosh;
    let short = IcaOptions { iterations: 2, tolerance: 1e-14, density, ..options };
    let solution = solve(x.view(), eye.view(), &short).unwrap();
    assert_eq!((solution.end, solution.record.len()), (End::OutOfIterations, 3));
    // A tolerance below rounding ends without a loop.
    let endless = IcaOptions { tolerance: 1e-300, iterations: 200, ..options };
    assert_ne!(solve(x.view(), eye.view(), &endless).unwrap().end, End::Converged);
}
