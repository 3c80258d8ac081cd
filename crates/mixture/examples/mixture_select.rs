//! Chooses a mixture by validation rows and scores test rows.
//!
//! `cargo run --release -p pdmap-mixture --example mixture_select -- COLUMNS TRAIN VALIDATION [TEST]`
//!
//! The files hold little-endian `f64`, row by row. Prints the candidates and the chosen one, with mean
//! log-likelihoods in nats a row; the test rows are scored by the chosen mixture as it was fitted, and
//! as fitted on to training and validation rows.
#![allow(missing_docs)]

use std::time::Instant;

use ndarray::{Array2, Axis, concatenate};
use pdmap_mixture::{EmOptions, MixtureError, Result, SelectOptions, select};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn read(path: &str, columns: usize) -> Result<Array2<f64>> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let numbers = bytes.chunks_exact(8).map(|chunk| {
        let mut own = [0; 8];
        own.copy_from_slice(chunk);
        f64::from_le_bytes(own)
    });
    let numbers: Vec<f64> = numbers.collect();
    let rows = numbers.len() / columns.max(1);
    Array2::from_shape_vec((rows, columns), numbers).map_err(|_| MixtureError::NoRows)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |index: usize| arguments.get(index).map_or("", String::as_str);
    let columns = text(0).parse().unwrap_or(1);
    let (train, validation) = (read(text(1), columns)?, read(text(2), columns)?);
    let options = SelectOptions::default();
    let start = Instant::now();
    let selection = select(train.view(), validation.view(), &options, &mut ChaCha8Rng::seed_from_u64(0))?;
    let seconds = start.elapsed().as_secs_f64();
    for trial in &selection.trials {
        println!("{:?} K {} shrinkage {:.4}: {:.4}", trial.form, trial.components, trial.shrinkage, trial.validation);
    }
    let chosen = selection.trial();
    print!(
        "chosen {:?} K {} shrinkage {:.4} validation {:.4}",
        chosen.form, chosen.components, chosen.shrinkage, chosen.validation
    );
    if let Some(path) = arguments.get(3) {
        let test = read(path, columns)?;
        let all = concatenate(Axis(0), &[train.view(), validation.view()]).map_err(|_| MixtureError::NoRows)?;
        let refitted = selection.refit(all.view(), EmOptions::default())?;
        print!(
            " test {:.4} refitted {:.4}",
            selection.mixture.mean_log_density(test.view())?,
            refitted.mean_log_density(test.view())?
        );
    }
    println!(" seconds {seconds:.2}");
    Ok(())
}
