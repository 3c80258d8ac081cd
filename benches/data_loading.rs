//! Reads rows with a warm file cache: a whole `.npy` file, a whole CSV file, and batches at random
//! positions of an `.npy` file. Throughput is in bytes of the file, or of the rows read.
//!
//! `cargo bench --bench data_loading`
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::start;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Axis, concatenate};
use pdmap::data::{NpyFile, TextOptions, read_csv, read_npy, write_npy};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FEATURES: usize = 63;
const BATCH: usize = 100;

fn load(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let batches = start::batches::<f32>(FEATURES, 1000, 1).unwrap();
    let views: Vec<_> = batches.iter().map(|rows| rows.view()).collect();
    let rows = concatenate(Axis(0), &views).unwrap();
    let (npy, csv) = (folder.path().join("x.npy"), folder.path().join("x.csv"));
    write_npy(&npy, &rows).unwrap();
    let lines = rows.rows().into_iter().map(|row| row.iter().map(f32::to_string).collect::<Vec<_>>().join(",") + "\n");
    std::fs::write(&csv, lines.collect::<String>()).unwrap();
    let size = |path: &std::path::Path| Throughput::Bytes(std::fs::metadata(path).unwrap().len());

    let mut group = criterion.benchmark_group("data_loading");
    group.sample_size(10).throughput(size(&npy));
    group.bench_function("npy", |bencher| bencher.iter(|| read_npy::<f32>(&npy).unwrap()));
    group.throughput(size(&csv));
    let options = TextOptions::default();
    group.bench_function("csv", |bencher| bencher.iter(|| read_csv::<f32>(&csv, &options).unwrap()));

    let file = NpyFile::open(&npy).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut batch = vec![0.0_f32; BATCH * FEATURES];
    group.throughput(Throughput::Bytes((4 * batch.len()) as u64));
    // Contiguous rows, and single rows at random positions, as in a shuffled epoch.
    group.bench_function("npy_read_at/block", |bencher| {
        bencher.iter(|| {
            file.read_at(rng.random_range(0..file.rows() - BATCH as u64), &mut batch).unwrap();
        });
    });
    group.bench_function("npy_read_at/rows", |bencher| {
        bencher.iter(|| {
            for row in batch.chunks_exact_mut(FEATURES) {
                file.read_at(rng.random_range(0..file.rows()), row).unwrap();
            }
        });
    });
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
