//! Streams: equal to the whole signal, perfect reconstruction, delay.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{distance, normal, rng};
use ndarray::{Array2, ArrayView2, Axis, Ix2, Ix4, concatenate};
use pdmap_core::LayerError;
use pdmap_filterbank::{Analyzer, Synthesizer};
use pdmap_filterbank::{Kernels, Stages, Window};
use proptest::prelude::*;
use rand::RngExt;

/// Rounding, times the side of a block and the stages.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// Columns `from..to`.
fn part(x: ArrayView2<'_, f64>, from: usize, to: usize) -> Array2<f64> {
    x.select(Axis(1), &(from..to).collect::<Vec<_>>())
}

/// `x` in blocks of random lengths, 0 included.
fn pieces(x: &Array2<f64>, longest: usize, seed: u64) -> Vec<Array2<f64>> {
    let (mut rng, mut at, mut found) = (rng(seed), 0, vec![]);
    while at < x.ncols() {
        let end = (at + rng.random_range(0..=longest)).min(x.ncols());
        found.push(part(x.view(), at, end));
        at = end;
    }
    found
}

fn joined(parts: &[Array2<f64>]) -> Array2<f64> {
    concatenate(Axis(1), &parts.iter().map(|part| part.view()).collect::<Vec<_>>()).unwrap()
}

fn analyze(kernels: &Kernels, x: &Array2<f64>, longest: usize, seed: u64) -> (isize, Array2<f64>) {
    let mut analyzer = Analyzer::new(kernels).unwrap();
    let first = analyzer.first_block();
    let mut parts = vec![Array2::zeros((x.nrows(), 0))];
    for piece in pieces(x, longest, seed) {
        parts.push(analyzer.push(piece.view()).unwrap());
    }
    parts.push(analyzer.finish().unwrap());
    (first, joined(&parts))
}

