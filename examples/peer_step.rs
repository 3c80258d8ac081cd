//! One plain SGD step from a start given by a formula, written as `.npy`, to check that other
//! implementations take the same step.
//!
//! `cargo run --release --example peer_step -- OUT-FOLDER D,D,…`
//!
//! The formula is that of `benches/peers/start.py`: exact in `f64` and rounded once to `f32`, so
//! that all implementations start from the same bits.
#![allow(missing_docs)]

use std::path::Path;

use anyhow::{Context, Result, ensure};
use ndarray::{Array1, Array2};
use pdmap::data::write_npy;
use pdmap::dense::{BiasKind, Dense, Direction, Group};
use pdmap::elementwise::{Elementwise, SmoothLeakyRelu};
use pdmap::optim::Optimizer;
use pdmap::{Flow, Layer, ParametricExt, base};

const BATCH: usize = 100;
const RATE: f64 = 0.01;

/// Value `index` of stream `stream`, uniform in [−1, 1): the top 24 bits of a multiplicative hash.
fn number(stream: u64, index: u64) -> f64 {
    let mixed = (index + 1 + (stream << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 40) as f64 / f64::from(1 << 23) - 1.0
}

fn matrix(stream: u64, rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| number(stream, (i * columns + j) as u64))
}

/// `I` plus a perturbation whose entries shrink with the size: well conditioned, not symmetric.
fn weight(stream: u64, dim: usize) -> Array2<f32> {
    let scale = 0.25 / (dim as f64).sqrt();
    (Array2::<f64>::eye(dim) + scale * matrix(stream, dim, dim)).mapv(|v| v as f32)
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("an output folder")?;
    let dims = arguments.next().context("a list of sizes")?;
    std::fs::create_dir_all(&folder)?;
    for dim in dims.split(',') {
        for (name, direction) in [("relative", Direction::Relative), ("exact", Direction::Euclidean)] {
            step(Path::new(&folder), name, direction, dim.parse()?)?;
        }
    }
    Ok(())
}

fn step(folder: &Path, name: &str, direction: Direction, dim: usize) -> Result<()> {
    let dense = |stream, bias: f32| -> Result<Box<dyn Layer<f32>>> {
        let dense = Dense::new(weight(stream, dim), Group::General(direction), BiasKind::Plain)?;
        Ok(Box::new(dense.biased(Array1::from_elem(dim, bias))?))
    };
    // The second bias cancels the first: the outputs are centred, so the guard halves no step.
    let relu = Elementwise::new(SmoothLeakyRelu { alpha: 0.01 })?;
    let mut flow = Flow::new(dim, vec![dense(1, 3.0)?, Box::new(relu), dense(2, -3.0)?], Box::new(base::Normal))?;
    let x = matrix(3, BATCH, dim).mapv(|v| v as f32);
    let mut training = flow.training();
    flow.accumulate(&x, &mut training)?;
    let report = flow.update(&mut Optimizer::sgd(RATE)?, &mut training)?;
    ensure!(report.halvings == 0, "the guard halved the step, so there is nothing to compare");
    for (tensor, value) in flow.tensors() {
        write_npy(&folder.join(format!("{name}-{dim}-{tensor}.npy")), &value)?;
    }
    Ok(())
}
