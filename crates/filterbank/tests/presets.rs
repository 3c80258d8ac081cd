//! Presets against reference values and against rustdct.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use crate::common;

use common::{Fixture, distance, normal, rng};
use ndarray::{Array1, Array2, Array4, ArrayView2, Ix2, array};
use pdmap_core::LayerError;
use pdmap_filterbank::{Kernels, Period, Stages, Window};
use rustdct::DctPlanner;

/// Tolerance of the reference values.
const REFERENCE: f64 = 1e-12;
/// Rounding of orthonormal kernels, times period and stages.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The stages' kernels, one a row.
fn rows(stages: &Stages) -> Array2<f64> {
    let kernels = stages.kernels().unwrap();
    let h = kernels.signal_values().unwrap();
    let (period, _, _, taps) = h.dim();
    h.to_owned().into_shape_with_order((period, taps)).unwrap()
}

/// The preset of a reference name such as `mdct_sine_8`.
fn preset(name: &str) -> Stages {
    let (kind, number) = name.rsplit_once('_').unwrap();
    let number = number.parse().unwrap();
    match kind {
        "daubechies" => Stages::daubechies(number),
        "mdct_sine" => Stages::mdct(number, Window::Sine),
        "dct2" => Stages::dct2(number),
        other => unreachable!("no preset for {other}"),
    }
    .unwrap()
}

fn of_rows(h: ArrayView2<'_, f64>) -> Kernels {
    let (period, taps) = h.dim();
    Kernels::signal(h.to_owned().into_shape_with_order((period, 1, 1, taps)).unwrap(), 0).unwrap()
}

#[test]
fn banks_and_coding_gains_as_in_the_reference() {
    let fixture = Fixture::read("filter_banks.json");
    let names = fixture.keys("banks");
    assert_eq!(names.len(), 14);
    for name in &names {
        let stages = preset(name);
        let (found, expected) = (rows(&stages), fixture.array(&format!("banks/{name}")));
        let measured = distance(found.view(), expected.view());
        assert!(measured < REFERENCE, "{name}: {measured:e}");
        assert!(stages.residual() < 32.0 * f64::EPSILON, "{name}");
        let gain = stages.kernels().unwrap().coding_gain(0.95).unwrap();
        assert!((gain - fixture.number(&format!("coding_gain/{name}"))).abs() < 1e-10, "{name}: {gain}");
        // The oracle rejects a reversed kernel.
        let turned = Array2::from_shape_fn(found.dim(), |(k, j)| found[[k, found.ncols() - 1 - j]]);
        assert!(name == "dct2_1" || distance(turned.view(), expected.view()) > 0.1, "{name}");
    }
}

#[test]
fn coding_gains_by_definition_and_published() {
    let quadratic = |h: ArrayView2<'_, f64>, rho: f64| {
        let gain = |h: ndarray::ArrayView1<'_, f64>| {
            let r = Array2::from_shape_fn((h.len(), h.len()), |(j, l)| rho.powi(j.abs_diff(l) as i32));
            h.dot(&r.dot(&h)).log10()
        };
        -10.0 * h.rows().into_iter().map(gain).sum::<f64>() / h.nrows() as f64
    };
    for stages in [Stages::random(5, 1, 3, &mut rng(1)).unwrap(), Stages::lot(8).unwrap(), Stages::haar().unwrap()] {
        for rho in [0.95, 0.3, 0.0, -0.7] {
            let gain = stages.kernels().unwrap().coding_gain(rho).unwrap();
            assert!((gain - quadratic(rows(&stages).view(), rho)).abs() < 1e-12, "{rho}");
        }
    }
    let gain = |stages: Stages| stages.kernels().unwrap().coding_gain(0.95).unwrap();
    // Malvar's fast LOT as published, and its second type.
    assert!((gain(Stages::fast_lot().unwrap()) - 9.1973).abs() < 5e-5);
    assert!((gain(Stages::lot(8).unwrap()) - 9.2189).abs() < 5e-5);
    // A separable bank on a separable source: the mean over both.
    let (dct, haar) = (Stages::dct2(4).unwrap(), Stages::haar().unwrap());
    let both = gain(Stages::separable(&dct, &haar).unwrap());
    assert!((both - gain(dct.clone()) - gain(haar)).abs() < 1e-12);
    assert!((gain(dct.each_channel(3).unwrap()) - gain(dct.clone())).abs() < 1e-12);
    assert!(matches!(dct.kernels().unwrap().coding_gain(1.0), Err(LayerError::Range { what: "rho", .. })));
    let kernels = of_rows((1.1 * rows(&dct)).view());
    assert!(
        matches!(kernels.coding_gain(0.5), Err(LayerError::NotParaunitary { residual, .. }) if (residual - 0.21).abs() < 1e-12)
    );
}

