//! Rows in blocks, in several calls and on any number of threads give the bits of all rows at once; samples
//! at a temperature.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, Axis, ShapeBuilder, Slice};
use pdmap_core::flow::base::{Logistic, Normal, draw};
use pdmap_core::{Buffer, Evaluator, Flow, Layer, LayerError, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::{normal_rows, rng};
use pdmap_layers::elementwise::{Elementwise, SmoothLeakyRelu};

const CHUNK: usize = Evaluator::<f64>::CHUNK;

fn flow<F: Real>(features: usize) -> Flow<F> {
    let mut rng = rng(3);
    let group = Group::General(Direction::Relative);
    let mut dense =
        || -> Box<dyn Layer<F>> { Box::new(Dense::random(features, group, BiasKind::Plain, &mut rng).unwrap()) };
    let bend = Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.1 }).unwrap());
    Flow::new(features, vec![dense(), bend, dense()], Box::new(Logistic)).unwrap()
}

/// Scores, codes, decoded rows and gradients of blocks of `block` rows.
fn in_blocks<F: Real>(flow: &Flow<F>, x: &Array2<F>, block: usize) -> (Vec<f64>, [Array2<F>; 3]) {
    let mut evaluator = flow.evaluator();
    let mut scores = vec![f64::NAN; x.nrows()];
    let [mut z, mut back, mut gradient] = [(); 3].map(|()| Array2::from_elem(x.raw_dim(), F::nan()));
    for from in (0..x.nrows()).step_by(block) {
        let to = x.nrows().min(from + block);
        let part = Slice::from(from..to);
        let at = |rows: &Array2<F>| rows.slice_axis(Axis(0), part).to_owned();
        evaluator.log_prob_into(x.slice_axis(Axis(0), part), &mut scores[from..to]).unwrap();
        evaluator.encode_into(x.slice_axis(Axis(0), part), z.slice_axis_mut(Axis(0), part)).unwrap();
        evaluator.decode_into(&at(&z), back.slice_axis_mut(Axis(0), part)).unwrap();
        evaluator.input_gradient_into(x.slice_axis(Axis(0), part), gradient.slice_axis_mut(Axis(0), part)).unwrap();
    }
    (scores, [z, back, gradient])
}

fn same_in_blocks<F: Real>(features: usize) {
    let rows = 5 * CHUNK + 17;
    let (flow, x) = (flow::<F>(features), normal_rows::<F>(rows, features, &mut rng(5)));
    let z = flow.encode(&x).unwrap();
    let whole = (flow.log_prob(&x).unwrap(), [z.clone(), flow.decode(&z).unwrap(), flow.input_gradient(&x).unwrap()]);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for block in [CHUNK, 3 * CHUNK, 8 * CHUNK] {
            let blocks = pool.install(|| in_blocks(&flow, &x, block));
            assert!(blocks == whole, "{threads} threads, blocks of {block} rows, {}", F::DTYPE);
        }
    }
    // The same rows in another layout.
    let mut columns = Array2::zeros(x.dim().f());
    columns.assign(&x);
    assert!(in_blocks(&flow, &columns, 2 * CHUNK) == whole);
    // A row in the wrong block must be noticed.
    let mut moved = x.clone();
    let neighbour = x.row(CHUNK - 1).to_owned();
    moved.row_mut(CHUNK).assign(&neighbour);
    assert!(in_blocks(&flow, &moved, CHUNK).0 != whole.0);
}

#[test]
fn blocks_give_the_same_bits_as_all_rows_at_once() {
    same_in_blocks::<f32>(5);
    same_in_blocks::<f64>(48);
}

#[test]
fn a_gradient_does_not_depend_on_earlier_calls() {
    let (flow, x) = (flow::<f64>(4), normal_rows::<f64>(300, 4, &mut rng(1)));
    let mut evaluator = flow.evaluator();
    let mut gradient = Array2::zeros(x.raw_dim());
    evaluator
        .input_gradient_into(normal_rows::<f64>(2000, 4, &mut rng(9)).view(), Array2::zeros((2000, 4)).view_mut())
        .unwrap();
    evaluator.input_gradient_into(&x, gradient.view_mut()).unwrap();
    assert_eq!(gradient, flow.input_gradient(&x).unwrap());
    // Against central differences of the score.
    const STEP: f64 = 1e-6;
    for feature in 0..4 {
        let moved = |by: f64| {
            let mut moved = x.clone();
            moved.column_mut(feature).map_inplace(|value| *value += by);
            flow.log_prob(&moved).unwrap()
        };
        for (row, (above, below)) in moved(STEP).iter().zip(moved(-STEP)).enumerate() {
            let expected = (above - below) / (2.0 * STEP);
            let actual = gradient[[row, feature]];
            assert!(
                (actual - expected).abs() <= 1e-6 * (1.0 + expected.abs()),
                "{row}, {feature}: {actual}, {expected}"
            );
        }
    }
}

