//! The indexing of kernels, `y[o, bK+k] = Σ h[k,o,i,j] x[i, bK + j − offset]`, against independent values, and the layers against it.
//!
//! The fixtures hold arbitrary kernels and test the two functions here that apply and materialize kernels.
//! Layers are products of stages: their kernels, read off an impulse in a long signal, must give the same map
//! at the fixtures' sizes, wrapped taps included.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, ArrayD};
use pdmap_conv::{CycledConv, Direction, Geometry, Group, Output};
use pdmap_core::group::haar;
use pdmap_core::linalg::Lu;
use pdmap_core::{Layer, LayerExt};
use rand::SeedableRng;
use serde_json::Value;

const REFERENCE: f64 = 1e-10;
const OWN: f64 = 1e-12;

/// Kernels `h[p, q, o, i, u, v]` (a signal has `p = u = 0`) on planes `[C, H, W]`.
struct Kernels {
    taps: ArrayD<f64>,
    offset: [usize; 2],
}

#[derive(Clone, Copy)]
struct Size {
    channels: usize,
    size: [usize; 2],
    period: [usize; 2],
    overlap: [usize; 2],
}

impl Size {
    fn features(self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }

    fn place(self, c: usize, y: usize, x: usize) -> usize {
        (c * self.size[0] + y) * self.size[1] + x
    }
}

/// The map of the kernels as a matrix: wrapped taps are summed.
fn matrix(kernels: &Kernels, size: Size) -> Array2<f64> {
    let mut found = Array2::zeros((size.features(), size.features()));
    let [height, width] = size.size;
    for (index, &tap) in kernels.taps.indexed_iter() {
        let [p, q, o, i, u, v] = [index[0], index[1], index[2], index[3], index[4], index[5]];
        for by in 0..height / size.period[0] {
            for bx in 0..width / size.period[1] {
                let (y, x) = (by * size.period[0], bx * size.period[1]);
                // A multiple of the size more, so that nothing is negative.
                let from_y = (y + u + height * kernels.taps.shape()[4] - kernels.offset[0]) % height;
                let from_x = (x + v + width * kernels.taps.shape()[5] - kernels.offset[1]) % width;
                found[[size.place(o, y + p, x + q), size.place(i, from_y, from_x)]] += tap;
            }
        }
    }
    found
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

fn pair(value: &Value, one: usize) -> [usize; 2] {
    match value {
        Value::Array(items) => [items[0].as_u64().unwrap() as usize, items[1].as_u64().unwrap() as usize],
        other => [one, other.as_u64().unwrap() as usize],
    }
}

struct Fixture {
    size: Size,
    kernels: Kernels,
    x: Array2<f64>,
    y: Array2<f64>,
    log_det: f64,
    gradient: Vec<f64>,
}

fn fixtures() -> Vec<Fixture> {
    let texts = [
        include_str!("../../filterbank/tests/fixtures/cycled_conv_1d_c1_k4_m3_n8_wrapped.json"),
        include_str!("../../filterbank/tests/fixtures/cycled_conv_1d_c2_k3_m2_n12.json"),
        include_str!("../../filterbank/tests/fixtures/cycled_conv_2d.json"),
    ];
    let read = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let (period, overlap) = (pair(&value["period"], 1), pair(&value["overlap"], 1));
        let size = if value["size"].is_null() { &value["length"] } else { &value["size"] };
        let channels = value["channels"].as_u64().unwrap() as usize;
        let size = Size { channels, size: pair(size, 1), period, overlap };
        let taps = [period[0] * overlap[0], period[1] * overlap[1]];
        let shape = vec![period[0], period[1], channels, channels, taps[0], taps[1]];
        let taps = ArrayD::from_shape_vec(shape, numbers(&value["kernels"])).unwrap();
        let rows = |key: &str| {
            let numbers = numbers(&value[key]);
            Array2::from_shape_vec((numbers.len() / size.features(), size.features()), numbers).unwrap()
        };
        Fixture {
            size,
            kernels: Kernels { taps, offset: [0, 0] },
            x: rows("x"),
            y: rows("y"),
            log_det: value["log_det"].as_f64().unwrap(),
            gradient: numbers(&value["grad_log_det"]),
        }
    };
    texts.map(read).into()
}

fn close<'a>(
    what: &str,
    actual: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
    allowed: f64,
) {
    let (actual, expected): (Vec<_>, Vec<_>) = (actual.into_iter().collect(), expected.into_iter().collect());
    assert!(actual.len() == expected.len() && !actual.is_empty(), "{what}");
    for (actual, expected) in actual.into_iter().zip(expected) {
        assert!((actual - expected).abs() <= allowed * expected.abs().max(1.0), "{what}: {actual} {expected}");
    }
}

