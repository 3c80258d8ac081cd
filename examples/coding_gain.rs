//! Lapped transforms learned by maximum likelihood, compared with designed ones.
//!
//! `cargo run --release --example coding_gain [-- --quasi-newton]`
//!
//! The model is an orthonormal convolution with K bands and overlap M, a scale per band and a
//! normal base, trained on samples of the process `x[t] = 0.95 x[t−1] + noise` from random starts.
//! The start with the best training likelihood counts. At its best scales the model's
//! log-likelihood is `−½ log 2πe + log(10)/20 · G` nats per sample, where `G` is the coding gain in
//! dB; so maximum likelihood maximizes the coding gain. The gain is then computed without samples,
//! `G = −10 mean_k log₁₀(hₖᵀ R hₖ)`, with the trained kernels `hₖ` and `R[i, j] = 0.95^|i − j|`.
//!
//! For comparison, the table has the exact gains of designed transforms (LOT: Malvar's fast lapped
//! orthogonal transform, 1992), the ceiling, which is the gain of the ideal bank with K bands and
//! an upper bound for orthonormal banks, and the optimum found by an independent search over the
//! same lattice (L-BFGS with several starts, accurate to about 1e-3 dB). The aim is the project's
//! target.
#![allow(missing_docs)]

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ndarray::Array2;
use pdmap::conv::{CycledConv, Geometry, Group, subband_scale};
use pdmap::diagonal::ScaleDirection;
use pdmap::optim::{Optimizer, Schedule};
use pdmap::{Flow, LayerExt, ParametricExt, QuasiNewtonConfig, base, quasi_newton};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const RHO: f64 = 0.95;

/// Trains lapped transforms on an autoregressive process and prints their coding gains.
#[derive(Debug, Parser)]
struct Options {
    /// Random starts per bank.
    #[arg(long, default_value_t = 16)]
    starts: u64,
    /// Training steps per start.
    #[arg(long, default_value_t = 1500)]
    steps: u64,
    /// Training signals.
    #[arg(long, default_value_t = 64)]
    signals: usize,
    /// Samples per signal.
    #[arg(long, default_value_t = 4096)]
    length: usize,
    /// Signals per batch.
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// Initial learning rate, with a cosine schedule to 0.
    #[arg(long, default_value_t = 0.02)]
    rate: f64,
    /// Take quasi-Newton steps on all samples, instead of training: from each start on a part of the signals,
    /// then from the best one on all of them.
    #[arg(long)]
    quasi_newton: bool,
    /// Of quasi-Newton steps: starts of the highest likelihood that are continued on all signals.
    #[arg(long, default_value_t = 4)]
    kept: usize,
    /// Iterations of quasi-Newton steps, on a part of the signals and then on all.
    #[arg(long, default_value_t = 400)]
    iterations: usize,
    /// Only the bank with this number of bands and this overlap.
    #[arg(long, value_name = "K,M", value_delimiter = ',', num_args = 1)]
    bank: Vec<usize>,
    /// A small setting for a few seconds; fails if a bank is far from its optimum.
    #[arg(long)]
    quick: bool,
}

/// A bank shape and known gains, in dB.
struct Bank {
    bands: usize,
    overlap: usize,
    aim: f64,
    optimum: f64,
    ceiling: f64,
    designed: &'static str,
}

const BANKS: [Bank; 5] = [
    Bank { bands: 8, overlap: 1, aim: 8.8362, optimum: 8.8462, ceiling: 9.6191, designed: "KLT 8.8462, DCT-II 8.8259" },
    Bank {
        bands: 8,
        overlap: 2,
        aim: 9.33,
        optimum: 9.3566,
        ceiling: 9.6191,
        designed: "LOT 9.1973, MDCT (sine) 9.3281",
    },
    Bank { bands: 8, overlap: 4, aim: 9.50, optimum: 9.5367, ceiling: 9.6191, designed: "" },
    Bank { bands: 2, overlap: 2, aim: 5.620, optimum: 5.6261, ceiling: 5.9618, designed: "Daubechies 4: 5.6141" },
    Bank { bands: 2, overlap: 4, aim: 5.850, optimum: 5.8620, ceiling: 5.9618, designed: "Daubechies 8: 5.8103" },
];