#[test]
fn errors_name_the_first_bad_row_of_the_call() {
    let flow = flow::<f64>(3);
    let mut evaluator = flow.evaluator();
    let mut x = normal_rows::<f64>(4 * CHUNK, 3, &mut rng(1));
    x[[3 * CHUNK + 5, 1]] = f64::NAN;
    x[[CHUNK + 2, 0]] = 1e300;
    let mut scores = vec![0.0; x.nrows()];
    let error = evaluator.log_prob_into(&x, &mut scores).unwrap_err();
    assert!(
        matches!(error, LayerError::NonFinite { what: "input", row, column: 1, .. } if row == 3 * CHUNK + 5),
        "{error}"
    );
    let wide = Array2::<f64>::zeros((2, 4));
    assert!(matches!(
        evaluator.log_prob_into(&wide, &mut scores[..2]),
        Err(LayerError::Features { expected: 3, actual: 4, .. })
    ));
    assert!(matches!(evaluator.log_prob_into(x.view(), &mut scores[..2]), Err(LayerError::Shape { .. })));
    let mut short = Array2::zeros((2, 3));
    assert!(matches!(evaluator.encode_into(x.view(), short.view_mut()), Err(LayerError::Shape { .. })));
    let mut columns = Array2::zeros((3, 2).f());
    let rows = Array2::<f64>::zeros((3, 2));
    let pair = Flow::<f64>::new(2, vec![], Box::new(Normal)).unwrap();
    assert!(matches!(pair.evaluator().decode_into(&rows, columns.view_mut()), Err(LayerError::Layout { .. })));
    evaluator.log_prob_into(&Array2::<f64>::zeros((0, 3)), &mut []).unwrap();
}

#[test]
fn the_first_of_several_bad_rows_is_named_on_any_number_of_threads() {
    // Rows whose squares overflow: finite, and without a normal density.
    let flow = Flow::<f64>::new(1, vec![], Box::new(Normal)).unwrap();
    let mut x = Array2::<f64>::zeros((6 * CHUNK, 1));
    for chunk in [2, 3, 5] {
        x[[chunk * CHUNK + 7, 0]] = 1e200;
    }
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let error = pool.install(|| flow.log_prob(&x)).unwrap_err();
        let named = matches!(error, LayerError::NonFinite { what: "log-likelihood", row, .. } if row == 2 * CHUNK + 7);
        assert!(named, "{threads} threads: {error}");
    }
}

#[test]
fn samples_in_blocks_are_those_of_one_call() {
    let flow = flow::<f32>(3);
    let count = 3 * CHUNK + 100;
    let whole = flow.sample(count, &mut rng(11)).unwrap();
    let (mut evaluator, mut draws, mut rng) = (flow.evaluator(), Buffer::default(), rng(11));
    let mut blocks = Array2::zeros((count, 3));
    for rows in blocks.axis_chunks_iter_mut(Axis(0), CHUNK) {
        evaluator.sample_into(1.0, &mut rng, &mut draws, rows).unwrap();
    }
    assert_eq!(blocks, whole);
}

#[test]
fn a_temperature_scales_the_draws_of_every_base() {
    for base in pdmap_laws::bases::subjects::<f64>().unwrap() {
        let spec = base.spec();
        let one = draw(&*base, 500, 2, &mut rng(2)).unwrap();
        let mut half = Array2::<f64>::zeros((500, 2));
        base.sample_into(0.5.into(), &mut rng(2), half.view_mut()).unwrap();
        assert_eq!(half, one.mapv(|z| 0.5 * z), "{spec:?}");
        base.sample_into(0.0.into(), &mut rng(2), half.view_mut()).unwrap();
        assert!(half.iter().all(|&z| z == 0.0), "{spec:?}");
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            let error = base.sample_into(bad.into(), &mut rng(2), half.view_mut()).unwrap_err();
            assert!(matches!(error, LayerError::Range { what: "temperature", .. }), "{error}");
        }
    }
    // The image of the centre, in every row.
    let flow = flow::<f64>(3);
    let centre = flow.decode(&Array2::zeros((1, 3))).unwrap();
    let mut rows = Array2::zeros((5, 3));
    flow.evaluator().sample_into(0.0, &mut rng(2), &mut Buffer::default(), rows.view_mut()).unwrap();
    for row in rows.rows() {
        for (actual, expected) in row.iter().zip(centre.row(0)) {
            assert!((actual - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{actual}, {expected}");
        }
    }
}
