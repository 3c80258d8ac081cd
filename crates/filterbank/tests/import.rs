//! Import: kernels to stages and back, and what it refuses.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{distance, normal, rng};
use ndarray::{Array2, Array4, Array6, Axis};
use pdmap_core::LayerError;
use pdmap_filterbank::{Imported, Kernels, Period, Stages, Window};
use proptest::prelude::*;

/// Round trip of kernels.
const ROUND_TRIP: f64 = 1e-12;

/// Imports and checks against the kernels on a signal.
fn round_trip(kernels: &Kernels) -> Result<Imported, LayerError> {
    let imported = Stages::import(kernels)?;
    let (shape, periods) = match kernels.period() {
        Period::Signal(k) => (vec![kernels.channels(), 12 * k], 1),
        Period::Image(height, width) => (vec![kernels.channels(), 8 * height, 8 * width], 2),
    };
    let x = normal(&shape, 77);
    // The stages read `shift` positions later: on a signal that is moved back they are the kernels.
    let mut moved = x.clone();
    for axis in 0..periods {
        let n = shape[axis + 1] as isize;
        let shift = imported.shift[axis + 2 - periods];
        let indices: Vec<usize> = (0..n).map(|at| (at - shift).rem_euclid(n) as usize).collect();
        moved = moved.select(Axis(axis + 1), &indices);
    }
    let expected = kernels.analyze(x.view()).unwrap();
    let found = imported.stages.analyze(moved.view()).unwrap();
    let measured = distance(found.view(), expected.view());
    assert!(measured < 16.0 * imported.residual.max(ROUND_TRIP), "{measured:e} on a signal");
    Ok(imported)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn signals(k in 1_usize..8, channels in 1_usize..4, stages in 1_usize..7, seed in 0_u64..10_000) {
        let bank = Stages::random(k, channels, stages, &mut rng(seed)).unwrap();
        let kernels = bank.kernels().unwrap();
        let imported = round_trip(&kernels).unwrap();
        prop_assert!(imported.stages.residual() <= 32.0 * f64::EPSILON);
        let side = k * channels;
        let polished = stages * side * (side - 1) / 2 <= 800;
        // Longer banks lose digits and report how many.
        let allowed = if polished || stages < 5 { ROUND_TRIP } else { 1e-7 };
        prop_assert!(imported.residual < allowed, "K = {}, C = {}, M = {}: {:e}", k, channels, stages, imported.residual);
        prop_assert_eq!(imported.shift, [0, 0]);
        prop_assert!(imported.stages.matrices().len() <= stages);
    }

    #[test]
    fn images(height in 1_usize..4, width in 1_usize..4, channels in 1_usize..3, stages in 1_usize..5, seed in 0_u64..10_000) {
        let bank = Stages::random((height, width), channels, stages, &mut rng(seed)).unwrap();
        let imported = round_trip(&bank.kernels().unwrap()).unwrap();
        prop_assert!(imported.residual < ROUND_TRIP, "{}x{}, C = {}, M = {}: {:e}", height, width, channels, stages, imported.residual);
    }
}

/// A direction of relative effect 2e-7 asks for a rotation of 2.5e-3, whose second-order error the
/// step after it removes.
#[test]
fn a_step_that_is_worse_at_first_is_followed() {
    let bank = Stages::random(6, 2, 6, &mut rng(7746)).unwrap();
    let imported = round_trip(&bank.kernels().unwrap()).unwrap();
    assert!(imported.residual < ROUND_TRIP, "{:e}", imported.residual);
}