#[test]
fn daubechies_of_4_to_20_taps() {
    for taps in (2..=20).step_by(2) {
        let stages = Stages::daubechies(taps).unwrap();
        assert_eq!(stages.matrices().len(), taps / 2);
        let kernels = stages.kernels().unwrap();
        assert!(kernels.residual() < 1e-12, "{taps}: {:e}", kernels.residual());
        let h = rows(&stages);
        // Vanishing moments of the wavelet; about the middle, where they lose fewest digits.
        for moment in 0..taps as i32 / 2 {
            let term = |(j, g): (usize, &f64)| g * (j as f64 - (taps - 1) as f64 / 2.0).powi(moment);
            let size: f64 = h.row(1).iter().enumerate().map(|entry| term(entry).abs()).sum();
            let sum: f64 = h.row(1).iter().enumerate().map(term).sum();
            assert!(sum.abs() < 1e-11 * size.max(1.0), "{taps} taps, moment {moment}: {sum:e} of {size:e}");
        }
        assert!((h.row(0).sum() - std::f64::consts::SQRT_2).abs() < 1e-13);
    }
    let root = 3.0_f64.sqrt();
    let four = array![1.0 + root, 3.0 + root, 3.0 - root, 1.0 - root] / (4.0 * std::f64::consts::SQRT_2);
    let found = rows(&Stages::daubechies(4).unwrap());
    assert!(distance(found.row(0), four.view()) < 1e-15);
    for taps in [0, 1, 3, 22] {
        assert!(matches!(Stages::daubechies(taps), Err(LayerError::Range { what: "taps", .. })), "{taps}");
    }
    assert!(matches!(Stages::wavelet(array![1.0, 0.5].view()), Err(LayerError::NotParaunitary { .. })));
    for taps in [0, 1, 3] {
        let refused = Stages::wavelet(Array1::zeros(taps).view()).unwrap_err();
        let LayerError::Range { what: "scaling coefficients", value, .. } = refused else { panic!("{refused}") };
        assert_eq!(value, taps as f64);
    }
}

#[test]
fn the_mdct_is_that_of_rustdct() {
    for period in [2, 4, 8, 16, 60] {
        for (window, function) in [
            (Window::Sine, rustdct::mdct::window_fn::mp3::<f64> as fn(usize) -> Vec<f64>),
            (Window::Vorbis, rustdct::mdct::window_fn::vorbis::<f64>),
        ] {
            let plan = DctPlanner::new().plan_mdct(period, function);
            let n = 6 * period;
            let x = normal(&[1, n], period as u64).into_dimensionality::<Ix2>().unwrap();
            let stages = Stages::mdct(period, window).unwrap();
            let y = stages.analyze(x.view()).unwrap();
            assert!(distance(stages.kernels().unwrap().analyze(x.view()).unwrap().view(), y.view()) < 1e-13);
            let mut worst = [0.0_f64; 2];
            for block in 0..n / period {
                // Block b begins half a period before its position.
                let at = |j: usize| x[[0, (block * period + n + j - period / 2) % n]];
                let input: Vec<f64> = (0..2 * period).map(at).collect();
                let (mut output, mut scratch) = (vec![0.0; period], vec![0.0; plan.get_scratch_len()]);
                plan.process_mdct_with_scratch(&input[..period], &input[period..], &mut output, &mut scratch);
                let scale = (2.0 / period as f64).sqrt();
                for (k, value) in output.iter().enumerate() {
                    worst[0] = worst[0].max((y[[0, block * period + k]] - scale * value).abs());
                    worst[1] = worst[1].max((y[[0, block * period + k]] + scale * value).abs());
                }
            }
            assert!(worst[0] < 1e-12, "{period}, {window:?}: {worst:?}");
            assert!(worst[1] > 0.1, "the sign is not seen");
        }
    }
    for period in [0, 3] {
        assert!(matches!(Stages::mdct(period, Window::Sine), Err(LayerError::Range { .. })));
        assert!(matches!(Stages::lot(period), Err(LayerError::Range { .. })));
    }
}

