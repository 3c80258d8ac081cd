//! Relative-gradient training at a large D: time per step, and peak memory compared with a bound.
//!
//! `cargo run --release --example large_d -- --dim 16384 --steps 20 --optimizer sgd`
//!
//! The flow has two dense layers in the relative direction with a smooth leaky ReLU between them,
//! and starts from the identity (a Haar-random start costs O(D³)). The bound is 1.2 × (parameters ×
//! (2 + optimizer slots) + activations): parameters, directions and moments, and the activations of
//! a batch in both passes.
#![allow(missing_docs)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use common::case::Rule;
use common::clock::median;
use common::start::BATCHES;
use ndarray::{Array1, Array2};
use pdmap::dense::{BiasKind, Dense, Direction, Group};
use pdmap::elementwise::{Elementwise, SmoothLeakyRelu};
use pdmap::{Flow, Layer, base, peak_memory};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Trains two large dense layers.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long, default_value_t = 16384)]
    dim: usize,
    #[arg(long, default_value_t = 20)]
    steps: usize,
    #[arg(long, default_value_t = 64)]
    batch: usize,
    #[arg(long, value_enum, default_value = "sgd")]
    optimizer: Rule,
}

/// Matrices `[batch, D]` that a training step of this flow holds at once: the batch, the outputs of
/// three layers, `∂ log p` at the output, two alternating buffers of the backward pass, the factors
/// `Δ` and `Y` of each dense layer, and `Y W` of each.
const ACTIVATIONS: usize = 1 + 3 + 1 + 2 + 4 + 2;

fn main() -> Result<()> {
    let Options { dim, steps, batch, optimizer } = Options::parse();
    let started = Instant::now();
    let mut flow = Flow::new(dim, vec![dense(dim, 3.0)?, relu()?, dense(dim, 0.0)?], Box::new(base::Normal))?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let batches: Vec<Array2<f32>> =
        (0..BATCHES.min(steps)).map(|_| base::draw(&base::Normal, batch, dim, &mut rng)).collect::<Result<_, _>>()?;
    println!("built in {:.1} s; peak memory so far {}", started.elapsed().as_secs_f64(), gigabytes(peak_memory()));

    let (mut training, mut rule) = (flow.training(), optimizer.optimizer()?);
    let (mut seconds, mut halvings) = (Vec::new(), 0);
    let mut log_density = f64::NAN;
    for step in 0..steps {
        let start = Instant::now();
        log_density = flow.accumulate(&batches[step % batches.len()], &mut training)?.base_log_density;
        halvings += flow.update(&mut rule, &mut training)?.halvings;
        seconds.push(start.elapsed().as_secs_f64());
        if step == 0 {
            println!("first step, which allocates memory: {:.2} s; peak {}", seconds[0], gigabytes(peak_memory()));
        }
    }
    let later = seconds.get(1..).unwrap_or_default();
    let slowest = later.iter().copied().fold(0.0, f64::max);
    println!("D = {dim}, batch {batch}, {optimizer:?}, {steps} steps, {halvings} halvings");
    println!("later steps: median {:.4} s, slowest {slowest:.4} s", median(later));
    println!("mean base log-density of the last batch: {log_density:.2} nats");

    let size = size_of::<f32>();
    let parameters = (2 * (dim * dim + dim) * size) as u64;
    let activations = ((ACTIVATIONS + batches.len() - 1) * batch * dim * size) as u64;
    let bound = 1.2 * (parameters * (2 + optimizer.slots() as u64) + activations) as f64;
    println!("parameters {}; rows and activations {}", gigabytes(Some(parameters)), gigabytes(Some(activations)));
    println!(
        "bound 1.2 × (parameters × {} + activations): {:.0} bytes, {}",
        2 + optimizer.slots(),
        bound,
        gigabytes(Some(bound as u64))
    );
    match peak_memory() {
        Some(peak) => println!(
            "peak resident set: {peak} bytes, {}: {:.2} of the bound",
            gigabytes(Some(peak)),
            peak as f64 / bound
        ),
        None => println!("peak resident set: not reported by this system"),
    }
    Ok(())
}

fn dense(dim: usize, bias: f32) -> Result<Box<dyn Layer<f32>>> {
    let dense = Dense::new(Array2::eye(dim), Group::General(Direction::Relative), BiasKind::Plain)?;
    Ok(Box::new(dense.biased(Array1::from_elem(dim, bias))?))
}

fn relu() -> Result<Box<dyn Layer<f32>>> {
    Ok(Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.01 })?))
}

fn gigabytes(bytes: Option<u64>) -> String {
    bytes.map_or("unknown".to_owned(), |bytes| format!("{:.3} GiB", bytes as f64 / f64::from(1 << 30)))
}