#[test]
fn presets_of_few_degrees() {
    let two = Stages::haar().unwrap();
    let banks = [
        Stages::identity(4, 1, 3).unwrap(),
        Stages::identity(5, 2, 4).unwrap(),
        Stages::identity((2, 2), 1, 2).unwrap(),
        two.clone().padded(4).unwrap(),
        Stages::dct2(8).unwrap().padded(3).unwrap(),
        Stages::mdct(8, Window::Vorbis).unwrap(),
        Stages::mdct(2, Window::Sine).unwrap(),
        Stages::fast_lot().unwrap(),
        Stages::lot(16).unwrap(),
        Stages::daubechies(20).unwrap(),
        Stages::daubechies(8).unwrap().each_channel(2).unwrap(),
        Stages::separable(&Stages::daubechies(4).unwrap(), &Stages::daubechies(8).unwrap()).unwrap(),
        Stages::separable(&Stages::dct2(3).unwrap(), &Stages::lot(4).unwrap()).unwrap(),
    ];
    for (at, bank) in banks.iter().enumerate() {
        let imported = round_trip(&bank.kernels().unwrap()).unwrap_or_else(|error| unreachable!("bank {at}: {error}"));
        assert!(imported.residual < ROUND_TRIP, "bank {at}: {:e}", imported.residual);
    }
    // Zero taps add no stages.
    assert_eq!(Stages::import(&banks[3].kernels().unwrap()).unwrap().stages.matrices().len(), 1);
}

#[test]
fn stages_on_the_wrong_grid_are_rejected() {
    let bank = Stages::random(4, 1, 3, &mut rng(6)).unwrap();
    let imported = Stages::import(&bank.kernels().unwrap()).unwrap();
    let x = normal(&[1, 24], 1);
    let expected = bank.analyze(x.view()).unwrap();
    let good = imported.stages.analyze(x.view()).unwrap();
    assert!(distance(good.view(), expected.view()) < ROUND_TRIP);
    let matrices = imported.stages.into_matrices();
    // In the opposite order, transposed, and with one more stage behind.
    let opposite = matrices.iter().rev().cloned().collect();
    let transposed = matrices.iter().map(|w| w.t().to_owned()).collect();
    let behind = matrices.iter().cloned().chain([Array2::eye(4)]).collect();
    for (wrong, what) in [(opposite, "order"), (transposed, "transposed"), (behind, "parity")] {
        let wrong = Stages::new(4, 1, wrong).unwrap().analyze(x.view()).unwrap();
        assert!(distance(wrong.view(), expected.view()) > 1e-2, "{what}");
    }
}

#[test]
fn other_offsets_are_reported_as_a_shift() {
    let bank = Stages::lot(4).unwrap();
    let h = bank.kernels().unwrap().signal_values().unwrap().to_owned();
    for offset in [-7, 0, 1, 2, 9] {
        let imported = round_trip(&Kernels::signal(h.clone(), offset).unwrap()).unwrap();
        assert_eq!(imported.shift, [0, offset - 2]);
    }
    // Leading and trailing zeros.
    let padded = Array4::from_shape_fn(
        (4, 1, 1, 13),
        |(k, _, _, j)| if (3..11).contains(&j) { h[[k, 0, 0, j - 3]] } else { 0.0 },
    );
    let imported = round_trip(&Kernels::signal(padded, 5).unwrap()).unwrap();
    assert_eq!((imported.shift, imported.stages.matrices().len()), ([0, 0], 2));
}

/// `R Π_f (I − P_f + P_f z_f)`: a rotation and delays by one block, each of a random space of the
/// given rank along the given axis (Vaidyanathan 1993, section 14.4.2).
fn delays(period: (usize, usize), channels: usize, ranks: &[(usize, usize)]) -> Kernels {
    let side = period.0 * period.1 * channels;
    let haar = |seed: u64| pdmap_core::group::haar::<f64>(side, &mut rng(seed));
    // Taps by (m_h, m_w).
    let mut taps = vec![((0, 0), haar(100))];
    for (seed, &(rank, axis)) in ranks.iter().enumerate() {
        let q = haar(seed as u64);
        let q = q.select(Axis(1), &(0..rank).collect::<Vec<_>>());
        let delayed = q.dot(&q.t());
        let kept = Array2::<f64>::eye(side) - &delayed;
        taps = taps
            .into_iter()
            .flat_map(|((y, x), tap)| {
                let later = if axis == 0 { (y + 1, x) } else { (y, x + 1) };
                [((y, x), tap.dot(&kept)), (later, tap.dot(&delayed))]
            })
            .collect();
    }
    let counts = taps.iter().fold((1, 1), |(y, x), (m, _)| (y.max(m.0 + 1), x.max(m.1 + 1)));
    let shape = (period.0, period.1, channels, channels, counts.0 * period.0, counts.1 * period.1);
    let mut h = Array6::<f64>::zeros(shape);
    for ((y, x), tap) in &taps {
        for ((row, column), value) in tap.indexed_iter() {
            let (k, o, l, i) = (row / channels, row % channels, column / channels, column % channels);
            let (u, v) = (y * period.0 + l / period.1, x * period.1 + l % period.1);
            h[[k / period.1, k % period.1, o, i, u, v]] += value;
        }
    }
    let kernels = Kernels::image(h, [0, 0]).unwrap();
    assert!(kernels.residual() < 1e-13);
    kernels
}

