//! One training step of a two-layer dense flow with Adam: forward, backward, direction, update.
//!
//! `cargo bench --bench dense_step`; the relative step at D = 63, 784 and 2048 with batches of 100 is the figure of the README.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use pdmap::optim::Optimizer;
use pdmap::{Architecture, Base, Preprocess, Preset};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 100;

/// Batches that the steps cycle through: on one batch alone a flow overfits without bound, and its guard has work that training has not.
const BATCHES: usize = 32;

fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dense_step");
    group.sample_size(20);
    let expensive = |preset| preset != Preset::DenseRelative;
    for features in [63, 784, 2048] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut batch = || -> Array2<f32> { Base::normal().sample(BATCH, features, &mut rng).unwrap() };
        let batches: Vec<_> = (0..BATCHES).map(|_| batch()).collect();
        for preset in Preset::ALL {
            if features > 1000 && expensive(preset) && std::env::var_os("PDMAP_BENCH_ALL").is_none() {
                continue;
            }
            let mut flow =
                preset.build(batches[0].view(), Preprocess::None, Architecture::default(), 1).unwrap();
            let mut batches = batches.iter().cycle();
            let mut training = flow.training();
            let mut optimizer = Optimizer::adam(1e-4).unwrap();
            group.bench_function(BenchmarkId::new(preset.name(), features), |bencher| {
                bencher.iter(|| {
                    flow.accumulate(batches.next().unwrap(), &mut training).unwrap();
                    flow.update(&mut optimizer, &mut training).unwrap()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, step);
criterion_main!(benches);