#[test]
fn this_reading_of_kernels_is_that_of_the_reference() {
    for Fixture { size, mut kernels, x, y, log_det, gradient } in fixtures() {
        let whole = matrix(&kernels, size);
        close("y", &x.dot(&whole.t()), &y, REFERENCE);
        let lu = Lu::<f64>::new(whole.view()).unwrap();
        close("log-det", &[lu.log_det().log_abs], &[log_det], REFERENCE);
        // d log|det T| / dh = Σ (T⁻ᵀ) at the places of the tap.
        let inverse_transposed = lu.inverse_transposed().unwrap();
        let mut own = Vec::new();
        for tap in 0..kernels.taps.len() {
            kernels.taps.fill(0.0);
            kernels.taps.as_slice_mut().unwrap()[tap] = 1.0;
            own.push((matrix(&kernels, size) * &inverse_transposed).sum());
        }
        close("gradient of the log-det", &own, &gradient, REFERENCE);
    }
}

fn geometry(size: Size, image: bool) -> Geometry {
    let ([height, width], [rows, columns]) = (size.size, size.period);
    match image {
        true => Geometry::image(size.channels, (height, width), (rows, columns)),
        false => Geometry::signal(size.channels, width, columns),
    }
}

/// The layer's kernels: responses in a signal so long that nothing wraps.
fn kernels_of(layer: &CycledConv<f64>, size: Size, image: bool) -> Kernels {
    let stages = layer.stages().len();
    let long = |length: usize| if length == 1 { 1 } else { stages + 2 };
    let periods = [long(size.size[0]), long(size.size[1])];
    let large = Size { size: [periods[0] * size.period[0], periods[1] * size.period[1]], ..size };
    let layer = layer.resized(geometry(large, image)).unwrap();
    // Column (i, from) of the map is the response to a unit there.
    let (map, _) = layer.transform(&Array2::eye(large.features())).unwrap();
    let offset_of = |period: usize| period * (stages / 2) - if stages.is_multiple_of(2) { period / 2 } else { 0 };
    let flat = size.size[0] == 1;
    let offset = [if flat { 0 } else { offset_of(size.period[0]) }, offset_of(size.period[1])];
    let lengths = [if flat { 1 } else { size.period[0] * stages }, size.period[1] * stages];
    let channels = size.channels;
    let shape = vec![size.period[0], size.period[1], channels, channels, lengths[0], lengths[1]];
    let middle = [periods[0] / 2 * size.period[0], periods[1] / 2 * size.period[1]];
    let [height, width] = large.size;
    let taps = ArrayD::from_shape_fn(shape, |index| {
        let from_y = (middle[0] + index[4] + height * lengths[0] - offset[0]) % height;
        let from_x = (middle[1] + index[5] + width * lengths[1] - offset[1]) % width;
        let to = large.place(index[2], middle[0] + index[0], middle[1] + index[1]);
        map[[large.place(index[3], from_y, from_x), to]]
    });
    Kernels { taps, offset }
}

#[test]
fn layers_are_the_maps_of_their_kernels() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    for fixture in fixtures() {
        let (size, image) = (fixture.size, fixture.size.size[0] > 1);
        for stages in 1..5 {
            let geometry = geometry(size, image);
            let mut matrices: Vec<Array2<f64>> = (0..stages).map(|_| haar(geometry.side(), &mut rng)).collect();
            matrices.iter_mut().for_each(|stage| stage.row_mut(0).mapv_inplace(|entry| 1.5 * entry));
            let group = Group::General(Direction::Relative);
            let layer = CycledConv::new(geometry, matrices, group).unwrap();
            let kernels = kernels_of(&layer, size, image);
            let whole = matrix(&kernels, size);
            let (y, log_det) = layer.transform(&fixture.x).unwrap();
            close("y", &y, &fixture.x.dot(&whole.t()), OWN);
            let expected = Lu::<f64>::new(whole.view()).unwrap().log_det().log_abs;
            close("log-det", &log_det, &vec![expected; log_det.len()], OWN * size.features() as f64);
            // Another offset is another map.
            if stages > 1 && size.size[1] > size.period[1] {
                let off = Kernels { offset: [kernels.offset[0], kernels.offset[1] + 1], ..kernels };
                let wrong = fixture.x.dot(&matrix(&off, size).t());
                assert!((&wrong - &y).iter().any(|d| d.abs() > 0.1), "another offset was not seen");
            }
        }
        assert!(size.overlap[1] > 1);
    }
}

#[test]
fn subbands_are_the_interleaved_outputs_in_another_order() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    let geometry = Geometry::signal(2, 12, 3);
    let layer = CycledConv::<f64>::random(geometry, 2, Group::Orthonormal, &mut rng).unwrap();
    let bands = layer.resized(geometry.with_output(Output::Subbands)).unwrap();
    assert_eq!(bands.geometry().output_shape(), [6, 4]);
    let x = Array2::from_shape_fn((2, 24), |(row, i)| (row as f64 + 1.0) * (i as f64 * 0.7).sin());
    let (y, z) = (layer.transform(&x).unwrap().0, bands.transform(&x).unwrap().0);
    for row in 0..2 {
        for (k, o, b) in (0..3).flat_map(|k| (0..2).flat_map(move |o| (0..4).map(move |b| (k, o, b)))) {
            assert_eq!(z[[row, (k * 2 + o) * 4 + b]], y[[row, o * 12 + b * 3 + k]]);
        }
    }
    assert_eq!(Layer::<f64>::shape(&bands, 24.into()).unwrap().dims(), [6, 4]);
}
