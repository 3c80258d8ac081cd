//! Checks generated data against their known properties.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::linear;

use linear::inverse;
use ndarray::{Array2, Axis};
use pdmap_data::{Counts, Generator, Ica, Leaves, Source, Splits};

const COUNTS: Counts = Counts { train: 60_000, validation: 10, test: 20 };

#[test]
fn the_mixing_matrix_has_the_requested_singular_values() {
    let (dim, condition) = (6, 50.0_f64);
    let ica = Ica { dim, source: Source::Uniform, condition };
    let mixing = ica.truth(3).unwrap().mixing;
    let gram = mixing.t().dot(&mixing);
    // The traces of the first `dim` powers determine all eigenvalues.
    let mut power = gram.clone();
    for k in 1..=dim as i32 {
        let expected: f64 = (0..dim).map(|i| condition.powf(1.0 - 2.0 * i as f64 / 5.0).powi(k)).sum();
        let found = power.diag().sum();
        assert!((found / expected - 1.0).abs() < 1e-9, "{k}: {found} {expected}");
        power = power.dot(&gram);
    }
    // The rotations on the two sides are independent: with a single one, A would be symmetric.
    let skew = (&mixing - &mixing.t()).mapv(|v| v * v).sum();
    assert!(skew > 0.1 * gram.diag().sum(), "{skew}");
    assert_ne!(mixing, ica.truth(4).unwrap().mixing);
    let one = Ica { dim: 1, ..ica }.truth(3).unwrap().mixing;
    assert!((one[[0, 0]].abs() - 1.0).abs() < 1e-12);
}

#[test]
fn unmixed_rows_are_independent_unit_sources_with_the_stated_entropy() {
    for (source, kurtosis) in [(Source::Laplace, 6.0), (Source::Logistic, 4.2), (Source::Uniform, 1.8)] {
        let ica = Ica { dim: 5, source, condition: 20.0 };
        let truth = ica.truth(8).unwrap();
        let splits: Splits<f64> = Generator::Ica(ica).splits(COUNTS, 8).unwrap();
        let (unmixing, log_det) = inverse(&truth.mixing);
        let sources = splits.train.dot(&unmixing.t());
        let n = sources.nrows() as f64;
        let moment = |a: &Array2<f64>| a.t().dot(a) / n;
        let covariance = moment(&sources);
        // Squares are uncorrelated too; whitening by another rotation would leave them correlated.
        let squares = moment(&sources.mapv(|s| s * s));
        for ((i, j), &value) in covariance.indexed_iter() {
            let expected = f64::from(u8::from(i == j));
            assert!((value - expected).abs() < 0.03, "{source:?} {i} {j}: {value}");
            let (square, expected) = (squares[[i, j]], if i == j { kurtosis } else { 1.0 });
            assert!((square / expected - 1.0).abs() < 0.08, "{source:?} {i} {j}: {square}");
        }
        let log_density = sources.mapv(|s| source.log_density(s)).sum_axis(Axis(1)) - log_det;
        let estimate = -log_density.mean().unwrap();
        let error = 4.0 * log_density.std(1.0) / n.sqrt() + 1e-9;
        assert!((estimate - truth.entropy).abs() < error, "{source:?}: {estimate}");
        assert_eq!(splits.facts.true_log_likelihood, Some(-truth.entropy));
        assert!((truth.log_det - log_det).abs() < 1e-12, "{} {log_det}", truth.log_det);
        for (found, expected) in truth.unmixing.iter().zip(&unmixing) {
            assert!((found - expected).abs() < 1e-11, "{found} {expected}");
        }
        // Row by row, against the inverse by elimination.
        let rows = Generator::Ica(ica).log_density(splits.train.view(), 8).unwrap().unwrap();
        for (found, expected) in rows.iter().zip(&log_density) {
            assert!((found - expected).abs() < 1e-9 || found == expected, "{source:?}: {found} {expected}");
        }
    }
}

#[test]
fn dead_leaves_have_heavy_tailed_gradients() {
    let leaves = Leaves { images: 12, size: 64, ..Leaves::default() };
    let (mut second, mut fourth, mut count) = (0.0, 0.0, 0.0);
    for picture in leaves.pictures(1).unwrap() {
        for row in picture.pixels.rows() {
            for pair in row.to_vec().windows(2) {
                let gradient = pair[1] - pair[0];
                second += gradient.powi(2);
                fourth += gradient.powi(4);
                count += 1.0;
            }
        }
    }
    let kurtosis = fourth * count / (second * second);
    // 3 for a Gaussian, 2.4 for uniform noise, at least 10 for photographs.
    assert!(kurtosis > 6.0, "{kurtosis}");
}

#[test]
fn results_depend_on_the_seed_but_not_on_threads() {
    let counts = Counts { train: 3000, validation: 100, test: 100 };
    for name in [
        "synthetic:leaves?images=6&size=24&rmax=12",
        "synthetic:ica?dim=7&source=student5",
        "synthetic:moons",
        "synthetic:ar1?length=5",
        "synthetic:checkerboard",
        "synthetic:rings",
        "synthetic:2spirals?noise=0.3",
        "synthetic:8gaussians",
        "synthetic:sine",
    ] {
        let generator: Generator = name.parse().unwrap();
        let run = |threads, seed| -> Splits<f32> {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| generator.splits(counts, seed).unwrap())
        };
        let (one, two, other) = (run(1, 1), run(2, 1), run(2, 2));
        assert_eq!(one.train, two.train, "{name}");
        assert_eq!(one.validation, two.validation, "{name}");
        assert_eq!(one.test, two.test, "{name}");
        assert_eq!(one.facts, two.facts);
        assert_eq!(one.facts.name, generator.to_string());
        assert_ne!(one.train, other.train, "{name}");
        assert_ne!(one.validation, one.test, "{name}");
        assert_ne!(one.train.row(0), one.test.row(0), "{name}");
        assert_eq!(one.facts.features, one.train.ncols());
    }
}