/// The result of one start.
struct Trained {
    likelihood: f64,
    gain: f64,
    residual: f64,
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    if options.quick {
        (options.starts, options.steps) = (options.starts.min(2), options.steps.min(200));
        (options.signals, options.length) = (options.signals.min(16), options.length.min(512));
    }
    let started = Instant::now();
    let x = process(&options)?;
    println!(
        "AR(1), rho {RHO}: {} signals of {} samples, {} training steps with batch {}, best of {} starts by training likelihood\n",
        options.signals, options.length, options.steps, options.batch, options.starts
    );
    println!(
        "{:>2} {:>2} | {:>9} {:>8} | {:>8} {:>8} | {:>8} {:>8} | residual  |      s | designed",
        "K", "M", "trained", "aim", "optimum", "ceiling", "worst", "nats"
    );
    for bank in BANKS.iter().filter(|bank| options.bank.is_empty() || options.bank == [bank.bands, bank.overlap]) {
        let started = Instant::now();
        let runs: Vec<Trained> = if options.quasi_newton {
            by_quasi_newton(bank, &options, &x)?
        } else {
            (0..options.starts).into_par_iter().map(|seed| trained(bank, &options, &x, seed)).collect::<Result<_>>()?
        };
        let best = runs.iter().max_by(|a, b| a.likelihood.total_cmp(&b.likelihood)).context("there are no starts")?;
        let worst = runs.iter().map(|run| run.gain).fold(f64::INFINITY, f64::min);
        println!(
            "{:>2} {:>2} | {:>9.4} {:>8.4} | {:>8.4} {:>8.4} | {worst:>8.4} {:>8.5} | {:>9.1e} | {:>6.2} | {}",
            bank.bands,
            bank.overlap,
            best.gain,
            bank.aim,
            bank.optimum,
            bank.ceiling,
            best.likelihood,
            best.residual,
            started.elapsed().as_secs_f64(),
            bank.designed
        );
        ensure!(!options.quick || best.gain > bank.optimum - 0.2, "{:.4} dB is far from the optimum", best.gain);
    }
    println!("\n{:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Stationary signals with variance 1.
fn process(options: &Options) -> Result<Array2<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut x = base::draw::<f64>(&base::Normal, options.signals, options.length, &mut rng)?;
    for mut row in x.rows_mut() {
        for t in 1..row.len() {
            row[t] = RHO * row[t - 1] + (1.0 - RHO * RHO).sqrt() * row[t];
        }
    }
    Ok(x)
}

/// An orthonormal convolution of random stages and a scale for each band.
fn random(bank: &Bank, options: &Options, seed: u64) -> Result<Flow<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(100 + seed);
    // Signals do not wrap around, since their ends are unrelated.
    let signal = Geometry::signal(1, options.length, bank.bands).isolated();
    let bank_of_filters = CycledConv::random(signal, bank.overlap, Group::Orthonormal, &mut rng)?;
    let scale = subband_scale(signal, None, ScaleDirection::Algebra)?;
    Ok(Flow::new(options.length, vec![Box::new(bank_of_filters), Box::new(scale)], Box::new(base::Normal))?)
}

/// Share of the signals that starts are fitted to.
const PART: usize = 16;

/// The largest slope at the end, in nats a sample.
const SLOPE: f64 = 1e-6;

/// The best starts, continued on all signals.
fn by_quasi_newton(bank: &Bank, options: &Options, x: &Array2<f64>) -> Result<Vec<Trained>> {
    let part = x.slice_axis(ndarray::Axis(0), ndarray::Slice::from(..(options.signals / PART).max(1)));
    let tolerance = SLOPE * options.length as f64;
    let config = QuasiNewtonConfig { iterations: options.iterations, tolerance, ..QuasiNewtonConfig::default() };
    let start = |seed| -> Result<(f64, Flow<f64>)> {
        let mut flow = random(bank, options, seed)?;
        quasi_newton(&mut flow, part, &config)?;
        Ok((flow.log_prob(x)?.iter().sum(), flow))
    };
    let mut starts: Vec<(f64, Flow<f64>)> = (0..options.starts).into_par_iter().map(start).collect::<Result<_>>()?;
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let continued = |(_, mut flow): (f64, Flow<f64>)| {
        quasi_newton(&mut flow, x.view(), &config)?;
        judged(bank, &flow, x)
    };
    starts.into_iter().take(options.kept).map(continued).collect()
}