/// `count` coefficients from block `first` on, by the periodic map on a signal with enough zeros that
/// nothing wraps.
fn whole(kernels: &Kernels, x: &Array2<f64>, first: isize, count: usize) -> Array2<f64> {
    let k = kernels.signal_values().unwrap().dim().0;
    let reach = kernels.taps()[1] + kernels.offset()[1].unsigned_abs() + 2 * k;
    let blocks = (x.ncols() + 2 * reach) / k + 1;
    let mut padded = Array2::zeros((x.nrows(), blocks * k));
    x.indexed_iter().for_each(|((channel, at), &value)| padded[[channel, at]] = value);
    let y = kernels.analyze(padded.view()).unwrap();
    let at = |j: usize| (first * k as isize + j as isize).rem_euclid((blocks * k) as isize) as usize;
    y.select(Axis(1), &(0..count).map(at).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streams_are_the_whole_signal_and_come_back(
        k in 1_usize..7, channels in 1_usize..4, stages in 1_usize..5, n in 0_usize..90, longest in 1_usize..20, seed in 0_u64..1000,
    ) {
        let kernels = Stages::random(k, channels, stages, &mut rng(seed)).unwrap().kernels().unwrap();
        let x = normal(&[channels, n], seed).into_dimensionality::<Ix2>().unwrap();
        let allowed = ROUNDING * (k * channels * stages) as f64;
        let (first, y) = analyze(&kernels, &x, longest, seed);
        prop_assert_eq!(y.ncols() % k, 0);
        prop_assert!(distance(y.view(), whole(&kernels, &x, first, y.ncols()).view()) < allowed);
        // Nothing is left out on either side.
        let norms = (&x * &x).sum() - (&y * &y).sum();
        prop_assert!(norms.abs() < allowed * (n + 1) as f64 * 4.0, "{:e}", norms);
        // And back, in other blocks.
        let mut synthesizer = Synthesizer::new(&kernels).unwrap();
        let mut parts = vec![];
        for piece in pieces(&y, longest, seed + 1) {
            parts.push(synthesizer.push(piece.view()).unwrap());
        }
        let given: usize = parts.iter().map(|part| part.ncols()).sum();
        if given <= n {
            parts.push(synthesizer.finish(n).unwrap());
        } else {
            // The last whole block may reach beyond the end: zeros.
            prop_assert!(synthesizer.finish(n).is_err());
        }
        let back = joined(&parts);
        let back = part(back.view(), 0, n);
        prop_assert!(distance(back.view(), x.view()) < allowed);
    }

    #[test]
    fn any_kernels_and_offsets(k in 1_usize..5, taps in 1_usize..12, offset in -9_isize..20, n in 0_usize..40, longest in 1_usize..9, seed in 0_u64..1000) {
        let h = normal(&[k, 2, 2, taps], seed).into_dimensionality::<Ix4>().unwrap();
        let kernels = Kernels::signal(h, offset).unwrap();
        let x = normal(&[2, n], seed + 1).into_dimensionality::<Ix2>().unwrap();
        let (first, y) = analyze(&kernels, &x, longest, seed);
        prop_assert!(distance(y.view(), whole(&kernels, &x, first, y.ncols()).view()) < ROUNDING * taps as f64 * 4.0);
        // The first block sees sample 0, and the one before does not.
        let end = |b: isize| b * k as isize - offset + taps as isize;
        prop_assert!(end(first) > 0 && end(first - 1) <= 0);
    }
}

#[test]
fn a_stream_without_memory_is_rejected() {
    let kernels = Stages::lot(4).unwrap().kernels().unwrap();
    let x = normal(&[1, 40], 3).into_dimensionality::<Ix2>().unwrap();
    let (first, y) = analyze(&kernels, &x, 9, 1);
    let expected = whole(&kernels, &x, first, y.ncols());
    assert!(distance(y.view(), expected.view()) < 1e-13);
    // Each piece by itself, as if it were the whole signal.
    let forgetful: Vec<_> =
        [(0, 20), (20, 40)].map(|(from, to)| kernels.analyze(part(x.view(), from, to).view()).unwrap()).to_vec();
    let forgetful = joined(&forgetful);
    let same =
        (0..forgetful.ncols() - 4).filter(|&at| (forgetful[[0, at]] - expected[[0, at + 4]]).abs() < 1e-13).count();
    assert!(same < forgetful.ncols() - 4, "the seam is not seen");
    // Blocks counted from another start are rejected too.
    assert!(distance(y.view(), whole(&kernels, &x, first + 1, y.ncols()).view()) > 0.1);
}

#[test]
fn the_delay_is_at_most_one_less_than_the_taps() {
    for kernels in
        [Stages::mdct(8, Window::Sine), Stages::daubechies(10), Stages::lot(4), Stages::random(5, 1, 4, &mut rng(1))]
    {
        let kernels = kernels.unwrap().kernels().unwrap();
        let (mut analyzer, mut synthesizer) = (Analyzer::new(&kernels).unwrap(), Synthesizer::new(&kernels).unwrap());
        let x = normal(&[1, 300], 2).into_dimensionality::<Ix2>().unwrap();
        let (mut given, mut worst) = (0, 0);
        for at in 0..300 {
            let y = analyzer.push(part(x.view(), at, at + 1).view()).unwrap();
            let back = synthesizer.push(y.view()).unwrap();
            assert!(distance(back.view(), part(x.view(), given, given + back.ncols()).view()) < 1e-12);
            given += back.ncols();
            worst = worst.max(at + 1 - given);
        }
        assert_eq!(worst, kernels.taps()[1] - 1, "the longest that a sample waits for others");
    }
}

#[test]
fn memory_does_not_grow() {
    // A long signal in small blocks; the length of the debug output shows what is kept.
    let kernels = Stages::lot(4).unwrap().kernels().unwrap();
    let (mut analyzer, mut synthesizer) = (Analyzer::new(&kernels).unwrap(), Synthesizer::new(&kernels).unwrap());
    let x = Array2::ones((1, 7));
    let mut longest = [0, 0];
    for round in 0..200 {
        let y = analyzer.push(x.view()).unwrap();
        synthesizer.push(y.view()).unwrap();
        let sizes = [format!("{analyzer:?}").len(), format!("{synthesizer:?}").len()];
        if round < 20 {
            longest = [longest[0].max(sizes[0]), longest[1].max(sizes[1])];
        }
        assert!(sizes[0] < 2 * longest[0] && sizes[1] < 2 * longest[1]);
    }
}

#[test]
fn what_streams_refuse() {
    let lot = Stages::lot(4).unwrap();
    let kernels = lot.kernels().unwrap();
    let h = 1.1 * kernels.signal_values().unwrap().to_owned();
    let louder = Kernels::signal(h, 2).unwrap();
    assert!(Analyzer::new(&louder).is_ok());
    assert!(matches!(Synthesizer::new(&louder), Err(LayerError::NotParaunitary { residual, .. }) if residual > 0.2));
    let image = Stages::separable(&lot, &lot).unwrap().kernels().unwrap();
    assert!(matches!(Analyzer::new(&image), Err(LayerError::Conflict { .. })));
    let (mut analyzer, mut synthesizer) = (Analyzer::new(&kernels).unwrap(), Synthesizer::new(&kernels).unwrap());
    assert!(matches!(analyzer.push(Array2::zeros((2, 3)).view()), Err(LayerError::Features { .. })));
    let nan = Array2::from_elem((1, 3), f64::NAN);
    assert!(matches!(analyzer.push(nan.view()), Err(LayerError::NonFinite { .. })));
    assert!(matches!(synthesizer.push(nan.view()), Err(LayerError::NonFinite { .. })));
    synthesizer.push(Array2::ones((1, 3)).view()).unwrap();
    assert!(matches!(synthesizer.finish(3), Err(LayerError::Shape { .. })));
    assert_eq!(Analyzer::new(&kernels).unwrap().finish().unwrap().dim(), (1, 0));
    assert_eq!(Synthesizer::new(&kernels).unwrap().finish(0).unwrap().dim(), (1, 0));
    // Silence that would not fit into memory.
    let endless = Synthesizer::new(&kernels).unwrap().finish(usize::MAX);
    assert!(matches!(endless, Err(LayerError::Range { .. })));
}
