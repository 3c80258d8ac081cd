//! One training step of a two-layer dense flow (forward, backward, direction, update), and its
//! floor: the matrix products and factorizations that the algorithm requires, and one pass over the
//! optimizer state.
//!
//! `cargo bench --bench dense_step` runs a selection that takes a few minutes. `PDMAP_BENCH_ALL=1`
//! runs the full grid: D = 63, 256, 784, 1024, 2048 and 4096, batches of 10, 100 and 1000, all
//! arms, Adam (on O(D) also plain SGD), both precisions. A filter selects from either:
//! `cargo bench --bench dense_step -- relative/adam/f32/100`. `examples/step_times.rs` prints a
//! table of medians with ratios.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::case::{Arm, Case, Dtype, Rule};
use common::floor::Floor;
use common::step::Step;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use pdmap::Real;

const DIMS: [usize; 6] = [63, 256, 784, 1024, 2048, 4096];
const BATCHES: [usize; 3] = [10, 100, 1000];
const ARMS: [(Arm, Rule); 6] = [
    (Arm::Exact, Rule::Adam),
    (Arm::Relative, Rule::Adam),
    (Arm::Algebra, Rule::Adam),
    (Arm::Orthonormal, Rule::Adam),
    (Arm::Orthonormal, Rule::Sgd),
    (Arm::Svd, Rule::Adam),
];

/// The default selection: `f32`, batches of 100, steps of at most about a tenth of a second.
fn by_default(case: Case) -> bool {
    case.dtype == Dtype::F32
        && case.batch == 100
        && case.giga_operations() < 12.0
        && [63, 784, 2048].contains(&case.features)
}

fn grid(criterion: &mut Criterion) {
    let all = std::env::var_os("PDMAP_BENCH_ALL").is_some();
    for dtype in [Dtype::F32, Dtype::F64] {
        for (arm, optimizer) in ARMS {
            for batch in BATCHES {
                let name = format!("{arm:?}/{optimizer:?}/{dtype:?}/{batch}").to_lowercase();
                let mut group = criterion.benchmark_group(name);
                for features in DIMS {
                    let case = Case { arm, features, batch, dtype, optimizer };
                    if all || by_default(case) {
                        match dtype {
                            Dtype::F32 => both::<f32>(&mut group, case),
                            Dtype::F64 => both::<f64>(&mut group, case),
                        }
                    }
                }
                group.finish();
            }
        }
    }
}

/// The step and its floor. Cases excluded by a filter are not constructed.
fn both<F: Real>(group: &mut BenchmarkGroup<'_, WallTime>, case: Case) {
    let large = case.giga_operations() > 8.0;
    group.sample_size(if large { 10 } else { 20 });
    group.warm_up_time(Duration::from_millis(if large { 100 } else { 500 }));
    group.measurement_time(Duration::from_secs(2));
    let mut step = None;
    group.bench_function(BenchmarkId::new("step", case.features), |bencher| {
        let step = step.get_or_insert_with(|| Step::<F>::new(case).unwrap());
        bencher.iter(|| step.run().unwrap());
    });
    drop(step);
    let mut floor = None;
    group.bench_function(BenchmarkId::new("floor", case.features), |bencher| {
        let floor = floor.get_or_insert_with(|| Floor::<F>::new(case).unwrap());
        bencher.iter(|| floor.run().unwrap());
    });
}

criterion_group!(benches, grid);
criterion_main!(benches);