fn trained(bank: &Bank, options: &Options, x: &Array2<f64>, seed: u64) -> Result<Trained> {
    let mut flow = random(bank, options, seed)?;
    let (mut training, mut optimizer) = (flow.training(), Optimizer::adam(options.rate)?);
    let batches: Vec<_> = x.axis_chunks_iter(ndarray::Axis(0), options.batch).collect();
    for step in 0..options.steps {
        optimizer.set_rate(options.rate * Schedule::cosine().factor(step, options.steps))?;
        flow.accumulate(batches[step as usize % batches.len()].reborrow(), &mut training)?;
        flow.update(&mut optimizer, &mut training)?;
    }
    judged(bank, &flow, x)
}

fn judged(bank: &Bank, flow: &Flow<f64>, x: &Array2<f64>) -> Result<Trained> {
    let likelihood = flow.log_prob(x)?.iter().sum::<f64>() / x.len() as f64;
    let stages = flow.tensors().into_iter().filter(|(name, _)| name.contains("stages"));
    let stages = stages.map(|(_, stage)| Ok(stage.into_dimensionality()?)).collect::<Result<Vec<_>>>()?;
    let kernels = kernels(bank, stages)?;
    Ok(Trained { likelihood, gain: coding_gain(&kernels), residual: residual(&kernels, bank) })
}

/// The rows of the map that belong to one block, cut to their length `K·M`.
fn kernels(bank: &Bank, stages: Vec<Array2<f64>>) -> Result<Array2<f64>> {
    let Bank { bands, overlap, .. } = *bank;
    // Long enough that no kernel wraps around.
    let blocks = 2 * overlap + 1;
    let signal = Geometry::signal(1, blocks * bands, bands);
    let layer = CycledConv::new(signal, stages, Group::Orthonormal)?;
    // Row i holds the response to a unit at i.
    let (responses, _) = layer.transform(&Array2::eye(blocks * bands))?;
    let block = overlap * bands;
    let offset = bands * (overlap / 2) - if overlap.is_multiple_of(2) { bands / 2 } else { 0 };
    let tap = |(k, j): (usize, usize)| responses[[block + j - offset, block + k]];
    Ok(Array2::from_shape_fn((bands, overlap * bands), tap))
}

/// `−10 mean_k log₁₀(hₖᵀ R hₖ)`, exact.
fn coding_gain(kernels: &Array2<f64>) -> f64 {
    let length = kernels.ncols();
    let covariance = Array2::from_shape_fn((length, length), |(i, j)| RHO.powi(i.abs_diff(j) as i32));
    let logs = kernels.rows().into_iter().map(|h| h.dot(&covariance.dot(&h)).log10());
    -10.0 * logs.sum::<f64>() / kernels.nrows() as f64
}

/// `max|Σ_m E_m E_{m+s}ᵀ − δ_s I|`: how far the kernels are from a paraunitary bank.
fn residual(kernels: &Array2<f64>, bank: &Bank) -> f64 {
    let (bands, length) = kernels.dim();
    let mut worst = 0.0_f64;
    for shift in (0..bank.overlap).map(|s| s * bands) {
        for (k, l) in (0..bands).flat_map(|k| (0..bands).map(move |l| (k, l))) {
            let product: f64 = (shift..length).map(|j| kernels[[k, j]] * kernels[[l, j - shift]]).sum();
            let expected = if shift == 0 && k == l { 1.0 } else { 0.0 };
            worst = worst.max((product - expected).abs());
        }
    }
    worst
}