#[test]
fn windows_and_the_mdct_by_definition() {
    for period in [2, 6, 16] {
        for window in [Window::Sine, Window::Vorbis] {
            let w = window.values(period).unwrap();
            let wrong = (0..period).map(|j| (w[j] * w[j] + w[j + period] * w[j + period] - 1.0).abs());
            assert!(wrong.fold(0.0, f64::max) < 4.0 * f64::EPSILON);
            let k = period as f64;
            let expected = Array2::from_shape_fn((period, 2 * period), |(row, j)| {
                let angle = std::f64::consts::PI / k * (j as f64 + 0.5 + k / 2.0) * (row as f64 + 0.5);
                w[j] * (2.0 / k).sqrt() * angle.cos()
            });
            assert!(distance(rows(&Stages::mdct(period, window).unwrap()).view(), expected.view()) < 1e-13);
        }
    }
}

#[test]
fn every_preset_is_orthonormal_with_the_kernels_of_its_kind() {
    let wavelet = |taps| Stages::daubechies(taps).unwrap();
    let presets = [
        ("haar", Stages::haar().unwrap()),
        ("dct2", Stages::dct2(7).unwrap()),
        ("dct4", Stages::dct4(12).unwrap()),
        ("dct4 large", Stages::dct4(256).unwrap()),
        ("mdct", Stages::mdct(64, Window::Vorbis).unwrap()),
        ("fast lot", Stages::fast_lot().unwrap()),
        ("lot", Stages::lot(16).unwrap()),
        ("lot of two", Stages::lot(2).unwrap()),
        ("random", Stages::random(5, 2, 4, &mut rng(1)).unwrap()),
        ("identity", Stages::identity((2, 3), 2, 3).unwrap()),
        ("channels", Stages::lot(4).unwrap().each_channel(3).unwrap()),
        ("separable", Stages::separable(&wavelet(4), &Stages::lot(4).unwrap()).unwrap()),
    ];
    for (name, stages) in presets {
        assert!(stages.residual() <= 32.0 * f64::EPSILON, "{name}: {:e}", stages.residual());
        let (kernels, matrices) = (stages.kernels().unwrap(), stages.matrices());
        let allowed = ROUNDING * (matrices[0].nrows() * matrices.len()) as f64;
        assert!(kernels.residual() <= allowed, "{name}: {:e}", kernels.residual());
        assert!(Stages::orthonormal(stages.period(), stages.channels(), matrices.to_vec()).is_ok());
    }
    // Kernels of the LOT are even and odd in turn.
    let h = rows(&Stages::lot(8).unwrap());
    for (k, row) in h.rows().into_iter().enumerate() {
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        assert!((0..8).all(|j| (row[j] - sign * row[15 - j]).abs() < 1e-15), "{k}");
    }
}