/// The same along one axis.
fn signal_delays(period: usize, channels: usize, ranks: &[usize]) -> Kernels {
    let ranks: Vec<_> = ranks.iter().map(|&rank| (rank, 1)).collect();
    let values = delays((1, period), channels, &ranks).values().to_owned();
    let (_, k, o, i, _, v) = values.dim();
    Kernels::signal(values.into_shape_with_order((k, o, i, v)).unwrap(), 0).unwrap()
}

#[test]
fn kernels_of_uneven_rank_take_a_shift_and_more_stages() {
    for period in 2..7 {
        for ranks in [&[1][..], &[1, 1], &[1, 1, 1, 1], &[period - 1], &[1, period - 1], &[period - 1, 1, period / 2]] {
            let imported = round_trip(&signal_delays(period, 1, ranks)).unwrap();
            assert!(imported.residual < ROUND_TRIP, "K = {period}, {ranks:?}: {:e}", imported.residual);
            // A delay by a block of one of K numbers is one by one position on the whole.
            assert_eq!(imported.shift, [0, -(ranks.iter().sum::<usize>() as isize)]);
            assert!(imported.stages.matrices().len() <= 2 * (ranks.len() + 1), "{period}, {ranks:?}");
        }
    }
    for (period, ranks) in [(2, &[2, 1, 1][..]), (4, &[2, 1, 3]), (4, &[1, 1])] {
        let imported = round_trip(&signal_delays(period, 2, ranks)).unwrap();
        assert_eq!(imported.shift, [0, -(ranks.iter().sum::<usize>() as isize) / 2]);
    }
}

#[test]
fn kernels_that_are_no_product_of_stages() {
    // One number of two channels delayed by a block: half a position on the whole.
    match Stages::import(&signal_delays(2, 2, &[1])) {
        Err(LayerError::FractionalShift { axis: 1, shift }) => assert!((shift + 0.5).abs() < 1e-12),
        other => unreachable!("{other:?}"),
    }
    // Orthonormal in 2-D, with whole shifts along both axes, and no product.
    match Stages::import(&delays((2, 2), 1, &[(2, 0), (2, 1), (2, 0), (2, 1)])) {
        Err(LayerError::NotFactorable { stages, residual, tolerance }) => {
            assert!(residual > 0.1 && tolerance < 1e-6 && stages > 0, "{residual}");
        }
        other => unreachable!("{other:?}"),
    }
    // Along an axis of period 1 beside a larger one, no stage reaches to other positions.
    match Stages::import(&delays((1, 2), 1, &[(1, 0), (1, 0)])) {
        Err(LayerError::NotFactorable { stages: 0, .. }) => {}
        other => unreachable!("{other:?}"),
    }
    // Not orthonormal at all: the residual is named.
    let h = Stages::lot(4).unwrap().kernels().unwrap().signal_values().unwrap().to_owned();
    match Stages::import(&Kernels::signal(1.01 * h, 0).unwrap()) {
        Err(LayerError::NotParaunitary { residual, .. }) => {
            assert!((residual - 0.0201).abs() < 1e-12, "{residual}")
        }
        other => unreachable!("{other:?}"),
    }
    let random = normal(&[3, 1, 1, 6], 1).into_dimensionality().unwrap();
    assert!(matches!(Stages::import(&Kernels::signal(random, 0).unwrap()), Err(LayerError::NotParaunitary { .. })));
}
