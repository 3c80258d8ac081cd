//! Seconds of an EM iteration on full covariances.
//!
//! `cargo run --release -p pdmap-mixture --example mixture_times -- ROWS COLUMNS COMPONENTS [DATA]`
//!
//! Without DATA the rows are drawn from random clusters. DATA is a file of little-endian `f64`, row
//! by row, as `benches/peers/mixture.sh` gives both implementations. Prints the median, least and
//! largest time of fifteen iterations after two, and the mean log-likelihood after them.
#![allow(missing_docs)]

use std::time::Instant;

use ndarray::Array2;
use pdmap_mixture::{CovarianceForm, Em, Prior, Result, Standardized, kmeans};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const WARM_UP: usize = 2;
const ITERATIONS: usize = 15;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|argument| argument.parse().ok()).unwrap_or(default)
    };
    let (count, columns, components) = (number(0, 50_000), number(1, 20), number(2, 32));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let read = arguments.get(3).and_then(|path| std::fs::read(path).ok());
    let x = match read {
        Some(bytes) => {
            let mut numbers = bytes.chunks_exact(8).map(|chunk| {
                let mut own = [0; 8];
                own.copy_from_slice(chunk);
                f64::from_le_bytes(own)
            });
            Array2::from_shape_simple_fn((count, columns), || numbers.next().unwrap_or(f64::NAN))
        }
        None => {
            let centres: Vec<f64> = (0..components * columns).map(|_| 4.0 * rng.random::<f64>()).collect();
            Array2::from_shape_fn((count, columns), |(row, column)| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                centres[row % components * columns + column] + noise
            })
        }
    };
    let rows = Standardized::new(x.view())?;
    let start = Instant::now();
    let groups = kmeans(rows.rows(), components, &mut rng)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("k-means: {:.1} ms", 1e3 * seconds);
    let mut em = Em::new(&rows, CovarianceForm::Full, components, &Prior::floor(columns))?;
    em.start(&groups.labels)?;
    let mut times = Vec::new();
    let mut last = em.step()?;
    for iteration in 1..WARM_UP + ITERATIONS {
        let start = Instant::now();
        last = em.step()?;
        if iteration >= WARM_UP {
            times.push(1e3 * start.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    let (median, least, largest) = (times[times.len() / 2], times[0], times[times.len() - 1]);
    println!("iteration: {median:.1} ms (from {least:.1} to {largest:.1})");
    println!("mean log-likelihood: {:.6} nats a row", last.log_likelihood - rows.log_volume());
    Ok(())
}