#[test]
fn separable_banks_are_products() {
    let cases = [
        (Stages::daubechies(6).unwrap(), Stages::daubechies(6).unwrap()),
        (Stages::daubechies(4).unwrap(), Stages::daubechies(10).unwrap()),
        (Stages::dct2(3).unwrap(), Stages::lot(4).unwrap()),
        (Stages::random(5, 1, 4, &mut rng(1)).unwrap(), Stages::random(3, 1, 3, &mut rng(2)).unwrap()),
        (Stages::identity(1, 1, 1).unwrap(), Stages::lot(4).unwrap()),
    ];
    for (rows, columns) in cases {
        let both = Stages::separable(&rows, &columns).unwrap();
        let Period::Image(height, width) = both.period() else { unreachable!() };
        let x = normal(&[1, 4 * height, 3 * width], 3);
        let mut y = x.clone();
        for mut column in y.lanes_mut(ndarray::Axis(1)) {
            let flat = column.to_owned().into_shape_with_order((1, 4 * height)).unwrap();
            column.assign(&rows.analyze(flat.view()).unwrap().row(0));
        }
        for mut row in y.lanes_mut(ndarray::Axis(2)) {
            let flat = row.to_owned().into_shape_with_order((1, 3 * width)).unwrap();
            row.assign(&columns.analyze(flat.view()).unwrap().row(0));
        }
        assert!(distance(both.analyze(x.view()).unwrap().view(), y.view()) < 1e-13);
        // Identities applied last instead of first would move every stage onto the other grid.
        let (mut short, long) = (rows.into_matrices(), columns.matrices().len());
        if short.len() < long && (long - short.len()) % 2 == 1 && height > 1 {
            short.push(Array2::eye(height));
            let wrong = Stages::new(height, 1, short).unwrap();
            let wrong = Stages::separable(&wrong, &columns).unwrap();
            assert!(distance(wrong.analyze(x.view()).unwrap().view(), y.view()) > 1e-2);
        }
    }
    let image = Stages::identity((2, 2), 1, 1).unwrap();
    assert!(matches!(Stages::separable(&image, &image), Err(LayerError::Conflict { .. })));
    assert!(matches!(image.each_channel(2), Err(LayerError::Conflict { .. })));
    let channels = Stages::random(2, 2, 1, &mut rng(1)).unwrap();
    assert!(matches!(channels.each_channel(2), Err(LayerError::Range { .. })));
    assert!(Stages::haar().unwrap().each_channel(0).is_err());
    assert!(Stages::haar().unwrap().each_channel(1 << 40).is_err());
}

#[test]
fn responses_in_decibels() {
    let haar = Stages::haar().unwrap().kernels().unwrap();
    let response = haar.response(8).unwrap();
    assert_eq!(response.dim(), (2, 5));
    for f in 0..5 {
        let angle = std::f64::consts::PI * f as f64 / 8.0;
        for (row, value) in [angle.cos(), angle.sin()].into_iter().enumerate() {
            let expected = 20.0 * (std::f64::consts::SQRT_2 * value.abs()).log10();
            let found = response[[row, f]];
            assert!((found - expected).abs() < 1e-12 || (found < -280.0 && expected < -280.0), "{row} {f}: {found}");
        }
    }
    assert!(matches!(haar.response(1), Err(LayerError::Range { what: "points", .. })));
    let image = Stages::separable(&Stages::haar().unwrap(), &Stages::haar().unwrap()).unwrap().kernels().unwrap();
    assert!(matches!(image.response(8), Err(LayerError::Conflict { .. })));
    let both = image.image_response([8, 8]).unwrap();
    assert!((both[[0, 0, 0, 0, 1, 2]] - response[[0, 1]] - response[[0, 2]]).abs() < 1e-12);
    // Power complementary at all frequencies: Σ_k |H_k(f)|² = K.
    let lot = Stages::lot(8).unwrap().kernels().unwrap().response(64).unwrap();
    for column in lot.columns() {
        let power: f64 = column.iter().map(|value| 10.0_f64.powf(value / 10.0)).sum();
        assert!((power - 8.0).abs() < 1e-12, "{power}");
    }
    let taps = Array4::ones((2, 1, 1, 3));
    assert_eq!(Kernels::signal(taps, 0).unwrap().response(4).unwrap().dim(), (2, 3));
    // A row for each kernel and each pair of channels.
    let planes = Stages::random(4, 3, 2, &mut rng(5)).unwrap().kernels().unwrap();
    assert_eq!(planes.response(16).unwrap().dim(), (4 * 3 * 3, 9));
}
