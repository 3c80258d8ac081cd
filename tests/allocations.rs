//! Training steps take no memory once the first ones have taken theirs.
#![allow(missing_docs, clippy::unwrap_used)]

use std::alloc::System;

use cap::Cap;
use ndarray::Array2;
use pdmap::autoregressive::{Autoregressive, AutoregressiveOptions, Order};
use pdmap::contract::ModuleParameters;
use pdmap::coupling::Transform;
use pdmap::optim::{Clip, Optimizer, OptimizerSpec};
use pdmap::{Architecture, Flow, Preprocess, Preset, Real, base};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Steps that may allocate: within these, small steps on O(D) re-centre for the first time, and the
/// guards check each determinant.
const WARM_UP: usize = 72;

/// Steps that must not allocate.
const STEPS: usize = 40;

/// Trains, and counts the bytes that the steps after the warm-up take.
fn taken<F: Real>(flow: &mut Flow<F>, batches: &[Array2<F>], rule: &mut Optimizer) -> usize {
    let mut training = flow.training();
    let mut before = 0;
    for step in 0..WARM_UP + STEPS {
        if step == WARM_UP {
            before = ALLOCATOR.total_allocated();
        }
        flow.accumulate(&batches[step % batches.len()], &mut training).unwrap();
        flow.update(rule, &mut training).unwrap();
    }
    ALLOCATOR.total_allocated() - before
}

/// Bytes that the steps after the warm-up take from the heap, on all threads.
fn bytes<F: Real>(preset: Preset, (features, rows): (usize, usize), mut rule: Optimizer) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let batches: Vec<Array2<F>> =
        (0..8).map(|_| base::draw(&base::Normal, rows, features, &mut rng).unwrap()).collect();
    let mut flow: Flow<F> = preset.build(batches[0].view(), Preprocess::None, Architecture::default(), 1).unwrap();
    taken(&mut flow, &batches, &mut rule)
}

/// The same for a model of fixed depth, on rows of a suitable shape.
fn bytes_of_recipe(preset: Preset, rows: usize) -> usize {
    let shape = if preset == Preset::AUDIO_LAPPED { vec![1, 64] } else { vec![1, 8, 8] };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let batches: Vec<Array2<f32>> = (0..8).map(|_| base::draw(&base::Normal, rows, 64, &mut rng).unwrap()).collect();
    let spec = preset.model(Architecture::default()).shaped(shape);
    let mut flow = spec.build_on(&batches[0], &[Preprocess::None], 1, &pdmap::registry()).unwrap();
    taken(&mut flow, &batches, &mut Optimizer::adam(1e-4).unwrap())
}

/// The same for autoregressive splines with a network of the given kind, which no named model has.
fn bytes_of_autoregressive(network: serde_json::Value, rows: usize) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let batches: Vec<Array2<f32>> = (0..8).map(|_| base::draw(&base::Normal, rows, 10, &mut rng).unwrap()).collect();
    let transform = Transform::Spline { bins: 8, bound: 4.0 };
    let network = network.as_object().cloned();
    let options = AutoregressiveOptions { order: Order::Seed(1), transform, network, ..Default::default() };
    let layer = Autoregressive::new(10, 0, options, ModuleParameters::New(&mut rng)).unwrap();
    let mut flow = Flow::builder(10).layer(layer).build().unwrap();
    taken(&mut flow, &batches, &mut Optimizer::adam(1e-4).unwrap())
}

/// Every rule, and both forms of a step: by entries, and in factors or panels (few rows).
fn rules() -> Vec<(&'static str, Optimizer)> {
    let rate = 1e-4;
    let of = |spec| Optimizer::new(spec, rate).unwrap();
    vec![
        ("sgd", of(OptimizerSpec::Sgd)),
        ("sgd clipped by norm", of(OptimizerSpec::Sgd).clipped(Clip::Norm(1.0)).unwrap()),
        ("momentum", of(OptimizerSpec::momentum())),
        ("adam", of(OptimizerSpec::adam())),
        ("adam clipped by norm", of(OptimizerSpec::adam()).clipped(Clip::Norm(1.0)).unwrap()),
        ("smorms3", of(OptimizerSpec::smorms3())),
    ]
}

/// The control: a program that allocates in each step is detected.
fn control() -> usize {
    let before = ALLOCATOR.total_allocated();
    for size in 1..=STEPS {
        std::hint::black_box(vec![0_u8; size]);
    }
    ALLOCATOR.total_allocated() - before
}

/// The minimum of up to three measurements: the pool's queue may grow once while a thread waits, but
/// a step that allocates does so each time.
fn least(measure: impl Fn() -> usize) -> usize {
    let mut bytes = measure();
    for _ in 0..2 {
        if bytes > 0 {
            bytes = measure().min(bytes);
        }
    }
    bytes
}

// One test: the counter is the process's.
#[test]
fn no_step_takes_memory_after_the_first() {
    assert!(control() >= STEPS);
    // On a thread of a pool, where parallel operations need no message from outside. (From outside,
    // the pool's queue takes a block for every 31 messages, two a step.)
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.broadcast(|_| ());
    for preset in Preset::FIXED {
        // Whole batches, and batches in parts.
        for rows in [24, 140] {
            let bytes = least(|| pool.install(|| bytes_of_recipe(preset, rows)));
            assert_eq!(bytes, 0, "{preset:?}, {rows} rows");
        }
    }
    let perceptron = serde_json::json!({ "kind": "perceptron", "hidden": [64, 64] });
    let residual = serde_json::json!({ "kind": "residual", "width": 64, "blocks": 2 });
    for (network, rows) in [(&perceptron, 24), (&perceptron, 140), (&residual, 140)] {
        let bytes = least(|| pool.install(|| bytes_of_autoregressive(network.clone(), rows)));
        assert_eq!(bytes, 0, "autoregressive, {network}, {rows} rows");
    }
    // A few products and passes are large enough for several threads at the second size.
    for (sizes, rules) in [((24, 40), rules()), ((200, 20), rules()), ((200, 260), rules().drain(3..5).collect())] {
        // (Free kernels take memory for their Fourier transforms.)
        for preset in Preset::DENSE.into_iter().chain([Preset::CONV_ORTHONORMAL, Preset::CONV_UNCONSTRAINED]) {
            for (name, rule) in rules.clone() {
                let wide = least(|| pool.install(|| bytes::<f64>(preset, sizes, rule.clone())));
                let narrow = least(|| pool.install(|| bytes::<f32>(preset, sizes, rule.clone())));
                assert_eq!((wide, narrow), (0, 0), "{preset:?}, {name}, D and N {sizes:?}: f64 and f32");
            }
        }
    }
}
