//! `Flow::log_prob` of 1000 rows for a relative flow of two layers, with a cached factorization of
//! the weights and without it, as after each change of the weights. Throughput is in rows.
//!
//! `cargo bench --bench likelihood`; includes D = 2048 with `PDMAP_BENCH_ALL=1`.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::start;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pdmap::{Flow, ParametricExt, Preset, Real};

const ROWS: usize = 1000;

fn log_prob<F: Real>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("log_prob/{}", F::DTYPE));
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    let dims: &[usize] = if std::env::var_os("PDMAP_BENCH_ALL").is_some() { &[63, 784, 2048] } else { &[63, 784] };
    for &features in dims {
        // Constructed on first use, because a filter may exclude this size.
        let made = std::cell::OnceCell::new();
        let make = || {
            let flow: Flow<F> = start::flow(Preset::DENSE_RELATIVE, features).unwrap();
            (flow, start::batches::<F>(features, ROWS, 1).unwrap().swap_remove(0))
        };
        group.bench_function(BenchmarkId::new("cached", features), |bencher| {
            let (flow, x) = made.get_or_init(make);
            bencher.iter(|| flow.log_prob(x).unwrap());
        });
        group.bench_function(BenchmarkId::new("factorized", features), |bencher| {
            let (flow, x) = made.get_or_init(make);
            let tensors = flow.tensors();
            let fresh = || {
                let mut fresh = flow.clone();
                fresh.set_tensors(tensors.iter().cloned().collect()).unwrap();
                fresh
            };
            bencher.iter_batched_ref(fresh, |flow| flow.log_prob(x).unwrap(), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, log_prob::<f32>, log_prob::<f64>);
criterion_main!(benches);
