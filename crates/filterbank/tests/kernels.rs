//! Kernels against the reference values, stages against kernels, and wrong implementations that both must reject.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{Fixture, distance, dot, normal, rng};
use ndarray::{Array2, ArrayD, ArrayView2, Axis, Ix1, Ix2, Ix4, Ix6, IxDyn};
use pdmap_core::LayerError;
use pdmap_filterbank::{Kernels, Period, Stages};
use proptest::prelude::*;

/// Tolerance of the reference values.
const REFERENCE: f64 = 1e-10;
/// Rounding of banks on normal signals, in ε times the stages' side times their number.
const ROUNDING: f64 = 64.0;

const SIGNALS: [&str; 2] = ["cycled_conv_1d_c2_k3_m2_n12.json", "cycled_conv_1d_c1_k4_m3_n8_wrapped.json"];

/// Ways to get a kernel-cycled convolution of a signal wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// The offset is added.
    OffsetSign,
    /// Kernels are run backwards.
    Flipped,
    /// Taps beyond the ends are dropped.
    NoWrap,
    /// Input and output channels are exchanged.
    ChannelsExchanged,
}

const MISTAKES: [Mistake; 4] = [Mistake::OffsetSign, Mistake::Flipped, Mistake::NoWrap, Mistake::ChannelsExchanged];

/// The definition, written out, with a mistake.
fn by_definition(kernels: &Kernels, x: ArrayView2<'_, f64>, mistake: Mistake) -> Array2<f64> {
    let h = kernels.signal_values().unwrap();
    let (period, channels, _, taps) = h.dim();
    let (n, offset) = (x.ncols() as isize, kernels.offset()[1]);
    Array2::from_shape_fn(x.dim(), |(o, at)| {
        let (b, k) = (at / period, at % period);
        let mut sum = 0.0;
        for (i, j) in (0..channels).flat_map(|i| (0..taps).map(move |j| (i, j))) {
            let start = (b * period) as isize;
            let from = match mistake {
                Mistake::OffsetSign => start + j as isize + offset,
                Mistake::Flipped => start + (taps - 1 - j) as isize - offset,
                _ => start + j as isize - offset,
            };
            if mistake == Mistake::NoWrap && !(0..n).contains(&from) {
                continue;
            }
            let value = if mistake == Mistake::ChannelsExchanged { h[[k, i, o, j]] } else { h[[k, o, i, j]] };
            sum += value * x[[i, from.rem_euclid(n) as usize]];
        }
        sum
    })
}

fn signal_kernels(fixture: &Fixture) -> Kernels {
    Kernels::signal(fixture.array("kernels").into_dimensionality::<Ix4>().unwrap(), 0).unwrap()
}

#[test]
fn signals_as_in_the_reference() {
    for name in SIGNALS {
        let fixture = Fixture::read(name);
        let kernels = signal_kernels(&fixture);
        let (x, y) = (fixture.array("x"), fixture.array("y"));
        for (x, y) in x.outer_iter().zip(y.outer_iter()) {
            let found = kernels.analyze(x.view()).unwrap();
            assert!(distance(found.view(), y.view()) < REFERENCE, "{name}");
            let x = x.into_dimensionality::<Ix2>().unwrap();
            for mistake in [Mistake::None].into_iter().chain(MISTAKES) {
                let channels = kernels.channels();
                // With one channel there are none to exchange, and the references have no offset.
                let blind = mistake == Mistake::OffsetSign || (channels == 1 && mistake == Mistake::ChannelsExchanged);
                let passes = distance(by_definition(&kernels, x, mistake).view(), y.view()) < REFERENCE;
                assert_eq!(passes, mistake == Mistake::None || blind, "{name}: {mistake:?}");
            }
        }
    }
}

#[test]
fn images_as_in_the_reference() {
    let fixture = Fixture::read("cycled_conv_2d.json");
    let kernels = Kernels::image(fixture.array("kernels").into_dimensionality::<Ix6>().unwrap(), [0, 0]).unwrap();
    for (x, y) in fixture.array("x").outer_iter().zip(fixture.array("y").outer_iter()) {
        assert!(distance(kernels.analyze(x.clone()).unwrap().view(), y.view()) < REFERENCE);
        let exchanged = kernels.values().permuted_axes([1, 0, 2, 3, 5, 4]).to_owned();
        let wrong = Kernels::image(exchanged, [0, 0]).unwrap();
        assert!(distance(wrong.analyze(x).unwrap().view(), y.view()) > 0.1, "axes exchanged");
    }
}

/// Period, channels, stages, and a size in periods.
type Case = (Period, usize, usize, (usize, usize));

fn cases() -> impl Strategy<Value = Case> {
    let period = prop_oneof![
        (1_usize..7).prop_map(Period::Signal),
        (1_usize..4, 1_usize..4).prop_map(|(height, width)| Period::Image(height, width)),
    ];
    (period, 1_usize..4, 1_usize..6, (1_usize..5, 1_usize..5))
}

