//! Samples 1000 rows from a flow of two layers: on GL(D) with the factorization cached by the first
//! draw, on O(D) with the transpose. Throughput is in rows.
//!
//! `cargo bench --bench sampling`; includes D = 2048 with `PDMAP_BENCH_ALL=1`.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::start;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pdmap::{Flow, Preset};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 1000;

fn sample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sample/f32");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    let dims: &[usize] = if std::env::var_os("PDMAP_BENCH_ALL").is_some() { &[63, 784, 2048] } else { &[63, 784] };
    for preset in [Preset::DENSE_RELATIVE, Preset::DENSE_ORTHONORMAL] {
        for &features in dims {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            group.bench_function(BenchmarkId::new(preset.name(), features), |bencher| {
                let flow: Flow<f32> = start::flow(preset, features).unwrap();
                bencher.iter(|| flow.sample(ROWS, &mut rng).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, sample);
criterion_main!(benches);
