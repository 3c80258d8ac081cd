//! Normalizing constants of two densities that are known up to a factor.
//!
//! ```sh
//! cargo run --release --example unnormalized
//! ```
//!
//! A flow is fitted to each by its logarithm and gradient alone, and `log Z` is estimated by
//! importance sampling. Both constants are known, so that the estimates can be compared with the truth:
//! a ring in the plane, by a one-dimensional integral, and a mixture of two normal densities in eight
//! dimensions, whose factor is e³.
#![allow(missing_docs)]

use anyhow::{Result, ensure};
use clap::Parser;
use ndarray::{ArrayView1, ArrayViewMut1};
use pdmap::special::log_sum_exp;
use pdmap::{Estimate, FitToConfig, fit_to};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Fits flows to two unnormalized densities.
#[derive(Debug, Parser)]
struct Options {
    /// Training steps of each.
    #[arg(long, default_value_t = 4000)]
    steps: u64,
    /// Draws for the estimate of `log Z`.
    #[arg(long, default_value_t = 200_000)]
    draws: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A few seconds; an error if an estimate is off by more than 0.05.
    #[arg(long)]
    quick: bool,
}

/// Width of the ring around the circle of radius 1.
const WIDTH: f64 = 0.2;

/// Centres and weights of the mixture.
const CENTRES: [f64; 2] = [-0.7, 0.5];
const WEIGHTS: [f64; 2] = [0.3, 0.7];

/// Factor of the mixture: `log Z`.
const LOG_FACTOR: f64 = 3.0;

fn ring(x: ArrayView1<'_, f64>) -> f64 {
    -0.5 * ((x[0].hypot(x[1]) - 1.0) / WIDTH).powi(2)
}

fn ring_slope(x: ArrayView1<'_, f64>, mut slope: ArrayViewMut1<'_, f64>) {
    let radius = x[0].hypot(x[1]);
    let along = -(radius - 1.0) / (WIDTH * WIDTH) / radius.max(1e-9);
    (slope[0], slope[1]) = (along * x[0], along * x[1]);
}

/// `log(π_k N(x; c_k, I))`.
fn joint(x: ArrayView1<'_, f64>) -> [f64; 2] {
    let normal = -0.5 * x.len() as f64 * std::f64::consts::TAU.ln();
    let of = |centre: f64| x.iter().map(|x| -0.5 * (x - centre).powi(2)).sum::<f64>();
    [0, 1].map(|k| WEIGHTS[k].ln() + normal + of(CENTRES[k]))
}

fn mixture(x: ArrayView1<'_, f64>) -> f64 {
    LOG_FACTOR + log_sum_exp(joint(x).into_iter())
}

fn mixture_slope(x: ArrayView1<'_, f64>, mut slope: ArrayViewMut1<'_, f64>) {
    let [a, b] = joint(x);
    let share = 1.0 / (1.0 + (b - a).exp());
    let centre = share * CENTRES[0] + (1.0 - share) * CENTRES[1];
    slope.zip_mut_with(&x, |slope, x| *slope = centre - x);
}

fn main() -> Result<()> {
    let options = Options::parse();
    let (steps, draws) = if options.quick { (options.steps.min(300), 20_000) } else { (options.steps, options.draws) };
    let config = FitToConfig { steps, seed: options.seed, ..FitToConfig::default() };
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let step = 1e-4;
    let radii = (1..30_000).map(|at| step * f64::from(at));
    let integral: f64 = radii.map(|r| step * r * (-0.5 * ((r - 1.0) / WIDTH).powi(2)).exp()).sum();
    let of_ring = fit_to(2, ring, ring_slope, &config)?.log_z(draws, &mut rng)?;
    let of_mixture = fit_to(8, mixture, mixture_slope, &config)?.log_z(draws, &mut rng)?;
    println!("target      log Z   estimate    error   lower bound   effective draws");
    for (name, truth, found) in
        [("ring", (std::f64::consts::TAU * integral).ln(), of_ring), ("mixture", LOG_FACTOR, of_mixture)]
    {
        let Estimate { log_z, error, lower_bound, effective } = found;
        println!(
            "{name:<9} {truth:>7.4}   {log_z:>8.4}   {error:.4}   {lower_bound:>11.4}   {effective:>9.0} of {draws}"
        );
        ensure!(!options.quick || (log_z - truth).abs() < 0.05, "{name}: log Z is {truth}, estimated {log_z}");
    }
    Ok(())
}