fn shape((period, channels, _, (down, across)): &Case) -> Vec<usize> {
    match period {
        Period::Signal(k) => vec![*channels, k * across],
        Period::Image(height, width) => vec![*channels, height * down, width * across],
    }
}

fn allowed((period, channels, stages, _): &Case) -> f64 {
    let positions = match period {
        Period::Signal(k) => *k,
        Period::Image(height, width) => height * width,
    };
    f64::EPSILON * (positions * channels * stages) as f64 * ROUNDING
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stages_and_their_kernels_are_one_map(case in cases(), seed in 0_u64..1000) {
        let (period, channels, count, _) = case;
        let (x, y) = (normal(&shape(&case), seed), normal(&shape(&case), seed + 1));
        let stages = Stages::random(period, channels, count, &mut rng(seed)).unwrap();
        let kernels = stages.kernels().unwrap();
        let allowed = allowed(&case);
        let forward = stages.analyze(x.view()).unwrap();
        prop_assert!(distance(forward.view(), kernels.analyze(x.view()).unwrap().view()) < allowed);
        let back = stages.adjoint(y.view()).unwrap();
        prop_assert!(distance(back.view(), kernels.synthesize(y.view()).unwrap().view()) < allowed);
        // Adjoint, inverse, norm.
        let size = x.len() as f64;
        prop_assert!((dot(&forward, &y) - dot(&x, &back)).abs() < allowed * size);
        prop_assert!(distance(stages.adjoint(forward.view()).unwrap().view(), x.view()) < allowed);
        prop_assert!(distance(stages.invert(forward.view()).unwrap().view(), x.view()) < allowed);
        prop_assert!((dot(&forward, &forward) - dot(&x, &x)).abs() < allowed * size);
        prop_assert!(kernels.residual() < allowed, "residual {:e}", kernels.residual());
        // No energy lies outside of the taps.
        let dense = kernels.materialize(*x.shape().iter().rev().nth(1).filter(|_| x.ndim() == 3).unwrap_or(&1), x.shape()[x.ndim() - 1]).unwrap();
        let flat = x.view().into_shape_with_order(x.len()).unwrap();
        let product = dense.dot(&flat).into_shape_with_order(IxDyn(x.shape())).unwrap();
        prop_assert!(distance(product.view(), forward.view()) < allowed);
    }

    #[test]
    fn a_signal_by_definition(k in 1_usize..6, channels in 1_usize..4, taps in 1_usize..20, offset in -9_isize..9, blocks in 1_usize..5, seed in 0_u64..1000) {
        let h = normal(&[k, channels, channels, taps], seed).into_dimensionality::<Ix4>().unwrap();
        let kernels = Kernels::signal(h, offset).unwrap();
        let x = normal(&[channels, k * blocks], seed + 1).into_dimensionality::<Ix2>().unwrap();
        let expected = by_definition(&kernels, x.view(), Mistake::None);
        let allowed = f64::EPSILON * (taps * channels) as f64 * ROUNDING;
        prop_assert!(distance(kernels.analyze(x.view()).unwrap().view(), expected.view()) < allowed);
    }
}

#[test]
fn unconstrained_stages_compose_and_invert() {
    for (period, channels, count) in [(Period::Signal(3), 2, 4), (Period::Image(2, 3), 1, 3)] {
        let side = if let Period::Image(..) = period { 6 } else { 3 * channels };
        let near = |seed| Array2::eye(side) + 0.1 * normal(&[side, side], seed).into_dimensionality::<Ix2>().unwrap();
        let stages = Stages::new(period, channels, (0..count).map(near).collect()).unwrap();
        let x = normal(&shape(&(period, channels, 0, (3, 4))), 9);
        let y = stages.analyze(x.view()).unwrap();
        assert!(distance(stages.kernels().unwrap().analyze(x.view()).unwrap().view(), y.view()) < 1e-12);
        assert!(distance(stages.invert(y.view()).unwrap().view(), x.view()) < 1e-11);
        assert!(distance(stages.adjoint(y.view()).unwrap().view(), x.view()) > 1e-2, "the adjoint is no inverse here");
    }
}

#[test]
fn every_mistake_is_rejected_by_the_stages() {
    let stages = Stages::random(3, 2, 2, &mut rng(5)).unwrap();
    let kernels = stages.kernels().unwrap();
    let x = normal(&[2, 12], 6).into_dimensionality::<Ix2>().unwrap();
    let expected = stages.analyze(x.view()).unwrap();
    assert!(distance(by_definition(&kernels, x.view(), Mistake::None).view(), expected.view()) < 1e-13);
    for mistake in MISTAKES {
        let wrong = by_definition(&kernels, x.view(), mistake);
        assert!(distance(wrong.view(), expected.view()) > 1e-2, "{mistake:?} passes");
    }
}

