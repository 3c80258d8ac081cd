//! The matrix products of training by the entry point of `pdmap-core` (faer's kernels) and by
//! `ndarray` (the `matrixmultiply` crate), on one thread each.
//!
//! `cargo run --release --example gemm_times`
//!
//! The shapes are those of a dense layer: `X Wᵀ` forward, `Δ W` backward, `ΔᵀY` for the direction.
//! Figures are GFLOP/s, medians over alternating rounds.
#![allow(missing_docs)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use common::clock::{in_turns, median};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};
use pdmap::linalg::{Add, gemm};
use pdmap::{Real, base};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Times matrix products by two libraries.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long, value_delimiter = ',', default_value = "4,8,16,32,63,256,784,2048")]
    dims: Vec<usize>,
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000")]
    batches: Vec<usize>,
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

fn main() -> Result<()> {
    let options = Options::parse();
    println!("dtype shape             D     N   faer GFLOP/s   matrixmultiply      faer ratio");
    rayon::ThreadPoolBuilder::new().num_threads(1).build()?.install(|| {
        measure::<f32>(&options)?;
        measure::<f64>(&options)
    })
}

fn measure<F: Real>(options: &Options) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for &dim in &options.dims {
        for &rows in &options.batches {
            let mut draw = |rows, columns| base::draw::<F>(&base::Normal, rows, columns, &mut rng);
            let (x, y, w) = (draw(rows, dim)?, draw(rows, dim)?, draw(dim, dim)?);
            let shapes: [(&str, ArrayView2<'_, F>, ArrayView2<'_, F>); 3] = [
                ("X W' (forward)", x.view(), w.t()),
                ("D W (backward)", x.view(), w.view()),
                ("D' Y (direction)", x.t(), y.view()),
            ];
            for (name, a, b) in shapes {
                let mut c = Array2::<F>::zeros((a.nrows(), b.ncols()));
                let mut d = c.clone();
                let mut ours = || Ok(gemm(F::one(), a, b, Add::No, c.view_mut())?);
                let mut theirs = || {
                    general_mat_mul(F::one(), &a, &b, F::zero(), &mut d);
                    Ok(())
                };
                let round = Duration::from_millis(4);
                let [faer, other] = in_turns([&mut ours, &mut theirs], options.rounds, round)?;
                let speed = |seconds: &[f64]| 2e-9 * (a.nrows() * a.ncols() * b.ncols()) as f64 / median(seconds);
                let (faer, other) = (speed(&faer.seconds), speed(&other.seconds));
                println!(
                    "{:<5} {name:<16} {dim:>5} {rows:>5} {faer:>14.1} {other:>16.1} {:>14.2}",
                    F::DTYPE,
                    faer / other
                );
            }
        }
    }
    Ok(())
}
