//! Generated data against what is known about them.
#![allow(clippy::unwrap_used, missing_docs)]

use ndarray::{Array2, Axis};
use pdmap_data::{Counts, Generator, Ica, Leaves, Source, Splits};

const COUNTS: Counts = Counts { train: 60_000, validation: 10, test: 20 };

/// The inverse and `log |det|` by elimination with pivots.
fn inverse(matrix: &Array2<f64>) -> (Array2<f64>, f64) {
    let n = matrix.nrows();
    let (mut a, mut b, mut log_det) = (matrix.clone(), Array2::<f64>::eye(n), 0.0);
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[[i, k]].abs().total_cmp(&a[[j, k]].abs())).unwrap();
        for m in [&mut a, &mut b] {
            for column in 0..n {
                m.swap([k, column], [pivot, column]);
            }
        }
        let scale = a[[k, k]];
        log_det += scale.abs().ln();
        for m in [&mut a, &mut b] {
            m.row_mut(k).mapv_inplace(|v| v / scale);
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[[i, k]];
            for m in [&mut a, &mut b] {
                let from = m.row(k).to_owned();
                m.row_mut(i).scaled_add(-factor, &from);
            }
        }
    }
    (b, log_det)
}

#[test]
fn the_mixing_matrix_has_the_singular_values_asked_for() {
    let (dim, condition) = (6, 50.0_f64);
    let ica = Ica { dim, source: Source::Uniform, condition };
    let mixing = ica.truth(3).unwrap().mixing;
    let gram = mixing.t().dot(&mixing);
    // The traces of the first `dim` powers determine every eigenvalue.
    let mut power = gram.clone();
    for k in 1..=dim as i32 {
        let expected: f64 = (0..dim).map(|i| condition.powf(1.0 - 2.0 * i as f64 / 5.0).powi(k)).sum();
        let found = power.diag().sum();
        assert!((found / expected - 1.0).abs() < 1e-9, "{k}: {found} {expected}");
        power = power.dot(&gram);
    }
    // Independent rotations on the two sides: with one for both, A would be symmetric.
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
        // Uncorrelated squares too: mere whitening by another rotation has correlated ones.
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
    // 3 for a Gaussian, 2.4 for uniform noise, 10 and more for photographs.
    assert!(kurtosis > 6.0, "{kurtosis}");
}

#[test]
fn threads_do_not_matter_and_seeds_do() {
    let counts = Counts { train: 3000, validation: 100, test: 100 };
    for name in [
        "synthetic:leaves?images=6&size=24&rmax=12",
        "synthetic:ica?dim=7&source=student5",
        "synthetic:moons",
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