#[test]
fn the_reach_of_the_kernels() {
    // K·M taps, offset K⌊M/2⌋ − (⌊K/2⌋ if M is even); period 1: one tap more for even M.
    for (k, channels, stages, taps, offset) in [
        (4, 1, 1, 4, 0),
        (4, 1, 2, 8, 2),
        (5, 1, 2, 10, 3),
        (5, 2, 3, 15, 5),
        (4, 1, 4, 16, 6),
        (1, 3, 2, 3, 1),
        (1, 3, 3, 3, 1),
        (1, 3, 4, 5, 2),
    ] {
        let kernels = Stages::random(k, channels, stages, &mut rng(3)).unwrap().kernels().unwrap();
        assert_eq!((kernels.taps(), kernels.offset()), ([1, taps], [0, offset]), "K = {k}, M = {stages}");
        // The first and the last tap are used.
        for tap in [0, taps - 1] {
            let values = kernels.values();
            assert!(values.index_axis(Axis(5), tap).iter().any(|v| v.abs() > 1e-6), "K = {k}, M = {stages}: tap {tap}");
        }
    }
}

#[test]
fn bad_input_is_refused_with_numbers() {
    let eye = |side| Array2::<f64>::eye(side);
    let error = |result: Result<Stages, LayerError>| result.unwrap_err();
    assert!(matches!(error(Stages::new(0, 1, vec![])), LayerError::Range { what: "period", .. }));
    assert!(matches!(error(Stages::new(2, 0, vec![])), LayerError::Range { what: "channels", .. }));
    assert!(matches!(error(Stages::new((2, 0), 1, vec![])), LayerError::Range { what: "period", .. }));
    assert!(matches!(error(Stages::new(2, 1, vec![])), LayerError::Range { what: "stages", .. }));
    assert!(matches!(error(Stages::new(usize::MAX, 3, vec![eye(2)])), LayerError::Range { .. }));
    assert!(matches!(error(Stages::identity(2, 1, usize::MAX)), LayerError::Range { .. }));
    assert!(matches!(error(Stages::haar().and_then(|haar| haar.padded(1 << 60))), LayerError::Range { .. }));
    assert!(matches!(error(Stages::mdct(usize::MAX - 1, pdmap_filterbank::Window::Sine)), LayerError::Range { .. }));
    assert!(matches!(error(Stages::random(1 << 20, 1 << 20, 1, &mut rng(1))), LayerError::Range { .. }));
    assert!(matches!(error(Stages::new(2, 1, vec![eye(3)])), LayerError::Shape { .. }));
    assert!(matches!(error(Stages::new(2, 1, vec![eye(2) * f64::NAN])), LayerError::NonFinite { .. }));
    match error(Stages::orthonormal(2, 1, vec![eye(2), eye(2) * 1.1])) {
        LayerError::NotOrthonormal { residual, .. } => assert!((residual - 0.21).abs() < 1e-12),
        other => panic_with(other),
    }
    let stages = Stages::random(4, 2, 2, &mut rng(1)).unwrap();
    match stages.analyze(normal(&[2, 10], 1).view()).unwrap_err() {
        LayerError::Indivisible { length: 10, period: 4, .. } => {}
        other => panic_with(other),
    }
    for shape in [&[1, 8][..], &[8], &[2, 1, 8], &[2, 0]] {
        assert!(stages.analyze(ArrayD::zeros(IxDyn(shape)).view()).is_err(), "{shape:?}");
    }
    let singular = Stages::new(2, 1, vec![Array2::zeros((2, 2))]).unwrap();
    assert!(matches!(singular.invert(normal(&[1, 4], 1).view()), Err(LayerError::Singular { .. })));
    let kernels = |shape: &[usize], value: f64| {
        let h = ArrayD::from_elem(IxDyn(shape), value).into_dimensionality::<Ix4>().unwrap();
        Kernels::signal(h, 0).unwrap_err()
    };
    assert!(matches!(kernels(&[2, 1, 2, 4], 0.0), LayerError::Shape { .. }));
    assert!(matches!(kernels(&[0, 1, 1, 4], 0.0), LayerError::Range { what: "period", .. }));
    assert!(matches!(kernels(&[2, 0, 0, 4], 0.0), LayerError::Range { what: "channels", .. }));
    assert!(matches!(kernels(&[2, 1, 1, 0], 0.0), LayerError::Range { what: "taps", .. }));
    assert!(matches!(kernels(&[2, 1, 1, 4], f64::INFINITY), LayerError::NonFinite { .. }));
    let one = normal(&[2], 1).into_dimensionality::<Ix1>().unwrap();
    assert!(stages.analyze(one.view()).is_err());
}

fn panic_with(error: LayerError) {
    assert_eq!(error.to_string(), "", "another error was due");
}
