//! Seconds of a search for independent components on white rows, for `benches/peers/ica.sh`.
//!
//! `ica_times FORM DENSITY ROWS COLUMNS FILE OUT REPEATS`, where FILE holds the rows and OUT gets the unmixing
//! matrix, both as little-endian `f64`, row after row. FORM is `orthonormal` or `unconstrained`, DENSITY is
//! `adaptive` or `log-cosh`. Prints the seconds of each repeat, and to stderr the iterations and passes. There are
//! more than REPEATS repeats where these take less than half a second together.
#![allow(missing_docs)]

use std::error::Error;
use std::time::Instant;

use ndarray::Array2;
use pdmap_dense::ica::{Constraint, IcaOptions, SourceDensity, solve};

/// Seconds that repeats take together at least.
const LEAST_SECONDS: f64 = 0.5;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [form, density, rows, columns, file, out, repeats] = &words[..] else {
        return Err("usage: ica_times FORM DENSITY ROWS COLUMNS FILE OUT REPEATS".into());
    };
    let (rows, columns): (usize, usize) = (rows.parse()?, columns.parse()?);
    let bytes = std::fs::read(file)?;
    let number = |at: usize| f64::from_le_bytes(std::array::from_fn(|byte| bytes[8 * at + byte]));
    if bytes.len() != 8 * rows * columns {
        return Err(format!("{file}: {} bytes, expected {}", bytes.len(), 8 * rows * columns).into());
    }
    let x = Array2::from_shape_fn((rows, columns), |(row, column)| number(row * columns + column));
    let constraint = if form == "orthonormal" { Constraint::Orthonormal } else { Constraint::Unconstrained };
    let density = if density == "adaptive" { SourceDensity::Adaptive } else { SourceDensity::LogCosh };
    let options = IcaOptions { constraint, density, iterations: 1000, ..IcaOptions::default() };
    let (repeats, mut times): (usize, Vec<f64>) = (repeats.parse()?, vec![]);
    while times.len() < repeats || (repeats > 1 && times.iter().sum::<f64>() < LEAST_SECONDS) {
        let start = Instant::now();
        let solution = solve(x.view(), Array2::eye(columns).view(), &options)?;
        let seconds = start.elapsed().as_secs_f64();
        times.push(seconds);
        println!("{seconds}");
        let bytes: Vec<u8> = solution.unmixing.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(out, bytes)?;
        eprintln!("{:?}, {} iterations, {:?}", solution.end, solution.record.len() - 1, solution.last());
    }
    Ok(())
}
